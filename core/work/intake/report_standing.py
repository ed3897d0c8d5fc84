"""Where a report stands (上报所在): in which round, when it was seen, and what follows from both.

Whoever walks a round and sees something at one of its places reports it for that round (随手上报). Of a secret one it is born hidden
like what its visits find, has no number and no note, and is in its unit's hands from the beginning: whoever releases the
round directs the work there. When it was seen is the phone's word, put right as with visits; clocks start when it arrives.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.errors import N_, Fault, InvalidInput
from core.work.inspection.visit_standing import round_of_visit
from core.work.inspection.visit_timing import Timing, time_visit
from core.work.intake.report_input import ReportBody
from core.work.intake.sources import SOURCES
from core.work.roles import REPORT
from core.work.tables import Round
from tenants.access import Actor

TAKEN_AT = "taken_at"  # in the first line of a finding's history, with ARRIVAL beside it
ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class ReportStanding:
    """The round of a report, if it has one, and its moment (上报所在)."""

    round: Round | None
    timing: Timing

    @property
    def is_secret(self) -> bool:
        """Whether it must not be known before a release."""
        return self.round is not None and self.round.hidden

    def stamp(self) -> dict[str, Any]:
        """The columns of the finding."""
        return {"round_id": self.round.id if self.round is not None else None, "hidden": self.is_secret}

    def facts(self) -> dict[str, Any]:
        """What the first line of history keeps of the moment; nothing when the phone said none."""
        if self.timing.finished_at is None:
            return {}
        return {TAKEN_AT: self.timing.finished_at.isoformat(), ARRIVAL: self.timing.arrival}


def stand_in(
    session: Session, actor: Actor, body: ReportBody, now: datetime, device_now: datetime | None = None
) -> ReportStanding:
    """Judge a report's moment and round; ``device_now`` is the phone's clock at the moment of sending.

    Raises InvalidInput, and as ``round_of_visit`` does: NotFound for a round that is not for him to know, Forbidden for one that
    he is not in, Conflict when it is not open.
    """
    timing = time_visit(now, body.taken_at, device_now)
    if body.round_id is None:
        return ReportStanding(None, timing)
    if faults := _faults(body):
        raise InvalidInput(faults=faults)
    assert body.site_id is not None, "checked above"
    return ReportStanding(round_of_visit(session, actor, body.round_id, body.site_id, timing.day), timing)


def may_for_round(actor: Actor, of: Round | None) -> bool:
    """Whether he may report here because his round sends him here, wherever his posts reach."""
    return of is not None and actor.has(REPORT)


def _faults(body: ReportBody) -> list[Fault]:
    """What a report for a round must have, and must not be."""
    faults = []
    if body.site_id is None:
        faults.append(Fault(N_("没有选点位"), "site_id", remedy=N_("请选这一轮的点位，或不记在这一轮里")))
    source = SOURCES.get(body.source)
    if body.restricted or (source is not None and source.restricted):
        faults.append(Fault(N_("作风纪律问题不记在轮次里"), "round_id", remedy=N_("请另行上报")))
    if body.merge_into is not None:
        faults.append(
            Fault(N_("轮次里的问题不能一上报就并案"), "merge_into", remedy=N_("请先上报，解密或派遣后再并案"))
        )
    return faults
