"""Steps that concern many findings at once (批量留痕): a reorganisation, a hand-over, a campaign's switch, a new calendar.

Few statements for any number of findings, and one line of history each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from core.work.calendar import WorkCalendar, load_calendar
from core.work.loop import clocks
from core.work.loop.states import DISPATCHED, HELD, NOT_CLOSED, RECTIFYING, REPORTED, WITH_UNIT
from core.work.tables import Finding, FindingCampaign, FindingEvent, Part
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import EnabledCampaign, Person

Change = dict[str, Any]
_LIVE = tuple(code for code in NOT_CLOSED if code != HELD)


def move_parts(session: Session, actor: Actor | None, moves: Mapping[UUID, UUID], *, note: str, now: datetime) -> int:
    """Hand the open parts of old units to new ones (随机构调整移交); gives the number of findings that moved.

    ``moves`` is old unit -> new unit. Stamps and names in the history stay as they were.
    """
    query = (
        select(Part, Finding)
        .join(Finding, (Finding.tenant_id == Part.tenant_id) & (Finding.id == Part.finding_id))
        .where(Part.unit_id.in_(list(moves)), Part.ended_at.is_(None), Finding.state.in_(NOT_CLOSED))
        .order_by(Finding.id)
        .with_for_update(of=Finding)
    )
    found = session.execute(query, execution_options={"populate_existing": True}).all()
    standing = _standing(session, {finding.id for _, finding in found}, set(moves.values()))
    facts: dict[UUID, Change] = {}
    rows: list[Change] = []
    for part, finding in found:
        new = moves[part.unit_id]
        seen = facts.setdefault(finding.id, {"moved": []})
        seen["moved"].append({"kind": part.kind, "from": str(part.unit_id), "to": str(new)})
        if part.leading:
            seen["lead"] = str(new)
        key = (finding.id, part.kind, new)
        same = standing.get(key)
        kept = {name: getattr(part, name) for name in ("leading", "state", "asked", "due_on", "assignee_id", "done_at")}
        part.ended_at, part.leading = now, False
        if same is not None:
            same.ended_at = None
            same.leading = same.leading or kept["leading"]
            same.state = kept["state"] if kept["leading"] or same.state == "informed" else same.state
        elif key not in {(row["finding_id"], row["kind"], row["unit_id"]) for row in rows[-8:]}:
            row = {"tenant_id": finding.tenant_id, "finding_id": finding.id, "kind": part.kind, "unit_id": new}
            rows.append(row | kept | {"ended_at": None, "hidden": finding.hidden})
    session.flush()
    if rows:
        session.execute(insert(Part), rows)
    findings = {finding.id: finding for _, finding in found}
    _write(session, actor, [(findings[key], {}, facts[key]) for key in facts], "move", note, now)
    return len(facts)


def _standing(session: Session, findings: set[UUID], units: set[UUID]) -> dict[tuple[UUID, str, UUID], Part]:
    """The rows that the new units have in these findings already."""
    rows = session.scalars(select(Part).where(Part.finding_id.in_(findings), Part.unit_id.in_(units)))
    return {(row.finding_id, row.kind, row.unit_id): row for row in rows}


def note_handover(
    session: Session,
    actor: Actor | None,
    finding_ids: Iterable[UUID],
    leaver: Person,
    successor: Person,
    *,
    now: datetime,
) -> int:
    """Write into the history of some findings that the person in charge changed (交接留痕)."""
    text = f"{leaver.name} → {successor.name}"
    facts: Change = {"handed": {"from": str(leaver.id), "to": str(successor.id), "name": successor.name}}
    query = select(Finding).where(Finding.id.in_(list(finding_ids))).order_by(Finding.id).with_for_update()
    found = session.scalars(query, execution_options={"populate_existing": True}).all()
    _write(session, actor, [(finding, {}, dict(facts)) for finding in found], "note", text, now)
    return len(found)


def hold_unneeded(session: Session, actor: Actor | None, *, note: str, now: datetime) -> int:
    """Hold the open findings that belong to campaigns, none of which is enabled (中止); their clocks stand (design 7)."""
    known, on = _of_campaign(None), _of_campaign("enabled")
    return _each(session, actor, "hold", note, now, Finding.state.in_(_LIVE) & known & ~on, _held)


def release_needed(session: Session, actor: Actor | None, *, note: str, now: datetime) -> int:
    """Release the held findings of which a campaign is enabled again (恢复); their clocks run on."""
    return _each(session, actor, "release", note, now, (Finding.state == HELD) & _of_campaign("enabled"), _released)


def recompute_deadlines(
    session: Session, actor: Actor | None = None, *, note: str, now: datetime, old: WorkCalendar | None = None
) -> int:
    """Compute the deadlines of running clocks again after the calendar changed (重算期限); gives how many findings changed.

    With the ``old`` calendar the clocks of taking and of accepting keep the working time that they had left.
    """

    def change(calendar: WorkCalendar, finding: Finding, moment: datetime) -> Change:
        due = _again(calendar, finding, moment) if finding.state in WITH_UNIT else {}
        return due | (_accepting(old, calendar, finding, moment) if old else {})

    return _each(session, actor, "recompute", note, now, Finding.state.in_((REPORTED, *WITH_UNIT)), change)


def hold_hidden(session: Session, on: Collection[str], *, note: str, at: datetime) -> int:
    """The same as :func:`hold_unneeded` for what is hidden, in a cleared scope, as of the moment ``at``.

    ``on`` are the campaigns that were enabled then. What went through that switch or a later one is left alone.
    """
    unneeded = Finding.state.in_(_LIVE) & _of_campaign(None) & ~_named(on)
    return _each(session, None, "hold", note, at, _before("hold", at) & unneeded, _held)


def release_hidden(session: Session, on: Collection[str], *, note: str, at: datetime) -> int:
    """The same as :func:`release_needed` for what is hidden, in a cleared scope, as of the moment ``at``."""
    needed = (Finding.state == HELD) & _named(on)
    return _each(session, None, "release", note, at, _before("release", at) & needed, _released)


def recompute_hidden(session: Session, *, note: str, now: datetime) -> int:
    """The same as :func:`recompute_deadlines` for what is hidden, in a cleared scope."""
    return _each(session, None, "recompute", note, now, Finding.hidden & Finding.state.in_(WITH_UNIT), _again)


def _before(verb: str, at: datetime) -> ColumnElement[bool]:
    """Condition on Finding: it is hidden, was there at the moment, and has not been through this switch or a later one."""
    through = exists().where(
        FindingEvent.tenant_id == Finding.tenant_id,
        FindingEvent.finding_id == Finding.id,
        FindingEvent.verb.in_(("hold", "release")),
        or_(FindingEvent.at > at, and_(FindingEvent.at == at, FindingEvent.verb == verb)),
    )
    return Finding.hidden & (Finding.opened_at <= at) & ~through.correlate(Finding)


def _named(campaigns: Collection[str]) -> ColumnElement[bool]:
    """Condition on Finding: it belongs to one of these campaigns."""
    found = exists().where(
        FindingCampaign.tenant_id == Finding.tenant_id,
        FindingCampaign.finding_id == Finding.id,
        FindingCampaign.campaign.in_(campaigns),
    )
    return found.correlate(Finding)


def _of_campaign(state: str | None) -> ColumnElement[bool]:
    """Condition on Finding: it belongs to a campaign, to one in a state if named."""
    found = exists().where(FindingCampaign.tenant_id == Finding.tenant_id, FindingCampaign.finding_id == Finding.id)
    if state is not None:
        found = found.where(
            EnabledCampaign.tenant_id == FindingCampaign.tenant_id,
            EnabledCampaign.campaign == FindingCampaign.campaign,
            EnabledCampaign.state == state,
        )
    return found.correlate(Finding)


def _held(_calendar: WorkCalendar, finding: Finding, now: datetime) -> Change:
    stopped = {"stopped_at": now} if finding.state in WITH_UNIT else {}
    return {"state": HELD, "resume_state": finding.state} | stopped


def _released(calendar: WorkCalendar, finding: Finding, now: datetime) -> Change:
    back = finding.resume_state or RECTIFYING
    return {"state": back, "resume_state": None} | clocks.pass_over(calendar, finding, back, now)


def _again(calendar: WorkCalendar, finding: Finding, _now: datetime) -> Change:
    due = clocks.again(calendar, finding)
    return {} if due == finding.due_at else {"due_at": due}


def _accepting(old: WorkCalendar, calendar: WorkCalendar, finding: Finding, now: datetime) -> Change:
    """The clock of whoever must take or accept it, where it still runs."""
    end = finding.accept_by
    if end is None or end <= now or finding.state not in (REPORTED, DISPATCHED):
        return {}
    moved = calendar.add_working_time(now, old.working_time_left(now, end))
    return {} if moved == end else {"accept_by": moved}


def _each(
    session: Session,
    actor: Actor | None,
    verb: str,
    note: str,
    now: datetime,
    chosen: ColumnElement[bool],
    change: Callable[[WorkCalendar, Finding, datetime], Change],
) -> int:
    """Change the chosen findings, those for which there is something to change."""
    query = select(Finding).where(chosen).order_by(Finding.id).with_for_update(of=Finding)
    found = session.scalars(query, execution_options={"populate_existing": True}).all()
    if not found:
        return 0
    calendar = load_calendar(session, min(now, *(f.clock_from or f.due_at for f in found)))
    changed = [(finding, change(calendar, finding, now)) for finding in found]
    written: list[tuple[Finding, Change, Change]] = [(finding, columns, {}) for finding, columns in changed if columns]
    _write(session, actor, written, verb, note, now)
    return len(written)


def _write(
    session: Session,
    actor: Actor | None,
    steps: list[tuple[Finding, Change, Change]],
    verb: str,
    note: str,
    now: datetime,
) -> None:
    """One UPDATE for each set of columns, one INSERT of history."""
    if not steps:
        return
    tenant = steps[0][0].tenant_id
    rows, events = [], []
    for finding, columns, facts in steps:
        rows.append({"b_id": finding.id} | columns)
        detail = facts | {"due_at": columns.get("due_at", finding.due_at).isoformat()}
        events.append(
            {
                "tenant_id": tenant,
                "finding_id": finding.id,
                "version": finding.version + 1,
                "id": new_id(),
                "at": now,
                "verb": verb,
                "from_state": finding.state,
                "to_state": columns.get("state", finding.state),
                "person_id": actor.person_id if actor else None,
                "person_name": actor.name if actor else "",
                "unit_id": None,
                "unit_name": "",
                "note": note,
                "detail": detail,
                "hidden": finding.hidden,
            }
        )
    _update(session, tenant, rows, now)
    session.execute(insert(FindingEvent), events)
    for finding, _, _ in steps:
        session.expire(finding)


def _update(session: Session, tenant: int, rows: list[Change], now: datetime) -> None:
    """The rows are locked, so that the version can only be the one that was read."""
    shapes: dict[frozenset[str], list[Change]] = {}
    for row in rows:
        shapes.setdefault(frozenset(row), []).append(row)
    table = cast(Table, Finding.__table__)
    for shape, alike in shapes.items():
        values: Change = {name: bindparam(f"c_{name}") for name in shape if name != "b_id"}
        statement = (
            update(table)
            .where(table.c.tenant_id == tenant, table.c.id == bindparam("b_id"))
            .values(**values, version=table.c.version + 1, changed_at=now)
        )
        session.connection().execute(
            statement, [{(n if n == "b_id" else f"c_{n}"): value for n, value in row.items()} for row in alike]
        )
