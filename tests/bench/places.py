"""Many shops in one district (海量点位): made-up names, codes, addresses and positions, for the search and the map."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from time import perf_counter
from uuid import UUID

from sqlalchemy import insert

from core.work.names import pinyin_key
from core.work.places.grams import index_sites
from core.work.places.nearby import Point
from core.work.places.site_lists import list_sites
from core.work.tables import Site, SiteKind
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession

WORDS = "金盛隆源福顺昌和美佳惠嘉泰恒达旺鑫宏利丰瑞祥永兴华安康新城东西南北老小大阳光晋阳龙城双塔"
TRADES = (
    "便利店",
    "五金店",
    "理发店",
    "烟酒店",
    "水果店",
    "面馆",
    "早餐店",
    "药店",
    "文具店",
    "小吃铺",
    "母婴店",
    "超市",
)
ROADS = ("柳巷", "桥头街", "迎春街", "文庙巷", "南海街", "羊市街", "新民北街", "解放路")
QUERIES = ("面馆", "金盛", "jsbld", "chaoshi", "S-12345", "柳巷88号", "fzd", "店", "城东 超市", "jinsheng")
HERE: Point = (Decimal("112.560000"), Decimal("37.860000"))


def lay_shops(session: ScopedSession, units: Sequence[UUID], count: int, *, seed: int = 7) -> list[UUID]:
    """So many shops, spread over some units and some ten kilometres; gives their ids."""
    chance = random.Random(seed)
    keys = {word: pinyin_key(word) for word in (*WORDS, *TRADES)}
    rows = []
    for number in range(count):
        said = (*chance.choices(WORDS, k=chance.choice((2, 3))), chance.choice(TRADES))
        rows.append(
            {
                "tenant_id": session.tenant_id,
                "id": new_id(),
                "name": "".join(said),
                "pinyin": " ".join(keys[one] for one in said),
                "code": f"S-{number:05d}",
                "address": f"{chance.choice(ROADS)}{chance.randrange(1, 400)}号",
                "unit_id": units[chance.randrange(len(units))],
                "longitude": HERE[0] + Decimal(chance.randrange(-60_000, 60_000)) / 1_000_000,
                "latitude": HERE[1] + Decimal(chance.randrange(-50_000, 50_000)) / 1_000_000,
            }
        )
    for start in range(0, count, 5_000):
        session.execute(insert(Site), rows[start : start + 5_000])
    kinds = [{"tenant_id": session.tenant_id, "site_id": row["id"], "site_type": "small_caterer"} for row in rows]
    session.execute(insert(SiteKind), [kind | {"valid_from": date(2020, 1, 1)} for kind in kinds])
    ids = [row["id"] for row in rows]
    index_sites(session, ids)
    return ids


def time_searches(session: ScopedSession, actor: Actor | None, on: date, times: int = 7) -> dict[str, float]:
    """Milliseconds of each query by name, with and without a position: the middle of some tries, best match first."""
    found: dict[str, float] = {}
    for said in QUERIES:
        for near in (None, HERE):
            tries = []
            for _ in range(times):
                began = perf_counter()
                list_sites(session, actor, today=on, text=said, sort="match", near=near, page_size=50)
                tries.append((perf_counter() - began) * 1_000)
            found[f"{said}{' @' if near else ''}"] = sorted(tries)[times // 2]
    return found
