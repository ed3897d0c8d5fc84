"""In-app notes (站内提醒): finds who should know, and writes each a note and its line of the outbox in the same transaction.

Who is told follows from posts: whoever holds a post with the verb at the unit; when nobody does, at the nearest unit above.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from core.work.bulk import Lot, ask
from core.work.calendar import local_day
from core.work.dated import valid_on
from core.work.loop.sight import unseen_restricted
from core.work.roles import ANSWER, RESTRICTED, ROLES
from core.work.tables import Note, Outbox
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Holding, Person, Post

SHOWN_DAYS = 90  # older notes are read or out of date; they stay in the table (ours)
MOST = 100  # a count of unread notes that is higher is shown as 99+ (ours)
_PLAIN = (str, int, bool, type(None))


def tell(
    session: Session,
    *,
    unit_ids: Iterable[UUID] = (),
    person_ids: Iterable[UUID | None] = (),
    verb: str = ANSWER,
    kind: str,
    text: str,
    params: Mapping[str, Any],
    object_kind: str = "",
    object_id: object = "",
    now: datetime,
    restricted: bool = False,
    campaigns: Collection[str] | None = None,
    but: UUID | None = None,
) -> int:
    """Tell people something (提醒): one note and one line of the outbox each; gives how many were told.

    Those who hold a post with ``verb`` at one of the units or, where it has nobody, at the nearest unit above it, and the
    people named. ``restricted`` matters reach only those who may see them. ``campaigns``: a post for one campaign counts for
    that one's matters only (None: every post counts). ``but`` is who acted: nobody is told what he did himself. ``text`` is a
    source text (N_) with ``{name}`` places for ``params``; a value ``x_en`` beside ``x`` is what English readers see.
    """
    lots = notes_to(
        session,
        unit_ids=unit_ids,
        person_ids=person_ids,
        verb=verb,
        kind=kind,
        text=text,
        params=params,
        object_kind=object_kind,
        object_id=object_id,
        now=now,
        restricted=restricted,
        campaigns=campaigns,
        but=but,
    )
    tenant = int(session.tenant_id)  # type: ignore[attr-defined]  # every session of ours is a ScopedSession
    for lot in lots:
        common = {"tenant_id": tenant} | dict(lot.same)
        session.execute(insert(lot.table), [common | dict(row) for row in lot.rows])
    return len(lots[0].rows) if lots else 0


def notes_to(
    session: Session,
    *,
    unit_ids: Iterable[UUID] = (),
    person_ids: Iterable[UUID | None] = (),
    verb: str = ANSWER,
    kind: str,
    text: str,
    params: Mapping[str, Any],
    object_kind: str = "",
    object_id: object = "",
    now: datetime,
    restricted: bool = False,
    campaigns: Collection[str] | None = None,
    but: UUID | None = None,
) -> list[Lot]:
    """What :func:`tell` writes, for whoever writes it in one statement with the act: notes and lines of the outbox, or nothing."""
    on = local_day(now)
    people = _holders(session, set(unit_ids), verb, on, restricted, campaigns)
    people |= _may_know(session, {one for one in person_ids if one is not None}, on, restricted)
    people -= {but}
    if not people:
        return []
    plain = {key: value if isinstance(value, _PLAIN) else str(value) for key, value in params.items()}
    said = {"text": text, "params": plain, "object_kind": object_kind, "object_id": str(object_id)}
    common: dict[str, Any] = {"kind": kind, "created_at": now}
    notes = [{"id": new_id(), "person_id": person} for person in sorted(people)]
    sent = [
        {"id": new_id(), "person_id": note["person_id"], "body": said | {"note": str(note["id"])}} for note in notes
    ]
    return [Lot(Note, notes, common | said), Lot(Outbox, sent, common)]


def list_notes(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    unread: bool = False,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Sequence[Note]:
    """The actor's own notes, the newest first; ``before`` is time and id of the last one of the page before."""
    query = _own(select(Note), actor, now)
    if unread:
        query = query.where(Note.read_at.is_(None))
    if before is not None:
        at, last = before
        query = query.where(or_(Note.created_at < at, (Note.created_at == at) & (Note.id < last)))
    return session.scalars(query.order_by(Note.created_at.desc(), Note.id.desc()).limit(limit)).all()


