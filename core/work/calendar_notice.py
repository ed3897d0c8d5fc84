"""A year's notice of holidays entered by hand (按国务院通知录入放假安排): the text read, checked, and all its days set in one step.

The text is the notice's own - "一、元旦：1月1日（周五）至3日（周日）放假调休，共3天。1月4日（周一）上班。" - or plain lines such as
"10月1日至8日 国庆节" and "9月26日 上班". A sentence that says 上班 names days that are worked; any other names days off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.dialects.postgresql import insert

from core.errors import N_, Fault, InvalidInput
from core.work.calendar import enter_weekends, settle_year
from core.work.journal import record
from core.work.tables import CalendarDay
from tenants.access import Actor
from tenants.scope import ScopedSession

LONGEST = 5000  # characters of a notice (ours)
LONGEST_NAME = 40
MOST_DAYS = 31  # of one range: no holiday is longer (ours)
_YEAR = r"(?:(\d{4})\s*[年./-]\s*)?"
_DAYS = re.compile(
    _YEAR + r"(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?"
    r"(?:\s*(?:至|到|—+|–|~|～|-)\s*(?:" + _YEAR + r"(\d{1,2})\s*[月./-]\s*)?(\d{1,2})\s*日?)?"
)
_ASIDE = re.compile(r"[（(][^（）()]*[）)]")
_HEAD = re.compile(r"^\s*[（(]?[一二三四五六七八九十\d]+[）)、.．]\s*")
_FILLER = re.compile(r"放假|调休|上班|补班|休息|与周末连休|共\s*\d+\s*天|[，,、。；;：:\s]")
WORKED = ("上班", "补班")


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """One day that the notice names (通知所列的一天)."""

    day: date
    working: bool
    name: str


def read_notice_text(year: int, text: str) -> list[NoticeDay]:
    """The days that a notice names, in their order. Raises InvalidInput with every line that cannot be."""
    faults: list[Fault] = []
    if len(text) > LONGEST or "\x00" in text:
        remedy = N_("最多 {most} 个字，只贴放假安排的部分")
        raise InvalidInput(faults=[Fault(N_("文字过长"), "text", remedy=remedy, params={"most": LONGEST})])
    found: dict[date, NoticeDay] = {}
    for row, line in enumerate(text.splitlines(), 1):
        name = ""
        for sentence in re.split(r"[。；;]", _ASIDE.sub("", line)):
            name = _name_of(sentence) or name
            for day in _days_of(year, sentence, row, faults):
                one = NoticeDay(day, any(word in sentence for word in WORKED), name[:LONGEST_NAME])
                if day in found and found[day].working != one.working:
                    remedy = N_("同一天只能是放假或上班")
                    faults.append(Fault(N_("这一天既放假又上班"), "text", row, day.isoformat(), "", remedy))
                found[day] = one
    if not found and not faults:
        remedy = N_("例如：10月1日至7日 国庆节；9月26日 上班")
        faults.append(Fault(N_("没有读到日期"), "text", remedy=remedy))
    if faults:
        raise InvalidInput(faults=faults)
    return [found[day] for day in sorted(found)]


def enter_year(session: ScopedSession, actor: Actor, year: int, days: Sequence[NoticeDay]) -> None:
    """Set the days of a year as its notice says; the year is provisional no longer. One line of the trail.

    :mod:`core.work.loop.recomputing` lets running deadlines follow. Other days that were set by hand stay.
    """
    enter_weekends(session, year)
    settle_year(session, year)
    key = {"tenant_id": session.tenant_id, "provisional": False}
    rows = [key | {"day": one.day, "working": one.working, "name": one.name} for one in days]
    if rows:
        put = insert(CalendarDay)
        changed = {name: put.excluded[name] for name in ("working", "name", "provisional")}
        session.execute(put.on_conflict_do_update(index_elements=["tenant_id", "day"], set_=changed), rows)
    off = sum(not one.working for one in days)
    record(session, actor, "calendar.enter", "calendar", year, off=off, worked=len(days) - off)
    session.flush()
    session.expire_all()


def _name_of(sentence: str) -> str:
    """What the sentence calls its days: what is left of it without dates and usual words."""
    return _FILLER.sub("", _DAYS.sub("", _HEAD.sub("", sentence))).strip()


def _days_of(year: int, sentence: str, row: int, faults: list[Fault]) -> Iterator[date]:
    """The days of a sentence; what is no day, or of another year, is a fault."""
    for said in _DAYS.finditer(sentence):
        first_year, month, day, last_year, last_month, last_day = said.groups()
        try:
            first = date(int(first_year or year), int(month), int(day))
            last = date(int(last_year or first.year), int(last_month or month), int(last_day)) if last_day else first
        except ValueError:
            faults.append(_fault(N_("没有这一天"), N_("请核对月和日"), said[0], row))
            continue
        if first.year not in (year - 1, year) or last.year != year or first < date(year - 1, 12, 1):
            params = {"year": year}
            faults.append(_fault(N_("不是这一年的日期"), N_("这里只录入 {year} 年的安排"), said[0], row, params))
        elif not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
            faults.append(_fault(N_("起止日期不对"), N_("止日不能早于起日，也不能超过一个月"), said[0], row))
        else:
            yield from (first + timedelta(days=n) for n in range((last - first).days + 1))


def _fault(message: str, remedy: str, value: str, row: int, params: dict[str, int] | None = None) -> Fault:
    return Fault(message, "text", row, value[:40], "", remedy, params or {})
