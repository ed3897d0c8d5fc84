"""The sponsor's own log (包保日志): came, settled, met - append-only, within the term, at most a month afterwards.

The sponsor writes it himself; for one without an account (a city leader) the office that keeps the sponsorship may.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput
from core.work.dated import last_day_of, valid_on
from core.work.desk.findings import Filter, FindingRow, base_query, rows_of
from core.work.duties.sponsor_deeds import ENTRY_KINDS
from core.work.duties.sponsor_findings import Claim, claims
from core.work.duties.sponsor_keeping import get_sponsorship, may_keep, unit_of
from core.work.duties.sponsoring import SponsorLine, lines_of
from core.work.journal import record
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.roles import SEE
from core.work.tables import Finding, SponsorEntry, Sponsorship
from core.work.wording import read_text
from tenants.access import Actor, subtree
from tenants.models import Person
from tenants.scope import ScopedSession

LATE = timedelta(days=31)  # an entry may be written so long after its day (ours)
LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry with who wrote it (日志行) and, when the reader may see it, the finding's number."""

    entry: SponsorEntry
    writer: str
    number: str | None


def log_entry(
    session: ScopedSession,
    actor: Actor,
    sponsorship_id: UUID,
    *,
    kind: str,
    day: date,
    note: str = "",
    finding_id: UUID | None = None,
    today: date,
) -> SponsorEntry:
    """Write into a sponsor's log (记包保日志). A finding must lie at the sponsored place and be the actor's to see.

    Raises NotFound, Forbidden (neither the sponsor nor the keeping office), InvalidInput and Conflict (written already).
    """
    row = get_sponsorship(session, sponsorship_id)
    if not may_log(session, actor, row, today):
        raise Forbidden(N_("这不是您的包保事项"))
    faults: list[Fault] = []
    said = read_text(note, "note", faults, LONGEST_NOTE)
    faults += _check_entry(row, kind, day, today)
    if kind == "settled" and finding_id is None and not said:
        faults.append(Fault(N_("没有说明办结了什么"), "note", remedy=N_("请选一个问题，或写明事项")))
    if finding_id is not None and not _lies_there(session, actor, row, finding_id, today):
        value = str(finding_id)[:8]
        faults.append(Fault(N_("包保范围内没有这个问题"), "finding", value=value, remedy=N_("请从列表里选")))
    if faults:
        raise InvalidInput(faults=faults)
    _refuse_double(session, row.id, kind, day, said, finding_id)
    entry = SponsorEntry(sponsorship_id=row.id, kind=kind, day=day, note=said, finding_id=finding_id)
    entry.person_id = actor.person_id
    session.add(entry)
    session.flush()
    record(session, actor, "sponsorship.log", "sponsorship", row.id, entry=kind, day=day.isoformat())
    return entry


def _check_entry(row: Sponsorship, kind: str, day: date, today: date) -> list[Fault]:
    faults = []
    if kind not in ENTRY_KINDS:
        faults.append(Fault(N_("没有这种记录"), "kind", value=kind[:20], remedy=N_("请从列表里选")))
    if not today - LATE <= day <= today:
        remedy = N_("可以记今天和之前 31 天内的事")
        faults.append(Fault(N_("日期无效"), "day", value=day.isoformat(), remedy=remedy))
    elif day < row.valid_from or (row.valid_to is not None and day >= row.valid_to):
        last = last_day_of(row.valid_to)
        params = {"since": row.valid_from.isoformat(), "until": last.isoformat() if last else "…"}
        remedy = N_("包保期为 {since} 至 {until}")
        faults.append(Fault(N_("那一天不在包保期内"), "day", value=day.isoformat(), remedy=remedy, params=params))
    return faults


def _refuse_double(
    session: ScopedSession, sponsorship_id: UUID, kind: str, day: date, note: str, finding_id: UUID | None
) -> None:
    """A finding is settled once; anything else is the same when kind, day and words are."""
    same = select(SponsorEntry.id).where(SponsorEntry.sponsorship_id == sponsorship_id, SponsorEntry.kind == kind)
    if kind == "settled" and finding_id is not None:
        same = same.where(SponsorEntry.finding_id == finding_id)
    else:
        same = same.where(SponsorEntry.day == day, SponsorEntry.note == note)
        same = same.where(SponsorEntry.finding_id.is_not_distinct_from(finding_id))
    if session.scalars(same).first() is not None:
        raise Conflict(N_("这一条已经记过了"))


def may_log(session: ScopedSession, actor: Actor, row: Sponsorship, on: date) -> bool:
    """Whether the actor may write a sponsor's log: the person, somebody of the sponsoring unit, or the keeping office."""
    return is_own(session, actor, row, on) or may_keep(session, actor, unit_of(session, row), on)


def is_own(session: ScopedSession, actor: Actor, row: Sponsorship, on: date) -> bool:
    """Whether the actor is the sponsor: the named person, or for a unit's sponsorship somebody with a post there."""
    if row.person_id is not None:
        return row.person_id == actor.person_id
    if row.unit_id is None:
        return False
    seats = {duty.unit_id for duty in actor.duties}
    return bool(seats & set(session.scalars(subtree(actor.tenant.id, row.unit_id, on))))


