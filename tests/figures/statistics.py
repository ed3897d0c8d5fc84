"""Locked values for the figures' tests, written into the tables as the entry page leaves them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.figures.periods import Period
from core.work.tables import LockedValue, Observation, ObservationEvent, Statistic
from tenants.db import new_id
from tenants.scope import ScopedSession
from tests.figures.build import Made


def statistic(session: ScopedSession, made: Made, code: str, **more: Any) -> UUID:
    """The statistic of a code, made when it is not there yet."""
    found = session.scalar(select(Statistic.id).where(Statistic.code == code))
    if found:
        return found
    given = {"measure": "person", "frequency": "month", "bases": ["verified", "self", "declared"]} | more
    row = Statistic(
        id=new_id(),
        code=code,
        name_zh=f"统计 {code}",
        owner_unit_id=made.district.root,
        valid_from=date(2015, 1, 1),
        **given,
    )
    session.add(row)
    session.flush()
    return row.id


def lock(
    session: ScopedSession,
    made: Made,
    code: str,
    value: str | int,
    period: Period,
    *,
    basis: str = "verified",
    unit: UUID | None = None,
    at: datetime,
    qualifier: str = "exact",
    combine: str = "sum",
    note: str = "",
) -> UUID:
    """One observation entered, reviewed and locked; gives the locked version's id."""
    kept = Observation(
        id=new_id(),
        statistic_id=statistic(session, made, code, combine=combine, frequency=period.kind),
        unit_id=unit or made.district.root,
        period_kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        basis=basis,
        state="locked",
        numerator=Decimal(value),
        qualifier=qualifier,
        note=note,
        locked_at=at,
    )
    session.add(kept)
    session.flush()
    for n, verb in enumerate(("save", "submit", "review", "lock"), 1):
        moment = at - timedelta(hours=4 - n)
        session.add(
            ObservationEvent(
                observation_id=kept.id, version=n, at=moment, verb=verb, to_state=verb, person_name=f"经手人{n}"
            )
        )
    version = LockedValue(
        id=new_id(),
        observation_id=kept.id,
        number=1,
        numerator=Decimal(value),
        qualifier=qualifier,
        note=note,
        locked_at=at,
    )
    session.add(version)
    session.flush()
    return version.id
