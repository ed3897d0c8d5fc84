"""What the city waits for (发布提醒), as the district's pages show it: on the first page and beside its publications."""

from __future__ import annotations

from typing import Any

from core.figures.due import open_reminders
from core.figures.periods import Period
from core.figures.tables import PublicationReminder
from core.web.scores.periods import say_period
from core.work.roles import GRANT, LEAD, PUBLISH
from tenants.access import Actor
from tenants.scope import ScopedSession


def reminded_of(session: ScopedSession, who: Actor) -> dict[str, Any]:
    """The words that ``publications/_reminded.html`` expects: reminders for those who publish, grant or lead."""
    asked = any(who.has(verb) for verb in (PUBLISH, GRANT, LEAD))
    return {
        "reminded": open_reminders(session) if asked and who.tenant.kind == "district" else [],
        "say_reminded": lambda one: say_period(_period(one)),
        "key_reminded": lambda one: _period(one).key,
    }


def _period(one: PublicationReminder) -> Period:
    return Period(one.period_kind, one.period_start, one.period_end)
