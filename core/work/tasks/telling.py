"""Tells people of tasks (任务提醒): the liaisons of the unit and the person in charge, the office, whoever waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_
from core.work.papers.notes import tell
from core.work.roles import ANSWER
from core.work.tables import Task
from tenants.access import Actor

ISSUED_NOTE, MANY_NOTE = "task", "tasks"


def tell_issued(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Tell each unit of its new tasks: one note for one, one note with their number for many."""
    by_unit: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_unit.setdefault(row["unit_id"], []).append(row)
    for unit, own in by_unit.items():
        if len(own) == 1:
            _tell_one(session, actor, unit, own[0], now)
        else:
            _tell_many(session, actor, unit, own, now)


def _tell_one(session: Session, actor: Actor, unit: UUID, row: Mapping[str, Any], now: datetime) -> None:
    tell(
        session,
        unit_ids=[unit],
        person_ids=[row["person_id"]],
        kind=ISSUED_NOTE,
        text=N_("新任务：{title}，{due}前完成"),
        params={"title": row["title"], "due": said(row["due_on"])},
        object_kind="task",
        object_id=row["id"],
        now=now,
        campaigns=[row["campaign"]] if row["campaign"] else None,
        but=actor.person_id,
    )


def _tell_many(session: Session, actor: Actor, unit: UUID, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    tell(
        session,
        unit_ids=[unit],
        person_ids={row["person_id"] for row in rows},
        kind=MANY_NOTE,
        text=N_("新任务 {count} 项，最早的 {due}前完成"),
        params={"count": len(rows), "due": said(min(row["due_on"] for row in rows))},
        object_kind="tasks",
        object_id=unit,
        now=now,
        but=actor.person_id,
    )


def tell_of(
    session: Session,
    actor: Actor | None,
    task: Task,
    text: str,
    now: datetime,
    *,
    units: Sequence[UUID] = (),
    verb: str = ANSWER,
    people: Sequence[UUID | None] = (),
    **params: object,
) -> None:
    """Tell of one task: those with the verb at some units (or above them), and some people; ``text`` is a source text."""
    tell(
        session,
        unit_ids=units,
        person_ids=people,
        verb=verb,
        kind=ISSUED_NOTE,
        text=text,
        params={"title": task.title, "number": task.number or ""} | params,
        object_kind="task",
        object_id=task.id,
        now=now,
        campaigns=[task.campaign] if task.campaign else None,
        but=actor.person_id if actor else None,
    )


def said(day: date) -> str:
    """A day as notes write it."""
    return f"{day:%m-%d}"
