"""Workbooks of tasks for the routes' world (任务导入): one that was tried, with a refused row, and fresh ones for each write."""

from __future__ import annotations

import io
from uuid import UUID

from openpyxl import Workbook

from core.campaigns.registry import installed
from core.work.tasks.importing import keep, try_import
from core.work.tasks.importing_sheet import Options
from tenants.access import Actor
from tenants.db import new_id, now
from tenants.scope import ScopedSession

HEAD = "编号,任务,责任单位,期限"


def give_import(session: ScopedSession, actor: Actor) -> dict[str, str]:
    """A workbook that was tried: one row that can be written, one whose unit is unknown."""
    code = new_id()
    rows = [(code, "路由导入", actor.tenant.name, "2027-12-31"), (f"{code}-2", "路由退回", "没有的单位", "2027-12-31")]
    made = keep(session, actor, name="路由任务.xlsx", data=_book(rows), options=Options(), now=now())
    try_import(session, actor.tenant, made.id, now=now(), registry=installed())
    session.flush()
    return {"import_id": str(made.id)}


def _book(rows: list[tuple[object, ...]]) -> bytes:
    """A workbook says what it is by its content: its name is marked in the other tenant."""
    book = Workbook()
    for row in (HEAD.split(","), *rows):
        book.active.append([str(one) for one in row])
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def task_rows() -> tuple[bytes, str]:
    """A file to upload, with its name."""
    return f"{HEAD}\n{new_id()},路由上传,没有的单位,2027-12-31\n".encode(), "任务.csv"


def versions_of(task_id: UUID | str) -> str:
    """What the confirmation of one step for many carries."""
    return f"{task_id}.1"
