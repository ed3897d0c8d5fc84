"""Cards of a period (本期亮牌): the numbers that decide, the earlier cards, the negative list, the sponsors - then the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.campaigns.registry import Registry
from core.errors import N_, Conflict
from core.figures.card_days import stand
from core.figures.periods import Period, day_of
from core.work.dated import valid_on
from core.work.duties.sponsor_places import units_around
from core.work.duties.sponsoring import SponsorLine, add_deeds, lines_of, sponsors_of_units
from core.work.marks.card_forward import Forward, Span, put_forward
from core.work.marks.card_moves import STANDING
from core.work.marks.card_proposing import Breach, Held, Proposal, Subject, Value, propose
from core.work.marks.card_rules import SITE, League, Scheme
from core.work.marks.card_schemes import Kept, as_of
from core.work.marks.ranking_days import read_days
from core.work.tables import CardIssue, NegativeEntry, Sponsorship
from tenants.access import Actor
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class LeagueCards:
    """One league's proposals (组别拟亮牌), best place first."""

    league: League
    proposals: tuple[Proposal, ...]


def preview(
    session: ScopedSession, registry: Registry, kept: Kept, period: Period, *, now: datetime
) -> list[LeagueCards]:
    """What the rules would give in a period as the numbers stand now, with the reason for each; nothing is kept.

    The rules are those in force at the end of the period's last day, of a running one those of today. A period of another
    kind than these rules give cards for has none.
    """
    kept, found = as_of(session, kept, min(period.end, day_of(now))), []
    scheme = kept.scheme
    if scheme.period != period.kind:
        return []
    values = _values(session, registry, kept, period, now)
    history = _history(session, kept.row.id, period)
    everyone = {value.subject.id for listed in values.values() for value in listed}
    breaches = _breaches(session, scheme, period, everyone) if scheme.vetoes else {}
    for league in scheme.leagues:
        held = {subject: cards for (key, subject), cards in history.items() if key == league.key}
        listed = values.get(league.key, ())
        made = propose(scheme, league, listed, start=period.start, history=held, breaches=breaches)
        found.append(LeagueCards(league, tuple(made)))
    return found


def propose_period(
    session: ScopedSession, actor: Actor, registry: Registry, kept: Kept, period: Period, *, now: datetime
) -> Forward:
    """Put the cards of a period forward that is over, with the sponsors of its last day. Raises Forbidden, Conflict."""
    if as_of(session, kept, period.end).scheme.period != period.kind:
        message = N_("{start} 至 {end} 期满时执行的办法不是按这种周期亮牌的")
        raise Conflict(message, start=period.start.isoformat(), end=period.end.isoformat())
    return forward_period(session, actor, registry, kept, period, now=now)


def forward_period(
    session: ScopedSession, actor: Actor | None, registry: Registry, kept: Kept, period: Period, *, now: datetime
) -> Forward:
    """The same for the night, which acts for nobody (``actor`` None)."""
    kept = as_of(session, kept, period.end)
    proposals = [one for group in preview(session, registry, kept, period, now=now) for one in group.proposals]
    carded = [one.value.subject for one in proposals if one.colour]
    sponsors = sponsors_of(session, kept.scheme, carded, period) if kept.scheme.sponsors else {}
    bodies = {subject: [line.body for line in lines] for subject, lines in sponsors.items()}
    span = Span(period.kind, period.start, period.end)
    return put_forward(session, actor, kept.row, span, proposals, sponsors=bodies, now=now)