def unread_count(session: Session, actor: Actor, now: datetime) -> int:
    """How many of the actor's notes are unread, at most :data:`MOST`."""
    unread = _own(select(Note.id), actor, now).where(Note.read_at.is_(None)).limit(MOST)
    return session.scalar(select(func.count()).select_from(unread.subquery())) or 0


def mark_read(session: Session, actor: Actor, now: datetime, *, note_ids: Collection[UUID] | None = None) -> int:
    """Mark some of the actor's own notes read, or all of them (``note_ids`` None); gives how many were not yet."""
    wanted = [Note.tenant_id == actor.tenant.id, Note.person_id == actor.person_id, Note.read_at.is_(None)]
    if note_ids is not None:
        wanted.append(Note.id.in_(note_ids))
    done = session.execute(
        update(Note).where(*wanted).values(read_at=now).returning(Note.id).execution_options(synchronize_session=False)
    )
    return len(done.all())


def mark_seen(session: Session, actor: Actor, object_kind: str, object_id: object, now: datetime) -> int:
    """Mark the actor's notes about one object read, because he has opened it."""
    done = session.execute(
        update(Note)
        .where(
            Note.tenant_id == actor.tenant.id,
            Note.person_id == actor.person_id,
            Note.read_at.is_(None),
            Note.object_kind == object_kind,
            Note.object_id == str(object_id),
        )
        .values(read_at=now)
        .returning(Note.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def _own(query: Select[Any], actor: Actor, now: datetime) -> Select[Any]:
    return query.where(
        Note.tenant_id == actor.tenant.id,
        Note.person_id == actor.person_id,
        Note.created_at > now - timedelta(days=SHOWN_DAYS),
        Note.object_id.not_in(unseen_restricted(actor, local_day(now))),  # also what he was told while it was open
    )


def _holders(
    session: Session,
    units: set[UUID],
    verb: str,
    on: date,
    restricted: bool,
    campaigns: Collection[str] | None,
) -> set[UUID]:
    """Whoever holds a post with the verb at each unit, or at the nearest one above it."""
    roles = [r.code for r in ROLES.values() if verb in r.verbs and (RESTRICTED in r.verbs or not restricted)]
    if not units or not roles:
        return set()
    tenant = session.tenant_id  # type: ignore[attr-defined]  # every session of ours is a ScopedSession
    asked = {"tenant": tenant, "units": list(units), "roles": roles, "on": on, "campaigns": list(campaigns or ())}
    rows = ask(session, _HOLDING, asked | {"every": campaigns is None})
    return _nearest([(row[0], row[1], row[2]) for row in rows])


# Written as text: whoever tells of anything asks it.
_HOLDING = text("""
SELECT p.unit_id, p.depth, h.person_id
FROM unit_path p
JOIN post o ON o.tenant_id = p.tenant_id AND o.unit_id = p.ancestor_id
JOIN holding h ON h.tenant_id = o.tenant_id AND h.post_id = o.id
JOIN person e ON e.tenant_id = h.tenant_id AND e.id = h.person_id
WHERE p.tenant_id = :tenant AND p.unit_id = ANY(:units) AND o.role = ANY(:roles) AND e.state = 'active'
  AND p.valid_from <= :on AND (p.valid_to IS NULL OR p.valid_to > :on)
  AND h.valid_from <= :on AND (h.valid_to IS NULL OR h.valid_to > :on)
  AND (:every OR o.campaign IS NULL OR o.campaign = ANY(:campaigns))
""")


def _nearest(rows: Sequence[tuple[UUID, int, UUID]]) -> set[UUID]:
    nearest: dict[UUID, int] = {}
    for unit, depth, _ in rows:
        nearest[unit] = min(depth, nearest.get(unit, depth))
    return {person for unit, depth, person in rows if depth == nearest[unit]}


def _may_know(session: Session, people: set[UUID], on: date, restricted: bool) -> set[UUID]:
    """Of the people named, those who are active; of a restricted matter, those whose post is for such matters."""
    if not people:
        return set()
    query = select(Person.id).where(Person.id.in_(people), Person.state == "active")
    if restricted:
        roles = [role.code for role in ROLES.values() if RESTRICTED in role.verbs]
        query = (
            query.join(Holding, (Holding.tenant_id == Person.tenant_id) & (Holding.person_id == Person.id))
            .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
            .where(Post.role.in_(roles), valid_on(Holding, on))
        )
    return set(session.scalars(query))
