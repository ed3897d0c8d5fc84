"""Puts work beside the request (后台任务): through the one door that stamps the session's own tenant on it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

TURN = "turn"  # the task that does one named part of a tenant's turn (core.jobs.turns)
HIDDEN_CALENDAR, HIDDEN_SWITCHES = "hidden_calendar", "hidden_switches"
HIDDEN = "hidden"  # their common lock: they run in the order in which they were asked for


def enqueue(session: Session, task: str, *, queue: str = "default", lock: str | None = None, **args: Any) -> int:
    """Queue a task in the session's own transaction: it runs only when the work that asked for it is committed.

    The database stamps ``tenant`` from the signed scope; a caller cannot. ``lock`` keeps two of a kind from running at
    once in one tenant. Gives the job's number.
    """
    made = session.scalar(
        text("SELECT enqueue(:task, :queue, CAST(:args AS jsonb), :lock)"),
        {"task": task, "queue": queue, "args": json.dumps(args, default=str), "lock": lock},
    )
    return int(made)


def ask_hidden(session: Session, name: str) -> None:
    """Ask that what secret rounds found follow this act, in a cleared scope of its own; whether anything is hidden or not."""
    enqueue(session, TURN, lock=HIDDEN, name=name)
