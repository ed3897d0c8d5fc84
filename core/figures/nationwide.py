"""Many districts on few indicators (指标位次): ranks of a whole nation, and figures of districts over periods, read as rows.

From addressed publications only, in the reader's own scope; the last correction of a period counts. Rows are read, not
objects: of three thousand districts a page needs six columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import distinct_on

from core.figures.boards import League
from core.figures.comparison import LOW_VOLUME, NOTHING_ASSESSED, RANKED, check_compare
from core.figures.periods import Period
from core.figures.received import along_index, last_of
from core.figures.tables import Publication, PublishedFigure
from tenants.access import Actor
from tenants.scope import ScopedSession

ASSESSED = "assessed"


class Placed(NamedTuple):
    """One district on one indicator (位次): its published value with n, and its rank; ``unranked`` says why it has none."""

    tenant_id: int
    district_slug: str
    district_name: str
    district_code: str | None
    publication_id: UUID
    edition: str
    league: League
    value: Decimal | None
    n: int
    rank: int | None
    unranked: str = RANKED


class Point(NamedTuple):
    """One published figure (发布值), its parts as published."""

    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    n: int | None


PointKey = tuple[int, str, date]  # district, indicator, the period's first day


def rank_indicator(
    session: ScopedSession,
    actor: Actor | None,
    campaign: str,
    code: str,
    period: Period,
    *,
    least: int = 1,
    ascending: bool = False,
) -> list[Placed]:
    """All districts that published a period, by one indicator's value: equal values share a rank, 1 + how many are better.

    Within a league alone: one edition, and demonstration never with the real; the larger league comes first. ``least`` is the smallest n that is ranked, ``ascending`` when less is better. Those without a value come last, by
    slug. One query. Raises Forbidden.
    """
    check_compare(actor)
    one, figure = Publication, PublishedFigure
    names = (one.tenant_id, one.district_slug, one.district_name, one.district_code, one.id)
    last = last_of(session, campaign, period, (*names, one.edition, one.edition_sha256, one.is_demo)).subquery()
    own = and_(
        figure.reader_id == session.tenant_id,
        figure.code == code,
        figure.period_start == period.start,
        figure.tenant_id == last.c.tenant_id,
        figure.publication_id == last.c.id,
    )
    with along_index(session):
        rows = session.execute(select(last, figure.status, figure.value, figure.n).outerjoin(figure, own)).all()
    return _ranked(rows, least, ascending=ascending)


def figure_table(
    session: ScopedSession,
    actor: Actor | None,
    campaign: str,
    codes: Collection[str],
    periods: Sequence[Period],
    districts: Collection[int] = (),
) -> dict[PointKey, Point]:
    """Published figures of some indicators over periods of one kind, of some districts (none named: of all) (one query).

    What was not published is absent, what was published as not assessed has no value. Raises Forbidden.
    """
    check_compare(actor)
    if not periods or not codes:
        return {}
    one, figure = Publication, PublishedFigure
    wanted = [
        one.reader_id == session.tenant_id,
        one.tenant_id != session.tenant_id,
        one.campaign == campaign,
        one.period_kind == periods[0].kind,
        one.period_start.in_([period.start for period in periods]),
    ]
    if districts:
        wanted.append(one.tenant_id.in_(districts))
    last = (
        select(one.tenant_id, one.period_start, one.id)
        .ext(distinct_on(one.period_start, one.tenant_id))
        .where(*wanted)
        .order_by(one.period_start.desc(), one.tenant_id.desc(), one.sequence.desc())
        .subquery()
    )
    query = select(
        *(figure.tenant_id, figure.code, figure.period_start),
        *(figure.numerator, figure.denominator, figure.value, figure.n),
    ).where(
        figure.reader_id == session.tenant_id,
        figure.code.in_(codes),
        figure.period_start == last.c.period_start,
        figure.tenant_id == last.c.tenant_id,
        figure.publication_id == last.c.id,
    )
    rows = session.execute(query).all()
    return {(tenant, key, start): Point(a, b, value, n) for tenant, key, start, a, b, value, n in rows}


def _ranked(rows: Iterable[Any], least: int, *, ascending: bool) -> list[Placed]:
    leagues: dict[League, list[Any]] = {}
    rest: list[Placed] = []
    for tenant, slug, name, code, publication, edition, sha256, is_demo, status, value, n in rows:
        who, league = (tenant, slug, name, code, publication, edition), (sha256, is_demo)
        if status == ASSESSED and value is not None and n >= least:
            leagues.setdefault(league, []).append((value if ascending else -value, slug, who, value, n))
        else:
            why = NOTHING_ASSESSED if value is None else LOW_VOLUME
            rest.append(Placed(*who, league, value, n or 0, None, why))
    ranked: list[Placed] = []
    for league in sorted(leagues, key=lambda key: (key[1], -len(leagues[key]), key[0])):
        found = sorted(leagues[league], key=itemgetter(0, 1))
        rank, last = 0, None
        for place, (_, _, who, value, n) in enumerate(found, 1):
            if value != last:
                rank, last = place, value
            ranked.append(Placed(*who, league, value, n, rank))
    return [*ranked, *sorted(rest, key=lambda one: one.district_slug)]


__all__ = ["LOW_VOLUME", "NOTHING_ASSESSED", "Placed", "Point", "PointKey", "figure_table", "rank_indicator"]
