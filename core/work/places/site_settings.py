"""What a district sets for its map and its plates (地图和门牌设置): tiles, their datum, what a plate shows, how long contacts are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from core.errors import N_, Fault, Forbidden, InvalidInput, Stale
from core.work.journal import record
from core.work.names import tidy
from core.work.places.datum import DATUMS, WGS84
from core.work.tables import Setting
from core.work.tenant_settings import may_set
from tenants.access import Actor
from tenants.scope import ScopedSession

LONGEST_TILES, LONGEST_ATTRIBUTION, LONGEST_DUTIES = 300, 120, 200
DAYS = (1, 3650)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class MapSettings:
    """The map (地图设置): ``tiles`` is an address with {z}, {x} and {y}, '' for none; ``datum`` is what the tiles are drawn in."""

    tiles: str = ""
    attribution: str = ""
    datum: str = WGS84

    @property
    def origin(self) -> str:
        """Where tiles come from, as a page's policy names it; '' without tiles or when they are our own."""
        parts = urlsplit(self.tiles)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


@dataclass(frozen=True, slots=True)
class PlateSettings:
    """Plates (门牌设置): whether anybody may read the last verified grade, and days that a citizen's contact is kept after closing."""

    public_grade: bool = False
    contact_days: int = 180
    duties: str = "门前三包：包卫生、包秩序、包设施"


Settings = TypeVar("Settings", MapSettings, PlateSettings)
NAMES: dict[type[Any], str] = {MapSettings: "map", PlateSettings: "plates"}


def read_settings(session: Session, kind: type[Settings], tenant_id: int) -> tuple[Settings, int]:
    """A section in force and its version (0: never set, ours)."""
    row = session.get(Setting, (tenant_id, NAMES[kind]))
    if row is None:
        return kind(), 0
    known = {one.name for one in fields(kind)}
    return kind(**{key: value for key, value in row.body.items() if key in known}), row.version


def keep_settings(
    session: ScopedSession, actor: Actor | None, value: MapSettings | PlateSettings, *, version: int, now: datetime
) -> None:
    """Set a section; ``version`` is the one that was shown. Raises Forbidden, InvalidInput with every fault, Stale."""
    if actor is not None and not may_set(session, actor, now):
        raise Forbidden(N_("这些设置由创建办或管理员修改"))
    faults = _map_faults(value) if isinstance(value, MapSettings) else _plate_faults(value)
    if faults:
        raise InvalidInput(faults=faults)
    name, body = NAMES[type(value)], asdict(value)
    row = session.get(Setting, (session.tenant_id, name), with_for_update=True, populate_existing=True)
    if (row.version if row else 0) != version:
        raise Stale(N_("别人刚刚改过这一项设置；请刷新后再改"))
    before: Mapping[str, Any] = asdict(type(value)()) | (row.body if row else {})
    if row is None:
        session.add(Setting(name=name, body=body, changed_at=now))
    else:
        row.body, row.version, row.changed_at = body, version + 1, now
    changed = {key: [before[key], body[key]] for key in body if before[key] != body[key]}
    record(session, actor, "setting.change", "setting", name, changed=changed)
    session.flush()


def _map_faults(value: MapSettings) -> list[Fault]:
    faults = []
    if value.tiles and not _is_tiles(value.tiles):
        remedy = N_("请填 https:// 开头、含 {z} {x} {y} 的地址，主机名写全，不用通配")
        faults.append(Fault(N_("瓦片地址不对"), "tiles", value=value.tiles[:60], remedy=remedy))
    if value.tiles and not tidy(value.attribution):
        faults.append(Fault(N_("不能为空"), "attribution", remedy=N_("请写明地图由谁提供，含审图号")))
    if len(value.attribution) > LONGEST_ATTRIBUTION:
        faults.append(_too_long("attribution", value.attribution, LONGEST_ATTRIBUTION))
    if value.datum not in DATUMS:
        remedy = N_("可填：{known}")
        faults.append(
            Fault(N_("没有这种坐标系"), "datum", None, value.datum[:20], "", remedy, {"known": "、".join(DATUMS)})
        )
    return faults


def _is_tiles(address: str) -> bool:
    """Whether an address may be put into a page's policy: one whole host, and the three numbers of a tile."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    plain = address.isascii() and address.isprintable() and not set(" ;,'\"") & set(address)
    own = address.startswith("/") and not address.startswith("//")
    host = parts.scheme in ("https", "http") and _HOST.fullmatch(parts.netloc) is not None
    return plain and len(address) <= LONGEST_TILES and (own or host) and all(f"{{{one}}}" in address for one in "zxy")


def _plate_faults(value: PlateSettings) -> list[Fault]:
    faults = []
    least, most = DAYS
    if not least <= value.contact_days <= most:
        params, remedy = {"least": least, "most": most}, N_("请填 {least} 到 {most} 之间的整数")
        faults.append(Fault(N_("数值超出范围"), "contact_days", None, str(value.contact_days)[:20], "", remedy, params))
    if len(value.duties) > LONGEST_DUTIES:
        faults.append(_too_long("duties", value.duties, LONGEST_DUTIES))
    return faults


def _too_long(field: str, said: str, most: int) -> Fault:
    return Fault(N_("内容过长"), field, None, said[:20], "", N_("请缩短到 {longest} 个字以内"), {"longest": most})
