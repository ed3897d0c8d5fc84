"""A district's sealed figures in bulk (批量发布): twelve months, one copy a reader, each chained to the one before.

The numbers are counted from the district's own records; the seals are computed as :mod:`core.figures.publishing` does, so
that the product's own check of seals holds for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from core.bench.plan import item_links
from core.campaigns import Campaign, Indicator
from core.campaigns.catalogue import IndicatorGroup
from core.figures.model import percent
from core.figures.periods import Period
from core.figures.seals import content_of, seal_of
from core.figures.tables import Publication, PublicationGrant, PublishedFigure
from tenants.access import TenantRef
from tenants.db import new_id
from tenants.scope import ScopedSession

FULL, ALL = "indicators", ""
Counts = dict[tuple[str, date], tuple[int, int]]  # indicator and month: visits that passed, visits


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a copy (送达对象)."""

    id: int
    slug: str
    name: str


def seal_year(
    session: ScopedSession, campaign: Campaign, periods: Sequence[Period], ref: TenantRef, readers: Sequence[Reader]
) -> int:
    """Seal and address all periods; gives the number of figures written."""
    counts = _counts(session, campaign)
    grants = [_grant(campaign, ref, reader, periods[0].start) for reader in readers if reader.id != ref.id]
    if grants:
        session.execute(insert(PublicationGrant), grants)
    publications: list[Publication] = []
    figures: list[dict[str, Any]] = []
    copies: list[tuple[UUID, UUID, int]] = []
    before: dict[int, str] = {}
    for sequence, period in enumerate(periods, 1):
        lines = list(_lines(campaign, counts, period))
        rows = [
            PublishedFigure(id=new_id(), period_start=period.start, position=n, **line)
            for n, line in enumerate(lines, 1)
        ]
        visits = counts.get((ALL, period.start), (0, 0))[1]
        own = [_copy(campaign, period, ref, reader, lines, visits, sequence) for reader in readers]
        for one in own:
            one.previous_sha256 = before.get(one.reader_id)
            _fill(one)
            one.content_sha256 = content_of(one, rows)
            one.sha256 = before[one.reader_id] = seal_of(one, rows)
        for row in rows:
            row.reader_id, row.tenant_id, row.publication_id = ref.id, ref.id, own[0].id
        figures += [_row(row) for row in rows]
        copies += [(own[0].id, one.id, one.reader_id) for one in own[1:]]
        publications += own
    session.execute(insert(Publication).execution_options(render_nulls=True), [_row(one) for one in publications])
    session.execute(insert(PublishedFigure).execution_options(render_nulls=True), figures)
    if copies:
        first_ids, ids, to = (list(column) for column in zip(*copies, strict=True))
        session.connection().exec_driver_sql(_send(), {"tenant": ref.id, "from": first_ids, "ids": ids, "to": to})
    return len(figures) * len(readers)


def _fill(one: Publication) -> None:
    """Give an object the defaults that a flush would, for its seal covers them."""
    for name, value in _row(one).items():
        setattr(one, name, value)


def _row(one: Publication | PublishedFigure) -> dict[str, Any]:
    """An object's columns, with the defaults that a flush would fill in."""
    return {
        name: getattr(one, name) if getattr(one, name) is not None else _default(type(one), name)
        for name in _columns(type(one))
    }


def _columns(model: type[Publication | PublishedFigure]) -> list[str]:
    return [column.name for column in model.__table__.columns]


def _default(model: type[Publication | PublishedFigure], name: str) -> Any:
    default = model.__table__.columns[name].default
    if default is None:
        return None
    return default.arg if default.is_scalar else default.arg(None)


def _send() -> str:
    """Copies of a district's own figures for its other readers, by the database."""
    named = {"reader_id": "c.reader", "id": "gen_random_uuid()", "publication_id": "c.id"}
    columns = _columns(PublishedFigure)
    values = [named.get(name, f"f.{name}") for name in columns]
    return f"""
INSERT INTO published_figure ({", ".join(columns)}) SELECT {", ".join(values)}
FROM unnest(%(from)s::uuid[], %(ids)s::uuid[], %(to)s::int[]) AS c(first, id, reader)
JOIN published_figure f ON f.reader_id = %(tenant)s AND f.tenant_id = %(tenant)s AND f.publication_id = c.first
"""  # noqa: S608 - the names of our own columns


def _counts(session: ScopedSession, campaign: Campaign) -> Counts:
    """Visits that passed all of an indicator's items, and visits that answered one, by month."""
    links = item_links(campaign.edition)
    values = {"tenant": session.tenant_id, "items": [item for item, _ in links], "codes": [code for _, code in links]}
    rows = session.connection().exec_driver_sql(COUNTS, values | {"all": ALL})
    return {(code, month): (passed, visits) for code, month, passed, visits in rows}


