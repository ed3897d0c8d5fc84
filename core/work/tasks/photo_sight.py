"""Who sees the photos that prove work (佐证照片可见范围): whoever sees the task, project, meeting or quantity they belong to."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_

from core.work.projects.sight import sees_project
from core.work.roles import SEE
from core.work.tables import File, Meeting, Project, QuantityEntry, Task, WorkPhoto
from core.work.tasks.photo_kinds import MEETING, PROJECT, QUANTITY, TASK
from core.work.tasks.sight import sees_task
from tenants.access import Actor, reach


def sees_work_photo(actor: Actor, on: date) -> ColumnElement[bool]:
    """Filter on File: it proves work that the actor sees."""
    tenant, units = actor.tenant.id, reach(actor, SEE, on)
    task = exists().where(Task.tenant_id == tenant, Task.id == WorkPhoto.subject_id, sees_task(actor, on))
    project = exists().where(Project.tenant_id == tenant, Project.id == WorkPhoto.subject_id, sees_project(actor, on))
    meeting = exists().where(
        Meeting.tenant_id == tenant,
        Meeting.id == WorkPhoto.subject_id,
        or_(Meeting.unit_id.in_(units), Meeting.chair_id == actor.person_id),
    )
    entry = exists().where(
        QuantityEntry.tenant_id == tenant, QuantityEntry.id == WorkPhoto.subject_id, QuantityEntry.unit_id.in_(units)
    )
    seen = or_(
        and_(WorkPhoto.subject == TASK, task.correlate(WorkPhoto)),
        and_(WorkPhoto.subject == PROJECT, project.correlate(WorkPhoto)),
        and_(WorkPhoto.subject == MEETING, meeting.correlate(WorkPhoto)),
        and_(WorkPhoto.subject == QUANTITY, entry.correlate(WorkPhoto)),
    )
    found = exists().where(WorkPhoto.tenant_id == tenant, WorkPhoto.file_id == File.id, seen)
    return found.correlate(File)
