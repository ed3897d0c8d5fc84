"""Reorganisations (机构调整): a new chart is proposed, looked at, approved, and takes effect on its day; or is withdrawn.

A draft is only a proposal: nothing moves before it takes effect. What is approved for a later day is brought into effect by
:func:`core.work.organisation.reorganising_due.apply_due_reorganisations`, once, however often and however late it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, Stale
from core.work.imports.workbook_reading import Workbook
from core.work.journal import record
from core.work.names import tidy
from core.work.organisation.chart_checks import changes_anything, faults_of
from core.work.organisation.chart_drafts import Draft, draft_of, read_draft, rebase, standing_chart, write_draft
from core.work.organisation.chart_workbook import read_chart
from core.work.organisation.charts import refuse_while_waiting
from core.work.organisation.closure import lock_chart
from core.work.organisation.reorganising_effect import take_effect
from core.work.organisation.units import Node
from core.work.permits import require
from core.work.roles import ADMINISTER
from core.work.tables import Reorganisation
from tenants.access import Actor, root_unit
from tenants.db import now as server_now
from tenants.scope import ScopedSession

LONGEST_TITLE = 80
STATES: Mapping[str, str] = {
    "draft": N_("草案"),
    "approved": N_("已批准，待生效"),
    "in_force": N_("已生效"),
    "withdrawn": N_("已撤回"),
}
TREES: Mapping[str, str] = {"administration": N_("行政架构"), "headquarters": N_("指挥部架构")}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft beside the chart that it changes (草案与现行架构)."""

    row: Reorganisation
    draft: Draft
    standing: Mapping[UUID, Node]
    faults: tuple[Fault, ...]

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return changes_anything(self.draft, self.standing)


def list_reorganisations(session: ScopedSession) -> list[Reorganisation]:
    """All reorganisations (机构调整清单), the latest first."""
    return list(session.scalars(select(Reorganisation).order_by(Reorganisation.created_at.desc(), Reorganisation.id)))


def find_reorganisation(session: ScopedSession, row_id: UUID) -> Reorganisation:
    """One reorganisation. Raises NotFound."""
    row = session.get(Reorganisation, (session.tenant_id, row_id))
    if row is None:
        raise NotFound
    return row


def open_sheet(session: ScopedSession, row: Reorganisation, today: date) -> Sheet:
    """A draft brought up to the chart of today, with its faults; what is in force or withdrawn is shown as it was."""
    standing = standing_chart(session, row.tree, today)
    draft = read_draft(row.tree, row.body)
    if row.state not in ("draft", "approved"):
        return Sheet(row, draft, standing, ())
    rebase(draft, standing)
    return Sheet(row, draft, standing, tuple(faults_of(draft, standing)))


def propose(
    session: ScopedSession,
    actor: Actor | None,
    *,
    title: str,
    grove: str,
    effective_on: date,
    today: date,
    document: str = "",
    now: datetime | None = None,
) -> Reorganisation:
    """Begin a draft in which everything stays as it is (起草机构调整). Raises InvalidInput and Forbidden."""
    _require(session, actor, today)
    if grove not in TREES:
        raise InvalidInput(faults=[Fault(N_("没有这棵树"), "tree", value=grove[:20], remedy=N_("请从列表里选"))])
    row = Reorganisation(
        title="", tree=grove, effective_on=effective_on, created_at=now or server_now(), document="", state="draft"
    )
    _write_head(row, title, document, effective_on, today)
    row.body = write_draft(draft_of(grove, standing_chart(session, grove, today)))
    row.person_id, row.person_name = (actor.person_id, actor.name) if actor else (None, "")
    session.add(row)
    session.flush()
    record(session, actor, "reorganisation.propose", "reorganisation", row.id, title=row.title)
    return row


def _require(session: ScopedSession, actor: Actor | None, today: date) -> None:
    require(session, actor, ADMINISTER, root_unit(session).id, today)


def _write_head(row: Reorganisation, title: str, document: str, effective_on: date, today: date) -> None:
    faults: list[Fault] = []
    said = tidy(title)
    if not said or len(said) > LONGEST_TITLE:
        message = N_("名称过长") if said else N_("不能为空")
        faults.append(Fault(message, "title", value=said[:20], remedy=N_("请填写 80 个字以内的名称")))
    if effective_on < today:
        remedy = N_("请填今天或以后的日期")
        faults.append(Fault(N_("生效日期已经过去"), "effective_on", value=effective_on.isoformat(), remedy=remedy))
    if faults:
        raise InvalidInput(faults=faults)
    row.title, row.document, row.effective_on = said, tidy(document)[:200], effective_on


def change_head(
    session: ScopedSession,
    actor: Actor | None,
    row_id: UUID,
    *,
    version: int,
    title: str,
    document: str,
    effective_on: date,
    today: date,
) -> Reorganisation:
    """Give a draft another title, document or day. Raises NotFound, Forbidden, Stale, Conflict and InvalidInput."""
    row = _lock_draft(session, actor, row_id, version, today)
    _write_head(row, title, document, effective_on, today)
    _keep(session, actor, row)
    return row


