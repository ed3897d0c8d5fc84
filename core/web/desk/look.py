"""What the first page is asked for (所看的日子和片区): a past day, an area, or neither; every section reads it from here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement

from core.request import now, today
from core.web.as_of import read_as_of
from core.web.organisation.area_choice import read_known_area
from core.work.desk.findings import Filter
from core.work.loop.clocks import end_of, last_moment
from core.work.organisation.areas import findings_in_area, visits_in_area


@dataclass(frozen=True, slots=True)
class Look:
    """The day and the place of the numbers: ``now`` judges the reader's reach, ``moment`` the deadlines.

    ``on`` is the day that is shown: today, or the past one.
    """

    now: datetime
    on: date
    as_of: date | None = None
    area_id: UUID | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is today's page of everything within reach."""
        return self.as_of is None and self.area_id is None

    @property
    def moment(self) -> datetime:
        """Now, or the end of the past day."""
        return self.now if self.as_of is None else end_of(self.as_of)

    @property
    def cut_off(self) -> datetime:
        """The last moment whose records count: now, or the last one of the past day."""
        return self.now if self.as_of is None else last_moment(self.as_of)

    @property
    def month(self) -> tuple[date, date] | None:
        """The month of the past day up to it; None for the page of today, which takes its own."""
        return (self.as_of.replace(day=1), self.as_of) if self.as_of else None

    @property
    def query(self) -> dict[str, str]:
        """The same as arguments of an address, for the lists and figures behind the numbers."""
        found = {"as_of": self.as_of.isoformat()} if self.as_of else {}
        return found | ({"area": str(self.area_id)} if self.area_id else {})

    def narrow(self, wanted: Filter | None = None) -> Filter:
        """A filter of the ledger as of the day, within the area."""
        return replace(wanted or Filter(), as_of=self.as_of, areas=[self.area_id] if self.area_id else [])

    def findings(self, tenant_id: int) -> list[ColumnElement[bool]]:
        """The area as a condition on Finding."""
        return [findings_in_area(tenant_id, self.area_id, self.on)] if self.area_id else []

    def visits(self, tenant_id: int) -> list[ColumnElement[bool]]:
        """The area as a condition on Visit."""
        return [visits_in_area(tenant_id, self.area_id, self.on)] if self.area_id else []


def read_look() -> Look:
    """What this request's address asks for. Raises InvalidInput, and NotFound for what is no area."""
    as_of = read_as_of()
    return Look(now(), as_of or today(), as_of, read_known_area())
