"""What to fix first (先改什么): open findings and failed items by the points that putting them in order brings back.

For each question at each site: had it been in order in its visits of the period, and were its findings closed now, what
would the campaigns' scores be? Computed by the scoring functions from the changed sums, never estimated. What several of
them bring together is computed jointly; it is not the sum of what each brings alone, because points follow rates with
floors, targets and averages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Campaign, Item
from core.campaigns.terms import Question
from core.errors import N_, Forbidden
from core.figures.figure import IndicatorFigure
from core.figures.item_metrics import VERIFIED
from core.figures.model import ZERO, CampaignScore
from core.figures.periods import Period
from core.figures.reasons import NO_VISITS
from core.figures.scores import Ground, opens_area, reaches_root, read_grounds
from core.figures.stake_board import Board, Move
from core.figures.stake_rows import (
    Bests,
    FailedRow,
    Standing,
    failed_rows,
    possible_in_visits,
    possible_on_sheets,
    standing_findings,
)
from core.figures.strata import type_in, types_of
from core.figures.terms import FormTerm, ItemTerm, Plan
from core.work.organisation.areas import AREA
from core.work.tables import ItemResult
from tenants.access import Actor
from tenants.models import Unit
from tenants.scope import ScopedSession

VISITS, STATISTICS, LEDGER, RULE = "visits", "statistics", "ledger", "rule"


@dataclass(frozen=True, slots=True)
class Gain:
    """What one campaign gets back (可挽回的分): the indicators that move."""

    campaign: str
    moves: tuple[Move, ...]

    @property
    def points(self) -> Decimal:
        """Points, each indicator rounded as scores are."""
        return sum((one.gain for one in self.moves), ZERO)

    @property
    def exact(self) -> Fraction:
        """The same before rounding: what orders the list, and what a hundredth of a point hides."""
        return sum((one.exact_gain for one in self.moves), Fraction(0))


@dataclass(frozen=True, slots=True)
class Stake:
    """One thing to put in order (可挽回项): a question at a site with its failed rows and open findings, or one finding.

    ``items`` are the checklist items behind it, by campaign and code; ``gains`` what each campaign gets back, ``misses``
    what it loses when findings not yet due are not closed in time.
    """

    key: str
    question: str
    site_id: UUID | None
    site: str
    kinds: tuple[str, ...]
    rows: tuple[FailedRow, ...]
    findings: tuple[Standing, ...]
    items: tuple[tuple[str, Item], ...]
    gains: tuple[Gain, ...]
    misses: tuple[Gain, ...] = ()

    @property
    def visits(self) -> int:
        """In how many visits it did not pass."""
        return len({row.visit_id for row in self.rows})

    @property
    def exact(self) -> Fraction:
        """What all campaigns together get back, for the order alone."""
        return sum((one.exact for one in self.gains), Fraction(0))


@dataclass(frozen=True, slots=True)
class Unassessed:
    """An indicator without a score (未评指标): the points it could give, and what is missing.

    ``source`` is visits, statistics, ledger or rule; ``codes`` the statistics to be entered, ``types`` the site types to be
    visited.
    """

    campaign: str
    figure: IndicatorFigure
    source: str
    codes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(slots=True)
class Stakes:
    """Everything at stake in one unit and period (失分全貌)."""

    boards: Sequence[Board]
    bests: Bests

    def listed(self, wanted: Collection[str] | None = None) -> list[Stake]:
        """Every stake that brings points back or has an open finding, the dearest first; ``wanted`` keys alone if given."""
        rows, standing = self._by_key()
        keys = [key for key in dict.fromkeys([*rows, *standing]) if wanted is None or key in wanted]
        found = [self._stake(key, rows.get(key, {}), standing.get(key, ())) for key in keys]
        return sorted(found, key=lambda one: (-one.exact, one.site, one.key))

    def keys(self) -> list[str]:
        """What is at stake, by key, without what it brings back."""
        rows, standing = self._by_key()
        return list(dict.fromkeys([*rows, *standing]))

    def _by_key(self) -> tuple[dict[str, dict[str, list[FailedRow]]], dict[str, list[Standing]]]:
        """The failed rows by key and board, the findings by key."""
        rows: dict[str, dict[str, list[FailedRow]]] = {}
        for board in self.boards:
            for row in board.rows:
                rows.setdefault(row.key, {}).setdefault(board.campaign, []).append(row)
        standing: dict[str, list[Standing]] = {}
        for one in self.boards[0].standing if self.boards else ():
            standing.setdefault(one.key, []).append(one)
        return rows, standing

    def _stake(self, key: str, rows: Mapping[str, Sequence[FailedRow]], standing: Sequence[Standing]) -> Stake:
        gains, misses = [], []
        for board in self.boards:
            moves = board.moves(board.delta(rows.get(board.campaign, ()), standing))
            gains += [Gain(board.campaign, moves)] if moves else []
            late = board.moves(board.missed(standing)) if standing else ()
            misses += [Gain(board.campaign, late)] if late else []
        mine = {(r.visit_id, r.campaign, r.form, r.item): r for listed in rows.values() for r in listed}
        every = tuple(mine.values())
        codes = dict.fromkeys((row.campaign, row.item) for row in every)
        items = tuple((c, item) for c, code in codes if (item := self.bests.item(c, code)) is not None)
        kinds = tuple(dict.fromkeys(kind for row in every for kind in row.kinds.split(",") if kind))
        place = (every[0].site_id, every[0].site) if every else (standing[0].part.site_id, standing[0].part.site)
        question = every[0].question if every else standing[0].question
        return Stake(key, question, *place, kinds, every, tuple(standing), items, tuple(gains), tuple(misses))

    def unassessed(self) -> list[Unassessed]:
        """The indicators without a score that have points to give, those with most points first."""
        found = [
            _unassessed(board, plan, one)
            for board in self.boards
            for plan, one in zip(board.ground.plans.figures, board.score.indicators, strict=True)
            if not one.assessed and one.possible
        ]
        return sorted(found, key=lambda one: (-one.figure.possible, one.campaign, one.figure.code))


def _unassessed(board: Board, plan: Plan, figure: IndicatorFigure) -> Unassessed:
    codes = tuple(dict.fromkeys(term.code for term in plan.stats))
    if codes:
        return Unassessed(board.campaign, figure, STATISTICS, codes)
    if plan.unfed:
        return Unassessed(board.campaign, figure, LEDGER, tuple(one.name for one in plan.unfed))
    types = _types_missing(board, plan)
    if types and figure.reason_zh == NO_VISITS.zh:
        return Unassessed(board.campaign, figure, VISITS, types=types)
    return Unassessed(board.campaign, figure, LEDGER if not figure.n else RULE)


def _types_missing(board: Board, plan: Plan) -> tuple[str, ...]:
    """The site types that an indicator's forms are for and that were not visited for it."""
    edition, facts = board.ground.facts.edition, board.ground.facts.items[VERIFIED]
    term = next((t for t in plan.terms if isinstance(t, ItemTerm | FormTerm)), None)
    if term is None:
        return ()
    if isinstance(term, FormTerm):
        forms = list(term.forms)
    else:
        own = {item for campaign, item in term.selection if campaign == board.campaign}
        forms = [form.code for form in edition.forms if any(i.code in own for i in form.items)]
    types = types_of(edition, forms)
    seen = {type_in(kinds, types) for f in forms for kinds in facts.kinds.get((board.campaign, f), {})}
    return tuple(one for one in types if one not in seen) or types


