"""What the page of a finding shows of its proof (问题页的核验部分): re-inspection, doubts, similar sites, items handed on.

One reader for four includes: ``findings/_recheck.html``, ``_doubts.html``, ``_sweep.html`` and ``_hand_on.html``.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from core.request import actor, db, now, today
from core.web.proofs.proof_words import (
    DOUBT_TONES,
    HAND_ON_TONES,
    recheck_tone,
    say_contact,
    say_doubt,
    say_doubt_state,
    say_facts,
    say_hand_on,
    say_recheck,
)
from core.work.calendar import load_calendar, local_day
from core.work.desk.finding_detail import Detail
from core.work.loop.states import ASSISTING, CLOSED, DISMISSED, LEADING, WITH_UNIT
from core.work.proofs.doubt_list import Filter as DoubtFilter
from core.work.proofs.doubt_list import list_doubts
from core.work.proofs.hand_ons import items_beside
from core.work.proofs.recheck_people import cases_of, lookers, why_not
from core.work.proofs.rechecks import DUE, Filter, list_rechecks
from core.work.proofs.recurring_places import came_before
from core.work.proofs.sampling import FIXED
from core.work.proofs.sweep_reading import list_sweeps
from core.work.roles import ANSWER, CHECK, DIRECT, LEAD
from core.work.tables import Finding
from core.work.tenant_settings import Sampling, read_setting
from tenants.access import may
from tenants.scope import ScopedSession

SHOWN = 20


def read_proofs(session: ScopedSession, found: Detail) -> dict[str, Any]:
    """Everything that the four includes need, as one value named ``proofs``."""
    finding = found.finding
    directs = may(session, actor(), DIRECT, finding.unit_id, today())
    rechecks = list_rechecks(session, actor(), Filter(finding_id=finding.id), now=now(), size=SHOWN)[:SHOWN]
    waiting = any(row.recheck.state == DUE for row in rechecks)
    can_plan = directs and finding.state == CLOSED and finding.outcome in FIXED and not waiting
    return {
        "rechecks": rechecks,
        "can_plan": can_plan,
        "looks_due": waiting,
        "before": came_before(session, actor(), finding, now()),
        "window": read_setting(session, Sampling).window_days,
        "people": _people(session, finding) if can_plan and not finding.restricted else [],
        "due": _due(session) if can_plan else "",
        "doubts": _doubts(session, finding.id),
        "sweeps": list_sweeps(session, actor(), finding_id=finding.id, now=now(), size=SHOWN),
        "can_sweep": directs and not finding.restricted and finding.state not in DISMISSED,
        "handed": items_beside(session, finding.id) if _answers(found) else [],
        "can_hand_on": _answers(found) and finding.state in WITH_UNIT and not finding.restricted,
        "say_recheck": say_recheck,
        "recheck_tone": recheck_tone,
        "say_doubt": say_doubt,
        "say_doubt_state": say_doubt_state,
        "say_facts": say_facts,
        "doubt_tones": DOUBT_TONES,
        "say_contact": say_contact,
        "say_hand_on": say_hand_on,
        "hand_on_tones": HAND_ON_TONES,
    }


def handed_photos(finding_id: UUID) -> list[str]:
    """The photos of the answer that the address asks to use, when it belongs to this finding and was accepted."""
    wanted = request.args.get("hand_on", "")
    return next(
        (
            list(row.photos)
            for row, _contact in items_beside(db(), finding_id)
            if wanted and str(row.id) == wanted and row.state == "accepted"
        ),
        [],
    )


def _answers(found: Detail) -> bool:
    return actor().has(ANSWER) and bool({LEADING, ASSISTING} & found.standing.parties)


def _doubts(session: ScopedSession, finding_id: UUID) -> list[Any]:
    """Doubts are for those who check or lead, not for a hint to the unit."""
    if not {CHECK, DIRECT, LEAD} & actor().verbs:
        return []
    return list_doubts(session, actor(), DoubtFilter(finding_id=finding_id), now=now(), size=SHOWN)[:SHOWN]


def _people(session: ScopedSession, finding: Finding) -> list[tuple[str, str]]:
    case = cases_of(session, [finding.id], today())[finding.id]
    able = [(str(key), one.name) for key, one in lookers(session, today()).items() if not why_not(key, one, case)]
    return sorted(able, key=lambda pair: pair[1])


def _due(session: ScopedSession) -> str:
    days = read_setting(session, Sampling).days
    return local_day(load_calendar(session, now()).add_working_days(now(), days)).isoformat()
