"""Statistics for the routes' world (统计填报): a line, a locked value and a draft in each district, fresh ones for each write."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from core.periods import containing
from core.settings import ZONE
from core.work.statistics.dictionary import Declared, declare
from core.work.statistics.entering import Entry, save, submit
from core.work.statistics.reviewing import lock, review
from core.work.tables import Observation, Statistic
from tenants.access import Actor, root_unit
from tenants.db import now
from tenants.scope import ScopedSession

if TYPE_CHECKING:
    from tests.routes.world import World

TODAY = now().astimezone(ZONE).date()
MONTH = containing("month", TODAY)


def give_statistics(session: ScopedSession, actors: Mapping[str, Actor], today: date) -> dict[str, str]:
    """A line of the district's own with a value that went all the way, by the names that addresses give them."""
    row = _line(session, actors["hq_office"])
    value = _value(session, actors["liaison"], row, today)
    moment = {"today": today, "now": now()}
    submit(session, actors["liaison"], value.id, 1, **moment)
    review(session, actors["hq_office"], value.id, 2, **moment)
    lock(session, actors["hq_office"], value.id, 3, **moment)
    return {"statistic_id": str(row.id), "observation_id": str(value.id), "stat_code": row.code}


def _line(session: ScopedSession, office: Actor) -> Statistic:
    code, root = f"own_{secrets.token_hex(4)}", root_unit(session).id
    given = Declared(code, f"指标{code}", f"Statistic {code}", "household", root, "month")
    return declare(session, office, given, today=TODAY)


def _value(session: ScopedSession, liaison: Actor, row: Statistic, today: date) -> Observation:
    entry = Entry(
        row.code, root_unit(session).id, containing("month", today), "self", numerator=Decimal(7), note="台账"
    )
    return save(session, liaison, entry, today=today, now=now()).observation


def new_observation(world: World) -> dict[str, str]:
    """A draft of A that nobody has handed in."""
    with world.session() as session:
        row = _line(session, world.a.actors["hq_office"])
        made = _value(session, world.a.actors["liaison"], row, TODAY)
        session.commit()
        return {"observation_id": str(made.id)}


def handed_in(world: World) -> str:
    """A value of A that waits for review."""
    key = UUID(new_observation(world)["observation_id"])
    with world.session() as session:
        submit(session, world.a.actors["liaison"], key, 1, today=TODAY, now=now())
        session.commit()
    return str(key)


def new_statistic(world: World) -> dict[str, str]:
    """A line of A that nobody has changed."""
    with world.session() as session:
        made = _line(session, world.a.actors["hq_office"])
        session.commit()
        return {"statistic_id": str(made.id)}


def version_now(world: World) -> str:
    """The version of A's line as it is now."""
    with world.session() as session:
        found = session.get(Statistic, (world.a.ref.id, UUID(world.a.ids["statistic_id"])))
        assert found
        return str(found.version)


def new_place(world: World) -> dict[str, str]:
    """Where a value of A may be put for the first time."""
    with world.session() as session:
        made, root = _line(session, world.a.actors["hq_office"]), root_unit(session).id
        session.commit()
        return {"stat_code": made.code, "unit_id": str(root), "period": MONTH.key, "basis": "self"}


def statistic_fields(unit_id: str, code: str) -> dict[str, str]:
    """What the form of a line says."""
    fields = {"code": code, "name_zh": f"指标{secrets.token_hex(3)}", "measure": "household", "owner_unit_id": unit_id}
    return fields | {"frequency": "month", "combine": "sum", "due_days": "10", "bases": "self"}


def entry_fields(world: World) -> dict[str, str]:
    """What the entry page sends of one new row."""
    place = new_place(world)
    with world.session() as session:
        found = session.scalars(select(Statistic).where(Statistic.code == place["stat_code"])).one()
        last = MONTH.previous.key
        line = f"{found.id.hex}-{UUID(place['unit_id']).hex}-{last}"
    return {f"{line}-new.version": "0", f"{line}-new.numerator": "3", f"{line}-new.basis": "self"}


def new_entries(world: World) -> str:
    """A workbook of A with a value to be entered, waiting for its confirmation."""
    place = new_place(world)
    data = f"指标代码,周期,数值\n{place['stat_code']},{MONTH.key},5\n".encode()
    digest = sha256(data).hexdigest()
    folder = world.files / str(world.a.ref.id) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / digest).write_bytes(data)
    return digest
