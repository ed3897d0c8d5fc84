"""The demo's rounds (演示轮次): a weekly one half walked, a secret one released, one still hidden, a subdistrict's own, and plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import select

from core.demo.inspections import answer_all
from core.demo.playing import LABEL, Play
from core.work.calendar import local_day
from core.work.forms.fielding import fielded
from core.work.inspection.visit_plan import plan
from core.work.inspection.visits import submit
from core.work.rounds.lines import add_line
from core.work.rounds.plan_keeping import PlanWish, keep_plan
from core.work.rounds.plan_turns import make_for
from core.work.rounds.planning import Wish, close_round, create, open_round
from core.work.rounds.recurring import Recurrence
from core.work.rounds.releasing import release
from core.work.rounds.stops import add_sites
from core.work.rounds.teams import add_team
from core.work.tables import Round, Site
from tenants.access import Actor, subtree

PLANS: tuple[tuple[str, str, Recurrence], ...] = (
    ("daily", "日督查", Recurrence("day", working="only")),
    ("weekly", "周督查", Recurrence("week", (0,))),
    ("ten_day_secret", "旬暗访", Recurrence("ten_day", (), day=3, days=5)),
    ("monthly", "月考核", Recurrence("month", (), day=20, working="next")),
    ("mock", "第三方模拟测评", Recurrence("quarter", (), day=45, days=10)),
    ("joint", "联合督查", Recurrence("nth_week", (1,), week=2, days=3)),
)


def play_rounds(play: Play) -> None:
    """Play them all; ``play`` works in a cleared session."""
    desk = replace(play.desk, cleared=True)
    random = Random(play.stage.part.seed + 47)  # noqa: S311 - a fixed seed is the point
    first, second = (replace(play.stage.actors[f"演示检查员{one}"], cleared=True) for one in "甲乙")
    third = replace(play.seat("演示检查员丙", play.root(), "inspector"), cleared=True)
    sites = [site for site, _ in play.stage.sites]
    random.shuffle(sites)
    weekly = _weekly(play, desk, (first, second, third), sites[:18])
    for number, actor in enumerate((first, second, third)):
        _walk(play, random, weekly, actor, sites[number * 6 : number * 6 + (5, 3, 1)[number]], back=1)
    _secret(play, random, desk, second, sites[18:26])
    _hidden(play, random, desk, third, sites[26:34])
    _own(play, random)
    for kind, title, rule in PLANS:
        wish = PlanWish(kind, title, play.root(), rule, play.today, copy_of=weekly.id if kind == "weekly" else None)
        make_for(play.session, keep_plan(play.session, desk, wish, now=play.until), play.until)
    play.session.flush()


def _weekly(play: Play, desk: Actor, people: Sequence[Actor], sites: Sequence[UUID]) -> Round:
    """Three teams with a line each, half done and one of them late."""
    start = play.today - timedelta(days=3)
    wish = Wish(
        "weekly", f"本周督查{LABEL}", play.root(), start, start + timedelta(days=6), criteria="占道经营、卫生死角"
    )
    of = _made(play, desk, wish, back=3)
    for number, (actor, name) in enumerate(zip(people, ("一组", "二组", "三组"), strict=True)):
        at = play.at(3, 8, number)
        people_here = [actor.person_id]
        team = add_team(
            play.session,
            desk,
            of.id,
            version=of.version,
            name=name,
            members=people_here,
            leader=actor.person_id,
            now=at,
        )
        more = {"team_id": team.id, "visits_min": 2 if number == 0 else 1, "visits_max": 2}
        line = add_line(
            play.session, desk, of.id, version=of.version, name=("东线", "中线", "西线")[number], now=at, **more
        )  # type: ignore[arg-type]  # values by name
        its = sites[number * 6 : number * 6 + 6]
        add_sites(play.session, desk, of.id, version=of.version, sites=its, line_id=line.id, now=at)
    return open_round(play.session, desk, of.id, version=of.version, now=play.at(3, 9))


def _secret(play: Play, random: Random, desk: Actor, actor: Actor, sites: Sequence[UUID]) -> None:
    """A secret round that is over and released."""
    start = play.today - timedelta(days=19)
    of = _staffed(
        play,
        desk,
        actor,
        Wish("ten_day_secret", f"上一旬暗访{LABEL}", play.root(), start, start + timedelta(days=9)),
        sites,
        19,
    )
    _walk(play, random, of, actor, sites, back=14)
    close_round(play.session, desk, of.id, version=of.version, now=play.at(10, 17))
    release(play.session, desk, of.id, version=of.version, now=play.at(9, 9))


def _hidden(play: Play, random: Random, desk: Actor, actor: Actor, sites: Sequence[UUID]) -> None:
    """A secret round that is being walked: only the office and its team know."""
    start = play.today - timedelta(days=2)
    of = _staffed(
        play,
        desk,
        actor,
        Wish("ten_day_secret", f"本旬暗访{LABEL}", play.root(), start, start + timedelta(days=8)),
        sites,
        2,
    )
    _walk(play, random, of, actor, sites[:3], back=1)


def _own(play: Play, random: Random) -> None:
    """A subdistrict checks its own communities by its grid workers, and ranks them."""
    street = play.street(0)
    liaison = play.liaison(street)
    wish = Wish(
        "own_round", f"街道自办检查{LABEL}", street, play.today - timedelta(days=5), play.today + timedelta(days=1)
    )
    grid = play.seat("演示街道网格员", street, "grid_worker")
    under = subtree(play.stage.tenant.id, street, play.today)
    its = select(Site.id).where(Site.unit_id.in_(under), Site.state == "active")
    sites = list(play.session.scalars(its.order_by(Site.name, Site.address).limit(12)))  # the same at each laying
    if sites:
        of = _staffed(play, liaison, grid, wish, sites, 5)
        _walk(play, random, of, grid, sites[:9], back=3)


def _made(play: Play, actor: Actor, wish: Wish, back: int) -> Round:
    return create(play.session, actor, wish, now=play.at(back, 8))


def _staffed(play: Play, planner: Actor, member: Actor, wish: Wish, sites: Sequence[UUID], back: int) -> Round:
    """An open round with one team on all its places."""
    of, at = _made(play, planner, wish, back), play.at(back, 8, 30)
    people = [member.person_id]
    add_team(play.session, planner, of.id, version=of.version, name="一组", members=people, leader=people[0], now=at)
    add_sites(play.session, planner, of.id, version=of.version, sites=sites, now=at)
    return open_round(play.session, planner, of.id, version=of.version, now=at)


def _walk(play: Play, random: Random, of: Round, actor: Actor, sites: Sequence[UUID], *, back: int) -> None:
    """Visit places for a round, one every half an hour of a day."""
    types = dict(play.stage.sites)
    day = play.hour(back, 9)
    campaigns = fielded(play.session, play.registry, day=local_day(day))
    for number, site in enumerate(sites):
        at: datetime = min(day + timedelta(minutes=30 * number), play.until)
        due = plan(types.get(site, ()), campaigns)
        answers, photos = answer_all(random, play.stage, due, play.stage.part.quality)
        if answers:
            submit(
                play.session,
                actor,
                campaigns=campaigns,
                visit_id=UUID(int=random.getrandbits(128), version=4),
                site_id=site,
                answers=answers,
                photos=photos,
                note="演示数据",
                round_id=of.id,
                started_at=at - timedelta(minutes=12),
                now=at,
            )
