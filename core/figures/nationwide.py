"""Many districts on few indicators (指标位次): ranks of a whole nation, and figures of districts over periods, read as rows.

From addressed publications only, in the reader's own scope; the last correction of a period counts. Rows are read, not
objects: of three thousand districts a page needs six columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, select

from core.figures.comparison import LOW_VOLUME, NOTHING_ASSESSED, RANKED, check_compare
from core.figures.periods import Period
from core.figures.tables import Publication, PublishedFigure
from tenants.access import Actor
from tenants.scope import ScopedSession

ASSESSED = "assessed"


@dataclass(frozen=True, slots=True)
class Placed:
    """One district on one indicator (位次): its published value with n, and its rank; ``unranked`` says why it has none."""

    tenant_id: int
    district_slug: str
    district_name: str
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

    ``least`` is the smallest n that is ranked, ``ascending`` when less is better. Those without a value come last, by
    slug. One query. Raises Forbidden.
    """
    check_compare(actor)
    one, figure = Publication, PublishedFigure
    columns = (one.district_slug, one.district_name, figure.status, figure.value, figure.n)
    rows = session.execute(_figures_of(session, campaign, (code,), (period.start,), period.kind, columns)).all()
    latest = {row[0]: row for row in rows}  # by sequence: a correction comes after what it corrects
    return _ranked(latest.values(), least, ascending=ascending)


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
    starts = tuple(one.start for one in periods)
    figure = PublishedFigure
    columns = (Publication.sequence, figure.code, figure.numerator, figure.denominator, figure.value, figure.n)
    query = _figures_of(session, campaign, codes, starts, periods[0].kind, columns)
    if districts:
        query = query.where(Publication.tenant_id.in_(districts))
    latest: dict[tuple[int, date], tuple[int, dict[str, Point]]] = {}
    for tenant, start, sequence, key, *values in session.execute(query):
        kept = latest.get((tenant, start))
        if kept is None or kept[0] != sequence:  # a correction stands for all that it replaces
            kept = latest[tenant, start] = (sequence, {})
        if key is not None:
            kept[1][key] = Point(*values)
    return {(tenant, key, start): one for (tenant, start), (_, own) in latest.items() for key, one in own.items()}


def _figures_of(
    session: ScopedSession,
    campaign: str,
    codes: Collection[str],
    starts: Collection[date],
    kind: str,
    columns: Sequence[Any],
) -> Any:
    """Publications of the periods with the figures of the codes, the later one of two last: district, day and columns."""
    one, figure = Publication, PublishedFigure
    own = and_(
        figure.reader_id == session.tenant_id,
        figure.publication_id == one.id,
        figure.code.in_(codes),
    )
    return (
        select(one.tenant_id, one.period_start, *columns)
        .outerjoin(figure, own)
        .where(
            one.reader_id == session.tenant_id,
            one.tenant_id != session.tenant_id,
            one.campaign == campaign,
            one.period_kind == kind,
            one.period_start.in_(starts),
        )
        .order_by(one.sequence)
    )


def _ranked(rows: Iterable[Any], least: int, *, ascending: bool) -> list[Placed]:
    found, rest = [], []
    for tenant, _, slug, name, status, value, n in rows:
        if status == ASSESSED and value is not None and n >= least:
            found.append((value, slug, name, tenant, n))
        else:
            why = NOTHING_ASSESSED if value is None else LOW_VOLUME
            rest.append(Placed(tenant, slug, name, value, n or 0, None, why))
    found.sort(key=lambda one: (one[0] if ascending else -one[0], one[1]))
    ranks: dict[Decimal, int] = {}
    for place, (value, *_) in enumerate(found, 1):
        ranks.setdefault(value, place)
    ranked = [Placed(tenant, slug, name, value, n, ranks[value]) for value, slug, name, tenant, n in found]
    return [*ranked, *sorted(rest, key=lambda one: one.district_slug)]


__all__ = ["LOW_VOLUME", "NOTHING_ASSESSED", "Placed", "Point", "PointKey", "figure_table", "rank_indicator"]
