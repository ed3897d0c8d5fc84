"""What cells of a task may name (任务的对照表): units, people, plans with their lines, campaigns, sources - each read once for a workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select

from core.campaigns.registry import Registry
from core.errors import N_
from core.work.dated import valid_on
from core.work.imports.unit_names import UnitNames, packed
from core.work.imports.workbook_cells import Notes, Span
from core.work.imports.workbook_reading import Sheet, SheetRow
from core.work.names import narrow, tidy
from core.work.tables import Plan, PlanLine
from core.work.tasks.states import SOURCES
from tenants.access import Actor
from tenants.models import EnabledCampaign, Holding, Person, Post
from tenants.scope import ScopedSession

Under = tuple[UUID | None, UUID | None]  # plan and line
_NONE: Under = (None, None)
_PHONE = re.compile(r"(.+?)\s*\(([\d\s-]{4,20})\)")
_SEVERAL = re.compile(r"[、，,;；/]")
_ALSO = {  # other words for where a task comes from
    "条款": "clause",
    "指标": "clause",
    "标准": "clause",
    "会议": "meeting",
    "领导": "leader",
    "交办": "leader",
    "专项": "drive",
    "专项行动": "drive",
    "攻坚": "drive",
    "问题": "finding",
    "责任书": "pledge",
    "自定": "own",
}


class Names:
    """Everything that a workbook of tasks may name, as of a day."""

    def __init__(self, session: ScopedSession, actor: Actor, today: date, registry: Registry) -> None:
        self.units = UnitNames(session, actor, today)
        self._people(session, today)
        self._plans(session)
        running = set(session.scalars(select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")))
        self._campaigns = {
            packed(said).lower(): one.key
            for one in registry.campaigns.values()
            if one.key in running
            for said in (one.key, one.short, one.title_zh, one.title_en)
        }
        self._sources = {zh: code for code, zh in SOURCES.items()} | {code: code for code in SOURCES} | _ALSO

    def _people(self, session: ScopedSession, today: date) -> None:
        self._persons: dict[str, list[tuple[UUID, str]]] = {}
        for person_id, name, phone in session.execute(
            select(Person.id, Person.name, Person.phone).where(Person.state == "active")
        ):
            self._persons.setdefault(packed(name), []).append((person_id, phone))
        self._sits: dict[UUID, set[UUID]] = {}
        held = select(Holding.person_id, Post.unit_id).join(
            Post, (Post.tenant_id == Holding.tenant_id) & (Post.id == Holding.post_id)
        )
        for person_id, unit_id in session.execute(held.where(valid_on(Holding, today))):
            self._sits.setdefault(person_id, set()).add(unit_id)

    def _plans(self, session: ScopedSession) -> None:
        self.plan_days: dict[UUID, Span] = {}
        self._plan_of: dict[str, set[UUID]] = {}
        for plan in session.scalars(select(Plan).where(Plan.state.in_(("draft", "active")))):
            self.plan_days[plan.id] = (plan.starts_on, plan.ends_on)
            for said in (plan.number, plan.title):
                self._plan_of.setdefault(packed(said), set()).add(plan.id)
        self._line_of: dict[str, set[tuple[UUID, UUID]]] = {}
        lines = select(PlanLine.plan_id, PlanLine.id, PlanLine.title).where(PlanLine.dropped.is_(False))
        for plan_id, line_id, title in session.execute(lines):
            if plan_id in self.plan_days:
                self._line_of.setdefault(packed(title), set()).add((plan_id, line_id))

    def person_in(self, sheet: Sheet, row: SheetRow, column: str, notes: Notes, unit: UUID | None) -> UUID | None:
        """The one person whom a cell names; of several with the name, the one who holds a post at the unit."""
        written = row.cells.get(column, "")
        said = narrow(written)
        if not said:
            return None
        phone = _PHONE.fullmatch(said)
        name, digits = (phone[1], re.sub(r"\D", "", phone[2])) if phone else (said, "")
        found = [one for one in self._persons.get(packed(name), []) if not digits or one[1].endswith(digits)]
        if len(found) > 1:
            found = [one for one in found if unit in self._sits.get(one[0], ())] or found
        if len(found) == 1:
            return found[0][0]
        if found:
            notes.refuse(sheet, row, column, N_("有多个同名的人"), N_("请写成 姓名（电话）"), written)
        elif _SEVERAL.search(said):
            notes.refuse(sheet, row, column, N_("一项任务一个责任人"), N_("请只写一个人，其他人写进要求"), written)
        else:
            remedy = N_("请核对姓名，或先在“人员”里加上这个人")
            notes.refuse(sheet, row, column, N_("没有这个人"), remedy, written)
        return None

    def plan_in(self, sheet: Sheet, row: SheetRow, column: str, notes: Notes, default: UUID | None) -> Under:
        """The plan, or the line with its plan, that a cell names: number, title, plan/line, or a line's title alone."""
        written = row.cells.get(column, "")
        said = tidy(narrow(written))
        if not said:
            return (default, None)
        if len(plans := self._plan_of.get(packed(said), set())) == 1:
            return (next(iter(plans)), None)
        lines = self._line_of.get(packed(said), set())
        for place in (i for i, mark in enumerate(said) if mark == "/"):
            inside = self._plan_of.get(packed(said[:place]), set())
            lines = {one for one in self._line_of.get(packed(said[place + 1 :]), set()) if one[0] in inside} or lines
        if len(lines) == 1:
            return next(iter(lines))
        if lines or len(plans) > 1:
            remedy = N_("请写计划的编号，条线写成 计划编号/条线")
            notes.refuse(sheet, row, column, N_("有多个同名的计划或条线"), remedy, written)
        else:
            remedy = N_("请写计划的名称或编号，条线写成 计划/条线")
            notes.refuse(sheet, row, column, N_("没有这个计划或条线"), remedy, written)
        return _NONE

    def campaign_in(self, sheet: Sheet, row: SheetRow, column: str, notes: Notes) -> str:
        """The running campaign that a cell names by key, short name or title; '' for none."""
        written = row.cells.get(column, "")
        if not written.strip():
            return ""
        found = self._campaigns.get(packed(written).lower())
        if found is None:
            notes.refuse(sheet, row, column, N_("没有启用这个创建"), N_("请选择已启用的创建项目"), written)
        return found or ""

    def source_in(self, sheet: Sheet, row: SheetRow, column: str, notes: Notes) -> str:
        """Where the task comes from; ``own`` where the cell is empty."""
        return self._word(sheet, row, column, notes, self._sources) or "own"

    def _word(self, sheet: Sheet, row: SheetRow, column: str, notes: Notes, words: Mapping[str, str]) -> str | None:
        written = row.cells.get(column, "")
        said = narrow(written).replace(" ", "")
        if said and said not in words:
            remedy = N_("可用：任务分解、会议议定、责任状、领导交办、计划、专项整治、项目、检查问题、日常安排")
            notes.refuse(sheet, row, column, N_("没有这种任务来源"), remedy, written)
        return words.get(said)
