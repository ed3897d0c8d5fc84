"""The edition that scores a period (在用版本): the one in force at its start; and where one followed another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from core.campaigns import Campaign, Edition
from core.campaigns.registry import installed
from core.work.editions.choices import IN_FORCE, PRIVATE, SHADOW, SHIPPED, choice_on, choices_of
from core.work.enabling import frozen_edition
from core.work.tables import EnabledEdition
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Span:
    """An edition with the days it holds here (版本区间); ``first`` None: since the campaign was enabled, ``until`` exclusive."""

    edition: Edition
    source: str
    first: date | None
    until: date | None

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.first is None or self.first <= day) and (self.until is None or day < self.until)


def edition_for(session: ScopedSession, campaign: Campaign, period_start: date) -> Edition:
    """The edition that a period is scored by: the one in force on its first day. The one function everybody asks."""
    return editions_for(session, campaign, (period_start,))[0]


def editions_for(session: ScopedSession, campaign: Campaign, starts: Iterable[date]) -> tuple[Edition, ...]:
    """The same for several periods at once, in their order."""
    spans = spans_of(session, campaign)
    return tuple(next(span.edition for span in reversed(spans) if span.holds(day)) for day in starts)


def spans_of(session: ScopedSession, campaign: Campaign) -> tuple[Span, ...]:
    """Every edition that is or was or will be in force here, earliest first; the first one holds from the beginning."""
    chosen = [row for row in choices_of(session, campaign.key) if row.role == IN_FORCE]
    first = session.scalar(select(EnabledCampaign.edition_sha256).where(EnabledCampaign.campaign == campaign.key))
    begin = Span(edition_of(session, campaign, first) if first else campaign.edition, SHIPPED, None, None)
    return (begin, *(_span(session, campaign, row) for row in chosen))


def shadow_of(session: ScopedSession, campaign: Campaign, day: date) -> Span | None:
    """The shadow edition (影子版本) of a day: scored beside the one in force, never ranked, never published."""
    row = choice_on(session, campaign.key, day, SHADOW)
    return None if row is None else _span(session, campaign, row)


def source_of(session: ScopedSession, campaign: str, sha256: str) -> str:
    """Where an edition comes from: shipped with a plugin, or private, uploaded here."""
    mine = (EnabledEdition.campaign == campaign, EnabledEdition.sha256 == sha256, EnabledEdition.source == PRIVATE)
    return PRIVATE if session.scalar(select(EnabledEdition.id).where(*mine).limit(1)) else SHIPPED


def edition_of(session: ScopedSession, campaign: Campaign, sha256: str) -> Edition:
    """The edition of a hash: the package's own, else the frozen one. Raises NotFound when it was never frozen here."""
    known = installed().campaigns.get(campaign.key)
    for one in (*campaign.shipped, *(known.shipped if known else ())):
        if one.sha256 == sha256:
            return one
    return frozen_edition(session, sha256)


def _span(session: ScopedSession, campaign: Campaign, row: EnabledEdition) -> Span:
    return Span(edition_of(session, campaign, row.sha256), row.source, row.valid_from, row.valid_to)
