"""The escalation ladder as a tenant declares it (逐级催办): which paper goes to whom, how long before or after the deadline.

Our proposal stands on the settings page and does nothing until the tenant declares it: papers under a number are its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import N_, Fault
from core.work.papers.notice_kinds import KINDS

LEAD_UNIT = "lead"
SUPERIOR = "superior"
LEADERS = "leader"
ADDRESSEES: dict[str, tuple[str, str]] = {
    LEAD_UNIT: (N_("牵头单位"), "the leading unit"),
    SUPERIOR: (N_("牵头单位的上级"), "the unit above it"),
    LEADERS: (N_("牵头单位，并告知领导"), "the leading unit; leaders are told"),
}
MOST_HOURS = 120 * 24  # of working time on either side of the deadline (ours)


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung (催办档次): a kind of notice, ``hours`` of working time after the deadline (before it when negative).

    ``issues`` False: the paper is not issued by itself; the desk is told that it is due, and decides.
    """

    kind: str
    hours: int
    addressee: str = LEAD_UNIT
    issues: bool = True


PROPOSED: tuple[Rung, ...] = (
    Rung("reminder_card", -24),
    Rung("rectification_notice", 24),
    Rung("supervision_order", 72, SUPERIOR),
    Rung("circular", 120, LEADERS, issues=False),
    Rung("summons_talk", 240, LEADERS, issues=False),
)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs from the first to the last (催办阶梯); ``active`` says whether the tenant has declared it."""

    active: bool = False
    rungs: tuple[Rung, ...] = PROPOSED


def check_ladder(rungs: Sequence[Rung]) -> list[Fault]:
    """What is wrong with some rungs: unknown words, a kind twice, hours out of range or not ascending."""
    faults: list[Fault] = []
    seen: set[str] = set()
    for number, rung in enumerate(rungs, 1):
        place = f"rungs.{number}"
        if rung.kind not in KINDS:
            faults.append(_unknown(f"{place}.kind", rung.kind, KINDS))
        if rung.addressee not in ADDRESSEES:
            faults.append(_unknown(f"{place}.addressee", rung.addressee, ADDRESSEES))
        if rung.kind in seen:
            remedy = N_("每种文书只能用一次")
            faults.append(Fault(N_("这种文书重复了"), f"{place}.kind", value=rung.kind, remedy=remedy))
        if not -MOST_HOURS <= rung.hours <= MOST_HOURS:
            remedy, params = N_("请填 {least} 到 {most} 之间的整数"), {"least": -MOST_HOURS, "most": MOST_HOURS}
            faults.append(Fault(N_("小时数超出范围"), f"{place}.hours", None, str(rung.hours), "", remedy, params))
        elif number > 1 and rung.hours <= rungs[number - 2].hours:
            remedy = N_("后一档要比前一档晚")
            faults.append(Fault(N_("各档的先后不对"), f"{place}.hours", value=str(rung.hours), remedy=remedy))
        seen.add(rung.kind)
    if not rungs:
        faults.append(Fault(N_("阶梯是空的"), "rungs", remedy=N_("至少留一档，或者停用阶梯")))
    return faults


def _unknown(place: str, value: str, known: Iterable[str]) -> Fault:
    params = {"known": ", ".join(known)}
    return Fault(N_("没有这个取值"), place, None, value[:40], "", N_("可填：{known}"), params)
