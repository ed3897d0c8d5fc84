"""What secret rounds found follows an administrator's act (隐藏问题随动): a calendar day, a campaign switched off or on.

His session does not see those findings and must not: his act queues a turn in its own transaction, whether there are any
or not, and the turn does the same for them in a cleared scope. Nothing of it comes back to him.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from core.work.enabling import DISABLE, ENABLE, HELD, KIND, RELEASED
from core.work.loop.mass_steps import hold_hidden, recompute_hidden, release_hidden
from core.work.loop.recomputing import CHANGED
from core.work.loop.states import NOT_CLOSED
from core.work.tables import Audit, Finding
from tenants.models import EnabledCampaign
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch of a campaign (启停): when, off or on, and which campaigns were on after it."""

    at: datetime
    off: bool
    on: frozenset[str]


def follow_calendar(session: ScopedSession, now: datetime) -> int:
    """Compute the deadlines of hidden findings again as the calendar stands now; gives how many moved.

    What was computed already stays: a doubled or a late run finds nothing to do.
    """
    return recompute_hidden(session, note=CHANGED, now=now)


def follow_switches(session: ScopedSession, _now: datetime) -> int:
    """Hold and release hidden findings as the campaigns were switched, each at the moment of the switch; gives how many steps.

    The trail says what was switched and when, so that a run that was missed catches up with the right clocks; a finding that
    went through a switch already, or was opened after it, is left alone.
    """
    first = session.scalar(select(func.min(Finding.opened_at)).where(Finding.hidden, Finding.state.in_(NOT_CLOSED)))
    if first is None:
        return 0
    done = 0
    for switch in _switches(session):
        if switch.at >= first:
            follow, note = (hold_hidden, HELD) if switch.off else (release_hidden, RELEASED)
            done += follow(session, switch.on, note=note, at=switch.at)
    return done


def _switches(session: ScopedSession) -> list[Switch]:
    """Every switch of the tenant's campaigns in its order, read back from how they stand now (two queries)."""
    query = select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")
    on = set(session.scalars(query))
    lines = session.execute(
        select(Audit.at, Audit.verb, Audit.object_id)
        .where(Audit.object_kind == KIND, Audit.verb.in_((ENABLE, DISABLE)))
        .order_by(Audit.at.desc(), Audit.id.desc())
    )
    found = []
    for at, verb, campaign in lines:
        off = verb == DISABLE
        found.append(Switch(at, off, frozenset(on)))
        (on.add if off else on.discard)(campaign)
    return found[::-1]
