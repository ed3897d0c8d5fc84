"""Stages with gates (阶段与关口): one after the other; a gate is passed when its condition is confirmed, with what it needs.

A gate that needs another party is passed by nobody of the unit that builds. A stage that is opened again closes those after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, NotFound
from core.work.calendar import local_day
from core.work.projects.notes import tell_of
from core.work.projects.sight import Standing, standing_at
from core.work.projects.states import (
    DRAFT,
    FAIL,
    FAILED,
    OPEN,
    PASS,
    PASSED,
    REOPEN,
    STAGES,
    WAITING,
)
from core.work.projects.steps import find_project, need_reason, open_kept, refuse_faults, step
from core.work.tables import Project, ProjectStage
from core.work.tasks.photo_kinds import PROJECT
from core.work.tasks.work_photos import attach, read_refs
from core.work.wording import read_text
from tenants.access import Actor

MOST_STAGES = 30


@dataclass(frozen=True, slots=True)
class StageWish:
    """One stage as it shall be (阶段设置). ``id`` of one that stands already."""

    title: str
    gate: str = ""
    needs_photo: bool = False
    by_other: bool = False
    planned_on: date | None = None
    id: UUID | None = None


def stages_of(session: Session, project_id: UUID) -> Sequence[ProjectStage]:
    """A project's stages, in their order."""
    query = select(ProjectStage).where(ProjectStage.project_id == project_id).order_by(ProjectStage.position)
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def current_of(stages: Sequence[ProjectStage]) -> ProjectStage | None:
    """The first stage that is not passed; None when all are."""
    return next((one for one in stages if one.state != PASSED), None)


def is_late(stage: ProjectStage, on: date) -> bool:
    """Whether a stage is not passed after its day, or was passed after it."""
    return stage.planned_on is not None and (stage.passed_on or on) > stage.planned_on


def may_pass(stage: ProjectStage, standing: Standing) -> bool:
    """Whether somebody may let a stage pass: the unit's own people, or another party where the gate needs one."""
    return standing.other if stage.by_other else standing.keeps


def pass_stage(
    session: Session,
    actor: Actor,
    project_id: UUID,
    stage_id: UUID,
    *,
    confirmed: bool,
    photos: Sequence[str] = (),
    note: str = "",
    version: int,
    now: datetime,
) -> Project:
    """Let the current stage pass (通过阶段): its condition confirmed, a photo where it needs one.

    Raises NotFound, Forbidden (another party must, or nobody of his), Conflict (an earlier one is not passed), Stale,
    InvalidInput.
    """
    project, stages, stage = _open(session, actor, project_id, stage_id, now)
    faults: list[Fault] = []
    said, files = read_text(note, "note", faults), read_refs(session, photos, faults)
    if not confirmed:
        faults.append(Fault(N_("关口条件没有确认"), "confirmed", remedy=N_("请核实条件已经满足，再勾选确认")))
    if stage.needs_photo and not files:
        faults.append(Fault(N_("这个关口要有照片"), "photos", remedy=N_("请先上传照片")))
    refuse_faults(faults)
    detail = {"stage": stage.title, "gate": stage.gate, "planned_on": _day(stage.planned_on)}
    step(session, actor, project, PASS, version=version, note=said, detail=detail, now=now)
    stage.state, stage.passed_on, stage.passed_by, stage.note = PASSED, local_day(now), actor.name, said
    following = next((one for one in stages if one.position > stage.position), None)
    if following is not None:
        following.state = OPEN
    session.flush()
    attach(session, actor, PROJECT, project.id, files, step=project.version, caption=stage.title, now=now)
    return project


def fail_stage(
    session: Session, actor: Actor, project_id: UUID, stage_id: UUID, *, reason: str, version: int, now: datetime
) -> Project:
    """Refuse the current stage with a reason (阶段未通过), for another party; the unit makes good and it is judged again."""
    project, _stages, stage = _open(session, actor, project_id, stage_id, now)
    faults: list[Fault] = []
    said = need_reason(reason, faults, "reason", N_("缺少不通过的原因"))
    refuse_faults(faults)
    step(session, actor, project, FAIL, version=version, note=said, detail={"stage": stage.title}, now=now)
    stage.state, stage.note = FAILED, said
    session.flush()
    tell_of(session, project, FAIL, project.unit_id, note=said, now=now, by=actor.person_id)
    return project