COUNTS = """
SELECT code, month, sum(passed)::int, count(*)::int FROM (
  SELECT w.code, date_trunc('month', r.day)::date AS month, r.visit_id, min((r.outcome = 'pass')::int) AS passed
  FROM item_result r JOIN unnest(%(items)s::text[], %(codes)s::text[]) AS w(item, code) ON w.item = r.item
  WHERE r.tenant_id = %(tenant)s AND r.basis = 'verified' AND r.outcome <> 'na' GROUP BY 1, 2, 3) one GROUP BY 1, 2
UNION ALL SELECT %(all)s, date_trunc('month', day)::date, 0, count(*)::int FROM visit WHERE tenant_id = %(tenant)s GROUP BY 2
"""


def _lines(campaign: Campaign, counts: Counts, period: Period) -> Iterator[dict[str, Any]]:
    """Each heading and its indicators: the share of passed visits times the points, or not assessed."""
    for group in campaign.edition.categories():
        own = [(one, *counts.get((one.code, period.start), (0, 0))) for one in group.indicators]
        lines = [_assessed(one, passed, visits) if visits else _missing(one) for one, passed, visits in own]
        yield _heading(group, lines)
        yield from lines


def _heading(group: IndicatorGroup, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: sum(line[name] or 0 for line in lines) for name in ("earned", "assessed", "possible", "n")}
    whole = sums["assessed"]
    names = {
        "code": group.code,
        "name_zh": group.name_zh,
        "name_en": group.name_en,
        "category": "",
        "level": "category",
    }
    counted = {"value": percent(sums["earned"], whole) if whole else None, "numerator": None, "denominator": None}
    state = {"status": "assessed" if whole else "not_assessed", "unit": "%", "target": ""}
    return names | counted | state | sums | _REASONS


def _assessed(one: Indicator, passed: int, visits: int) -> dict[str, Any]:
    points = int(one.points * 100)
    counted = {"numerator": Decimal(passed), "denominator": Decimal(visits), "value": percent(passed, visits)}
    earned = points * passed // visits
    return _named(one) | counted | {"status": "assessed", "earned": earned, "assessed": points, "n": visits}


def _missing(one: Indicator) -> dict[str, Any]:
    empty = {"numerator": None, "denominator": None, "value": None, "earned": None}
    return _named(one) | empty | {"status": "not_assessed", "assessed": 0, "n": 0}


def _named(one: Indicator) -> dict[str, Any]:
    names = {"code": one.code, "name_zh": one.name_zh, "name_en": one.name_en, "category": one.category_code}
    return names | {"level": "indicator", "possible": int(one.points * 100), "unit": "%", "target": ""} | _REASONS


_REASONS = {"reason": "", "reason_en": ""}


def _copy(
    campaign: Campaign,
    period: Period,
    ref: TenantRef,
    reader: Reader,
    lines: Sequence[dict[str, Any]],
    visits: int,
    sequence: int,
) -> Publication:
    """One reader's copy of one month, not sealed yet."""
    at = datetime.combine(period.end + timedelta(days=3), time(2), tzinfo=UTC)
    edition = campaign.edition
    return Publication(
        id=new_id(),
        reader_id=reader.id,
        tenant_id=ref.id,
        sequence=sequence,
        reader_slug=reader.slug,
        reader_name=reader.name,
        district_slug=ref.slug,
        district_code=ref.code,
        district_name=ref.name,
        campaign=campaign.key,
        title_zh=campaign.title_zh,
        title_en=campaign.title_en,
        edition=edition.key,
        edition_sha256=edition.sha256,
        period_kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        cut_off=at,
        detail=FULL,
        **_totals(lines),
        visits=visits,
        sites=0,
        findings={},
        vetoes=[],
        is_demo=True,
        corrects_sha256=None,
        reason="",
        published_by="",
        published_at=at,
    )


def _totals(lines: Sequence[dict[str, Any]]) -> dict[str, int]:
    own = [line for line in lines if line["level"] == "indicator"]
    names = {"earned": "earned", "assessed": "assessed", "total": "possible"}
    return {name: sum(line[key] or 0 for line in own) for name, key in names.items()}


def _grant(campaign: Campaign, ref: TenantRef, reader: Reader, since: date) -> dict[str, Any]:
    key = {"id": new_id(), "reader_id": reader.id, "tenant_id": ref.id, "campaign": campaign.key, "detail": FULL}
    names = {"reader_slug": reader.slug, "reader_name": reader.name}
    return key | names | {"district_slug": ref.slug, "district_name": ref.name, "valid_from": since, "granted_by": ""}


__all__ = ["Reader", "seal_year"]