def read_stakes(
    session: ScopedSession,
    actor: Actor | None,
    campaigns: Sequence[Campaign],
    period: Period,
    unit_id: UUID | None = None,
    *,
    cut_off: datetime,
    questions: Mapping[str, Question],
) -> Stakes:
    """What is at stake in a unit (None: the whole district) and a period, in all ``campaigns`` as they run.

    Findings are those that the actor may see. Raises NotFound, Forbidden as scores do, and Forbidden for whoever may see
    the district's totals but not the rows behind them.
    """
    _check_rows(session, actor, period, unit_id, cut_off)
    bests = Bests(campaigns, questions)
    units = () if unit_id is None else (unit_id,)
    given = {"cut_off": cut_off}
    grounds = [
        read_grounds(session, actor, one, one.edition, (period,), units, **given)[unit_id, 0] for one in campaigns
    ]
    failing = _failing(session, grounds, bests)
    standing = standing_findings(session, actor, grounds[0].frame) if grounds else ()
    boards: list[Board] = []
    for ground, rows in zip(grounds, failing, strict=True):
        terms = [t for t in _item_terms(ground) if t.measure == "percent" and len(t.selection) > 1]
        possible = possible_in_visits(session, ground.frame, [t.selection for t in terms])
        sheets = possible_on_sheets(session, ground.frame, ground.campaign.key)
        boards.append(Board(ground, rows, standing, possible, sheets))
    return Stakes(boards, bests)