def _keep(session: ScopedSession, actor: Actor | None, row: Reorganisation) -> None:
    row.version += 1
    session.flush()
    record(session, actor, "reorganisation.edit", "reorganisation", row.id, title=row.title, version=row.version)


def _lock_draft(
    session: ScopedSession, actor: Actor | None, row_id: UUID, version: int, today: date, *states: str
) -> Reorganisation:
    """The row, ours until the end of the transaction, in the version that the person saw."""
    _require(session, actor, today)
    chosen = select(Reorganisation).where(Reorganisation.id == row_id).with_for_update()
    row = session.scalars(chosen, execution_options={"populate_existing": True}).first()
    if row is None:
        raise NotFound
    if row.version != version:
        raise Stale(N_("这次机构调整刚被更新过（第 {version} 版）；请刷新后再办理"), version=row.version)
    if row.state not in (states or ("draft",)):
        raise Conflict(N_("这次机构调整已经不是草案，不能再改"), faults=[Fault(STATES[row.state], "state")])
    return row


def edit_draft(
    session: ScopedSession,
    actor: Actor | None,
    row_id: UUID,
    change: Callable[[Draft, Mapping[UUID, Node]], None],
    *,
    version: int,
    today: date,
) -> Reorganisation:
    """Change a draft by one of the verbs of :mod:`core.work.organisation.chart_editing` (修改草案).

    Raises NotFound, Forbidden, Stale, Conflict (no longer a draft) and what the verb raises; then nothing is changed.
    """
    row = _lock_draft(session, actor, row_id, version, today)
    standing = standing_chart(session, row.tree, today)
    draft = read_draft(row.tree, row.body)
    rebase(draft, standing)
    change(draft, standing)
    row.body = write_draft(draft)
    _keep(session, actor, row)
    return row


def import_chart(
    session: ScopedSession, actor: Actor | None, row_id: UUID, workbook: Workbook, *, version: int, today: date
) -> Reorganisation:
    """Let a workbook draw the whole draft anew (导入新架构). Raises as :func:`edit_draft`; then the draft is as it was."""

    def redraw(draft: Draft, standing: Mapping[UUID, Node]) -> None:
        read = read_chart(draft.tree, workbook, standing)
        draft.seats, draft.fates = read.seats, read.fates

    return edit_draft(session, actor, row_id, redraw, version=version, today=today)


def approve(
    session: ScopedSession,
    actor: Actor | None,
    row_id: UUID,
    *,
    version: int,
    today: date,
    now: datetime | None = None,
) -> Reorganisation:
    """Approve a draft (批准): it takes effect at once when its day is today, else on its day.

    Raises NotFound, Forbidden, Stale, InvalidInput (faults of the draft, nothing changed, a day in the past) and Conflict
    (no longer a draft, another one of this tree waits).
    """
    row = _lock_draft(session, actor, row_id, version, today)
    lock_chart(session)
    refuse_while_waiting(session, row.tree)
    sheet = open_sheet(session, row, today)
    if sheet.faults:
        raise InvalidInput(N_("草案还有需要改正的地方"), faults=sheet.faults)
    if not sheet.changes:
        raise InvalidInput(faults=[Fault(N_("草案没有改动任何单位"), "body", remedy=N_("请先修改草案"))])
    _write_head(row, row.title, row.document, row.effective_on, today)
    row.body, row.state, row.version = write_draft(sheet.draft), "approved", row.version + 1
    row.person_id, row.person_name = (actor.person_id, actor.name) if actor else (None, "")
    session.flush()
    record(
        session, actor, "reorganisation.approve", "reorganisation", row.id, title=row.title, on=str(row.effective_on)
    )
    if row.effective_on <= today:
        bring_into_effect(session, actor, row, today, now or server_now())
    return row


def bring_into_effect(
    session: ScopedSession, actor: Actor | None, row: Reorganisation, today: date, now: datetime
) -> None:
    """Let an approved one take effect, with its line in the trail. Raises Conflict when it no longer fits the chart."""
    take_effect(session, actor, row, today, now)
    record(session, actor, "reorganisation.apply", "reorganisation", row.id, title=row.title, **row.moved)
    session.flush()


def withdraw(session: ScopedSession, actor: Actor | None, row_id: UUID, *, version: int, today: date) -> Reorganisation:
    """Withdraw a draft or an approved reorganisation before it takes effect (撤回). Raises as :func:`edit_draft`."""
    row = _lock_draft(session, actor, row_id, version, today, "draft", "approved")
    row.state, row.version = "withdrawn", row.version + 1
    session.flush()
    record(session, actor, "reorganisation.withdraw", "reorganisation", row.id, title=row.title)
    return row
