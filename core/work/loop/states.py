"""The states of a finding (问题状态): who is waited for in each, and whether the clock of the unit runs.

*Closed* (销号) carries an outcome, and closed is not the same as fixed; *stable* is closed and found so again.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import N_

REPORTED = "reported"
ACCEPTED = "accepted"
REJECTED = "rejected"
DISPATCHED = "dispatched"
RETURNED = "returned"
TAKEN = "taken"
RECTIFYING = "rectifying"
EXTENSION_ASKED = "extension_asked"
PARKING_ASKED = "parking_asked"
PARKED = "parked"
ANSWERED = "answered"
CLOSED = "closed"
STABLE = "stable"
CANCELLED = "cancelled"
MERGED = "merged"
HELD = "held"

LEADING = "leading"  # the unit of the leading part (牵头单位): ANSWER over it
ANOTHER = "another"  # another party than the one that fixed it (另一方): CHECK over the place
DESK = "desk"  # the office that directs the work (派遣受理方): DIRECT over the place
ASSISTING = "assisting"  # a unit with an assisting part that is still open (协办单位): ANSWER over it
PLACE = "place"  # the territorial unit that is informed and co-signs (属地单位): ANSWER over it
LEADER = "leader"  # a leader over the place (领导): LEAD over it
SYSTEM = "system"  # the product's own clockwork (系统): a job, a switch, a reorganisation

RUNS, STANDS, NONE = "runs", "stands", "none"


@dataclass(frozen=True, slots=True)
class State:
    """A state of a finding (问题状态). ``waits_for`` is who must act now, '' when nobody; ``clock`` is the unit's clock.

    The clock stands only in arbitration and while held (design 6); a granted extension makes it longer instead.
    """

    code: str
    title_zh: str
    title_en: str
    waits_for: str
    clock: str = NONE


STATES: dict[str, State] = {
    state.code: state
    for state in (
        State(REPORTED, N_("待受理"), "Reported", DESK),
        State(ACCEPTED, N_("已受理"), "Accepted", DESK),
        State(REJECTED, N_("不予受理"), "Rejected", ""),
        State(DISPATCHED, N_("已交办"), "Dispatched", LEADING, RUNS),
        State(RETURNED, N_("退回待裁定"), "Returned, to be arbitrated", DESK, STANDS),
        State(TAKEN, N_("已接收"), "Taken", LEADING, RUNS),
        State(RECTIFYING, N_("整改中"), "Rectifying", LEADING, RUNS),
        State(EXTENSION_ASKED, N_("延期待批"), "Extension asked", DESK, RUNS),
        State(PARKING_ASKED, N_("挂账待批"), "Parking asked", DESK, RUNS),
        State(PARKED, N_("已挂账"), "Parked", DESK),
        State(ANSWERED, N_("待核查"), "Answered, to be checked", ANOTHER),
        State(CLOSED, N_("已销号"), "Closed", ""),
        State(STABLE, N_("复查稳固"), "Re-inspected, stable", ""),
        State(CANCELLED, N_("已撤销"), "Cancelled", ""),
        State(MERGED, N_("已并案"), "Merged", ""),
        State(HELD, N_("已中止"), "Held", "", STANDS),
    )
}

# Groups that lists, counts, jobs and figures share. With the unit: its deadline concerns it, also while it asks for more.
WITH_UNIT: tuple[str, ...] = tuple(s.code for s in STATES.values() if s.clock == RUNS)
AT_DESK: tuple[str, ...] = tuple(s.code for s in STATES.values() if s.waits_for == DESK)
NOT_CLOSED: tuple[str, ...] = (*(s.code for s in STATES.values() if s.waits_for), HELD)
CLOSED_STATES: tuple[str, ...] = (CLOSED, STABLE)
DISMISSED: tuple[str, ...] = (REJECTED, CANCELLED, MERGED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a closed finding ended in (销号结论); one that is not fixed must say why."""

    code: str
    title_zh: str
    title_en: str
    needs_note: bool = True


ON_SPOT = "on_spot"
OUTCOMES: dict[str, Outcome] = {
    outcome.code: outcome
    for outcome in (
        Outcome("fixed", N_("已整改到位"), "Fixed", needs_note=False),
        Outcome("cannot_fix", N_("确实无法整改"), "Cannot be fixed"),
        Outcome("not_a_problem", N_("核实不是问题"), "Not a problem"),
    )
}
# Fixed by whoever found it, at once (发现即处置): an outcome of opening, never of a check.
ALL_OUTCOMES: dict[str, Outcome] = OUTCOMES | {ON_SPOT: Outcome(ON_SPOT, N_("当场处置"), "Fixed on the spot", False)}

RETURN_REASONS: dict[str, tuple[str, str]] = {
    "not_our_duty": (N_("不属本单位职责"), "Not our duty"),
    "not_our_place": (N_("不在本单位辖区"), "Not our territory"),
    "unclear": (N_("问题或位置不清"), "Problem or place unclear"),
    "not_a_problem": (N_("现场没有这个问题"), "No such problem there"),
}
REJECT_REASONS: dict[str, tuple[str, str]] = {
    "duplicate": (N_("重复"), "Duplicate"),
    "out_of_scope": (N_("不属创建工作范围"), "Out of scope"),
    "unclear": (N_("问题或位置不清"), "Problem or place unclear"),
    "not_a_problem": (N_("核实不是问题"), "Not a problem"),
}
