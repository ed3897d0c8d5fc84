"""The pace of one task (任务进度灯): how far it should be, when it would be done at its pace, and its red, amber or green light.

Rules (ours, exact, in whole days):

* days run from the first day to the last day, both counted; ``progress`` is in 1/100 of a percent;
* *should be*: days gone over all days; before the first day nothing, after the last day everything;
* *forecast*: days gone divided by the progress made, counted from the first day, rounded up; never before the day itself;
* nothing is forecast without a report or before a tenth of the days is gone;
* *at risk*: a report is there, a tenth of the days is gone, and the forecast lies behind the last day;
* the light: **green** done, or the forecast keeps the last day; **amber** at risk with at least half of what should be done;
  **red** overdue, or at risk with less than half; **grey** nothing can be said yet.
"""

from __future__ import annotations

from datetime import date, timedelta

from core.errors import N_

WHOLE = 10_000  # 100 %
TENTH = 10  # nothing is said before one tenth of the days is gone
HALF = 2  # less than half of what should be done is red
RED, AMBER, GREEN, GREY = "red", "amber", "green", "grey"
LIGHTS = (RED, AMBER, GREEN, GREY)
RULE = (
    N_("应达进度：已过天数 ÷ 总天数，首尾两天都算"),
    N_("预计完成日：从开始日起，已过天数 ÷ 已完成进度，向上取整；不早于当天"),
    N_("没有填报过、或时间还没有过十分之一的，不作预测"),
    N_(
        "绿灯：已完成，或预计能按期完成；黄灯：预计会超期，但不低于应达进度的一半；红灯：已超期，或不到应达进度的一半；灰灯：还不能判断"
    ),
)
TITLES = {RED: N_("红灯"), AMBER: N_("黄灯"), GREEN: N_("绿灯"), GREY: N_("暂不判断")}


def all_days(starts_on: date, due_on: date) -> int:
    """The days of a task, first and last counted; at least one."""
    return max((due_on - starts_on).days + 1, 1)


def days_gone(starts_on: date, day: date) -> int:
    """The days of a task that are gone at the end of a day; none before its first."""
    return max((day - starts_on).days + 1, 0)


def expected_progress(starts_on: date, due_on: date, day: date) -> int:
    """How far a task should be at the end of a day (应达进度), in 1/100 of a percent, rounded half-up."""
    total = all_days(starts_on, due_on)
    gone = min(days_gone(starts_on, day), total)
    return (2 * WHOLE * gone + total) // (2 * total)


def forecast_on(starts_on: date, day: date, progress: int) -> date | None:
    """The day on which a task would be done at its pace so far (预计完成日); None without any progress, or too far off to name.

    Never before ``day``: what is done already is done, not foretold.
    """
    gone = days_gone(starts_on, day)
    if progress <= 0 or gone == 0:
        return None
    needed = -(-gone * WHOLE // min(progress, WHOLE))
    try:
        return max(starts_on + timedelta(days=needed - 1), day)
    except OverflowError:
        return None


def says_anything(starts_on: date, due_on: date, day: date, *, reported: bool) -> bool:
    """Whether a forecast may be made: there is a report and a tenth of the days is gone."""
    return reported and TENTH * days_gone(starts_on, day) >= all_days(starts_on, due_on)


def is_at_risk(starts_on: date, due_on: date, day: date, progress: int, *, reported: bool) -> bool:
    """Whether a task that is neither done nor overdue will be late at its pace (预计超期)."""
    if progress >= WHOLE or not says_anything(starts_on, due_on, day, reported=reported):
        return False
    return days_gone(starts_on, day) * WHOLE > progress * all_days(starts_on, due_on)


def light(
    starts_on: date, due_on: date, day: date, progress: int, *, done: bool, reported: bool, late: bool | None = None
) -> str:
    """The light of a task at the end of a day (红黄绿灯): ``red``, ``amber``, ``green`` or ``grey``, by the rules above.

    ``done``: its state says so (done, verified, closed). ``late``: overdue, if the caller says so; else when ``day`` is behind
    the last day.
    """
    if done:
        return GREEN
    if late or (late is None and day > due_on):
        return RED
    if not says_anything(starts_on, due_on, day, reported=reported):
        return GREY
    if not is_at_risk(starts_on, due_on, day, progress, reported=reported):
        return GREEN
    behind = HALF * progress * all_days(starts_on, due_on) < WHOLE * days_gone(starts_on, day)
    return RED if behind else AMBER
