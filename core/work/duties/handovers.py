"""Hand-over (交接): the chosen posts and all open items in person pass to a successor in one step, and a record remains.

What is open in person: findings one is in charge of (责任人), re-inspections to do, sponsorships, items handed on to
outside hands with their links, whistles one leads. Posts and sponsorships are ended and begun anew, so that every earlier
day still names who answered then; the rest moves. Everything happens in the caller's transaction, all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.dated import last_day_of, touches, valid_on
from core.work.duties.handover_items import KINDS, Items, find_items, move_items
from core.work.duties.holdings import ADMINISTRATOR, end_now, refuse_last
from core.work.duties.people import require_over
from core.work.journal import record
from core.work.permits import require
from core.work.roles import ADMINISTER, RESTRICTED, verbs_of
from core.work.tables import Handover
from core.work.wording import read_text
from tenants.access import Actor
from tenants.db import now as server_now
from tenants.models import Holding, Person, Post, Unit
from tenants.scope import ScopedSession

__all__ = ["KINDS", "Preview", "get_handover", "hand_over", "handovers_of", "preview_handover"]
BACK = timedelta(days=31)  # how long ago a hand-over may have taken place that is written down today (ours)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a hand-over would do (交接预览): the posts, and the open items by kind that the reader may see."""

    leaver: Person
    successor: Person
    posts: Sequence[tuple[Holding, Post, str]]
    items: Items
    both: tuple[UUID, ...]  # posts that the successor holds already


def preview_handover(
    session: ScopedSession,
    actor: Actor | None,
    from_person: UUID,
    to_person: UUID,
    *,
    posts: Collection[UUID],
    on: date,
    today: date,
    kinds: Collection[str] = KINDS,
) -> Preview:
    """What would pass from one person to another on a day; writes nothing. Raises as :func:`hand_over`."""
    leaver, successor = _people(session, from_person, to_person)
    _check_day(on, today)
    held = _posts(session, leaver, posts, on, today)
    for _, post, _ in held:
        require(session, actor, ADMINISTER, post.unit_id, today)
    if not held or set(posts) != set(held_posts(session, leaver.id, on)):
        require_over(session, actor, leaver.id, today)
    trusted = _is_trusted(session, successor, held, on)
    items = find_items(session, actor, leaver.id, kinds=kinds, on=on, today=today, restricted=trusted)
    if not held and not items.count:
        fault = Fault(N_("没有要交接的内容"), "posts", remedy=N_("请至少选一个岗位或一类在办事项"))
        raise InvalidInput(faults=[fault])
    standing = held_posts(session, successor.id, on)
    return Preview(leaver, successor, held, items, tuple(post.id for _, post, _ in held if post.id in standing))


def hand_over(
    session: ScopedSession,
    actor: Actor | None,
    from_person: UUID,
    to_person: UUID,
    *,
    posts: Collection[UUID],
    on: date,
    note: str,
    today: date,
    kinds: Collection[str] = KINDS,
    now: datetime | None = None,
) -> Handover:
    """Pass posts (ids) and open items from one person to another (交接) on a day, today or at most 31 days ago.

    Every finding that moves gets a line of history. A restricted finding passes only to a successor who may see it, and
    what the actor may not see is moved but never told. Raises NotFound, Forbidden, InvalidInput (the same person, a post
    that is not held, a day that does not fit, nothing to pass) and Conflict (an inactive successor, the last
    administrator).
    """
    faults: list[Fault] = []
    said = read_text(note, "note", faults)
    if faults:
        raise InvalidInput(faults=faults)
    seen = preview_handover(session, actor, from_person, to_person, posts=posts, on=on, today=today, kinds=kinds)
    trusted = _is_trusted(session, seen.successor, seen.posts, on)
    everything = find_items(session, None, seen.leaver.id, kinds=kinds, on=on, today=today, restricted=trusted)
    body = {"from": seen.leaver.name, "to": seen.successor.name, "posts": _pass_posts(session, actor, seen, on, today)}
    body |= move_items(session, actor, everything, seen.leaver, seen.successor, on=on, now=now or server_now())
    row = Handover(
        from_id=seen.leaver.id,
        to_id=seen.successor.id,
        on=on,
        note=said,
        body=body,
        person_id=actor.person_id if actor else None,
        person_name=actor.name if actor else "",
    )
    session.add(row)
    session.flush()
    counted = {"posts": len(seen.posts)} | {kind: n for kind, n in seen.items.counts.items() if n}
    named = {"before": seen.leaver.name, "after": seen.successor.name, "on": on.isoformat()}
    record(session, actor, "handover", "person", seen.leaver.id, **named, **counted)
    return row


