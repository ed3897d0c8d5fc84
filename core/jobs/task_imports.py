"""Workbooks of tasks, tried and written beside the request (任务导入): each part in a scope of its own, so that everybody sees how far it is."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from core.campaigns import installed
from core.errors import SanchengError
from core.work.accounts import tenant_ref
from core.work.tasks.importing import READING, begin_writing, fail, finish, next_import, try_import, write_next
from tenants.access import TenantRef
from tenants.accounts import Tenant
from tenants.scope import Wall

LOG = logging.getLogger("sancheng.jobs")


def take_imports(wall: Wall, tenant_id: int, now: datetime) -> int:
    """Try or write every import of a tenant that waits; gives how many. One that breaks says so and stops no other."""
    with wall.platform() as session:
        tenant = tenant_ref(session.get_one(Tenant, tenant_id))
    done = 0
    while (begun := _begin(wall, tenant_id, now)) is not None:
        import_id, state = begun
        try:
            if state == READING:
                _try(wall, tenant, import_id, now)
            else:
                _write(wall, tenant, import_id, now)
        except SanchengError as error:
            _fail(wall, tenant_id, import_id, error, now)
        except Exception:  # whatever broke must be said on the page of whoever waits for it; the log has the rest
            LOG.exception("import %s of tasks broke", import_id)
            _fail(wall, tenant_id, import_id, None, now)
        done += 1
    return done


def _begin(wall: Wall, tenant_id: int, now: datetime) -> tuple[UUID, str] | None:
    with wall.open(tenant_id) as session:
        found = next_import(session, now)
        session.commit()
    return found


def _try(wall: Wall, tenant: TenantRef, import_id: UUID, now: datetime) -> None:
    with wall.open(tenant.id) as session:
        try_import(session, tenant, import_id, now=now, registry=installed())
        session.commit()


def _write(wall: Wall, tenant: TenantRef, import_id: UUID, now: datetime) -> None:
    with wall.open(tenant.id) as session:
        writing = begin_writing(session, tenant, import_id, now=now, registry=installed())
        session.commit()
    while not writing.over:
        with wall.open(tenant.id) as session:
            write_next(session, writing, now=now)
            session.commit()
    with wall.open(tenant.id) as session:
        finish(session, writing, now=now)
        session.commit()


def _fail(wall: Wall, tenant_id: int, import_id: UUID, error: SanchengError | None, now: datetime) -> None:
    with wall.open(tenant_id) as session:
        fail(session, import_id, error, now=now)
        session.commit()