def _item_terms(ground: Ground) -> list[ItemTerm]:
    return [t for plan in ground.plans.figures for t in plan.terms if isinstance(t, ItemTerm)]


def _failing(session: ScopedSession, grounds: Sequence[Ground], bests: Bests) -> list[list[FailedRow]]:
    """The failed rows that each campaign reads: its own, and those of others whose items its indicators ask.

    Rows as they are stored are read once for all of them; only a campaign with sheets of another edition reads its own.
    """
    wanted = [{c for t in _item_terms(one) for c, _ in t.selection} | {one.campaign.key} for one in grounds]
    stored = [n for n, one in enumerate(grounds) if one.frame.results is ItemResult]
    shared: list[FailedRow] = []
    if stored:
        every = {key for n in stored for key in wanted[n]}
        shared = failed_rows(session, grounds[stored[0]].frame, every, bests)
    return [
        [row for row in shared if row.campaign in keys] if n in stored else failed_rows(session, one.frame, keys, bests)
        for n, (one, keys) in enumerate(zip(grounds, wanted, strict=True))
    ]


def _check_rows(
    session: ScopedSession, actor: Actor | None, period: Period, unit_id: UUID | None, moment: datetime
) -> None:
    """Refuse the rows of a district or an area whose rows the actor may not see; a unit's reach is judged with its score."""
    if unit_id is None:
        seen = reaches_root(session, actor, moment)
    else:
        area = session.scalar(select(Unit.id).where(Unit.id == unit_id, Unit.kind == AREA))
        seen = area is None or opens_area(session, actor, area, period, moment)
    if not seen:
        raise Forbidden(N_("没有查看这个单位数据的权限"))


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One campaign before and after a choice (假设前后), with the indicators that move; computed jointly."""

    before: CampaignScore
    after: CampaignScore
    moves: tuple[Move, ...]

    @property
    def points(self) -> Decimal:
        """Points gained before the negative list and the veto policy take theirs."""
        return self.after.totals.earned - self.before.totals.earned


def what_if(stakes: Stakes, chosen: Collection[str] | None, reached: Iterable[tuple[str, str]] = ()) -> list[WhatIf]:
    """The campaigns' scores had the chosen stakes (None: all of them) been in order and some targets been reached.

    ``reached`` names indicators by campaign and code. Nothing is written.
    """
    assumed = set(reached)
    found = []
    for board in stakes.boards:
        rows = [row for row in board.rows if chosen is None or row.key in chosen]
        standing = [one for one in board.standing if chosen is None or one.key in chosen]
        codes = {code for campaign, code in assumed if campaign == board.campaign}
        after = board.score_with(board.delta(rows, standing), codes)
        pairs = zip(board.score.indicators, after.indicators, strict=True)
        moves = [Move(old, new) for old, new in pairs if (old.earned, old.exact) != (new.earned, new.exact)]
        found.append(WhatIf(board.score, after, tuple(sorted(moves, key=lambda m: (-m.exact_gain, m.before.code)))))
    return found
