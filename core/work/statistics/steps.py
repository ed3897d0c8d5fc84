"""The life of a value (填报流程): draft, submitted, reviewed, locked; returned with a reason; each step one line of history."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from core.work.journal import record_at
from core.work.tables import Observation, ObservationEvent
from tenants.access import Actor

DRAFT, SUBMITTED, RETURNED, REVIEWED, LOCKED = "draft", "submitted", "returned", "reviewed", "locked"
STATES = (DRAFT, SUBMITTED, RETURNED, REVIEWED, LOCKED)
EDITABLE = frozenset({DRAFT, RETURNED})
SAVED = "save"
OBJECT = "observation"
_SAID = (
    "numerator",
    "denominator",
    "qualifier",
    "denominator_qualifier",
    "declared_rate",
    "population_base",
    "population_on",
    "population_precision",
    "note",
)


def body_of(row: Observation) -> dict[str, Any]:
    """What a row says, as plain JSON: numbers and dates as text, nothing that is empty."""
    said = {name: getattr(row, name) for name in _SAID}
    return {name: _plain(value) for name, value in said.items() if value not in (None, "")}


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def note_event(
    session: Session, row: Observation, verb: str, actor: Actor | None, now: datetime, *, note: str = ""
) -> None:
    """Write one line of history and one of the audit trail for what just happened to a row."""
    session.add(
        ObservationEvent(
            observation_id=row.id,
            version=row.version,
            at=now,
            verb=verb,
            to_state=row.state,
            person_id=actor.person_id if actor else None,
            person_name=actor.name if actor else "",
            note=note,
            body=body_of(row),
        )
    )
    record_at(session, now, actor, f"observation.{verb}", OBJECT, row.id, version=row.version, state=row.state)
    session.flush()
