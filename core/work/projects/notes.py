"""What a project tells to whom (项目提醒): the unit that it is theirs, the accepting unit that it waits, both what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_
from core.work.papers.notes import tell
from core.work.projects.states import ACCEPT, CREATE, FAIL, FINISH, KIND, REFUSE
from core.work.roles import ANSWER
from core.work.tables import Project

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        CREATE: N_("新项目 {number}《{title}》由你单位负责，{due} 前完成"),
        FINISH: N_("项目 {number}《{title}》已报完工，请验收"),
        ACCEPT: N_("项目 {number}《{title}》验收通过"),
        REFUSE: N_("项目 {number}《{title}》验收不通过：{note}"),
        FAIL: N_("项目 {number}《{title}》有一个阶段没有通过：{note}"),
    }
)


def tell_made(session: Session, project: Project, *, now: datetime, by: UUID) -> int:
    """Tell the unit that a project is theirs; gives how many were told."""
    return tell_of(session, project, CREATE, project.unit_id, now=now, by=by)


def tell_of(
    session: Session, project: Project, verb: str, unit_id: UUID | None, *, note: str = "", now: datetime, by: UUID
) -> int:
    """Tell whoever answers for a unit, and the person in charge, what was done; gives how many were told."""
    if unit_id is None:
        return 0
    ours = unit_id == project.unit_id
    return tell(
        session,
        unit_ids=[unit_id],
        person_ids=[project.person_id] if ours else [],
        verb=ANSWER,
        kind=f"{KIND}.{verb}",
        text=TEXTS[verb],
        params={"number": project.number, "title": project.title, "due": project.ends_on.isoformat(), "note": note},
        object_kind=KIND,
        object_id=project.id,
        now=now,
        campaigns=[project.campaign] if project.campaign else None,
        but=by,
    )
