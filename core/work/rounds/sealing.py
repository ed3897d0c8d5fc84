"""Seals what belongs to a secret round (密封): its trail, its photos, and who looked at it before its release.

Rows of a secret round are born hidden; nothing of it may be told by what stands beside them. So its lines of the trail are
hidden too, and every look at it is one of them: after the release an auditor reads who knew what, and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.work.journal import record_at, sealed
from core.work.rounds.clearance import hold_round
from core.work.tables import Audit, Round
from tenants.access import Actor

READ = "secret.read"


@contextmanager
def seal(session: Session, of: Round | None) -> Iterator[None]:
    """Work for a round: while it is secret and not released, every line of the trail is sealed for it.

    For an announced or released one, or none, nothing changes. Everything that is done about a secret round - planning,
    changing, closing, exporting - is done inside of this.
    """
    with sealed(session, of.id if of is not None and of.hidden else None):
        yield


def note_reads(session: Session, actor: Actor, rounds: Iterable[Round], route: str, *, now: datetime) -> None:
    """Write down that the actor looked at secret rounds (查阅留痕): one line for each person, round, route and hour.

    ``route`` is the name of the page or answer, such as ``rounds.show``. Announced and released rounds leave none. Whoever
    shows a page, list, export or photo of a round calls this in the same transaction (two statements, none without a secret).
    """
    secret = {str(one.id): one.id for one in rounds if one.hidden}
    if not secret:
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    known = select(Audit.object_id).where(
        Audit.object_id.in_(secret),
        Audit.verb == READ,
        Audit.person_id == actor.person_id,
        Audit.at >= hour,
        Audit.detail["route"].astext == route,
    )
    for said in sorted(secret.keys() - set(session.scalars(known))):
        _note(session, actor, secret[said], route, now)
    session.flush()


def note_read(session: Session, actor: Actor, of: Round, route: str, *, now: datetime) -> None:
    """The same for one round."""
    note_reads(session, actor, [of], route, now=now)


def _note(session: Session, actor: Actor, round_id: UUID, route: str, now: datetime) -> None:
    with seal(session, hold_round(session, round_id)):
        record_at(session, now, actor, READ, "round", round_id, route=route)
