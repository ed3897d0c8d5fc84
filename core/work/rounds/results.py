"""What a round came to (轮次结果): by item, by unit or area, by site; rates exact, each with its numbers beside it.

Only visits of the round's own basis count (a unit's own check, or somebody else's); the others are told apart, never mixed.
Who does not see the whole round reads the places within his reach. A round is compared with the one before it of the same plan,
or else of the same kind, source and unit, and only where both asked the same forms in the same version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from core.campaigns.arithmetic import half_up
from core.work.loop.sight import sees_finding
from core.work.rounds.counted import asked_by, counts_for
from core.work.rounds.kinds import SELF, VERIFIED, kind_of
from core.work.rounds.sight import OVER, in_view, stops_in_view
from core.work.rounds.stops import PLANNED
from core.work.tables import AnswerRow, Finding, ItemResult, Round, RoundStop, Sheet, Site, Visit
from tenants.access import Actor

AREA = "area"


@dataclass(frozen=True, slots=True)
class Points:
    """Points earned of those possible (得分), in 1/100, with the visits and sites that they come from."""

    earned: int = 0
    possible: int = 0
    visits: int = 0
    sites: int = 0

    @property
    def rate(self) -> Fraction | None:
        """The exact score rate; None where nothing was assessed."""
        return Fraction(self.earned, self.possible) if self.possible else None

    @property
    def percent(self) -> Decimal | None:
        """The score rate in per cent with two decimals, half-up."""
        return half_up(self.rate * 100) if self.rate is not None else None


@dataclass(frozen=True, slots=True)
class Totals:
    """A round's header (轮次抬头): places, criteria, observations, points, findings that the reader sees."""

    points: Points
    planned: int
    forms: int
    items: int
    observations: int
    failed: int
    findings: int
    vetoes: int
    others: int
    asked: frozenset[tuple[str, str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """The round before (与上一轮比较): None when there is none; ``points`` its, ``comparable`` whether both asked the same."""

    before: Round | None = None
    points: Points = field(default_factory=Points)
    comparable: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """Whose results and for whom (结果口径): the round, the reader, the day, the basis that counts."""

    session: Session
    actor: Actor
    of: Round
    on: date
    basis: str

    def visits(self, *, basis: str | None = None) -> Select[UUID]:
        """The ids of the visits that count."""
        of = self.of
        chosen = select(Visit.id).where(Visit.tenant_id == of.tenant_id, counts_for(of))
        chosen = chosen.where(Visit.basis == (basis or self.basis))
        within = stops_in_view(self.session, self.actor, of, self.on)
        sites = select(Site.id).where(Site.tenant_id == of.tenant_id, within)
        return chosen.where(Visit.site_id.in_(sites))

    def found(self) -> ColumnElement[bool]:
        """Filter on Finding: what the visits that count found, and what was reported for the round at its places without a form."""
        of = self.of
        within = stops_in_view(self.session, self.actor, of, self.on)
        sites = select(Site.id).where(Site.tenant_id == of.tenant_id, within)
        reported = and_(Finding.round_id == of.id, Finding.basis == self.basis, Finding.site_id.in_(sites))
        return or_(Finding.visit_id.in_(self.visits()), reported)

    def sheets(self) -> list[ColumnElement[bool]]:
        """Filters on Sheet."""
        return [Sheet.visit_id.in_(self.visits()), *asked_by(self.of, Sheet)]

    def results(self) -> list[ColumnElement[bool]]:
        """Filters on ItemResult."""
        return [ItemResult.visit_id.in_(self.visits()), *asked_by(self.of, ItemResult)]


def look_at(session: Session, actor: Actor, of: Round, on: date, basis: str = "") -> Looked:
    """The results of a round for a reader; ``basis`` is the kind's own unless another is asked for."""
    return Looked(session, actor, of, on, basis if basis in (SELF, VERIFIED) else kind_of(of.kind).basis)


def totals(look: Looked) -> Totals:
    """The header of a round's results (six queries)."""
    session = look.session
    points = points_of(session.execute(select(*sums_of(Sheet)).where(*look.sheets())).one())
    asked = session.execute(select(Sheet.campaign, Sheet.form, Sheet.form_sha256).distinct().where(*look.sheets()))
    forms = frozenset((campaign, form, sha256) for campaign, form, sha256 in asked)
    items, failed = session.execute(
        select(
            func.count(func.distinct(func.concat(ItemResult.campaign, "/", ItemResult.form, "/", ItemResult.item))),
            func.count().filter(ItemResult.outcome == "fail"),
        ).where(*look.results())
    ).one()
    answers = (
        select(func.count())
        .select_from(AnswerRow)
        .where(AnswerRow.visit_id.in_(look.visits()), AnswerRow.na.is_(False))
    )
    findings = select(func.count()).select_from(Finding).where(look.found())
    vetoes = select(func.coalesce(func.sum(func.jsonb_array_length(Sheet.vetoes)), 0)).where(*look.sheets())
    other = SELF if look.basis == VERIFIED else VERIFIED
    return Totals(
        points=points,
        planned=_count_planned(look),
        forms=len(forms),
        items=items,
        observations=session.scalar(answers) or 0,
        failed=failed,
        findings=session.scalar(findings.where(sees_finding(look.actor, look.on))) or 0,
        vetoes=int(session.scalar(vetoes) or 0),
        others=session.scalar(select(func.count()).select_from(look.visits(basis=other).subquery())) or 0,
        asked=forms,
    )


def _count_planned(look: Looked) -> int:
    within = stops_in_view(look.session, look.actor, look.of, look.on)
    query = (
        select(func.count())
        .select_from(RoundStop)
        .join(Site, and_(Site.tenant_id == RoundStop.tenant_id, Site.id == RoundStop.site_id))
        .where(RoundStop.round_id == look.of.id, RoundStop.state == PLANNED, within)
    )
    return look.session.scalar(query) or 0


def change(look: Looked, now: Totals) -> Change:
    """How the score rate changed against the round before."""
    before = previous(look)
    if before is None:
        return Change()
    earlier = totals(look_at(look.session, look.actor, before, look.on, look.basis))
    same = bool(now.asked) and now.asked == earlier.asked
    return Change(before, earlier.points, same)


def previous(look: Looked) -> Round | None:
    """The round before this one: of its plan, else of its kind, source and unit; over, and in the reader's view."""
    of = look.of
    alike = (
        [Round.plan_id == of.plan_id]
        if of.plan_id is not None
        else [Round.kind == of.kind, Round.source == of.source, Round.unit_id == of.unit_id]
    )
    query = select(Round).where(
        *alike, Round.mode == of.mode, Round.id != of.id, Round.ends_on < of.starts_on, Round.state.in_(OVER)
    )
    query = query.where(in_view(look.actor, look.on))
    return look.session.scalars(query.order_by(Round.ends_on.desc(), Round.id.desc()).limit(1)).first()


def sums_of(rows: type[Sheet | ItemResult]) -> tuple[Any, ...]:
    """Points earned and possible, visits and sites, as :func:`points_of` takes them."""
    return (
        func.coalesce(func.sum(rows.earned), 0),
        func.coalesce(func.sum(rows.possible), 0),
        func.count(func.distinct(rows.visit_id)),
        func.count(func.distinct(rows.site_id)),
    )


def points_of(row: Any) -> Points:
    """The points of a row of such sums."""
    return Points(*(int(one) for one in row))
