"""What a bureau received (收到的发布): campaigns, periods, and each district's last word in the few columns that ranking needs.

A nation is three thousand districts with a publication a month: nothing here reads them all to know the names of its campaigns
or periods, and no more columns than a rank is made of. From addressed rows only, in the reader's own scope.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import starmap
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from core.figures.effects import NEGATIVE
from core.figures.periods import Period
from core.figures.tables import Publication, PublicationGrant
from tenants.scope import ScopedSession

Titles = tuple[str, str]


class Sent(NamedTuple):
    """A district's last publication of a period, as ranking needs it (末次发布); points are integers of 1/100."""

    tenant_id: int
    publication_id: UUID
    slug: str
    name: str
    code: str | None
    earned: int
    assessed: int
    visits: int
    is_barred: bool
    edition: str
    edition_sha256: str
    is_demo: bool
    low: Decimal | None
    high: Decimal | None
    is_warned: bool
    detail: str


class Silent(NamedTuple):
    """A district that the bureau knows and that did not publish a period (未发布区县), by the name that it last wrote."""

    tenant_id: int
    slug: str
    name: str
    code: str | None


class Received(NamedTuple):
    """One campaign and period of which the bureau holds a publication (收到的周期), with the campaign's titles then."""

    campaign: str
    period: Period
    titles: Titles


@contextmanager
def along_index(session: ScopedSession) -> Iterator[None]:
    """Have the database walk along indexes while thousands of rows are read.

    The policy of addressed tables (mine as reader or as author) makes its planner expect two rows: it collects them by
    bitmap and joins them one by one, which takes eight times as long for three thousand [measured].
    """
    session.execute(WALKING, {"is": "off"})
    yield
    session.execute(WALKING, {"is": "on"})


WALKING = text("SELECT set_config('enable_bitmapscan', :is, true), set_config('enable_nestloop', :is, true)")


def last_sent(session: ScopedSession, campaign: str, period: Period) -> list[Sent]:
    """The last publication of each district for a period: corrections come after what they correct (one query)."""
    one = Publication
    columns = (
        *(one.tenant_id, one.id, one.district_slug, one.district_name, one.district_code),
        *(one.earned, one.assessed, one.visits, one.vetoes.contains([NEGATIVE])),
        *(one.edition, one.edition_sha256, one.is_demo, one.interval_low, one.interval_high),
        func.jsonb_array_length(one.warnings) > 0,
        one.detail,
    )
    with along_index(session):
        return list(starmap(Sent, session.execute(last_of(session, campaign, period, columns))))


def last_of(
    session: ScopedSession, campaign: str, period: Period, columns: Collection[Any], districts: Collection[int] = ()
) -> Select[Any]:
    """Some columns of the last publication of each district (or of those named) for a period."""
    one = Publication
    query = (
        select(*columns)
        .ext(distinct_on(one.tenant_id))
        .where(*of_period(session, campaign, period))
        .order_by(one.tenant_id.desc(), one.sequence.desc())  # the index read backwards: nothing is sorted
    )
    return query.where(one.tenant_id.in_(districts)) if districts else query


def of_period(session: ScopedSession, campaign: str, period: Period) -> tuple[Any, ...]:
    """The conditions of one period's received publications, corrected ones among them."""
    one = Publication
    return (
        one.reader_id == session.tenant_id,
        one.campaign == campaign,
        one.period_kind == period.kind,
        one.period_start == period.start,
        one.tenant_id != session.tenant_id,
    )


def silent_in(session: ScopedSession, campaign: str, period: Period) -> list[Silent]:
    """The districts that ever published in a campaign to this bureau or hold its grant, and not in the period (one query).

    A name is that of the last publication; of a district that never published, that of its first grant.
    """
    given = {"reader": session.tenant_id, "campaign": campaign, "kind": period.kind, "start": period.start}
    with along_index(session):
        return list(starmap(Silent, session.execute(text(SILENT), given)))


# Who ever published is told by the first publication of each: an index holds those alone, however many years follow.
SILENT = f"""
WITH known AS (
  SELECT tenant_id FROM {Publication.__tablename__} WHERE reader_id = :reader AND sequence = 1 AND tenant_id <> :reader
  UNION SELECT tenant_id FROM {PublicationGrant.__tablename__}
  WHERE reader_id = :reader AND campaign = :campaign AND tenant_id <> :reader),
silent AS (
  SELECT tenant_id FROM known k WHERE NOT EXISTS (
    SELECT FROM publication p WHERE p.reader_id = :reader AND p.campaign = :campaign AND p.period_kind = :kind
      AND p.period_start = :start AND p.tenant_id = k.tenant_id))
SELECT s.tenant_id, coalesce(p.district_slug, g.district_slug), coalesce(p.district_name, g.district_name),
  coalesce(p.district_code, g.district_code)
FROM silent s
LEFT JOIN LATERAL (
  SELECT district_slug, district_name, district_code FROM publication
  WHERE reader_id = :reader AND tenant_id = s.tenant_id AND campaign = :campaign ORDER BY sequence DESC LIMIT 1) p ON true
LEFT JOIN LATERAL (
  SELECT district_slug, district_name, district_code FROM publication_grant
  WHERE reader_id = :reader AND tenant_id = s.tenant_id AND campaign = :campaign ORDER BY created_at LIMIT 1) g ON true
WHERE p.district_slug IS NOT NULL OR g.district_slug IS NOT NULL
"""  # noqa: S608 - the names of our own tables


def walk_received(session: ScopedSession) -> list[Received]:
    """Every campaign and period received, each by one step along the index: as many steps as periods, however many districts."""
    with along_index(session):
        rows = session.execute(text(WALK), {"reader": session.tenant_id}).all()
    return [Received(campaign, Period(kind, start, end), (zh, en)) for campaign, kind, start, end, zh, en in rows]


_STEP = "campaign, period_kind, period_start"
WALK = f"""
WITH RECURSIVE step AS (
  (SELECT {_STEP}, period_end, title_zh, title_en FROM publication WHERE reader_id = :reader ORDER BY {_STEP} LIMIT 1)
  UNION ALL
  SELECT n.* FROM step s CROSS JOIN LATERAL (
    SELECT {_STEP}, period_end, title_zh, title_en FROM publication
    WHERE reader_id = :reader AND ({_STEP}) > (s.campaign, s.period_kind, s.period_start) ORDER BY {_STEP} LIMIT 1) n)
SELECT {_STEP}, period_end, title_zh, title_en FROM step
"""  # noqa: S608 - the names of our own columns


def received_titles(session: ScopedSession, received: Collection[Received]) -> Mapping[str, Titles]:
    """The campaigns that this bureau received or was granted, by key, with the titles of the newest period of each."""
    newest = sorted(received, key=lambda one: (one.period.start, one.period.end))
    found = {one.campaign: one.titles for one in newest}
    grant = PublicationGrant
    granted = select(grant.campaign).where(grant.reader_id == session.tenant_id, grant.tenant_id != session.tenant_id)
    for campaign in session.scalars(granted.distinct()):
        found.setdefault(campaign, (campaign, campaign))
    return dict(sorted(found.items()))


def newest_of(received: Collection[Received], campaign: str) -> Period | None:
    """The newest period of a campaign; None of none."""
    own = [one.period for one in received if one.campaign == campaign]
    return max(own, key=lambda one: (one.start, one.end), default=None)


__all__ = [
    "Received",
    "Sent",
    "Silent",
    "Titles",
    "along_index",
    "last_of",
    "last_sent",
    "newest_of",
    "of_period",
    "received_titles",
    "silent_in",
    "walk_received",
]
