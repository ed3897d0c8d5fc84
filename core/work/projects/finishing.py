"""Start, finish, acceptance by another party, close and stop (启动、完工、验收、结案): what lacks is named, or carried with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput
from core.work.calendar import local_day
from core.work.projects.bill import items_of
from core.work.projects.notes import tell_of
from core.work.projects.sight import standing_at
from core.work.projects.site_files import open_findings
from core.work.projects.stages import stages_of
from core.work.projects.states import (
    ACCEPT,
    ACCEPTED,
    CLOSE,
    DRAFT,
    FINISH,
    FINISHED,
    MEASURED,
    PASSED,
    PHOTOS,
    REFUSE,
    RESUME,
    SITE_FILE,
    START,
    STATES,
    STOP,
)
from core.work.projects.steps import find_project, need_reason, open_kept, refuse_faults, step
from core.work.statistics.measures import plain
from core.work.tables import Project
from core.work.tasks.photo_kinds import AFTER, BEFORE, PROJECT, PROOF
from core.work.tasks.work_photos import attach, read_refs
from core.work.wording import LONGEST_NOTE, read_text
from tenants.access import Actor

STAGE, LINE, JUDGE = "stage", "line", "judge"


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that a finish waits for (未完事项): a stage that is not passed, a line that is not done, no accepting unit."""

    kind: str
    title: str
    planned: str = ""
    done: str = ""
    measure: str = ""


def lacks_of(session: Session, project: Project) -> list[Lack]:
    """What stands between a project and its finish: stages, then counters and outputs of the bill, then who accepts it."""
    found = [Lack(STAGE, one.title) for one in stages_of(session, project.id) if one.state != PASSED]
    found += [
        Lack(LINE, one.title, plain(one.planned), plain(one.done), one.measure)
        for one in items_of(session, project.id)
        if one.flow in MEASURED and one.done < one.planned
    ]
    return found + ([Lack(JUDGE, "")] if project.acceptance_unit_id is None else [])


def start(session: Session, actor: Actor, project_id: UUID, *, version: int, now: datetime) -> Project:
    """Let a project begin (启动). Raises NotFound, Forbidden, Conflict, Stale."""
    project, _ = open_kept(session, actor, project_id, now, version)
    return step(session, actor, project, START, version=version, now=now)


def stop(session: Session, actor: Actor, project_id: UUID, *, reason: str, version: int, now: datetime) -> Project:
    """Stop a project with a reason (中止), for whoever directs its unit; a draft also for who keeps it."""
    return _halt(session, actor, project_id, STOP, reason, version, now)


def resume(session: Session, actor: Actor, project_id: UUID, *, reason: str, version: int, now: datetime) -> Project:
    """Let a stopped project go on, with a reason (恢复)."""
    return _halt(session, actor, project_id, RESUME, reason, version, now)


def _halt(
    session: Session, actor: Actor, project_id: UUID, verb: str, reason: str, version: int, now: datetime
) -> Project:
    project, standing = open_kept(session, actor, project_id, now, version)
    if not standing.directs and project.state != DRAFT:
        raise Forbidden(N_("中止和恢复由派遣它的创建办办理"))
    faults: list[Fault] = []
    said = need_reason(reason, faults, "reason", N_("缺少原因"))
    refuse_faults(faults)
    return step(session, actor, project, verb, version=version, note=said, now=now)


