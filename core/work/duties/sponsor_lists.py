"""Lists of sponsorships (包保名册): by place, kind, person and field as of a day; area x field; and where nobody sponsors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true, tuple_

from core.errors import NotFound
from core.work.dated import ONE_DAY, touches, valid_on
from core.work.duties.sponsor_keeping import get_sponsorship
from core.work.duties.sponsor_places import territories
from core.work.duties.sponsoring import SponsorLine, lines_of
from core.work.names import tidy
from core.work.organisation.areas import in_area
from core.work.organisation.units import Node, tree
from core.work.roles import SEE
from core.work.tables import Site, Sponsorship
from tenants.access import Actor, reach
from tenants.models import Person, Unit
from tenants.scope import ScopedSession

LEVELS = ("subdistrict", "area", "community", "village")  # kinds of unit that are sponsored as a whole (ours)
_PLACE = func.coalesce(Unit.pinyin, Site.pinyin, Sponsorship.project)


@dataclass(frozen=True, slots=True)
class SponsorFilter:
    """Which sponsorships (包保筛选); empty means all. ``unit_id`` stands for what lies under it, an area for its members."""

    kind: str = ""
    unit_id: UUID | None = None
    person_id: UUID | None = None
    text: str = ""
    field: str = ""
    campaign: str = ""
    area_id: UUID | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        said = (self.kind, self.unit_id, self.person_id, self.text, self.field, self.campaign, self.area_id)
        return any(said)


@dataclass(frozen=True, slots=True)
class SponsorPage:
    """A page of the list; ``next`` holds the place and id after which the next page begins."""

    rows: Sequence[SponsorLine]
    next: tuple[str, UUID] | None


def list_sponsorships(
    session: ScopedSession,
    actor: Actor | None,
    wanted: SponsorFilter,
    *,
    on: date,
    since: date | None = None,
    after: tuple[str, UUID] | None = None,
    size: int | None = 50,
) -> SponsorPage:
    """The sponsorships in force on a day by the pinyin of the place (包保名册), within the actor's reach; ``size`` None: all.

    With ``since`` those that were in force on any day from then until ``on``.
    """
    chosen = _chosen(session, actor, wanted, on, since).order_by(_PLACE, Sponsorship.id)
    if after is not None:
        chosen = chosen.where(tuple_(_PLACE, Sponsorship.id) > after)
    found = session.execute(chosen if size is None else chosen.limit(size + 1)).all()
    shown = found if size is None else found[:size]
    lines = lines_of(session, [row for row, _ in shown], on)
    more = size is not None and len(found) > size
    return SponsorPage(lines, (shown[-1][1] or "", shown[-1][0].id) if more else None)


def count_sponsorships(
    session: ScopedSession, actor: Actor | None, wanted: SponsorFilter, on: date, since: date | None = None
) -> int:
    """How many rows such a list has."""
    chosen = _chosen(session, actor, wanted, on, since).with_only_columns(func.count())
    return session.scalar(chosen) or 0


def _chosen(
    session: ScopedSession, actor: Actor | None, wanted: SponsorFilter, on: date, since: date | None
) -> Select[Sponsorship, str | None]:
    standing = valid_on(Sponsorship, on) if since is None else touches(Sponsorship, since, on + ONE_DAY)
    joined = (
        select(Sponsorship, _PLACE)
        .outerjoin(Unit, and_(Unit.tenant_id == Sponsorship.tenant_id, Unit.id == Sponsorship.object_unit_id))
        .outerjoin(Site, and_(Site.tenant_id == Sponsorship.tenant_id, Site.id == Sponsorship.object_site_id))
    )
    return joined.where(standing, sees_sponsorship(actor, on), *_filters(session, wanted, on))


def sees_sponsorship(actor: Actor | None, on: date) -> ColumnElement[bool]:
    """Condition on a Sponsorship joined with Site: its object lies in the actor's reach, it is a project's, or his own."""
    if actor is None or actor.covers(SEE):
        return true()
    mine = reach(actor, SEE, on)
    return or_(
        Sponsorship.object_unit_id.in_(mine),
        Site.unit_id.in_(mine),
        Sponsorship.project != "",
        Sponsorship.person_id == actor.person_id,
        Sponsorship.unit_id.in_(mine),
    )


def visible_sponsorships(session: ScopedSession, actor: Actor, ids: Collection[UUID], on: date) -> set[UUID]:
    """Those of some sponsorships whose pages open to the actor (one query)."""
    if not ids or not actor.has(SEE):
        return set()
    return set(session.scalars(_with_site().where(Sponsorship.id.in_(ids), sees_sponsorship(actor, on))))


def _with_site() -> Select[UUID]:
    at_site = and_(Site.tenant_id == Sponsorship.tenant_id, Site.id == Sponsorship.object_site_id)
    return select(Sponsorship.id).outerjoin(Site, at_site)


def find_sponsorship(session: ScopedSession, actor: Actor, sponsorship_id: UUID, on: date) -> SponsorLine:
    """One sponsorship that the actor may see, ended ones too. Raises NotFound."""
    row = get_sponsorship(session, sponsorship_id)
    if session.scalars(_with_site().where(Sponsorship.id == row.id, sees_sponsorship(actor, on))).first() is None:
        raise NotFound
    return lines_of(session, [row], on)[0]


def _filters(session: ScopedSession, wanted: SponsorFilter, on: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.kind:
        found.append(Sponsorship.kind == wanted.kind)
    if wanted.person_id is not None:
        found.append(Sponsorship.person_id == wanted.person_id)
    if wanted.field:
        found.append(Sponsorship.field == wanted.field)
    if wanted.campaign:
        found.append(or_(Sponsorship.campaign.is_(None), Sponsorship.campaign == wanted.campaign))
    if wanted.unit_id is not None:
        ground = territories(session, [wanted.unit_id], on)[wanted.unit_id]
        places = [Sponsorship.object_unit_id.in_(ground.units), Site.unit_id.in_(ground.units)]
        found.append(or_(*places, Sponsorship.object_site_id.in_(ground.sites)))
    if wanted.area_id is not None:
        where = (func.coalesce(Sponsorship.object_unit_id, Site.unit_id), Sponsorship.object_site_id)
        found.append(in_area(session.tenant_id, wanted.area_id, on, *where))
    if said := tidy(wanted.text):
        found.append(_says(said))
    return found


def _says(said: str) -> ColumnElement[bool]:
    """The text is part of the sponsor's name or title, of the place's name or of the project."""
    people = select(Person.id).where(Person.name.contains(said, autoescape=True))
    departments = select(Unit.id).where(Unit.name.contains(said, autoescape=True))
    return or_(
        Sponsorship.person_id.in_(people),
        Sponsorship.unit_id.in_(departments),
        Sponsorship.object_unit_id.in_(departments),
        Sponsorship.title.contains(said, autoescape=True),
        Sponsorship.project.contains(said, autoescape=True),
        Site.name.contains(said, autoescape=True),
    )


def fields_in_use(session: ScopedSession, on: date) -> list[str]:
    """The fields that sponsorships name on a day (包保领域), in their order by code point."""
    chosen = select(Sponsorship.field).where(valid_on(Sponsorship, on), Sponsorship.field != "").distinct()
    return sorted(session.scalars(chosen))


def histories(session: ScopedSession, person_id: UUID, on: date) -> list[SponsorLine]:
    """Every sponsorship of a person, standing, ended and arranged (包保经历), the latest first."""
    rows = session.scalars(select(Sponsorship).where(Sponsorship.person_id == person_id)).all()
    real = [row for row in rows if row.valid_to is None or row.valid_to > row.valid_from]
    return sorted(lines_of(session, real, on), key=lambda one: (one.valid_from, one.id), reverse=True)


# ---- area x field, and gaps ----


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One place with its sponsors by field; the key '' holds those for all matters."""

    unit: Node
    cells: dict[str, list[SponsorLine]]

    def lacks(self, field: str) -> bool:
        """Whether nobody answers for a field here; who sponsors all matters answers for each (ours)."""
        return not self.cells.get(field) and not self.cells.get("")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Places by fields (片区×领域): the fields in use, a row a place, and how many cells are empty."""

    level: str
    levels: tuple[str, ...]
    fields: tuple[str, ...]
    rows: tuple[MatrixRow, ...]

    @property
    def gaps(self) -> int:
        """How many cells nobody answers for."""
        return sum(row.lacks(field) for row in self.rows for field in self.fields)


def matrix(
    session: ScopedSession, actor: Actor | None, *, on: date, level: str | None = None, campaign: str = ""
) -> Matrix:
    """Who answers for which field in which place of one kind (分领域包保) on a day, within the actor's reach.

    ``level`` is the kind of unit; by default the first of LEVELS that has a sponsor with a field.
    """
    page = list_sponsorships(session, actor, SponsorFilter(campaign=campaign), on=on, size=None)
    mine = set(session.scalars(reach(actor, SEE, on))) if actor is not None else None
    nodes = [n for n in tree(session, on) if n.kind in LEVELS and (mine is None or n.id in mine)]
    kinds = {node.id: node.kind for node in nodes}
    by_unit: dict[UUID, list[SponsorLine]] = {}
    for line in page.rows:
        if line.object_kind == "unit" and line.object_id in kinds:
            by_unit.setdefault(line.object_id, []).append(line)
    fielded = {kinds[unit] for unit, lines in by_unit.items() if any(line.field for line in lines)}
    levels = tuple(one for one in LEVELS if one in set(kinds.values()))
    chosen = level or next((one for one in levels if one in fielded), levels[0] if levels else LEVELS[0])
    rows = tuple(_matrix_row(node, by_unit.get(node.id, [])) for node in nodes if node.kind == chosen)
    fields = sorted({field for row in rows for field in row.cells if field})
    return Matrix(chosen, levels, tuple(fields), rows)


def _matrix_row(unit: Node, lines: Sequence[SponsorLine]) -> MatrixRow:
    cells: dict[str, list[SponsorLine]] = {}
    for line in lines:
        cells.setdefault(line.field, []).append(line)
    return MatrixRow(unit, cells)


def unsponsored(session: ScopedSession, actor: Actor | None, on: date) -> list[Node]:
    """The places that nobody sponsors on a day (包保缺口), in tree order.

    A kind of unit is asked for once one of it has a sponsor, subdistricts always: not every district sponsors every level
    (ours).
    """
    chosen = select(Sponsorship.object_unit_id).where(
        Sponsorship.object_unit_id.is_not(None), valid_on(Sponsorship, on)
    )
    taken = set(session.scalars(chosen))
    mine = set(session.scalars(reach(actor, SEE, on))) if actor is not None else None
    nodes = [node for node in tree(session, on) if node.kind in LEVELS]
    used = {"subdistrict"} | {node.kind for node in nodes if node.id in taken}
    return [n for n in nodes if n.kind in used and n.id not in taken and (mine is None or n.id in mine)]
