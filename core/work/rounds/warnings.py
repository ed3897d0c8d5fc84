"""What is odd about a round before it is opened (轮次提醒): nothing of it forbids, all of it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from core.campaigns import Campaign
from core.errors import N_
from core.work.calendar import WorkCalendar
from core.work.dated import valid_on
from core.work.rounds.clearance import sees_round
from core.work.rounds.kinds import SECRET_MODE
from core.work.rounds.mutual import own_places
from core.work.rounds.progress import Progress
from core.work.rounds.stops import PLANNED
from core.work.tables import Round, RoundMember, RoundStop, Sheet, Site, SiteKind
from tenants.access import Actor
from tenants.models import Person

RECENT_DAYS = 7  # a place seen so lately for the same form is a burden (ours)
VISITS_A_DAY = 12  # of one team (ours)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark (提醒): a source text with its values; ``names`` are a few of those concerned, ``n`` how many there are."""

    code: str
    text: str
    n: int
    names: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)


def warnings_of(
    session: Session,
    actor: Actor,
    of: Round,
    progress: Progress,
    campaigns: Sequence[Campaign],
    calendar: WorkCalendar,
    on: date,
) -> list[Remark]:
    """Everything odd about a round that is planned or under way; none of one that is over."""
    if of.state not in ("draft", "open"):
        return []
    found = [
        _without_form(session, of, campaigns, on),
        _on_two_teams(session, actor, of, on),
        _too_many(of, progress, calendar),
        _seen_lately(session, of, campaigns, on),
        _both_modes(session, actor, of, on),
        _own(session, of, on),
        _loose(progress),
    ]
    return [one for one in found if one is not None and one.n]


def wanted_forms(of: Round, campaigns: Sequence[Campaign]) -> list[tuple[str, str, frozenset[str]]]:
    """The forms that a round asks: campaign, code and site types."""
    return [
        (campaign.key, form.code, frozenset(form.site_types))
        for campaign in campaigns
        for form in campaign.edition.all_forms
        if (not of.campaigns or campaign.key in of.campaigns) and (not of.forms or form.code in of.forms)
    ]


def _planned(of: Round) -> Any:
    return select(RoundStop.site_id).where(
        RoundStop.tenant_id == of.tenant_id, RoundStop.round_id == of.id, RoundStop.state == PLANNED
    )


def _without_form(session: Session, of: Round, campaigns: Sequence[Campaign], on: date) -> Remark | None:
    types = {kind for _, _, kinds in wanted_forms(of, campaigns) for kind in kinds}
    typed = select(SiteKind.site_id).where(
        SiteKind.tenant_id == of.tenant_id, SiteKind.site_type.in_(types), valid_on(SiteKind, on)
    )
    query = select(Site.name).where(Site.id.in_(_planned(of)), Site.id.not_in(typed)).order_by(Site.pinyin)
    names = session.scalars(query).all()
    return Remark("no_form", N_("没有应查的检查表"), len(names), tuple(names[:_NAMED]))


def _on_two_teams(session: Session, actor: Actor, of: Round, on: date) -> Remark | None:
    """Members who are in another round on some of the same days; a round that the reader may not know of is no reason."""
    other, theirs = aliased(RoundMember), RoundMember
    query = (
        select(Person.name)
        .distinct()
        .select_from(theirs)
        .join(other, and_(other.tenant_id == theirs.tenant_id, other.person_id == theirs.person_id))
        .join(Round, and_(Round.tenant_id == other.tenant_id, Round.id == other.round_id))
        .join(Person, and_(Person.tenant_id == theirs.tenant_id, Person.id == theirs.person_id))
        .where(theirs.round_id == of.id, theirs.ended_at.is_(None), other.ended_at.is_(None), other.round_id != of.id)
        .where(Round.state.in_(("draft", "open")), Round.starts_on <= of.ends_on, Round.ends_on >= of.starts_on)
        .where(sees_round(actor, on))
    )
    names = sorted(session.scalars(query))
    return Remark("two_teams", N_("同一天还在别的轮次里"), len(names), tuple(names[:_NAMED]))


def _too_many(of: Round, progress: Progress, calendar: WorkCalendar) -> Remark | None:
    """Teams whose visits are more than they can make in the round's working days."""
    days = [of.starts_on + timedelta(days=n) for n in range((of.ends_on - of.starts_on).days + 1)]
    worked = sum(calendar.is_working(day) for day in days) or len(days)
    most = worked * VISITS_A_DAY
    names = [one.team.name for one in progress.teams if one.team is not None and one.tally.wanted > most]
    params = {"most": VISITS_A_DAY, "days": worked}
    return Remark("too_many", N_("每天 {most} 次、{days} 个工作日走不完"), len(names), tuple(names[:_NAMED]), params)


def _seen_lately(session: Session, of: Round, campaigns: Sequence[Campaign], on: date) -> Remark | None:
    """Places that were visited for one of the same forms in the last days: everybody's time (为基层减负)."""
    pairs = [and_(Sheet.campaign == key, Sheet.form == code) for key, code, _ in wanted_forms(of, campaigns)]
    if not pairs or of.state != "draft":
        return None
    since = of.starts_on - timedelta(days=RECENT_DAYS)
    seen = select(Sheet.site_id).where(
        Sheet.tenant_id == of.tenant_id,
        Sheet.hidden.is_(False),
        Sheet.day >= since,
        Sheet.day <= min(of.starts_on, on),
        or_(*pairs),
    )
    query = select(Site.name).where(Site.id.in_(_planned(of)), Site.id.in_(seen)).order_by(Site.pinyin)
    names, params = session.scalars(query).all(), {"days": RECENT_DAYS}
    return Remark("lately", N_("{days} 天内已有人用同样的检查表查过"), len(names), tuple(names[:_NAMED]), params)


def _both_modes(session: Session, actor: Actor, of: Round, on: date) -> Remark | None:
    """Places that a secret and an announced round visit on some of the same days; said in the secret one alone."""
    if of.mode != SECRET_MODE:
        return None
    others = select(Round.id).where(
        Round.tenant_id == of.tenant_id,
        Round.mode != of.mode,
        Round.state.in_(("draft", "open")),
        Round.starts_on <= of.ends_on,
        Round.ends_on >= of.starts_on,
        sees_round(actor, on),
    )
    both = select(RoundStop.site_id).where(
        RoundStop.tenant_id == of.tenant_id, RoundStop.round_id.in_(others), RoundStop.state == PLANNED
    )
    query = select(Site.name).where(Site.id.in_(_planned(of)), Site.id.in_(both)).order_by(Site.pinyin)
    names = session.scalars(query).all()
    return Remark("both_modes", N_("同期还有公开检查去这里"), len(names), tuple(names[:_NAMED]))


def _own(session: Session, of: Round, on: date) -> Remark | None:
    """Of a mutual check only: somebody's post moved since."""
    if of.kind != "mutual":
        return None
    found = own_places(session, of, on, most=100)
    return Remark("own", N_("互查到了本单位"), len(found), tuple(f"{one.person} {one.site}" for one in found[:_NAMED]))


def _loose(progress: Progress) -> Remark | None:
    """Places that nobody in particular walks, where there are teams."""
    if not any(one.team is not None for one in progress.teams):
        return None
    loose = [stop.name for one in progress.teams if one.team is None for line in one.lines for stop in line.stops]
    return Remark("loose", N_("还没有分给哪个组"), len(loose), tuple(loose[:_NAMED]))
