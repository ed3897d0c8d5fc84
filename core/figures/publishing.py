"""Publication (发布): a period's figures sealed and addressed, one copy to the district itself, one to each granted reader.

All copies are written in the caller's transaction. A second publication of the same period is a correction: it names the
seal that it corrects and gives a reason; the old one stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.campaigns import Campaign, Edition
from core.errors import N_, Conflict, Fault, InvalidInput
from core.figures.grants import grants_in_force, issuer_of
from core.figures.model import CampaignScore, CategoryFigure, IndicatorFigure, Totals, as_decimal, cents
from core.figures.periods import Period, day_of
from core.figures.scores import score_campaign
from core.figures.sealed_effects import effect_figures
from core.figures.seals import seal_of
from core.figures.tables import Publication, PublishedFigure
from core.work.journal import record
from core.work.permits import require
from core.work.roles import PUBLISH
from tenants.access import Actor, TenantRef, root_unit
from tenants.db import new_id
from tenants.scope import ScopedSession

FULL = "indicators"
LEVELS = {"totals": (), "categories": ("category",), FULL: ("category", "indicator")}


@dataclass(frozen=True, slots=True)
class Copy:
    """What one reader gets (送达副本); before sealing its publication has no hash."""

    publication: Publication
    figures: tuple[PublishedFigure, ...]
    is_own: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly what would leave now (发布预览), with the copies that it would correct."""

    score: CampaignScore
    copies: tuple[Copy, ...]

    @property
    def is_correction(self) -> bool:
        """Whether some reader already has this period, so that a reason is needed."""
        return any(c.publication.corrects_sha256 for c in self.copies)


def preview(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    period: Period,
    *,
    now: datetime,
    issuer: TenantRef | None = None,
) -> Preview:
    """Show what publishing would send, to whom, in what detail; nothing is written. Raises Forbidden, InvalidInput."""
    return _compose(session, actor, campaign, campaign.edition, period, now, "", issuer_of(actor, issuer))


def publish(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    period: Period,
    *,
    now: datetime,
    reason: str = "",
    issuer: TenantRef | None = None,
) -> list[Publication]:
    """Seal and send a period's figures; the district's own copy comes first.

    ``issuer`` names the district when no person acts. Raises Forbidden; InvalidInput for a period that has not begun and
    for a correction without a reason; Conflict when somebody else published at the same moment.
    """
    said = reason.strip()
    found = _compose(session, actor, campaign, edition, period, now, said, issuer_of(actor, issuer))
    if found.is_correction and not said:
        remedy = N_("请写明更正原因；原发布件保留不变")
        fault = Fault(N_("这一期已经发布过，再次发布是更正"), field="reason", remedy=remedy)
        raise InvalidInput(faults=[fault])
    for copy in found.copies:
        _seal(session, actor, copy)
    return [copy.publication for copy in found.copies]


def _compose(
    session: ScopedSession,
    actor: Actor | None,
    campaign: Campaign,
    edition: Edition,
    period: Period,
    now: datetime,
    reason: str,
    district: TenantRef,
) -> Preview:
    today = day_of(now)
    require(session, actor, PUBLISH, root_unit(session).id, today, campaign=campaign.key)
    if period.start > today:
        remedy = N_("请选择已经开始的周期")
        raise InvalidInput(faults=[Fault(N_("这一期还没有开始"), field="period", value=period.key, remedy=remedy)])
    score = score_campaign(session, None, campaign, edition, period, cut_off=now)
    readers = [(district.id, district.slug, district.name, FULL)]
    grants = grants_in_force(session, today, campaign.key)
    readers += [(g.reader_id, g.reader_slug, g.reader_name, g.detail) for g in grants]
    copies = []
    for reader_id, slug, name, detail in readers:
        row = _header(score, district, actor, now, reason)
        row.reader_id, row.reader_slug, row.reader_name, row.detail = reader_id, slug, name, detail
        _chain(session, row)
        copies.append(Copy(row, tuple(_figures(score, row, detail)), reader_id == district.id))
    return Preview(score, tuple(copies))


