"""Rounds that plans make by themselves (周期生成): a week ahead, each once, whoever else makes them at the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from core.work.calendar import load_calendar, local_day
from core.work.journal import record, sealed
from core.work.rounds.beside import allows_beside, with_beside
from core.work.rounds.kinds import kind_of
from core.work.rounds.lines import enter_line
from core.work.rounds.plan_keeping import ACTIVE, KIND
from core.work.rounds.planning import enter
from core.work.rounds.recurring import occurrences, recurrence_of
from core.work.rounds.steps import OPEN, note_step, step
from core.work.rounds.stops import enter_stops
from core.work.rounds.teams import candidates, enter_team, seat
from core.work.tables import Round, RoundPlan, Site

AHEAD = 7  # days ahead of which rounds are made (ours)


def make_rounds(session: Session, now: datetime) -> int:
    """Make the rounds of every plan in force that begin within a week; gives how many. May run late, twice or beside itself.

    A round whose first day was missed is made while it still lasts; what is over by then is noted in the trail and not made:
    nobody can walk it any more.
    """
    on = local_day(now)
    query = select(RoundPlan).where(
        RoundPlan.state == ACTIVE,
        RoundPlan.starts_on <= on + timedelta(days=AHEAD),
        or_(RoundPlan.made_until.is_(None), RoundPlan.made_until < on + timedelta(days=AHEAD)),
    )
    # Two turns at once wait for one another here; the second then finds everything made.
    plans = session.scalars(
        query.order_by(RoundPlan.id).with_for_update(), execution_options={"populate_existing": True}
    )
    return sum(len(make_for(session, plan, now)) for plan in plans.all())


def make_for(session: Session, plan: RoundPlan, now: datetime) -> list[Round]:
    """The coming rounds of one plan, those that are not there yet."""
    on = local_day(now)
    first = max(plan.starts_on, plan.made_until + timedelta(days=1)) if plan.made_until else plan.starts_on
    last = on + timedelta(days=AHEAD)
    if plan.ends_on is not None:
        last = min(last, plan.ends_on)
    there = set(session.scalars(select(Round.starts_on).where(Round.plan_id == plan.id)))
    made, missed = [], []
    if first <= last:
        rule = recurrence_of(plan.recurrence)
        for start, end in occurrences(rule, first, last, load_calendar(session, now)):
            if start in there:
                continue
            if end < on:
                missed.append(start.isoformat())
            else:
                made.append(_make(session, plan, start, end, now))
    values = {"made_until": on + timedelta(days=AHEAD)}
    session.execute(update(RoundPlan).where(RoundPlan.id == plan.id).values(**values))
    if missed:
        with sealed(session, plan.id if plan.hidden else None):
            record(session, None, "round_plan.missed", KIND, plan.id, days=missed)
            session.flush()
    return made


def _make(session: Session, plan: RoundPlan, start: date, end: date, now: datetime) -> Round:
    """One round of a plan, with its teams, lines and stops as far as they are still there."""
    template, kind = plan.template, kind_of(plan.kind)
    values = {
        "kind": plan.kind,
        "mode": plan.mode,
        "source": template.get("source") or kind.source,
        "weight": template.get("weight", kind.weight),
        "title": title_of(plan, start),
        "criteria": template.get("criteria", ""),
        "unit_id": plan.unit_id,
        "campaigns": list(plan.campaigns),
        "forms": list(template.get("forms", ())),
        "sampling": with_beside({}, allows_beside(template)),
        "starts_on": start,
        "ends_on": end,
    }
    of = enter(session, None, values, now=now, plan_id=plan.id)
    stops = _lay_out(session, of, template, start)
    note_step(session, None, of, "plan", now=now, detail={"stops": stops})
    if template.get("opens") and stops and template.get("teams"):
        step(session, None, of, "open", version=of.version, now=now, values={"state": OPEN})
    return of


def title_of(plan: RoundPlan, start: date) -> str:
    """A round's name: the plan's, and the day on which it begins."""
    return f"{plan.title} {start:%m-%d}"


def _lay_out(session: Session, of: Round, template: Mapping[str, Any], on: date) -> int:
    """Teams, lines and stops of a template; whoever has no post that visits any more, and closed sites, are left out."""
    known = {one.person_id for one in candidates(session, on)}
    teams: dict[str, UUID] = {}
    for place, said in enumerate(template.get("teams", ()), 1):
        team = enter_team(session, of, said["name"], place)
        teams[said["id"]] = team.id
        people = [(UUID(one["person"]), bool(one["leads"])) for one in said["members"]]
        seat(session, of, team.id, [one for one in people if one[0] in known])
    lines: dict[str, UUID] = {}
    for place, said in enumerate(template.get("lines", ()), 1):
        least, most = said["visits"]
        lines[said["id"]] = enter_line(session, of, said["name"], teams.get(said["team"] or ""), least, most, place).id
    wanted = [(UUID(site), lines.get(line or ""), stratum) for site, line, stratum in template.get("stops", ())]
    ids = [site for site, _, _ in wanted]
    open_ = set(session.scalars(select(Site.id).where(Site.id.in_(ids), Site.state == "active"))) if ids else set()
    return enter_stops(session, of, [one for one in wanted if one[0] in open_])
