"""Sponsorship (包保): who sponsors a place on a day, nearest first, and what they did - one place or many at once.

A sponsor is a leader, a department or a steward who answers for an area, community, site or project beside the line of
command; one with no account (a city leader) may sponsor too. Links are dated: what stands beside a finding, a ranking or a
card is who sponsored *on that day*.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from core.work.dated import last_day_of, valid_on
from core.work.duties.sponsor_deeds import Deeds, deeds
from core.work.duties.sponsor_fields import concerns
from core.work.duties.sponsor_kinds import ORDER, SPONSOR_KINDS, SponsorKind
from core.work.duties.sponsor_places import SITE, names_on, units_around, units_of_site
from core.work.tables import Site, Sponsorship
from tenants.models import Person
from tenants.scope import ScopedSession

__all__ = ["SPONSOR_KINDS", "Deeds", "SponsorKind", "SponsorLine", "deeds", "sponsors_of_units", "sponsors_on"]
Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class SponsorLine:
    """One sponsor of a place (包保人), with the object that he sponsors and what he did if a period was asked for."""

    id: UUID
    kind: str
    person_id: UUID | None
    person_name: str
    unit_id: UUID | None
    unit_name: str
    title: str
    object_kind: str
    object_id: UUID | None
    object_name: str
    field: str
    campaign: str | None
    document: str
    valid_from: date
    valid_to: date | None
    distance: int = 0
    did: Deeds | None = None

    @property
    def kind_title(self) -> str:
        """The kind's Chinese title, to be translated by the face."""
        return SPONSOR_KINDS[self.kind].title_zh if self.kind in SPONSOR_KINDS else self.kind

    @property
    def until(self) -> date | None:
        """The last day, None when there is no end."""
        return last_day_of(self.valid_to)

    @property
    def name(self) -> str:
        """The person, else the unit."""
        return self.person_name or self.unit_name

    @property
    def body(self) -> dict[str, Any]:
        """The line as a card or a publication keeps it: names, not ids alone, so that it stays readable."""
        kept = ("kind", "person_name", "unit_name", "title", "object_name", "field")
        said = {name: getattr(self, name) for name in kept}
        return said | {"id": str(self.id)} | ({"did": self.did.body} if self.did else {})


def sponsors_on(
    session: ScopedSession,
    *,
    unit_id: UUID,
    site_id: UUID | None = None,
    on: date,
    campaigns: Collection[str] | None = None,
    category: str | None = None,
    did: Days | None = None,
) -> list[SponsorLine]:
    """Who sponsors a place on a day (当日包保人), nearest first: the site's, its unit's, those above, areas in between.

    ``campaigns`` leaves out who is limited to one that is none of them, ``category`` whose field is another; ``did`` (first
    and last day) adds what each did. At most nineteen queries.
    """
    around = dict(units_around(session, [unit_id], on)[unit_id])
    if site_id is not None:
        for unit, distance in units_of_site(session, site_id, on).items():
            around[unit] = min(distance, around.get(unit, distance))
    objects: list[ColumnElement[bool]] = [Sponsorship.object_unit_id.in_(around)]
    objects += [Sponsorship.object_site_id == site_id] if site_id is not None else []
    rows = _standing(session, or_(*objects), on, campaigns)
    if category:
        fitting = concerns(session, category, {row.field for row in rows})
        rows = [row for row in rows if row.field in fitting]
    lines = lines_of(session, rows, on)
    near = [replace(one, distance=_distance(one, around)) for one in lines]
    return add_deeds(session, sorted(near, key=_nearest), did)


def sponsors_of_units(
    session: ScopedSession,
    unit_ids: Iterable[UUID],
    on: date,
    *,
    campaign: str | None = None,
    did: Days | None = None,
) -> dict[UUID, list[SponsorLine]]:
    """The same for many units at once (排名、亮牌用), with as few queries as for one."""
    ids = list(dict.fromkeys(unit_ids))
    around = units_around(session, ids, on)
    objects = {unit for near in around.values() for unit in near}
    rows = _standing(session, Sponsorship.object_unit_id.in_(objects), on, None if campaign is None else (campaign,))
    by_object: dict[UUID, list[SponsorLine]] = {}
    for line in add_deeds(session, lines_of(session, rows, on), did):
        by_object.setdefault(line.object_id or line.id, []).append(line)
    return {
        unit_id: sorted(
            (replace(line, distance=far) for unit, far in around[unit_id].items() for line in by_object.get(unit, ())),
            key=_nearest,
        )
        for unit_id in ids
    }


def _standing(
    session: ScopedSession, objects: ColumnElement[bool], on: date, campaigns: Collection[str] | None
) -> Sequence[Sponsorship]:
    chosen = select(Sponsorship).where(objects, valid_on(Sponsorship, on))
    if campaigns is not None:
        chosen = chosen.where(or_(Sponsorship.campaign.is_(None), Sponsorship.campaign.in_(campaigns)))
    return session.scalars(chosen).all()


def lines_of(session: ScopedSession, rows: Collection[Sponsorship], on: date) -> list[SponsorLine]:
    """Sponsorships with the names of the day (three queries)."""
    units = {one for row in rows for one in (row.unit_id, row.object_unit_id) if one}
    named = names_on(session, units, on)
    people = _names(session, Person, {row.person_id for row in rows if row.person_id})
    sites = _names(session, Site, {row.object_site_id for row in rows if row.object_site_id})
    return [_line(row, named, people, sites) for row in rows]


def _names(session: ScopedSession, table: type[Person | Site], ids: Collection[UUID]) -> dict[UUID, str]:
    return dict(session.execute(select(table.id, table.name).where(table.id.in_(ids))).all()) if ids else {}


def _line(
    row: Sponsorship, units: Mapping[UUID, str], people: Mapping[UUID, str], sites: Mapping[UUID, str]
) -> SponsorLine:
    if row.object_unit_id is not None:
        kind, object_id, name = "unit", row.object_unit_id, units.get(row.object_unit_id, "")
    elif row.object_site_id is not None:
        kind, object_id, name = "site", row.object_site_id, sites.get(row.object_site_id, "")
    else:
        kind, object_id, name = "project", None, row.project
    person = people.get(row.person_id, "") if row.person_id else ""
    unit = units.get(row.unit_id, "") if row.unit_id else ""
    sponsor = (row.id, row.kind, row.person_id, person, row.unit_id, unit, row.title)
    link = (row.field, row.campaign, row.document, row.valid_from, row.valid_to)
    return SponsorLine(*sponsor, kind, object_id, name, *link)


def _distance(line: SponsorLine, around: Mapping[UUID, int]) -> int:
    return SITE if line.object_kind == "site" or line.object_id is None else around.get(line.object_id, 0)


def _nearest(line: SponsorLine) -> tuple[int, int, str, date, UUID]:
    return (line.distance, ORDER.get(line.kind, len(ORDER)), line.field, line.valid_from, line.id)


def add_deeds(session: ScopedSession, lines: list[SponsorLine], days: Days | None) -> list[SponsorLine]:
    """The lines with what each sponsor did from a first to a last day; as they are when no days are named."""
    if days is None or not lines:
        return lines
    found = deeds(session, [line.id for line in lines], days)
    return [replace(line, did=found[line.id]) for line in lines]
