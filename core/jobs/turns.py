"""What is done for each tenant in its turn (定时任务): every part in a scope of its own, with one commit at its end.

Every part may run late, twice or beside itself; it does each thing once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.campaigns import installed
from core.figures.card_days import close_days
from core.figures.card_nightly import propose_due
from core.figures.task_figures.places import close_task_days
from core.jobs.task_imports import take_imports
from core.work.calendar import local_day
from core.work.counting.recounting import recount
from core.work.loop.hidden_following import follow_calendar, follow_switches
from core.work.loop.recomputing import retry_provisional
from core.work.organisation.reorganising_due import apply_due_reorganisations
from core.work.papers.chasing import chase
from core.work.papers.escalating import escalate
from core.work.proofs.hand_ons import withdraw_settled
from core.work.proofs.recheck_notes import remind_rechecks
from core.work.queue import HIDDEN, HIDDEN_CALENDAR, HIDDEN_SWITCHES, TURN, enqueue
from core.work.rounds.plan_turns import make_rounds
from core.work.statistics.reminding import remind_statistics
from core.work.tasks.importing import TASK_IMPORT
from core.work.tidying import active_tenants, tidy_tenant
from core.work.whistling.whistles import escalate_due
from tenants.scope import ScopedSession, Wall

LOG = logging.getLogger("sancheng.jobs")
Work = Callable[[ScopedSession, datetime], object]


@dataclass(frozen=True, slots=True)
class Turn:
    """One part of a tenant's turn (任务项). ``cleared``: it also touches what secret rounds found.

    Parts with the same ``lock`` run one after another in one tenant, in the order in which they were asked for.
    """

    name: str
    work: Work
    cleared: bool = False
    lock: str = ""


def _reorganise(session: ScopedSession, now: datetime) -> int:
    return len(apply_due_reorganisations(session, local_day(now), now))


def _close_days(session: ScopedSession, now: datetime) -> int:
    """Rank the days that are over; what their periods come to is put forward in the same breath."""
    done = sum(close_days(session, installed(), now=now).values())
    return done + propose_due(session, installed(), now=now)


def _withdraw(session: ScopedSession, _now: datetime) -> int:
    return withdraw_settled(session)


OFTEN: tuple[Turn, ...] = (
    Turn("chase", chase),
    Turn("escalate", escalate),
    Turn("whistles", escalate_due),
    Turn("rechecks", remind_rechecks),
    Turn("numbers", remind_statistics),
    Turn("count", recount),
    Turn("rounds", make_rounds, cleared=True),
)
NIGHTLY: tuple[Turn, ...] = (
    Turn("reorganise", _reorganise, cleared=True),
    Turn("calendar", retry_provisional, cleared=True),
    Turn(HIDDEN_CALENDAR, follow_calendar, cleared=True, lock=HIDDEN),
    Turn(HIDDEN_SWITCHES, follow_switches, cleared=True, lock=HIDDEN),
    Turn("rank", _close_days),
    Turn("task_rank", close_task_days),
    Turn("hand_ons", _withdraw),
    Turn("tidy", tidy_tenant),
)
# What is asked for by somebody, never by the clock, and commits part by part.
ASKED: dict[str, Callable[[Wall, int, datetime], object]] = {TASK_IMPORT: take_imports}
TURNS: dict[str, Turn] = {turn.name: turn for turn in (*OFTEN, *NIGHTLY)}


def ask_turns(wall: Wall, turns: tuple[Turn, ...]) -> int:
    """Queue each active tenant's turn inside that tenant's own scope; gives how many tenants there are."""
    with wall.platform() as session:
        tenants = active_tenants(session)
    for tenant_id in tenants:
        with wall.open(tenant_id) as session:
            for turn in turns:
                enqueue(session, TURN, lock=turn.lock or turn.name, name=turn.name)
            session.commit()
    return len(tenants)


def take_turn(wall: Wall, tenant_id: int, name: str, now: datetime) -> object:
    """Do one part of one tenant's turn: one scope, one commit; nothing of it stays when it breaks."""
    if (asked := ASKED.get(name)) is not None:
        return asked(wall, tenant_id, now)
    turn = TURNS[name]
    with wall.open(tenant_id, cleared=turn.cleared) as session:
        done = turn.work(session, now)
        session.commit()
    return done
