"""Assigning sites to posts (点位责任岗): one post for one or many sites in one step, previewed, dated, never overwritten."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select, update

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.dated import end_of, touches
from core.work.duties.holdings import find_post
from core.work.duties.posts import check_campaign
from core.work.journal import record
from core.work.roles import ADMINISTER, DIRECT
from core.work.tables import Site, SitePost
from tenants.access import Actor, reach
from tenants.models import Post
from tenants.scope import ScopedSession

MOST = 20_000
KEEPERS = (ADMINISTER, DIRECT)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What an assignment would do (指定预览): sites that get the post, that change hands, that have it already.

    ``replaced``: pairs of a site and the posts that end there.
    """

    post: Post
    campaign: str
    valid_from: date
    until: date | None
    fresh: tuple[UUID, ...]
    replaced: tuple[tuple[UUID, tuple[UUID, ...]], ...]
    unchanged: tuple[UUID, ...]

    @property
    def count(self) -> int:
        """How many sites change."""
        return len(self.fresh) + len(self.replaced)


def preview_assignment(
    session: ScopedSession,
    actor: Actor | None,
    site_ids: Collection[UUID],
    post_id: UUID,
    *,
    campaign: str = "",
    valid_from: date | None = None,
    until: date | None = None,
    today: date,
) -> Assignment:
    """What it would do to make a post accountable for some sites in a campaign ('' for all); writes nothing.

    Raises InvalidInput (no sites, too many, dates that do not fit, a post limited to another campaign), NotFound and
    Forbidden.
    """
    post, start = find_post(session, post_id), valid_from or today
    _check(post, site_ids, campaign, start, until, today)
    check_campaign(session, campaign or None)
    _check_reach(session, actor, site_ids, today)
    standing = _standing(session, site_ids, campaign, start, until)
    fresh, replaced, unchanged = [], [], []
    for site in dict.fromkeys(site_ids):
        rows = standing.get(site, [])
        if any(_keeps(row, post.id, start, until) for row in rows) and len(rows) == 1:
            unchanged.append(site)
        elif rows:
            replaced.append((site, tuple(dict.fromkeys(row.post_id for row in rows))))
        else:
            fresh.append(site)
    return Assignment(post, campaign, start, until, tuple(fresh), tuple(replaced), tuple(unchanged))


def _check(post: Post, site_ids: Collection[UUID], campaign: str, start: date, until: date | None, today: date) -> None:
    faults: list[Fault] = []
    if not site_ids:
        faults.append(Fault(N_("没有选点位"), "site", remedy=N_("请至少选一个点位")))
    if len(site_ids) > MOST:
        params = {"most": MOST}
        value = str(len(site_ids))
        faults.append(Fault(N_("点位过多"), "site", None, value, "", N_("一次最多 {most} 个"), params))
    if post.campaign and post.campaign != campaign:
        remedy = N_("请选这个岗位所属的创建项目，或换一个岗位")
        faults.append(Fault(N_("岗位只限另一个创建项目"), "campaign", value=post.title, remedy=remedy))
    if start < today:
        remedy = N_("请填今天或以后的日期；以前的责任岗不改写")
        faults.append(Fault(N_("开始日期已经过去"), "valid_from", value=start.isoformat(), remedy=remedy))
    if until is not None and until < start:
        remedy = N_("请核对两个日期")
        faults.append(Fault(N_("截止日期早于开始日期"), "until", value=until.isoformat(), remedy=remedy))
    if faults:
        raise InvalidInput(faults=faults)


def _check_reach(session: ScopedSession, actor: Actor | None, site_ids: Collection[UUID], on: date) -> None:
    """Every site must exist, and lie where the actor administers or directs."""
    rows = dict(session.execute(select(Site.id, Site.unit_id).where(Site.id.in_(site_ids))).all())
    if len(rows) != len(set(site_ids)):
        raise NotFound(N_("没有找到这个点位"))
    if actor is None:
        return
    mine = {unit for verb in KEEPERS for unit in session.scalars(reach(actor, verb, on))}
    if not set(rows.values()) <= mine:
        raise Forbidden(N_("您的岗位不能在这个单位办理此事；请联系管理员"))


