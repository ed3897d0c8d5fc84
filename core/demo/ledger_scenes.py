"""The demo's ledger (演示台账): findings without a form, and one finding for every way that its life may take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.demo.playing import LABEL, SUPERVISOR, Play
from core.demo.scripts import LEAD, LEADER, PLACE, SCRIPTS, Script, Step
from core.work.duties.sponsor_keeping import name_sponsor
from core.work.intake.patrols import end_patrol, start_patrol
from core.work.intake.reporting import report
from core.work.loop.ledger import act
from core.work.tables import Finding, Part
from tenants.access import Actor
from tenants.models import Unit


def play_ledger(play: Play) -> None:
    """Findings of every source, and one for every way through the ledger."""
    known: dict[str, UUID] = {}
    for number, script in enumerate(SCRIPTS):
        known[script.title] = _play(play, script, number, known)
    _walk_shift(play)
    _instruct(play)
    _report_conduct(play)


def _play(play: Play, script: Script, number: int, known: dict[str, UUID]) -> UUID:
    """Report one and lead it to where its script ends: two steps a day, from the afternoon of the day that it was found."""
    found = report(
        play.session,
        play.stage.actors[script.by],
        source="snapshot",
        category=script.category,
        site_id=play.site(script.site),
        title=script.title,
        detail=f"现场发现{LABEL}",
        severity=script.severity,
        photos=[play.photo(f"before-{number}")],
        now=play.at(script.back, 9, number * 2),
    )
    version = found.version
    for place, step in enumerate(script.steps, 1):
        at = play.at(script.back - place // 2, 15 if place % 2 else 10, number * 2)
        keys = {"before": f"before-{number}", "after": f"after-{number}-{place}"}
        given = _given(play, step, keys, at, known)
        actor = actor_for(play, found.id, step.who)
        version = act(play.session, actor, found.id, step.verb, version=version, now=at, **given).version
    return found.id


def actor_for(play: Play, finding_id: UUID, who: str) -> Actor:
    """The person behind a word of a script, at a finding as it is now."""
    if who in play.stage.actors:
        return play.stage.actors[who]
    if who not in (LEAD, PLACE):
        return play.liaison(play.office(who))
    wanted = Part.leading if who == LEAD else (Part.kind == "place") & ~Part.leading
    chosen = select(Part.unit_id).where(Part.finding_id == finding_id, wanted, Part.ended_at.is_(None))
    return play.liaison(play.session.scalars(chosen.limit(1)).one())


def _given(play: Play, step: Step, keys: Mapping[str, str], at: datetime, known: Mapping[str, UUID]) -> dict[str, Any]:
    """What a step is given: photos by their key, units by their duty, days from the step on, a finding by its title."""
    given = dict(step.given)
    if "note" in given:
        given["note"] += LABEL
    if "photos" in given:
        given["photos"] = [play.photo(keys[given["photos"]])]
    if "unit" in given:
        given["unit_id"] = play.office(given.pop("unit"))
    if "review_on" in given:
        given["review_on"] = at.date() + timedelta(days=given["review_on"])
    if "target" in given:
        given["target_id"] = known[given.pop("target")]
    return given


def _walk_shift(play: Play) -> None:
    """A joint shift of grid worker, road chief and enforcement: two put right on the spot, one passed on."""
    session, community = play.session, play.units("community", "village")[0]
    walker = play.seat("演示网格员", community.id, "grid_worker")
    chief = name_sponsor(session, None, "演示路长").id
    members = {walker.person_id: "grid_worker", chief: "road_chief"}
    members[play.liaison(play.office("urban_management")).person_id] = "enforcement"
    route = f"{community.name}沿线{LABEL}"
    shift = start_patrol(session, walker, unit_id=community.id, route=route, members=members, now=play.at(2, 9))
    for number, (title, category) in enumerate((("门前散落烟头", "ENV-LITTER"), ("单车压占盲道", "ORD-PARK"))):
        _report_on(play, walker, community, shift.id, title, category, play.at(2, 9, 20 + number), fixed=True)
    _report_on(play, walker, community, shift.id, "检修井盖松动", "FAC-ROAD", play.at(2, 9, 40))
    end_patrol(session, walker, shift.id, note=f"联合巡查一小时{LABEL}", now=play.at(2, 10))


def _report_on(
    play: Play,
    actor: Actor,
    unit: Unit,
    shift: UUID,
    title: str,
    category: str,
    now: datetime,
    *,
    fixed: bool = False,
) -> Finding:
    return report(
        play.session,
        actor,
        source="patrol",
        category=category,
        unit_id=unit.id,
        place=f"{unit.name}门前{LABEL}",
        title=title,
        photos=[play.photo(f"{title}-before")],
        fixed=[play.photo(f"{title}-after")] if fixed else None,
        patrol_id=shift,
        now=now,
    )


def _instruct(play: Play) -> None:
    """A leader's instruction with its note, taken up and still open; it closes only after the report back."""
    leader, street = play.stage.actors[LEADER], play.street(0)
    found = report(
        play.session,
        leader,
        source="leader",
        category="ENV-LITTER",
        unit_id=street,
        place=f"辖区主要出入口{LABEL}",
        title="主要出入口环境整治",
        asked_by="演示区领导",
        severity="serious",
        due_at=play.until + timedelta(days=4),
        lead_unit_id=street,
        now=play.at(2, 8),
    )
    steps = ((leader, "instruct", "限期整治，办结后报我"), (actor_for(play, found.id, LEAD), "take", "已安排"))
    for hour, (actor, verb, note) in enumerate(steps, 9):
        found = act(play.session, actor, found.id, verb, version=found.version, note=note + LABEL, now=play.at(2, hour))


def _report_conduct(play: Play) -> None:
    """A matter of conduct: only named roles ever see it."""
    officer = play.seat(SUPERVISOR, play.root(), "discipline")
    report(
        play.session,
        officer,
        source="conduct",
        category="SRV-STAFF",
        unit_id=play.street(0),
        title="整改答复弄虚作假线索",
        detail=f"限定范围{LABEL}",
        now=play.at(1, 16),
    )