def reopen_stage(
    session: Session, actor: Actor, project_id: UUID, stage_id: UUID, *, reason: str, version: int, now: datetime
) -> Project:
    """Open a passed stage again with a reason (重开阶段); those after it wait again, the history keeps when they were passed.

    Raises NotFound, Forbidden, Conflict (it is not passed), Stale, InvalidInput.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    stages = stages_of(session, project_id)
    stage = _named(stages, stage_id)
    if stage.state != PASSED:
        raise Conflict(N_("这个阶段还没有通过，不用重开"))
    faults: list[Fault] = []
    said = need_reason(reason, faults, "reason", N_("重开阶段要写明原因"))
    refuse_faults(faults)
    after = [one for one in stages if one.position > stage.position]
    undone = [[one.title, _day(one.passed_on)] for one in (stage, *after) if one.state == PASSED]
    step(
        session,
        actor,
        project,
        REOPEN,
        version=version,
        note=said,
        detail={"stage": stage.title, "undone": undone},
        now=now,
    )
    for one in (stage, *after):
        one.state, one.passed_on, one.passed_by = (OPEN if one is stage else WAITING), None, ""
    session.flush()
    return project


def set_stages(
    session: Session,
    actor: Actor,
    project_id: UUID,
    rows: Sequence[StageWish],
    *,
    reason: str = "",
    version: int,
    now: datetime,
) -> Project:
    """Say which stages a project has (调整阶段); a passed one stays where it is and as it is. Once it runs with a reason.

    Raises NotFound, Forbidden, Conflict, Stale, InvalidInput with every fault; ``row`` counts from 1.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    stages = stages_of(session, project_id)
    faults = _check(rows, stages, project)
    if project.state != DRAFT:
        need_reason(reason, faults, "reason", N_("启动后的修改要写明原因"))
    refuse_faults(faults)
    detail = {"from": [one.title for one in stages], "to": [one.title.strip() for one in rows]}
    step(session, actor, project, STAGES, version=version, note=reason.strip(), detail=detail, now=now)
    _write(session, project, rows, {one.id: one for one in stages})
    return project


def _write(session: Session, project: Project, rows: Sequence[StageWish], known: Mapping[UUID, ProjectStage]) -> None:
    kept = {one.id for one in rows if one.id}
    for stage_id, stage in known.items():
        if stage_id not in kept:
            session.delete(stage)
        else:
            stage.position += 10_000  # out of the way: a position is one stage's alone
    session.flush()
    written: list[ProjectStage] = []
    for place, row in enumerate(rows, start=1):
        stage = known[row.id] if row.id else ProjectStage(project_id=project.id, position=place, title="")
        stage.position = place
        if stage.state != PASSED:
            stage.title, stage.gate, stage.planned_on = row.title.strip(), row.gate.strip(), row.planned_on
            stage.needs_photo, stage.by_other, stage.state = row.needs_photo, row.by_other, WAITING
        session.add(stage)
        written.append(stage)
    current = current_of(written)
    if current is not None:
        current.state = OPEN
    session.flush()


def _check(rows: Sequence[StageWish], stages: Sequence[ProjectStage], project: Project) -> list[Fault]:
    faults: list[Fault] = []
    passed = [one.id for one in stages if one.state == PASSED]
    if [one.id for one in rows[: len(passed)]] != passed:
        faults.append(Fault(N_("已通过的阶段不能删去或移动"), "stages", remedy=N_("要改先重开那个阶段")))
    if not rows or len(rows) > MOST_STAGES:
        faults.append(Fault(N_("阶段应有 1 至 30 个"), "stages", value=str(len(rows))))
    known, last = {one.id for one in stages}, project.starts_on
    for place, row in enumerate(rows, start=1):
        name = f"stages.{place - 1}"
        read_text(row.title, f"{name}.title", faults, 60)
        read_text(row.gate, f"{name}.gate", faults, 200)
        if not row.title.strip():
            faults.append(Fault(N_("缺少阶段名称"), f"{name}.title", place, remedy=N_("请填写，不要的阶段整行清空")))
        if row.id is not None and row.id not in known:
            faults.append(Fault(N_("没有找到"), f"{name}.title", place, remedy=N_("请刷新后再试")))
        if row.planned_on is not None:
            if row.planned_on < last:
                remedy = N_("阶段的日期要依次排列，不早于开工日期")
                faults.append(
                    Fault(N_("日期早于前一阶段"), f"{name}.planned_on", place, row.planned_on.isoformat(), "", remedy)
                )
            last = max(last, row.planned_on)
    return faults


def _open(
    session: Session, actor: Actor, project_id: UUID, stage_id: UUID, now: datetime
) -> tuple[Project, Sequence[ProjectStage], ProjectStage]:
    """The project and its current stage, for whoever may let it pass."""
    project = find_project(session, actor, project_id, now)
    standing = standing_at(session, actor, project, local_day(now))
    stages = stages_of(session, project_id)
    stage = _named(stages, stage_id)
    if not may_pass(stage, standing):
        by_other = N_("这个关口要由责任单位以外的一方确认")
        raise Forbidden(by_other if stage.by_other else N_("由项目的责任单位办理，或由派遣它的创建办办理"))
    if stage.state == PASSED:
        raise Conflict(N_("这个阶段已经通过"))
    current = current_of(stages)
    if current is not None and current.id != stage.id:
        raise Conflict(N_("要先通过前面的阶段“{stage}”"), stage=current.title)
    return project, stages, stage


def _named(stages: Sequence[ProjectStage], stage_id: UUID) -> ProjectStage:
    found = next((one for one in stages if one.id == stage_id), None)
    if found is None:
        raise NotFound
    return found


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
