"""How a visit arrived (到达情况), in words: late from a phone without signal, by a wrong clock, or past another visit of the place."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext
from sqlalchemy import select

from core.web.moments import moment_words
from core.work.inspection.paper_entry import PAPER
from core.work.inspection.visit_timing import ARRIVED_LATE, ODD, UNDATED, crossed_with
from core.work.tables import Visit
from tenants.access import Actor
from tenants.models import Person
from tenants.scope import ScopedSession


def arrival_notes(session: ScopedSession, actor: Actor, visit: Visit, on: date) -> list[str]:
    """What a reader should know of when a visit took place and when it came in; nothing for an ordinary one."""
    found = []
    # A sheet of paper comes late because somebody has to type it in; its own panel says so.
    by_phone = PAPER not in visit.summary
    if by_phone and visit.arrival == ARRIVED_LATE and visit.finished_at is not None:
        said = {"done": moment_words(visit.finished_at), "came": moment_words(visit.submitted_at)}
        found.append(gettext("现场 %(done)s 完成，没有信号，%(came)s 才收到；算在完成的那一天。", **said))
    if visit.arrival == UNDATED and visit.finished_at is not None:
        said = {"done": moment_words(visit.finished_at), "came": moment_words(visit.submitted_at)}
        found.append(gettext("手机说 %(done)s 完成，超出可信范围；算在收到的那一天（%(came)s）。", **said))
    skew = visit.device_skew_seconds
    if skew is not None and abs(skew) >= ODD:
        found.append(_say_skew(skew))
    return found + _crossed(session, actor, visit, on)


def _say_skew(skew: int) -> str:
    minutes = (abs(skew) + 30) // 60
    if skew > 0:
        return gettext("发送时手机的时钟快 %(n)s 分，完成时间已按服务器改正。", n=minutes)
    return gettext("发送时手机的时钟慢 %(n)s 分，完成时间已按服务器改正。", n=minutes)


def _crossed(session: ScopedSession, actor: Actor, visit: Visit, on: date) -> list[str]:
    """Each visit of the same place that lies between this one's finish and its arrival, or the other way round."""
    others = crossed_with(session, actor, visit, on)
    if not others:
        return []
    asked = select(Person.id, Person.name).where(Person.id.in_({one.person_id for one in others}))
    names = dict(session.execute(asked).all())
    said = []
    for one in others:
        words = {"name": names.get(one.person_id, ""), "done": _done(one), "came": moment_words(one.submitted_at)}
        said.append(gettext("同一点位另有 %(name)s 的检查前后交错：%(done)s 完成，%(came)s 收到。", **words))
    return said


def _done(visit: Visit) -> str:
    done: datetime = visit.finished_at or visit.submitted_at
    return moment_words(done)