def _standing(
    session: ScopedSession, site_ids: Collection[UUID], campaign: str, start: date, until: date | None
) -> dict[UUID, list[SitePost]]:
    chosen = select(SitePost).where(SitePost.site_id.in_(site_ids), SitePost.campaign == campaign)
    found: dict[UUID, list[SitePost]] = {}
    for row in session.scalars(chosen.where(touches(SitePost, start, end_of(until)))):
        found.setdefault(row.site_id, []).append(row)
    return found


def _keeps(row: SitePost, post_id: UUID, start: date, until: date | None) -> bool:
    return row.post_id == post_id and row.valid_from <= start and row.valid_to == end_of(until)


def assign_sites(
    session: ScopedSession,
    actor: Actor | None,
    site_ids: Collection[UUID],
    post_id: UUID,
    *,
    campaign: str = "",
    valid_from: date | None = None,
    until: date | None = None,
    today: date,
) -> Assignment:
    """Make a post accountable for some sites from a day on (指定点位责任岗); what stood there ends the day before.

    With an end, what stood there does not come back by itself. Raises as :func:`preview_assignment`, and Conflict when
    somebody else assigned one of them at the same moment.
    """
    ids = sorted(set(site_ids))
    session.execute(select(Site.id).where(Site.id.in_(ids)).order_by(Site.id).with_for_update())
    plan = preview_assignment(
        session, actor, ids, post_id, campaign=campaign, valid_from=valid_from, until=until, today=today
    )
    changing = [*plan.fresh, *(site for site, _ in plan.replaced)]
    _end(session, [site for site, _ in plan.replaced], campaign, plan.valid_from, until)
    _begin(session, changing, plan)
    if changing:
        detail = {"title": plan.post.title, "sites": len(changing), "since": plan.valid_from.isoformat()}
        record(session, actor, "site_post.assign", "post", plan.post.id, **detail, campaign=campaign)
    session.flush()
    return plan


def _end(session: ScopedSession, sites: Sequence[UUID], campaign: str, start: date, until: date | None) -> None:
    """End what stands at a day; what would begin only later is withdrawn (it ends on the day it would begin)."""
    chosen = (SitePost.site_id.in_(sites), SitePost.campaign == campaign, touches(SitePost, start, end_of(until)))
    begun = update(SitePost).where(*chosen, SitePost.valid_from <= start).values(valid_to=start)
    session.execute(begun.execution_options(synchronize_session=False))
    later = update(SitePost).where(*chosen, SitePost.valid_from > start).values(valid_to=SitePost.valid_from)
    session.execute(later.execution_options(synchronize_session=False))
    session.expire_all()


def _begin(session: ScopedSession, sites: Sequence[UUID], plan: Assignment) -> None:
    """Write the new rows; one withdrawn on the same day for the same post is taken up again."""
    if not sites:
        return
    key = (SitePost.campaign == plan.campaign, SitePost.post_id == plan.post.id, SitePost.valid_from == plan.valid_from)
    known = select(SitePost.site_id).where(SitePost.site_id.in_(sites), *key)
    again = list(session.scalars(known))
    if again:
        revive = update(SitePost).where(SitePost.site_id.in_(again), *key).values(valid_to=end_of(plan.until))
        session.execute(revive.execution_options(synchronize_session=False))
    same = {"campaign": plan.campaign, "post_id": plan.post.id, "valid_from": plan.valid_from}
    same |= {"valid_to": end_of(plan.until), "tenant_id": session.tenant_id}
    rows = [same | {"site_id": site} for site in sites if site not in set(again)]
    if rows:
        session.execute(insert(SitePost).execution_options(render_nulls=True), rows)


def release_site(
    session: ScopedSession, actor: Actor | None, site_id: UUID, post_id: UUID, *, campaign: str = "", today: date
) -> None:
    """End a post's own accountability for a site today (解除指定): the nearest liaison answers again.

    Raises NotFound when it does not stand, Forbidden, and Conflict when it ended already.
    """
    _check_reach(session, actor, [site_id], today)
    chosen = select(SitePost).where(
        SitePost.site_id == site_id,
        SitePost.post_id == post_id,
        SitePost.campaign == campaign,
        touches(SitePost, today, None),
    )
    rows = list(session.scalars(chosen))
    if not rows:
        raise Conflict(N_("这个责任岗已经解除"))
    for row in rows:
        row.valid_to = max(today, row.valid_from)
    session.flush()
    record(session, actor, "site_post.release", "post", post_id, site=str(site_id), campaign=campaign)
