"""A town with secret rounds (暗访现场): planned, walked and released as their room and the phone do it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event

from core.work.calendar import local_day
from core.work.inspection.photos import store
from core.work.inspection.visits import Submitted
from core.work.rounds.planning import Wish, close_round, create, open_round
from core.work.rounds.releasing import Released, release
from core.work.rounds.stops import add_sites
from core.work.rounds.teams import add_team
from core.work.tables import Round
from tenants.access import Actor
from tenants.scope import ScopedSession, Wall
from tests.factory import add_actor
from tests.work.market import ANSWERS, THURSDAY, Town, send, town
from tests.work.pictures import jpeg

RELEASED = THURSDAY + timedelta(days=4)  # a Monday, 10:00


@dataclass
class Stage:
    """A town, its wall, and a folder for photos (现场)."""

    wall: Wall
    town: Town
    files: Path

    @property
    def office(self) -> Actor:
        """The HQ office as it stands in the rounds room."""
        return replace(self.town.office, cleared=True)

    @property
    def inspector(self) -> Actor:
        """The inspector as he stands in the field room, when he is in a secret round."""
        return replace(self.town.inspector, cleared=True)

    def cleared(self) -> ScopedSession:
        """The session of the rounds room and the field room."""
        return self.wall.open(self.town.ref.id, cleared=True)

    def plain(self) -> ScopedSession:
        """Everybody else's session."""
        return self.wall.open(self.town.ref.id)

    def another(self, role: str = "inspector") -> Actor:
        """One more person with a post at the top."""
        return replace(add_actor(self.wall, self.town.ref, role, self.town.district.root), cleared=True)


@contextmanager
def counted(wall: Wall) -> Iterator[list[str]]:
    """The statements that the database is asked."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(wall.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(wall.engine, "before_cursor_execute", note)


def stage(wall: Wall, files: Path, name: str = "测试区") -> Stage:
    return Stage(wall, town(wall, name), files)


def plan(there: Stage, *members: Actor, title: str = "十一月中旬暗访", mode: str = "secret", **changed: Any) -> UUID:
    """An open round with one team that visits the market; ``members`` are its people."""
    day = local_day(THURSDAY)
    kind = "ten_day_secret" if mode == "secret" else "weekly"
    wish = Wish(kind, title, there.town.district.root, day, day + timedelta(days=9), mode=mode, **changed)
    with there.cleared() as session:
        made = create(session, there.office, wish, now=THURSDAY)
        add_sites(session, there.office, made.id, version=made.version, sites=[there.town.market], now=THURSDAY)
        people = [one.person_id for one in members or (there.town.inspector,)]
        add_team(session, there.office, made.id, version=made.version, name="一组", members=people, now=THURSDAY)
        open_round(session, there.office, made.id, version=made.version, now=THURSDAY)
        session.commit()
        return made.id


def photo(session: ScopedSession, there: Stage, round_id: UUID | None, data: bytes = b"") -> str:
    """A photo that was taken for a round."""
    return str(store(session, there.inspector, data or jpeg(), files=there.files, sealed_for=round_id).id)


def walk(
    session: ScopedSession,
    there: Stage,
    round_id: UUID,
    answers: Mapping[str, Any] = ANSWERS,
    *,
    actor: Actor | None = None,
    now: datetime = THURSDAY,
    **said: Any,
) -> Submitted:
    """A visit of the market for a round."""
    return send(session, there.town, answers, actor=actor or there.inspector, round_id=round_id, now=now, **said)


def close(there: Stage, round_id: UUID, *, now: datetime = THURSDAY) -> int:
    """Close the round; gives its version."""
    with there.cleared() as session:
        row = session.get_one(Round, (there.town.ref.id, round_id))
        done = close_round(session, there.office, round_id, version=row.version, now=now)
        session.commit()
        return done.version


def let_out(there: Stage, round_id: UUID, *, now: datetime = RELEASED) -> Released:
    """Close and release the round."""
    version = close(there, round_id, now=now)
    with there.cleared() as session:
        done = release(session, there.office, round_id, version=version, now=now)
        session.commit()
        return done