def sponsors_of(
    session: ScopedSession, scheme: Scheme, subjects: Sequence[Subject], period: Period
) -> dict[UUID, list[SponsorLine]]:
    """Who sponsors each subject on the period's last day, and what they did in the period.

    A unit's own sponsors stand for it; where it has none, the nearest above: the area's, then the street's (ours).
    """
    days, campaign = (period.start, period.end), scheme.campaign or None
    units = [one.id for one in subjects if one.kind != SITE]
    near = sponsors_of_units(session, units, period.end, campaign=campaign, did=days) if units else {}
    found = {unit: [one for one in lines if one.distance == lines[0].distance] for unit, lines in near.items()}
    sites = [one.id for one in subjects if one.kind == SITE]
    if not sites:
        return found
    rows = session.scalars(
        select(Sponsorship).where(Sponsorship.object_site_id.in_(sites), valid_on(Sponsorship, period.end))
    ).all()
    rows = [row for row in rows if not campaign or row.campaign in (None, campaign)]
    for line in add_deeds(session, lines_of(session, rows, period.end), days):
        if line.object_id is not None:
            found.setdefault(line.object_id, []).append(line)
    return found


def _values(
    session: ScopedSession, registry: Registry, kept: Kept, period: Period, now: datetime
) -> dict[str, list[Value]]:
    """The numbers that decide, by league: means of the kept daily ranks, or the measure at the period's end or now."""
    if kept.scheme.by_ranks:
        return _means(session, kept, period)
    day = max(min(period.end, day_of(now)), period.start)
    found: dict[str, list[Value]] = {}
    for one in stand(session, registry, kept.row.unit_id, kept.scheme, day, cut_off=now):
        value = Value(one.subject, one.numerator, one.denominator, one.n, (day - period.start).days + 1)
        found.setdefault(one.league, []).append(value)
    return found


def _means(session: ScopedSession, kept: Kept, period: Period) -> dict[str, list[Value]]:
    """The sum of each subject's ranks over its ranked days, and their number; the newest name is the subject's."""
    sums: dict[tuple[str, UUID], tuple[Subject, int, int, int]] = {}
    for day in read_days(session, kept.row.id, period.start, period.end):
        for one in day.places:
            _, ranks, days, n = sums.get((one.league, one.subject.id), (one.subject, 0, 0, 0))
            ranked = one.rank is not None
            total = (ranks + (one.rank or 0), days + ranked, max(n, one.n))
            sums[one.league, one.subject.id] = (one.subject, *total)
    found: dict[str, list[Value]] = {}
    for (league, _), (subject, ranks, days, n) in sums.items():
        found.setdefault(league, []).append(Value(subject, ranks, days, n, days))
    return found


def _history(session: ScopedSession, scheme_id: UUID, period: Period) -> Mapping[tuple[str, UUID], list[Held]]:
    """The cards of earlier periods that stand, by league and subject, with the colour that was earned."""
    rows = session.scalars(
        select(CardIssue).where(
            CardIssue.scheme_id == scheme_id,
            CardIssue.period_kind == period.kind,
            CardIssue.period_start < period.start,
            CardIssue.state.in_(STANDING),
        )
    )
    found: dict[tuple[str, UUID], list[Held]] = {}
    for row in rows:
        held = Held(row.period_start, row.period_end, row.reason.get("earned") or row.colour)
        found.setdefault((row.league, row.subject_id), []).append(held)
    return found


def _breaches(session: ScopedSession, scheme: Scheme, period: Period, everyone: set[UUID]) -> dict[UUID, list[Breach]]:
    """Entries of the negative list in force in the period, for the unit itself, those above it and its areas."""
    entry: Any = NegativeEntry
    query = select(NegativeEntry).where(
        entry.unit_id.is_not(None),
        entry.triggered_on <= period.end,
        entry.cleared_on.is_(None) | (entry.cleared_on > period.start),
        entry.effect.in_([one.effect for one in scheme.vetoes]),
        entry.state.in_(("triggered", "cleared")),
    )
    if scheme.campaign:
        query = query.where(entry.campaign == scheme.campaign)
    rows = session.scalars(query.order_by(entry.triggered_on)).all()
    around = units_around(session, [row.unit_id for row in rows if row.unit_id], period.end) if rows else {}
    found: dict[UUID, list[Breach]] = {}
    for row in rows:
        if row.unit_id is None or row.triggered_on is None:
            continue
        breach = Breach(row.id, row.title, row.effect, row.triggered_on)
        for subject in everyone.intersection(around[row.unit_id]):
            found.setdefault(subject, []).append(breach)
    return found
