"""Publications as they lie on the shelf (发布件): what a tenant sent or received, read for pages, API and documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, NotFound
from core.figures.periods import Period
from core.figures.sealed_rows import SITE, UNIT
from core.figures.tables import Publication, PublishedFigure
from core.work.roles import GRANT, PUBLISH, SEE
from tenants.access import Actor, may, root_unit
from tenants.scope import ScopedSession


def period_of(publication: Publication) -> Period:
    """The period of a publication."""
    return Period(publication.period_kind, publication.period_start, publication.period_end)


def own_publications(session: ScopedSession, campaign: str | None = None) -> list[Publication]:
    """The district's own copies, newest first."""
    mine = session.tenant_id
    query = select(Publication).where(Publication.reader_id == mine, Publication.tenant_id == mine)
    if campaign is not None:
        query = query.where(Publication.campaign == campaign)
    return list(session.scalars(query.order_by(Publication.sequence.desc())))


def sent_publications(session: ScopedSession, campaign: str | None = None) -> list[Publication]:
    """Every copy that this district sent, its own among them, newest first."""
    query = select(Publication).where(Publication.tenant_id == session.tenant_id)
    if campaign is not None:
        query = query.where(Publication.campaign == campaign)
    return list(session.scalars(query.order_by(Publication.published_at.desc(), Publication.reader_slug)))


def latest_publication(session: ScopedSession, campaign: str, period: Period) -> Publication | None:
    """The district's own copy of a period, corrections applied; None when it is not published."""
    return next((p for p in own_publications(session, campaign) if period_of(p) == period), None)


def find_publication(session: ScopedSession, publication_id: UUID) -> Publication:
    """A publication that this tenant sent or received; NotFound for any other."""
    found = session.scalars(select(Publication).where(Publication.id == publication_id)).first()
    if found is None:
        raise NotFound(N_("没有找到这份发布件"))
    return found


def shown_figures(
    session: ScopedSession, actor: Actor | None, figures: Iterable[PublishedFigure], on: date
) -> list[PublishedFigure]:
    """What of a publication a person may read: of an own one units and sites only who sees the whole or publishes it.

    What another tenant sent is for whoever may compare.
    """
    everything = actor is None or actor.has(PUBLISH) or actor.has(GRANT) or sees_whole(session, actor, on)
    mine = session.tenant_id
    return [one for one in figures if everything or one.tenant_id != mine or one.level not in (UNIT, SITE)]


def sees_whole(session: ScopedSession, actor: Actor, on: date) -> bool:
    """Whether a person sees every row of the district."""
    return may(session, actor, SEE, root_unit(session).id, on)


def figures_of(session: ScopedSession, publication: Publication) -> list[PublishedFigure]:
    """The figures of a publication in their order."""
    query = select(PublishedFigure).where(
        PublishedFigure.reader_id == publication.reader_id,
        PublishedFigure.tenant_id == publication.tenant_id,
        PublishedFigure.publication_id == publication.id,
    )
    return list(session.scalars(query.order_by(PublishedFigure.position)))
