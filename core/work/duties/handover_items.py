"""What is open in a person's name (在办事项): found for a hand-over, and moved to the successor.

The preview tells what its reader may see; the hand-over itself finds everything (``actor`` None), so that nothing stays
behind with somebody who left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, true, update

from core.errors import N_
from core.work.dated import touches
from core.work.journal import record
from core.work.loop.ledger import note_handover
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.tables import ContactLink, Finding, HandOn, Part, Recheck, Sponsorship, Whistle
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Person
from tenants.scope import ScopedSession

KINDS: dict[str, str] = {
    "findings": N_("负责的未办结问题"),
    "rechecks": N_("待做的回头看"),
    "sponsorships": N_("包保关系"),
    "hand_ons": N_("转交给外部联系人的事项"),
    "links": N_("有效的免登录链接"),
    "whistles": N_("领办的吹哨"),
}
SENT = ("sent", "answered", "sent_back")
CALLED = ("called", "on_site", "escalated")


@dataclass(frozen=True, slots=True)
class Items:
    """Open items by kind, as ids (在办事项)."""

    by_kind: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind that was asked for."""
        return {kind: len(ids) for kind, ids in self.by_kind.items()}

    @property
    def count(self) -> int:
        """How many there are in all."""
        return sum(self.counts.values())

    def of(self, kind: str) -> tuple[UUID, ...]:
        """The ids of a kind."""
        return self.by_kind.get(kind, ())


def find_items(
    session: ScopedSession,
    actor: Actor | None,
    person_id: UUID,
    *,
    kinds: Collection[str] = tuple(KINDS),
    on: date,
    today: date,
    restricted: bool = True,
) -> Items:
    """What is open in a person's name, of the kinds asked for; restricted findings only when they may pass.

    With an actor only what he may see of findings and what hangs on them.
    """
    seen: ColumnElement[bool] = sees_finding(actor, today) if actor is not None else true()
    sight = seen if restricted else seen & Finding.restricted.is_(False)
    found: dict[str, tuple[UUID, ...]] = {}
    for kind in (k for k in KINDS if k in kinds):
        chosen = FINDERS[kind](session, person_id, on, sight)
        found[kind] = tuple(dict.fromkeys(session.scalars(chosen)))
    return Items(found)


Finder = Callable[[ScopedSession, UUID, date, ColumnElement[bool]], Select[UUID]]


def _findings(_session: ScopedSession, person: UUID, _on: date, sight: ColumnElement[bool]) -> Select[UUID]:
    """A finding waits until it is closed; the part in it until it has ended."""
    return (
        select(Finding.id)
        .join(Part, (Part.tenant_id == Finding.tenant_id) & (Part.finding_id == Finding.id))
        .where(Part.assignee_id == person, Part.ended_at.is_(None), Finding.state.in_(NOT_CLOSED), sight)
        .order_by(Finding.due_at, Finding.id)
    )


def _rechecks(_session: ScopedSession, person: UUID, _on: date, sight: ColumnElement[bool]) -> Select[UUID]:
    return (
        select(Recheck.id)
        .join(Finding, (Finding.tenant_id == Recheck.tenant_id) & (Finding.id == Recheck.finding_id))
        .where(Recheck.person_id == person, Recheck.state == "due", sight)
        .order_by(Recheck.due_on, Recheck.id)
    )


def _sponsorships(_session: ScopedSession, person: UUID, on: date, _sight: ColumnElement[bool]) -> Select[UUID]:
    standing = select(Sponsorship.id).where(Sponsorship.person_id == person, touches(Sponsorship, on, None))
    return standing.order_by(Sponsorship.valid_from, Sponsorship.id)


def _hand_ons(_session: ScopedSession, person: UUID, _on: date, sight: ColumnElement[bool]) -> Select[UUID]:
    return (
        select(HandOn.id)
        .join(Finding, (Finding.tenant_id == HandOn.tenant_id) & (Finding.id == HandOn.finding_id))
        .where(HandOn.person_id == person, HandOn.state.in_(SENT), sight)
        .order_by(HandOn.created_at, HandOn.id)
    )


def _links(_session: ScopedSession, person: UUID, _on: date, _sight: ColumnElement[bool]) -> Select[UUID]:
    valid = select(ContactLink.id).where(ContactLink.person_id == person, ContactLink.revoked_at.is_(None))
    return valid.where(ContactLink.expires_at > server_now()).order_by(ContactLink.created_at, ContactLink.id)


def _whistles(_session: ScopedSession, person: UUID, _on: date, _sight: ColumnElement[bool]) -> Select[UUID]:
    open_ones = select(Whistle.id).where(Whistle.leader_id == person, Whistle.state.in_(CALLED))
    return open_ones.order_by(Whistle.called_at, Whistle.id)


FINDERS: dict[str, Finder] = {
    "findings": _findings,
    "rechecks": _rechecks,
    "sponsorships": _sponsorships,
    "hand_ons": _hand_ons,
    "links": _links,
    "whistles": _whistles,
}


def move_items(
    session: ScopedSession,
    actor: Actor | None,
    items: Items,
    leaver: Person,
    successor: Person,
    *,
    on: date,
    now: datetime,
) -> dict[str, Any]:
    """Give the items to the successor (事项移交); what moved, as a record keeps it."""
    moved: dict[str, Any] = {kind: [str(one) for one in ids] for kind, ids in items.by_kind.items()}
    if ids := items.of("findings"):
        mine = Part.assignee_id == leaver.id
        session.execute(update(Part).where(Part.finding_id.in_(ids), mine).values(assignee_id=successor.id))
        note_handover(session, actor, ids, leaver, successor, now=now)
    for table, kind in ((Recheck, "rechecks"), (HandOn, "hand_ons"), (ContactLink, "links")):
        if ids := items.of(kind):
            session.execute(update(table).where(table.id.in_(ids)).values(person_id=successor.id))
    if ids := items.of("whistles"):
        session.execute(update(Whistle).where(Whistle.id.in_(ids)).values(leader_id=successor.id))
    moved["begun"] = _pass_sponsorships(session, actor, items.of("sponsorships"), successor, on)
    session.flush()
    return moved


def _pass_sponsorships(
    session: ScopedSession, actor: Actor | None, ids: Sequence[UUID], successor: Person, on: date
) -> list[str]:
    """End each sponsorship and begin the same one for the successor, unless he has it already."""
    begun = []
    for old in session.scalars(select(Sponsorship).where(Sponsorship.id.in_(ids)).order_by(Sponsorship.id)):
        start, end = max(on, old.valid_from), old.valid_to
        if not _has_same(session, old, successor.id, start, end):
            new = Sponsorship(person_id=successor.id, valid_from=start, valid_to=end, **_same(old))
            session.add(new)
            session.flush()
            begun.append(str(new.id))
        old.valid_to = start
        record(session, actor, "sponsorship.hand_over", "sponsorship", old.id, after=successor.name, on=on.isoformat())
    session.flush()
    return begun


LINK = ("kind", "unit_id", "object_unit_id", "object_site_id", "project", "field", "campaign")


def _same(row: Sponsorship) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*LINK, "title", "document")}


def _has_same(session: ScopedSession, old: Sponsorship, person_id: UUID, start: date, end: date | None) -> bool:
    alike = [getattr(Sponsorship, name).is_not_distinct_from(getattr(old, name)) for name in LINK]
    chosen = select(Sponsorship.id).where(Sponsorship.person_id == person_id, touches(Sponsorship, start, end), *alike)
    return session.scalars(chosen).first() is not None
