"""A site's rectification file (一场一策): its problem list is picked from that site's findings, its plan signed by the owner.

Only what the actor sees is offered, shown and picked, never what is hidden or of the restricted class.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault
from core.work.calendar import local_day
from core.work.loop.sight import sees_finding
from core.work.loop.states import NOT_CLOSED
from core.work.projects.sight import sees_project
from core.work.projects.states import FINDINGS, SIGN, SITE_FILE
from core.work.projects.steps import open_kept, refuse_faults, step
from core.work.tables import Finding, Project, ProjectFinding
from core.work.tasks.photo_kinds import PROJECT, SIGNATURE
from core.work.tasks.work_photos import attach, read_refs
from core.work.wording import read_text
from tenants.access import Actor

MOST_OFFERED = 500


def _ordinary() -> ColumnElement[bool]:
    return and_(Finding.restricted.is_(False), Finding.hidden.is_(False))


def offered(session: Session, actor: Actor, project: Project, on: date) -> Sequence[Finding]:
    """The findings that may be picked for a file: open ones at its site that the actor sees, and those that are in it."""
    if project.site_id is None:
        return []
    mine = select(ProjectFinding.finding_id).where(ProjectFinding.project_id == project.id)
    wanted = Finding.state.in_(NOT_CLOSED) | Finding.id.in_(mine)
    query = select(Finding).where(Finding.site_id == project.site_id, wanted, _ordinary(), sees_finding(actor, on))
    return session.scalars(query.order_by(Finding.opened_at, Finding.id).limit(MOST_OFFERED)).all()


def findings_of(session: Session, actor: Actor, project_id: UUID, on: date) -> Sequence[Finding]:
    """The findings of a file that the actor sees, the oldest first."""
    query = (
        select(Finding)
        .join(
            ProjectFinding,
            and_(ProjectFinding.tenant_id == Finding.tenant_id, ProjectFinding.finding_id == Finding.id),
        )
        .where(ProjectFinding.project_id == project_id, _ordinary(), sees_finding(actor, on))
    )
    return session.scalars(query.order_by(Finding.opened_at, Finding.id)).all()


def open_findings(session: Session, project_id: UUID) -> Sequence[Finding]:
    """The findings of a file that are not closed, whoever asks: a file is not closed over what another one still has to do."""
    query = (
        select(Finding)
        .join(
            ProjectFinding,
            and_(ProjectFinding.tenant_id == Finding.tenant_id, ProjectFinding.finding_id == Finding.id),
        )
        .where(ProjectFinding.project_id == project_id, _ordinary(), Finding.state.in_(NOT_CLOSED))
    )
    return session.scalars(query.order_by(Finding.opened_at, Finding.id)).all()


def files_of(session: Session, actor: Actor, finding_id: UUID, on: date) -> Sequence[Project]:
    """The projects that a finding belongs to and that the actor sees, for the finding's own page."""
    query = (
        select(Project)
        .join(
            ProjectFinding,
            and_(ProjectFinding.tenant_id == Project.tenant_id, ProjectFinding.project_id == Project.id),
        )
        .where(ProjectFinding.finding_id == finding_id, sees_project(actor, on))
    )
    return session.scalars(query.order_by(Project.starts_on, Project.id)).all()


def set_findings(
    session: Session, actor: Actor, project_id: UUID, finding_ids: Collection[UUID], *, version: int, now: datetime
) -> Project:
    """Say which of the offered findings a file is to settle (列入问题); those that the actor does not see stay as they are.

    Raises NotFound, Forbidden, Conflict, Stale, InvalidInput.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    _only_file(project)
    choice = {one.id: one for one in offered(session, actor, project, local_day(now))}
    wanted = set(finding_ids)
    faults = [
        Fault(N_("没有找到"), "findings", value=str(one), remedy=N_("请从列出的问题中选择"))
        for one in wanted - choice.keys()
    ]
    refuse_faults(faults)
    query = select(ProjectFinding).where(ProjectFinding.project_id == project_id)
    known = {row.finding_id: row for row in session.scalars(query)}
    numbers = [choice[one].number or "" for one in choice if one in wanted]
    step(session, actor, project, FINDINGS, version=version, detail={"findings": numbers}, now=now)
    for one in choice.keys() & known.keys() - wanted:
        session.delete(known[one])
    session.add_all(ProjectFinding(project_id=project_id, finding_id=one) for one in wanted - known.keys())
    session.flush()
    return project


def sign(
    session: Session,
    actor: Actor,
    project_id: UUID,
    *,
    owner_name: str,
    signed_on: date | None,
    photos: Sequence[str],
    version: int,
    now: datetime,
) -> Project:
    """Enter that the owner signed the plan (业主签字): who, on which day, with the scan or photo of the signed sheet.

    Raises NotFound, Forbidden, Conflict, Stale, InvalidInput.
    """
    project, _ = open_kept(session, actor, project_id, now, version)
    _only_file(project)
    faults: list[Fault] = []
    name, files = read_text(owner_name, "owner_name", faults, 60), read_refs(session, photos, faults)
    if not name and not faults:
        faults.append(Fault(N_("缺少签字人"), "owner_name", remedy=N_("请填写签字的经营者或业主")))
    if signed_on is None or signed_on > local_day(now):
        faults.append(Fault(N_("请填签字的日期"), "signed_on", remedy=N_("请填今天或以前的日期")))
    if not files:
        faults.append(Fault(N_("缺少签字页的照片或扫描件"), "photos", remedy=N_("请拍下签字的那一页再上传")))
    refuse_faults(faults)
    values = {"owner_name": name, "owner_signed_on": signed_on}
    detail = {"signed_on": signed_on.isoformat() if signed_on else ""}
    step(session, actor, project, SIGN, version=version, values=values, detail=detail, now=now)
    attach(session, actor, PROJECT, project.id, files, kind=SIGNATURE, step=project.version, now=now)
    return project


def _only_file(project: Project) -> None:
    if project.kind != SITE_FILE:
        raise Conflict(N_("只有“一场一策”才列问题和登记签字"))
