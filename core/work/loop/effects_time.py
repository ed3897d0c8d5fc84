"""Steps that ask for more time (延期与挂账): each asked for with a reason, and granted by somebody else."""

from __future__ import annotations

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.loop import clocks
from core.work.loop.step import Change, Step


def ask_extension(step: Step) -> tuple[Change, Change]:
    """Ask for more working days (申请延期), while there is still time."""
    if step.now > step.finding.due_at:
        raise Conflict(N_("整改期限已过，不能再申请延期；请尽快整改，或由创建办转办"))
    return {"asked_days": step.given.days}, {"days": step.given.days}


def grant(step: Step) -> tuple[Change, Change]:
    """Grant the days that were asked, or fewer (同意延期)."""
    asked = step.finding.asked_days or 0
    days = step.given.days or asked
    if days > asked:
        remedy = N_("请填 1 到 {most} 个工作日")
        raise InvalidInput(
            faults=[Fault(N_("超过了申请的天数"), "days", value=str(days), remedy=remedy, params={"most": asked})]
        )
    return clocks.lengthen(step.calendar, step.finding, days), {"days": days}


def ask_parking(step: Step) -> tuple[Change, Change]:
    """Ask to keep it on the books until a day (申请挂账)."""
    return {"review_on": step.given.review_on}, {"review_on": str(step.given.review_on)}


def park(step: Step) -> tuple[Change, Change]:
    """Keep it on the books until its review (同意挂账); the deadline is the end of that day."""
    day = step.given.review_on or step.finding.review_on
    if day is None:
        raise InvalidInput
    return {"review_on": day, "due_at": clocks.end_of(day), "due_fixed": True}, {"review_on": day.isoformat()}
