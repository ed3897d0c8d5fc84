"""Steps of a project (项目办理): one UPDATE with the expected version in its WHERE, and one line of history beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.calendar import ZONE, local_day
from core.work.journal import record_at
from core.work.projects.sight import Standing, sees_project, standing_at
from core.work.projects.states import KIND, MOVES, STATES, VERBS
from core.work.tables import Project, ProjectEvent
from core.work.wording import read_text
from tenants.access import Actor


def find_project(session: Session, actor: Actor, project_id: UUID, now: datetime) -> Project:
    """A project that the actor sees. Raises NotFound."""
    query = select(Project).where(Project.id == project_id, sees_project(actor, local_day(now)))
    found = session.scalars(query, execution_options={"populate_existing": True}).first()
    if found is None:
        raise NotFound
    return found


def open_kept(
    session: Session, actor: Actor, project_id: UUID, now: datetime, version: int | None = None
) -> tuple[Project, Standing]:
    """A project for whoever keeps it, in the version that was seen, if one is named. Raises NotFound, Forbidden, Stale.

    Who has seen an old one hears of that first, and not of what is wrong with what he sends to the new one.
    """
    project = find_project(session, actor, project_id, now)
    standing = standing_at(session, actor, project, local_day(now))
    if not standing.keeps:
        raise Forbidden(N_("由项目的责任单位办理，或由派遣它的创建办办理"))
    if version is not None and project.version != version:
        raise stale(session, project)
    return project, standing


def step(
    session: Session,
    actor: Actor,
    project: Project,
    verb: str,
    *,
    version: int,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Project:
    """Take a step: raise the version, write history and trail. Who may is judged before; from which state is judged here.

    ``values`` are further columns. Raises Stale for a lost race, naming the winner, and Conflict for a step that the state
    does not allow; then nothing is written.
    """
    session.flush()
    if project.version != version:
        raise stale(session, project)
    before, (states, after) = project.state, MOVES[verb]
    if before not in states:
        raise Conflict(N_("项目目前是“{state}”，不能“{step}”"), state=STATES[before][0], step=VERBS[verb])
    changes = dict(values or {}) | {"state": after or before, "changed_at": now}
    done = session.execute(
        update(Project)
        .where(Project.id == project.id, Project.version == version, Project.state == before)
        .values(version=version + 1, **changes)
        .returning(Project.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(project)
    if done is None:
        raise stale(session, project)
    write_event(session, actor, project, verb, from_state=before, note=note, detail=detail, now=now)
    return project


def write_event(
    session: Session,
    actor: Actor,
    project: Project,
    verb: str,
    *,
    from_state: str | None,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """The line of history of the version that was just written, and its line of the trail."""
    session.add(
        ProjectEvent(
            project_id=project.id,
            version=project.version,
            at=now,
            verb=verb,
            from_state=from_state,
            to_state=project.state,
            person_id=actor.person_id,
            person_name=actor.name,
            note=note,
            detail=dict(detail or {}),
        )
    )
    said = {"number": project.number, "version": project.version}
    record_at(session, now, actor, f"{KIND}.{verb}", KIND, project.id, **said)
    session.flush()


def need_reason(text: str, faults: list[Fault], field: str, why: str) -> str:
    """A reason that must be there; ``why`` says of what. What is missing is a fault at ``field``."""
    said = read_text(text, field, faults)
    if not said and not any(fault.field == field for fault in faults):
        faults.append(Fault(why, field, remedy=N_("请写明原因")))
    return said


def refuse_faults(faults: list[Fault]) -> None:
    """Raise InvalidInput with all faults, if there are any."""
    if faults:
        raise InvalidInput(faults=faults)


def stale(session: Session, project: Project) -> Stale:
    """Somebody was faster: who, when, and what the state is now."""
    session.refresh(project)
    query = select(ProjectEvent).where(ProjectEvent.project_id == project.id)
    last = session.scalars(query.order_by(ProjectEvent.version.desc()).limit(1)).first()
    return Stale(
        N_("{who}已于 {when} 更新：项目现在是“{state}”（第 {version} 版）。请刷新后再办理"),
        who=last.person_name if last else "",
        when=(last.at if last else project.changed_at).astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[project.state][0],
        version=project.version,
    )