def _people(session: ScopedSession, from_person: UUID, to_person: UUID) -> tuple[Person, Person]:
    leaver = session.get(Person, (session.tenant_id, from_person))
    successor = session.get(Person, (session.tenant_id, to_person))
    if leaver is None or successor is None:
        raise NotFound(N_("没有找到这个人员"))
    if leaver.id == successor.id:
        fault = Fault(N_("交接双方是同一个人"), "to", value=leaver.name, remedy=N_("请另选接手人"))
        raise InvalidInput(faults=[fault])
    if successor.state != "active":
        fault = Fault(N_("接手人已离任"), "to", value=successor.name, remedy=N_("请另选一位在岗人员，或先恢复任职"))
        raise Conflict(N_("不能交接给已离任的人员"), faults=[fault])
    return leaver, successor


def _check_day(on: date, today: date) -> None:
    if not today - BACK <= on <= today:
        remedy = N_("交接日期可填今天或之前 31 天内；以后的交接请到当天办理，任职可以提前安排")
        raise InvalidInput(faults=[Fault(N_("交接日期无效"), "on", value=on.isoformat(), remedy=remedy)])


def held_posts(session: ScopedSession, person_id: UUID, on: date) -> dict[UUID, Holding]:
    """What a person holds on a day, by post."""
    chosen = select(Holding).where(Holding.person_id == person_id, valid_on(Holding, on))
    return {holding.post_id: holding for holding in session.scalars(chosen)}


def _posts(
    session: ScopedSession, leaver: Person, posts: Collection[UUID], on: date, today: date
) -> list[tuple[Holding, Post, str]]:
    """The chosen holdings with their posts and units; each must be held now and on the day."""
    rows = session.execute(
        select(Holding, Post, Unit.name)
        .join(Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id))
        .join(Unit, (Unit.tenant_id == Post.tenant_id) & (Unit.id == Post.unit_id))
        .where(Holding.person_id == leaver.id, Holding.post_id.in_(posts), valid_on(Holding, on))
        .where(valid_on(Holding, today))
        .order_by(Holding.valid_from, Holding.id)
    )
    found = [(holding, post, unit) for holding, post, unit in rows]
    if {post.id for _, post, _ in found} != set(posts):
        fault = Fault(N_("所选岗位在交接那天不由其担任"), "posts", value=leaver.name, remedy=N_("请重新选择岗位"))
        raise InvalidInput(faults=[fault])
    return found


def _is_trusted(
    session: ScopedSession, successor: Person, passing: Sequence[tuple[Holding, Post, str]], on: date
) -> bool:
    """Whether the successor may see restricted findings, by his own posts or by those that pass to him."""
    own = select(Post).where(Post.id.in_(held_posts(session, successor.id, on)))
    posts = [*session.scalars(own), *(post for _, post, _ in passing)]
    return any(RESTRICTED in verbs_of(post.role, post.campaign) for post in posts)


def _pass_posts(
    session: ScopedSession, actor: Actor | None, seen: Preview, on: date, today: date
) -> list[dict[str, Any]]:
    """End the leaver's holdings and begin the successor's; a term passes with its end."""
    passed = []
    for holding, post, unit in seen.posts:
        end = holding.valid_to
        if post.id not in seen.both:
            until = _until_next(session, seen.successor.id, post.id, on, end)
            new = Holding(person_id=seen.successor.id, post_id=post.id, valid_from=on, valid_to=until)
            new.kind = holding.kind
            session.add(new)
            session.flush()
            detail = {"title": post.title, "role": post.role, "name": seen.successor.name}
            record(session, actor, "holding.begin", "person", seen.successor.id, **detail)
        if post.role == ADMINISTRATOR:
            refuse_last(session, [holding], today)
        end_now(session, actor, holding, post, on)
        last = last_day_of(end)
        said = {"id": str(post.id), "title": post.title, "role": post.role, "unit": unit, "campaign": post.campaign}
        passed.append(said | {"until": last.isoformat() if last else None, "kind": holding.kind})
    return passed


def _until_next(session: ScopedSession, person_id: UUID, post_id: UUID, on: date, end: date | None) -> date | None:
    """The end of a term that begins on a day: before the person's own next term at the post, if one is arranged."""
    chosen = select(Holding.valid_from).where(
        Holding.person_id == person_id, Holding.post_id == post_id, touches(Holding, on, end)
    )
    return min(session.scalars(chosen), default=end)


def handovers_of(session: ScopedSession, person_id: UUID) -> list[Handover]:
    """The hand-overs from and to a person (交接记录), the latest first."""
    mine = or_(Handover.from_id == person_id, Handover.to_id == person_id)
    return list(session.scalars(select(Handover).where(mine).order_by(Handover.created_at.desc(), Handover.id)))


def get_handover(session: ScopedSession, handover_id: UUID) -> Handover:
    """One record. Raises NotFound."""
    row = session.get(Handover, (session.tenant_id, handover_id))
    if row is None:
        raise NotFound
    return row
