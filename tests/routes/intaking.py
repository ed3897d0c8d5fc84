"""What comes in and where it goes, in the world of the route tests: a rule, a precedent, a phase, a set, a shift, a report."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from core.work.dispatch.category_sets import keep_set
from core.work.dispatch.phases import set_phase
from core.work.dispatch.routing_rules import RuleWish, add_rule
from core.work.intake.patrols import end_patrol, running_patrol, start_patrol
from core.work.intake.reporting import report
from core.work.tables import NotSame, Precedent
from tenants.access import Actor, root_unit
from tenants.db import now
from tenants.scope import ScopedSession


def give_intake(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date
) -> dict[str, str]:
    """One of everything; gives the ids by the names that addresses give them."""
    office, walker = actors["hq_office"], actors["grid_worker"]
    rule = add_rule(session, office, RuleWish(category="ENV-GREEN", zone="核心区", hours=9, note="绿地"), today=today)
    precedent = new_precedent(session, ids)
    set_phase(session, office, "", "迎检冲刺", valid_from=today, today=today)
    kept = keep_set(session, office, f"九乱{secrets.token_hex(3)}", [("乱停乱放", ["ORD-PARK"])], now=now())
    shift = start_patrol(session, walker, unit_id=UUID(ids["unit_id"]), members={}, route="一路", now=now())
    end_patrol(session, walker, shift.id, note="正常", now=now())
    given = {"category": "ORD-PET", "site_id": UUID(ids["site_id"]), "detail": "没有牵绳", "photos": [ids["photo_id"]]}
    first = report(session, office, source="snapshot", **given, now=now())
    report(session, office, source="snapshot", **given, merge_into=first.id, now=now())
    lesser, greater = sorted((UUID(ids["finding_id"]), first.id))
    session.add(NotSame(finding_id=lesser, other_id=greater, person_name="判定人"))
    return {
        "rule_id": str(rule.id),
        "precedent_id": str(precedent.id),
        "set_id": str(kept.id),
        "patrol_id": str(shift.id),
    }


def new_precedent(session: ScopedSession, ids: Mapping[str, str]) -> Precedent:
    """A precedent as an arbitration writes it."""
    made = Precedent(
        category="ENV-GREEN",
        territory_id=UUID(ids["unit_id"]),
        unit_id=UUID(ids["unit_id"]),
        reason="社区自管绿地",
        returns=1,
        finding_id=UUID(ids["finding_id"]),
        person_name="裁定人",
    )
    session.add(made)
    session.flush()
    return made


def new_rule(session: ScopedSession, office: Actor, today: date) -> str:
    """A rule that nobody has ended yet, with a condition of its own."""
    zone = f"区{secrets.token_hex(4)}"
    return str(add_rule(session, office, RuleWish(zone=zone, hours=9), today=today).id)


def new_set(session: ScopedSession, office: Actor) -> str:
    """A set in use."""
    groups = [("乱停乱放", ["ORD-PARK"])]
    return str(keep_set(session, office, f"口径{secrets.token_hex(4)}", groups, now=now()).id)


def new_shift(session: ScopedSession, walker: Actor) -> str:
    """A shift that is still running; the one before is ended."""
    running = running_patrol(session, walker)
    if running is not None:
        end_patrol(session, walker, running.id, now=now())
    return str(start_patrol(session, walker, unit_id=root_unit(session).id, members={}, now=now()).id)


def running_shift(session: ScopedSession, walker: Actor) -> str:
    """The shift that is running, or a new one: two requests that are compared must find the same."""
    running = running_patrol(session, walker)
    return str(running.id) if running is not None else new_shift(session, walker)


def new_twins(session: ScopedSession, office: Actor, ids: Mapping[str, str]) -> tuple[str, str]:
    """Two dispatched findings of the same kind at the same place."""
    given = {"source": "snapshot", "category": "ORD-PET", "site_id": UUID(ids["site_id"]), "now": now()}
    return str(report(session, office, **given).id), str(report(session, office, **given).id)


def new_merged(session: ScopedSession, office: Actor, ids: Mapping[str, str]) -> str:
    """A finding that was merged into another; its version is 2."""
    given = {"source": "snapshot", "category": "ORD-PET", "site_id": UUID(ids["site_id"]), "now": now()}
    first = report(session, office, **given)
    return str(report(session, office, **given, merge_into=first.id).id)