def _header(score: CampaignScore, district: TenantRef, actor: Actor | None, now: datetime, reason: str) -> Publication:
    totals = score.totals
    return Publication(
        id=new_id(),
        tenant_id=district.id,
        district_slug=district.slug,
        district_code=district.code,
        district_name=district.name,
        campaign=score.campaign.key,
        title_zh=score.campaign.title_zh,
        title_en=score.campaign.title_en,
        edition=score.edition.key,
        edition_sha256=score.edition.sha256,
        period_kind=score.period.kind,
        period_start=score.period.start,
        period_end=score.period.end,
        cut_off=score.cut_off,
        earned=cents(score.earned),
        assessed=cents(totals.assessed),
        total=cents(totals.total),
        visits=score.visits,
        sites=score.sites,
        findings=dict(score.findings),
        vetoes=[v.code for v in score.vetoes],
        is_demo=district.is_demo,
        reason=reason,
        published_by=actor.name if actor else "",
        published_at=now,
    )


def _chain(session: ScopedSession, row: Publication) -> None:
    """Give the copy its number, the seal before it, and the seal that it corrects."""
    mine = (Publication.reader_id == row.reader_id, Publication.tenant_id == row.tenant_id)
    last = select(func.max(Publication.sequence)).where(*mine).scalar_subquery()
    before = session.execute(
        select(Publication.sequence, Publication.sha256).where(*mine, Publication.sequence == last)
    ).first()
    row.sequence, row.previous_sha256 = (before[0] + 1, before[1]) if before else (1, None)
    same = (
        Publication.campaign == row.campaign,
        Publication.period_kind == row.period_kind,
        Publication.period_start == row.period_start,
    )
    row.corrects_sha256 = session.scalar(
        select(Publication.sha256).where(*mine, *same).order_by(Publication.sequence.desc()).limit(1)
    )


def _figures(score: CampaignScore, row: Publication, detail: str) -> Iterable[PublishedFigure]:
    """The figures of a copy in the order of the catalogue, each heading before its indicators, then the effects."""
    levels = LEVELS[detail]
    position = 0
    for category in score.categories if "category" in levels else ():
        yield _category(category, row, position := position + 1)
        if "indicator" in levels:
            for one in score.indicators:
                if one.category == category.code:
                    yield _indicator(one, row, position := position + 1)
    yield from effect_figures(score.effects, row, position)


def _points(totals: Totals) -> dict[str, int | None]:
    earned = cents(totals.earned) if totals.assessed else None
    return {"earned": earned, "assessed": cents(totals.assessed), "possible": cents(totals.total)}


def _category(one: CategoryFigure, row: Publication, position: int) -> PublishedFigure:
    return PublishedFigure(
        id=new_id(),
        reader_id=row.reader_id,
        tenant_id=row.tenant_id,
        publication_id=row.id,
        position=position,
        level="category",
        code=one.code,
        category="",
        name_zh=one.name_zh,
        name_en=one.name_en,
        status="assessed" if one.totals.assessed else "not_assessed",
        reason="",
        reason_en="",
        value=one.totals.percent_of_assessed,
        unit="%",
        target="",
        n=one.n,
        **_points(one.totals),
    )


def _indicator(one: IndicatorFigure, row: Publication, position: int) -> PublishedFigure:
    return PublishedFigure(
        id=new_id(),
        reader_id=row.reader_id,
        tenant_id=row.tenant_id,
        publication_id=row.id,
        position=position,
        level="indicator",
        code=one.code,
        category=one.category,
        name_zh=one.name_zh,
        name_en=one.name_en,
        status=one.status,
        reason=one.reason_zh,
        reason_en=one.reason_en,
        numerator=None if one.numerator is None else as_decimal(one.numerator),
        denominator=None if one.denominator is None else as_decimal(one.denominator),
        value=one.value,
        unit=one.unit,
        target=one.target,
        earned=None if one.earned is None else cents(one.earned),
        assessed=cents(one.possible) if one.assessed else 0,
        possible=cents(one.possible),
        n=one.n,
    )


def _seal(session: ScopedSession, actor: Actor | None, copy: Copy) -> None:
    row = copy.publication
    row.sha256 = seal_of(row, copy.figures)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(N_("刚刚有人发布了新的发布件，请刷新后重试")) from error
    session.add_all(copy.figures)
    session.flush()
    said = {"reader": row.reader_slug, "campaign": row.campaign, "sequence": row.sequence, "sha256": row.sha256}
    period = Period(row.period_kind, row.period_start, row.period_end).key
    record(session, actor, "publish", "publication", row.id, **said, period=period, corrects=row.corrects_sha256)
