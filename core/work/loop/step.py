"""One step of a finding while it is taken (一次办理): who, what, with what, and the clock that it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from core.work.calendar import WorkCalendar, load_calendar
from core.work.loop.parties import RESUMES, STAYS, Transition
from core.work.loop.states import RECTIFYING
from core.work.loop.step_input import Given
from core.work.tables import Finding
from tenants.access import Actor


@dataclass
class Step:
    """One step as it is taken (一次办理): who does what with which finding, and with what."""

    session: Session
    actor: Actor | None
    finding: Finding
    transition: Transition
    given: Given
    now: datetime

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The tenant's working calendar around the moments that the clocks know."""
        known = (self.finding.due_at, self.finding.stopped_at, self.finding.clock_from)
        return load_calendar(self.session, min(self.now, *(one for one in known if one)))

    @property
    def to_state(self) -> str:
        """The state that the step leads to."""
        if self.transition.to_state == STAYS:
            return self.finding.state
        if self.transition.to_state == RESUMES:
            return self.finding.resume_state or RECTIFYING
        return self.transition.to_state

    def limit(self) -> timedelta:
        """The time limit for a new beginning: the days that were given, else the finding's own."""
        if self.given.days is not None:
            return timedelta(days=self.given.days)
        return timedelta(seconds=self.finding.limit_seconds or self.finding.working_days * 86400)


Change = dict[str, Any]
Effect = Callable[[Step], tuple[Change, Change]]
