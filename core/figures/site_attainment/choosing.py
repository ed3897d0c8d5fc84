"""Which places are asked about (达标筛选): by kind, unit, area, name, campaign, state and who answers for them, on a day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from core.figures.site_attainment.ground import Ground, read_ground
from core.figures.site_attainment.places import FormStanding, Standing, list_standings, read_forms
from core.figures.site_attainment.scope import After, Scope, within
from core.work.duties.coverage import Answer, Place, answer_places
from core.work.duties.coverage_posts import Posts
from core.work.loop.sight import sees_finding
from core.work.names import narrow, tidy
from core.work.organisation.areas import in_area
from core.work.places.subjects import SUBJECTS
from core.work.tables import Finding, Site
from tenants.access import Actor, subtree
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked (达标筛选). ``subject``: grid or village, '' for the places proper. ``person`` is a part of a holder's name."""

    subject: str = ""
    site_type: str = ""
    unit_id: UUID | None = None
    area_id: UUID | None = None
    campaign: str = ""
    states: tuple[str, ...] = ()
    person: str = ""
    text: str = ""
    as_of: date | None = None

    @property
    def active(self) -> bool:
        """Whether anything is filtered at all."""
        said = (self.site_type, self.campaign, self.person, self.text, self.states)
        return any(said) or any(one is not None for one in (self.unit_id, self.area_id, self.as_of))


@dataclass(frozen=True, slots=True)
class Line:
    """One place in one campaign, with form by form why, and who answers (达标明细)."""

    standing: Standing
    forms: Sequence[FormStanding]
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The places that a choice means (所选点位), and by what they are judged."""

    ground: Ground
    scope: Scope


def choose(session: ScopedSession, actor: Actor | None, choice: Choice, today: date) -> Chosen:
    """The places of a choice within an actor's reach; persons are looked up among those who answer on the day."""
    ground = read_ground(session, today=today, as_of=choice.as_of, campaign=choice.campaign)
    types = [one for one in (choice.subject, choice.site_type) if one]
    without = () if choice.subject else tuple(SUBJECTS)
    scope = within(session, actor, today, _conditions(choice, ground), types=types, without=without)
    if not choice.person:
        return Chosen(ground, scope)
    places = _places(session, ground, scope)
    answers, posts = answer_places(session, places, ground.on)
    named = {key for key, face in posts.faces.items() if any(choice.person in name for name in face.holders)}
    pairs = [key for key, answer in answers.items() if not named.isdisjoint(answer.posts)]
    sites = list(dict.fromkeys(site for site, _ in pairs))
    return Chosen(ground, replace(scope, sites=sites, pairs=pairs))


def read_lines(
    session: ScopedSession,
    actor: Actor,
    chosen: Chosen,
    today: date,
    *,
    states: Collection[str] = (),
    after: After | None = None,
    limit: int,
) -> tuple[list[Line], Posts]:
    """So many places after another one, with form by form why and who answers, and the posts of the day."""
    rows = list_standings(session, chosen.ground, chosen.scope, states=states, after=after, limit=limit)
    sites = {row.site_id: Place(row.site_id, row.name, row.pinyin, row.code, row.unit_id) for row in rows}
    answers, posts = answer_places(session, list(sites.values()), chosen.ground.on)
    forms = reasons(session, actor, chosen.ground, list(sites), today)
    keys = [(row.site_id, row.campaign) for row in rows]
    return [Line(row, forms.get(key, ()), answers.get(key)) for row, key in zip(rows, keys, strict=True)], posts


def reasons(
    session: ScopedSession, actor: Actor, ground: Ground, sites: Sequence[UUID], today: date
) -> dict[tuple[UUID, str], list[FormStanding]]:
    """Form by form why (达标依据), as the actor may read it: a finding that he does not see has no words (two statements)."""
    found = read_forms(session, ground, sites)
    named = {one.finding_id for forms in found.values() for one in forms if one.finding_id}
    seen = select(Finding.id).where(Finding.id.in_(named), sees_finding(actor, today))
    hidden = named - set(session.scalars(seen)) if named else set()
    return {
        key: [one.without_words() if one.finding_id in hidden else one for one in forms] for key, forms in found.items()
    }


def _conditions(choice: Choice, ground: Ground) -> list[ColumnElement[bool]]:
    tenant, on = ground.tenant_id, ground.on
    unit: ColumnElement[UUID] = Site.unit_id if ground.then is None else ground.then.unit  # type: ignore[assignment]  # a mapped column is a column
    found: list[ColumnElement[bool]] = []
    if choice.unit_id is not None:
        found.append(unit.in_(subtree(tenant, choice.unit_id, on)))
    if choice.area_id is not None:
        found.append(in_area(tenant, choice.area_id, on, unit, Site.id))
    if said := tidy(choice.text):
        sought = [Site.name.contains(said, autoescape=True), Site.code.startswith(narrow(said), autoescape=True)]
        found.append(or_(*sought, Site.pinyin.startswith(said.lower(), autoescape=True)))
    return found


def _places(session: ScopedSession, ground: Ground, scope: Scope) -> list[Place]:
    unit = Site.unit_id if ground.then is None else ground.then.unit
    rows = select(Site.id, Site.name, Site.pinyin, Site.code, unit)
    if scope.sites is not None:
        rows = rows.where(Site.id.in_(scope.sites))
    return [Place(*row) for row in session.execute(rows)]
