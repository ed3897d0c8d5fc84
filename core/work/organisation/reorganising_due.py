"""What the night does for reorganisations (机构调整到期生效): brings due ones into effect, and hands over what stayed behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, SanchengError
from core.work.journal import record
from core.work.loop.ledger import move_parts
from core.work.loop.states import NOT_CLOSED
from core.work.organisation.closure import lock_chart
from core.work.organisation.lineage import living_heirs
from core.work.organisation.reorganising import bring_into_effect
from core.work.tables import Finding, Part, Reorganisation
from tenants.access import root_unit
from tenants.db import now as server_now
from tenants.models import Unit
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Applied:
    """What the nightly run did with one reorganisation (生效结果): ``error`` says why it still waits."""

    id: UUID
    title: str
    error: str = ""


def apply_due_reorganisations(session: ScopedSession, today: date, now: datetime | None = None) -> list[Applied]:
    """Bring what is due into effect (到期生效), in the order of the days; for the nightly job.

    Runs as often as one likes: each takes effect once, a late run catches up. One that no longer fits the chart keeps
    waiting and says why; the others go on. Open parts that a closed unit still holds (hidden ones of a secret round, or a
    case that was reopened) go to its heir: run it in a cleared session.
    """
    moment = now or server_now()
    due = select(Reorganisation.id).where(Reorganisation.state == "approved", Reorganisation.effective_on <= today)
    ids = session.scalars(due.order_by(Reorganisation.effective_on, Reorganisation.created_at)).all()
    done = [one for row_id in ids if (one := _apply_one(session, row_id, today, moment)) is not None]
    settle_strays(session, today, moment)
    return done


def _apply_one(session: ScopedSession, row_id: UUID, today: date, now: datetime) -> Applied | None:
    """One of them in a savepoint of its own; None when another run was faster."""
    lock_chart(session)
    chosen = select(Reorganisation).where(Reorganisation.id == row_id, Reorganisation.state == "approved")
    row = session.scalars(chosen.with_for_update(), execution_options={"populate_existing": True}).first()
    if row is None:
        return None
    title = row.title
    try:
        with session.begin_nested():
            bring_into_effect(session, None, row, today, now)
    except SanchengError as error:
        record(session, None, "reorganisation.wait", "reorganisation", row_id, title=title, reason=error.text()[:300])
        return Applied(row_id, title, error.text())
    return Applied(row_id, title)


def settle_strays(session: ScopedSession, today: date, now: datetime) -> int:
    """Hand the open parts that closed units still have to those who took over (补移交); gives how many findings moved."""
    chosen = (
        select(Part.unit_id)
        .distinct()
        .join(Finding, (Finding.tenant_id == Part.tenant_id) & (Finding.id == Part.finding_id))
        .join(Unit, (Unit.tenant_id == Part.tenant_id) & (Unit.id == Part.unit_id))
        .where(Part.ended_at.is_(None), Finding.state.in_(NOT_CLOSED), Unit.valid_to <= today)
    )
    closed = session.scalars(chosen).all()
    if not closed:
        return 0
    heirs = living_heirs(session, closed, today)
    root = root_unit(session).id
    note = N_("单位已撤销，由承接单位办理")
    return move_parts(session, None, {old: new for old, new in heirs.items() if new != root}, note=note, now=now)
