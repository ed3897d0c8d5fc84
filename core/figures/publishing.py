"""Publication (发布): a period's figures sealed and addressed, one copy to the district itself, one to each granted reader.

All copies are written in the caller's transaction. A second publication of the same period is a correction: it names the
seal that it corrects and gives a reason; the old one stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.campaigns import Campaign, Edition
from core.errors import N_, Conflict, Fault, InvalidInput
from core.figures.grants import grants_in_force, issuer_of
from core.figures.model import CampaignScore, cents
from core.figures.periods import Period, day_of
from core.figures.sealed_contents import read_contents
from core.figures.sealed_rows import FULL, LEVELS, Contents, figure_rows
from core.figures.seals import SEAL_VERSION, content_of, seal_of
from core.figures.tables import Publication, PublishedFigure
from core.work.editions.in_force import edition_for
from core.work.journal import record
from core.work.permits import require
from core.work.roles import PUBLISH
from tenants.access import Actor, TenantRef, root_unit
from tenants.db import new_id
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Copy:
    """What one reader gets (送达副本); before sealing its publication has no seal.

    ``says_the_same``: its content is that of the publication which it corrects, to the last digit.
    """

    publication: Publication
    figures: tuple[PublishedFigure, ...]
    is_own: bool
    says_the_same: bool = False


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
    edition = edition_for(session, campaign, period.start)
    return _compose(session, actor, campaign, edition, period, now, "", issuer_of(actor, issuer))


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
    for a correction without a reason; Conflict when somebody else published at the same moment, and for an edition that
    was not in force at the period's start: a shadow is never published.
    """
    if edition.sha256 != edition_for(session, campaign, period.start).sha256:
        raise Conflict(N_("只发布这一期在用版本的得分；影子版本和其他版本不发布"))
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
    grants = grants_in_force(session, today, campaign.key)
    finest = max([FULL, *(g.detail for g in grants)], key=list(LEVELS).index)
    contents = read_contents(session, actor, campaign, edition, period, now, district.slug, finest)
    readers = [(district.id, district.slug, district.name, finest)]
    readers += [(g.reader_id, g.reader_slug, g.reader_name, g.detail) for g in grants]
    copies = []
    for reader_id, slug, name, detail in readers:
        row = _header(contents, district, actor, now, reason)
        row.reader_id, row.reader_slug, row.reader_name, row.detail = reader_id, slug, name, detail
        said = _chain(session, row)
        figures = tuple(figure_rows(contents, row, detail))
        row.content_sha256 = content_of(row, figures)
        copies.append(Copy(row, figures, reader_id == district.id, said == row.content_sha256))
    return Preview(contents.score, tuple(copies))


def _header(contents: Contents, district: TenantRef, actor: Actor | None, now: datetime, reason: str) -> Publication:
    score, interval = contents.score, contents.interval
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
        interval_low=interval.low if interval else None,
        interval_high=interval.high if interval else None,
        interval_seed=interval.seed if interval else "",
        warnings=list(contents.warnings),
        seal_version=SEAL_VERSION,
        reason=reason,
        published_by=actor.name if actor else "",
        published_at=now,
    )


def _chain(session: ScopedSession, row: Publication) -> str:
    """Give the copy its number, the seal before it, and the seal that it corrects; the content hash of what it corrects, or ''."""
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
    columns = (Publication.sha256, Publication.content_sha256)
    old = session.execute(select(*columns).where(*mine, *same).order_by(Publication.sequence.desc()).limit(1)).first()
    row.corrects_sha256 = old[0] if old else None
    return old[1] if old else ""


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