def _is_own(actor: Actor, on: date) -> ColumnElement[bool]:
    """The condition on Sponsorship that the actor is the sponsor on a day, himself or by his unit."""
    seats = {duty.unit_id for duty in actor.duties}
    mine = Sponsorship.person_id == actor.person_id
    by_unit = Sponsorship.person_id.is_(None) & Sponsorship.unit_id.in_(seats)
    return valid_on(Sponsorship, on) & (or_(mine, by_unit) if seats else mine)


def sponsors_anything(session: ScopedSession, actor: Actor, on: date) -> bool:
    """Whether the actor sponsors anything on a day (one query)."""
    return session.scalars(select(Sponsorship.id).where(_is_own(actor, on)).limit(1)).first() is not None


def own_sponsorships(session: ScopedSession, actor: Actor, on: date) -> list[SponsorLine]:
    """What the actor sponsors on a day (我的包保), by himself or by his unit."""
    rows = session.scalars(select(Sponsorship).where(_is_own(actor, on))).all()
    return sorted(lines_of(session, rows, on), key=lambda one: (one.object_kind, one.object_name, one.field, one.id))


def open_findings(
    session: ScopedSession, actor: Actor, lines: Sequence[SponsorLine], now: datetime, on: date, *, limit: int = 50
) -> list[tuple[FindingRow, SponsorLine]]:
    """The open findings at the actor's own sponsored places (待办结问题), by deadline; ``lines`` are his own.

    To sponsor a place is to see what is open there, whatever his posts reach; restricted findings are left out. Each comes
    with the first of the sponsorships that it falls under.
    """
    rows = session.scalars(select(Sponsorship).where(Sponsorship.id.in_([line.id for line in lines]))).all()
    known = claims(session, rows, on)
    here = or_(false(), *(claim.findings(actor.tenant.id) for claim in known.values()))
    wanted = Filter(view="problem", extra=(Finding.state.in_(NOT_CLOSED),))
    query = base_query(actor, wanted, now, sight=here).order_by(Finding.due_at, Finding.id).limit(limit)
    found = rows_of(session, session.execute(query).all(), now)
    return [(row, next(line for line in lines if _falls_under(row, known[line.id]))) for row in found]


def _falls_under(row: FindingRow, claim: Claim) -> bool:
    return claim.has(row.unit_id, row.site_id, row.category, row.campaigns)


def visible(session: ScopedSession, actor: Actor, ids: Collection[UUID], on: date) -> set[UUID]:
    """Those of some findings whose pages the actor may open by his posts."""
    if not ids or not actor.has(SEE):
        return set()
    return set(session.scalars(select(Finding.id).where(Finding.id.in_(ids), sees_finding(actor, on))))


def logged_as_settled(session: ScopedSession, sponsorship_ids: Sequence[UUID]) -> set[UUID]:
    """The findings that are logged as settled already (已记办结)."""
    chosen = select(SponsorEntry.finding_id).where(SponsorEntry.sponsorship_id.in_(sponsorship_ids))
    named = chosen.where(SponsorEntry.kind == "settled", SponsorEntry.finding_id.is_not(None))
    return {one for one in session.scalars(named) if one is not None}


def _lies_there(session: ScopedSession, actor: Actor, row: Sponsorship, finding_id: UUID, today: date) -> bool:
    """Whether a finding lies at the sponsored place and is the actor's to see, as all there is to the sponsor himself.

    A project has no place of its own.
    """
    chosen = select(Finding.id).where(Finding.id == finding_id, Finding.restricted.is_(False))
    if row.project or not is_own(session, actor, row, today):
        chosen = chosen.where(sees_finding(actor, today))
    if not row.project:
        chosen = chosen.where(claims(session, [row], today)[row.id].territory.findings())
    return session.scalars(chosen).first() is not None


def read_log(
    session: ScopedSession, actor: Actor, sponsorship_id: UUID, on: date, *, limit: int = 200
) -> list[LogLine]:
    """A sponsor's log (包保日志), the latest first; of findings only the numbers that the actor may see."""
    chosen = select(SponsorEntry, Person.name).outerjoin(
        Person, (Person.tenant_id == SponsorEntry.tenant_id) & (Person.id == SponsorEntry.person_id)
    )
    order = (SponsorEntry.day.desc(), SponsorEntry.created_at.desc(), SponsorEntry.id)
    rows = session.execute(
        chosen.where(SponsorEntry.sponsorship_id == sponsorship_id).order_by(*order).limit(limit)
    ).all()
    named = {entry.finding_id for entry, _ in rows if entry.finding_id}
    numbers: dict[UUID, str | None] = {}
    if named:
        visible = select(Finding.id, Finding.number).where(Finding.id.in_(named), sees_finding(actor, on))
        numbers = dict(session.execute(visible).all())
    return [LogLine(e, who or "", numbers.get(e.finding_id) if e.finding_id else None) for e, who in rows]
