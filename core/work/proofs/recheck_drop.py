"""Takes re-inspections off the list when their finding has gone on otherwise (复查作废): reopened, or found stable by a check."""

from __future__ import annotations

from sqlalchemy import update

from core.work.loop.states import CLOSED_STATES
from core.work.loop.step import Step
from core.work.tables import Recheck


def drop_rechecks(step: Step, before: str) -> None:
    """Drop what is still due for a finding that just left the state in which it was to be looked at."""
    if before not in CLOSED_STATES or step.finding.state == before:
        return
    step.session.execute(
        update(Recheck)
        .where(
            Recheck.tenant_id == step.finding.tenant_id,
            Recheck.finding_id == step.finding.id,
            Recheck.state == "due",
        )
        .values(state="dropped", done_at=step.now)
    )
