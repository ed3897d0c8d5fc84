"""Rounds for the routes' world (检查轮次): one with a team, a line and a stop, a plan, and fresh ones for each write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from core.campaigns.registry import installed
from core.work.enabling import enabled
from core.work.inspection.visits import submit
from core.work.rounds.lines import add_line
from core.work.rounds.plan_keeping import PlanWish, keep_plan
from core.work.rounds.planning import Wish, create, open_round
from core.work.rounds.recurring import Recurrence
from core.work.rounds.stops import add_sites
from core.work.rounds.teams import add_team
from core.work.tables import Round
from tenants.access import Actor, root_unit
from tenants.db import new_id, now
from tenants.scope import ScopedSession
from tests.work.market import ANSWERS


def give_rounds(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date
) -> dict[str, str]:
    """An open round that everybody here may read, and a plan; by the names that addresses give them."""
    office = actors["hq_office"]
    made = staffed(session, office, ids, today)
    open_round(session, office, UUID(made["round_id"]), version=4, now=now())
    return made | new_plan(session, office, today)


def new_round(session: ScopedSession, office: Actor, today: date, *, mode: str = "announced") -> Round:
    """A draft, whose version is 1."""
    unit = root_unit(session).id
    wish = Wish("weekly", "路由轮次", unit, today, today + timedelta(days=6), mode=mode, criteria="检查重点")
    made = create(session, replace(office, cleared=True), wish, now=now())
    made.number = None  # pages that show it are compared with each other
    session.flush()
    return made


def staffed(
    session: ScopedSession, office: Actor, ids: Mapping[str, str], today: date, *, mode: str = "announced"
) -> dict[str, str]:
    """A draft with a team, a line and the market on it, whose version is 4."""
    desk, of = replace(office, cleared=True), new_round(session, office, today, mode=mode)
    people = [office.person_id]
    team = add_team(session, desk, of.id, version=1, name="一组", members=people, now=now())
    line = add_line(session, desk, of.id, version=2, name="东线", team_id=team.id, now=now())
    site = UUID(ids["site_id"])
    add_sites(session, desk, of.id, version=3, sites=[site], line_id=line.id, stratum="市场", now=now())
    return {"round_id": str(of.id), "team_id": str(team.id), "line_id": str(line.id)}


def in_state(
    session: ScopedSession, office: Actor, ids: Mapping[str, str], today: date, state: str, *, mode: str = "announced"
) -> dict[str, str]:
    """One in a state, whose version is 4; ``site_id`` is its stop."""
    made = staffed(session, office, ids, today, mode=mode)
    session.get_one(Round, (session.tenant_id, UUID(made["round_id"]))).state = state
    return made | {"site_id": ids["site_id"]}


def visited(session: ScopedSession, office: Actor, ids: Mapping[str, str], today: date) -> dict[str, str]:
    """A visit of the office for an open round."""
    made = in_state(session, office, ids, today, "open")
    said = {"campaigns": enabled(session, installed()), "visit_id": new_id(), "answers": ANSWERS}
    done = submit(session, office, site_id=UUID(made["site_id"]), round_id=UUID(made["round_id"]), **said)
    return {"round_id": made["round_id"], "visit_id": str(done.visit.id)}


def new_plan(session: ScopedSession, office: Actor, today: date) -> dict[str, str]:
    """A plan, whose version is 1; it begins so late that it makes nothing yet."""
    unit = root_unit(session).id
    wish = PlanWish("weekly", "路由计划", unit, Recurrence("week", (0, 3)), today + timedelta(days=60))
    return {"plan_id": str(keep_plan(session, replace(office, cleared=True), wish, now=now()).id)}
