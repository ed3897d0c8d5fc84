"""The demo's quantities (演示工作量): the usual kinds, a month's inputs and outputs, two that may be one, and a total with a gap."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import select

from core.demo.playing import LABEL, Play
from core.work.quantities.entering import QuantityWish, correct, enter
from core.work.quantities.kinds import lay_starter
from core.work.quantities.settling import declare_disjoint
from core.work.quantities.steps import set_total, verify
from core.work.tables import QuantityEntry, QuantityKind

REPORT = f"月度工作汇报{LABEL}"
# What each street reports of each of the last two months: kind, the least and the most of it, and how it is written.
MONTHLY = (
    ("people_sent", 180, 900, "{n}"),
    ("vehicles_sent", 20, 90, "{n}"),
    ("waste_removed", 30, 240, "{n}"),
    ("structures_removed", 2, 40, "{n}"),
    ("facades_painted", 300, 6000, "{n}余"),
    ("adverts_removed", 200, 3000, "{n}多"),
)
CLASSES = (("大型", "36"), ("中型", "142"), ("小型", "2124"), ("微型", "819"))


def play_quantities(play: Play) -> None:
    """Lay them all: most are verified, some wait for it, one was corrected, some look reported twice."""
    lay_starter(play.session, None, now=play.at(70, 9))
    kinds = {row.code: row.id for row in play.session.scalars(select(QuantityKind))}
    random = Random(play.stage.part.seed + 97)  # noqa: S311 - a fixed seed is the point
    for back in (2, 1):
        _months(play, kinds, random, _month(play.today, back))
    _drive(play, kinds)
    _caterers(play, kinds)
    play.session.flush()


def _month(day: date, back: int) -> str:
    first = day.replace(day=1)
    for _ in range(back):
        first = (first - timedelta(days=1)).replace(day=1)
    return f"{first:%Y-%m}"


def _months(play: Play, kinds: dict[str, UUID], random: Random, month: str) -> None:
    """Every street's own figures of a month; those of the older one are verified by the HQ office."""
    for street in play.units("subdistrict")[:4]:
        for code, least, most, written in MONTHLY:
            wish = QuantityWish(kinds[code], street.id, written.format(n=random.randint(least, most)), period=month)
            made = enter(play.session, None, wish, now=play.at(20, 10))
            if random.random() < 0.6:
                verify(play.session, play.desk, made.id, 1, note="与台账核对一致", now=play.at(12, 15))


def _put(play: Play, kind: UUID, unit: UUID, amount: str, **more: str) -> QuantityEntry:
    wish = QuantityWish(kind, unit, amount, basis="declared", **({"document": REPORT} | more))
    return enter(play.session, None, wish, now=play.at(9, 9))


def _drive(play: Play, kinds: dict[str, UUID]) -> None:
    """A report of the whole district: two scopes under one heading, digits that look copied, words without a number."""
    root, year = play.root(), str(play.today.year)
    _put(play, kinds["structures_removed"], root, "2770", scope="主次干道", period=year)
    _put(play, kinds["structures_removed"], root, "6570", scope="社区", period=year)
    ditch = _put(play, kinds["ditches_cleared"], root, "5700", period=year)
    _put(play, kinds["vehicles_sent"], root, "5700多", scope="社区", period=year)
    _put(play, kinds["volunteers"], root, "数万", period="截至" + year)
    _put(play, kinds["meetings_held"], root, "7-8", scope="带队督导", period=year)
    streets = play.units("subdistrict")
    for unit in (
        root,
        streets[0].id,
    ):  # the district and the street name one place and one number: one of them is too many
        _put(play, kinds["weeds_cleared"], unit, "3600", scope=streets[0].name, period=_month(play.today, 1))
    settled = [
        _put(play, kinds["bins_placed"], unit, "120", period=_month(play.today, 1)) for unit in (root, streets[1].id)
    ]
    declare_disjoint(
        play.session,
        play.desk,
        settled[0].id,
        settled[1].id,
        reason="区里投放在主干道，街道投放在小区",
        now=play.at(5, 10),
    )
    fixed = QuantityWish(ditch.kind_id, root, "5700", scope="边沟清淤和护坡", period=year, document=REPORT)
    correct(play.session, None, ditch.id, fixed, 1, reason="补写范围", now=play.at(4, 11))


def _caterers(play: Play, kinds: dict[str, UUID]) -> None:
    """The declared total of caterers and its classes, which are 61 short of it."""
    office, month = play.office("market_regulator"), _month(play.today, 1)
    whole = _put(play, kinds["caterers"], office, "3182", period="截至" + month)
    for scope, amount in CLASSES:
        part = _put(play, kinds["caterers"], office, amount, scope=scope, period="截至" + month)
        set_total(play.session, None, part.id, whole.id, 1, now=play.at(8, 9))