def finish(
    session: Session, actor: Actor, project_id: UUID, *, carry: str = "", note: str = "", version: int, now: datetime
) -> Project:
    """Report a project finished (报完工); what lacks is named, and goes with it only with the reason ``carry``.

    Somebody who accepts it must be named, always. Raises NotFound, Forbidden, Conflict, Stale, InvalidInput (one fault a lack).
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    faults: list[Fault] = []
    said, why = read_text(note, "note", faults), read_text(carry, "carry", faults)
    lacks = lacks_of(session, project)
    faults += [_say(one) for one in lacks if one.kind == JUDGE or not why]
    refuse_faults(faults)
    detail: dict[str, Any] = {}
    if lacks:
        detail = {"carried": [[one.kind, one.title, one.done, one.planned] for one in lacks], "reason": why}
    step(
        session, actor, project, FINISH, version=version, values={"finished_at": now}, note=said, detail=detail, now=now
    )
    tell_of(session, project, FINISH, project.acceptance_unit_id, now=now, by=actor.person_id)
    return project


def _say(lack: Lack) -> Fault:
    if lack.kind == JUDGE:
        return Fault(N_("还没有指定验收单位"), "acceptance_unit_id", remedy=N_("请在“修改”里选一个责任单位以外的单位"))
    remedy = N_("请先办完，或写明带着未完事项报完工的原因")
    if lack.kind == STAGE:
        return Fault(N_("阶段“{title}”没有通过"), "carry", remedy=remedy, params={"title": lack.title})
    params = {"title": lack.title, "done": lack.done, "planned": lack.planned}
    return Fault(N_("“{title}”完成 {done}，计划 {planned}"), "carry", remedy=remedy, params=params)


def accept(
    session: Session,
    actor: Actor,
    project_id: UUID,
    *,
    note: str = "",
    photos: Sequence[str] = (),
    version: int,
    now: datetime,
) -> Project:
    """Accept a finished project (验收通过), for the accepting unit; never for the people of the unit that builds.

    Raises NotFound, Forbidden, Conflict, Stale, InvalidInput.
    """
    project = _judged(session, actor, project_id, now)
    faults: list[Fault] = []
    said, files = read_text(note, "note", faults), read_refs(session, photos, faults)
    refuse_faults(faults)
    values = {"accepted_at": now, "accepted_by": actor.person_id}
    step(session, actor, project, ACCEPT, version=version, values=values, note=said, now=now)
    attach(session, actor, PROJECT, project.id, files, step=project.version, now=now)
    tell_of(session, project, ACCEPT, project.unit_id, now=now, by=actor.person_id)
    return project


def refuse(session: Session, actor: Actor, project_id: UUID, *, reason: str, version: int, now: datetime) -> Project:
    """Refuse a finished project with reasons (验收不通过): it runs again. By the accepting unit alone."""
    project = _judged(session, actor, project_id, now)
    faults: list[Fault] = []
    said = need_reason(reason, faults, "reason", N_("缺少不通过的原因"))
    refuse_faults(faults)
    step(session, actor, project, REFUSE, version=version, values={"finished_at": None}, note=said, now=now)
    tell_of(session, project, REFUSE, project.unit_id, note=said, now=now, by=actor.person_id)
    return project


def _judged(session: Session, actor: Actor, project_id: UUID, now: datetime) -> Project:
    project = find_project(session, actor, project_id, now)
    if not standing_at(session, actor, project, local_day(now)).accepts:
        raise Forbidden(N_("由验收单位的人验收；责任单位的人和项目负责人不能验收"))
    if project.state != FINISHED:
        raise Conflict(N_("项目目前是“{state}”，不能验收"), state=STATES[project.state][0])
    return project


def close(session: Session, actor: Actor, project_id: UUID, *, note: str = "", version: int, now: datetime) -> Project:
    """Close an accepted project (结案), for who directs its unit or accepted it; a site's file once its findings are closed.

    Raises NotFound, Forbidden, Conflict, Stale, InvalidInput naming the findings that are open.
    """
    project = find_project(session, actor, project_id, now)
    standing = standing_at(session, actor, project, local_day(now))
    if not (standing.directs or standing.accepts):
        raise Forbidden(N_("由验收单位或派遣它的创建办结案"))
    faults: list[Fault] = []
    said = read_text(note, "note", faults)
    if project.kind == SITE_FILE and project.state == ACCEPTED:
        remedy = N_("请先让列入的问题全部销号")
        faults += [
            Fault(N_("列入的问题还没有销号"), "findings", value=one.number or "", remedy=remedy)
            for one in open_findings(session, project.id)
        ]
    refuse_faults(faults)
    return step(session, actor, project, CLOSE, version=version, note=said, now=now)


def add_photos(
    session: Session,
    actor: Actor,
    project_id: UUID,
    refs: Sequence[str],
    kind: str,
    *,
    caption: str = "",
    version: int,
    now: datetime,
) -> Project:
    """Add photos of before, after or as proof (添加照片). Raises NotFound, Forbidden, Conflict, Stale, InvalidInput."""
    project, _ = open_kept(session, actor, project_id, now, version)
    faults: list[Fault] = []
    files, said = read_refs(session, refs, faults), read_text(caption, "caption", faults, LONGEST_NOTE // 10)
    if not files and not faults:
        faults.append(Fault(N_("没有照片"), "photos", remedy=N_("请先上传照片")))
    if kind not in (BEFORE, AFTER, PROOF):
        faults.append(Fault(N_("没有这种照片"), "kind", value=kind[:40], remedy=N_("请从列出的选项中选择")))
    if faults:
        raise InvalidInput(faults=faults)
    step(session, actor, project, PHOTOS, version=version, detail={"kind": kind, "count": len(files)}, now=now)
    attach(session, actor, PROJECT, project.id, files, kind=kind, step=project.version, caption=said, now=now)
    return project
