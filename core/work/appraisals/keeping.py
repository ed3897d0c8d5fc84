"""Rules of appraisal as a district keeps them (考核办法): drafts, in force, retired; each change guarded by the version that was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, Stale
from core.work.appraisals.rules import GROUPS, LONGEST_NAME, read_rule
from core.work.calendar import local_day
from core.work.journal import record
from core.work.permits import require
from core.work.roles import DIRECT
from core.work.tables import AppraisalRule
from core.work.wording import read_text, shown
from tenants.access import Actor, root_unit
from tenants.scope import ScopedSession

DRAFT, ACTIVE, RETIRED = "draft", "active", "retired"
STATES: Mapping[str, str] = {DRAFT: N_("草稿"), ACTIVE: N_("执行中"), RETIRED: N_("已停用")}
MOVES: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "activate": ((DRAFT, RETIRED), ACTIVE, N_("开始执行")),
    "retire": ((DRAFT, ACTIVE), RETIRED, N_("停用")),
}
KIND = "appraisal_rule"


def list_rules(session: ScopedSession, states: Sequence[str] = (DRAFT, ACTIVE, RETIRED)) -> list[AppraisalRule]:
    """The rules, those in force first."""
    query = select(AppraisalRule).where(AppraisalRule.state.in_(states))
    rows = session.scalars(query.order_by(AppraisalRule.created_at, AppraisalRule.id))
    return sorted(rows, key=lambda row: row.state != ACTIVE)


def find_rule(session: ScopedSession, rule_id: UUID) -> AppraisalRule:
    """One rule. Raises NotFound."""
    row = session.scalars(
        select(AppraisalRule).where(AppraisalRule.id == rule_id), execution_options={"populate_existing": True}
    ).first()
    if row is None:
        raise NotFound
    return row


def keep_rule(
    session: ScopedSession,
    actor: Actor | None,
    *,
    name: str,
    league: str,
    body: Any,
    rule_id: UUID | None = None,
    version: int = 0,
    now: datetime,
) -> AppraisalRule:
    """Write a rule: a new draft, or the next version of one that the caller saw as ``version``.

    Raises InvalidInput with every fault, Forbidden, NotFound, Stale. ``actor`` None is the installation itself.
    """
    require(session, actor, DIRECT, root_unit(session).id, local_day(now))
    faults: list[Fault] = []
    title = read_text(name, "name", faults, LONGEST_NAME)
    if not title and not faults:
        faults.append(Fault(N_("缺少名称"), "name", remedy=N_("请填写考核办法的名称")))
    if league not in GROUPS:
        faults.append(Fault(N_("没有这个组别"), "league", value=shown(league), remedy=N_("请选片区、街道或部门")))
    try:
        plain = read_rule(body).body()
    except InvalidInput as error:
        raise InvalidInput(faults=[*faults, *error.faults]) from error
    if faults:
        raise InvalidInput(faults=faults)
    values = {"name": title, "league": league, "body": plain, "changed_at": now}
    if rule_id is None:
        row = AppraisalRule(**values, created_at=now)
        session.add(row)
        session.flush()
    else:
        row = _update(session, find_rule(session, rule_id), version, values)
    record(session, actor, "appraisal_rule.keep", KIND, row.id, name=row.name, version=row.version)
    return row


def move_rule(
    session: ScopedSession, actor: Actor | None, rule_id: UUID, verb: str, *, version: int, now: datetime
) -> AppraisalRule:
    """Put a rule into force, or retire it; what was frozen by it stays. Raises Forbidden, InvalidInput, Conflict, Stale."""
    require(session, actor, DIRECT, root_unit(session).id, local_day(now))
    row = find_rule(session, rule_id)
    if verb not in MOVES:
        raise InvalidInput(faults=[Fault(N_("没有这种办理"), "verb", value=shown(verb), remedy=N_("请从页面办理"))])
    sources, target, title = MOVES[verb]
    if row.version == version and row.state not in sources:
        raise Conflict(N_("办法目前是“{state}”，不能“{verb}”"), state=STATES[row.state], verb=title)
    row = _update(session, row, version, {"state": target, "changed_at": now})
    record(session, actor, f"appraisal_rule.{verb}", KIND, row.id, name=row.name, version=row.version)
    return row


def _update(session: ScopedSession, row: AppraisalRule, version: int, values: Mapping[str, Any]) -> AppraisalRule:
    done = session.execute(
        update(AppraisalRule)
        .where(AppraisalRule.id == row.id, AppraisalRule.version == version)
        .values(version=version + 1, **values)
        .returning(AppraisalRule.id)
        .execution_options(synchronize_session=False)
    )
    won = done.first() is not None
    session.refresh(row)
    if not won:
        message = N_("办法已被别人改过（第 {version} 版），请刷新后再改")
        raise Stale(message, version=row.version)
    return row
