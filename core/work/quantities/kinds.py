"""The tenant's dictionary of quantities (工作量科目): what is counted, in which unit, and whether it is put in or brought about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, Stale
from core.work.calendar import local_day
from core.work.journal import record_at
from core.work.permits import require
from core.work.quantities.starter import STARTER
from core.work.quantities.words import FLOWS
from core.work.roles import DIRECT
from core.work.statistics.measures import find_measure
from core.work.statistics.writing import clean_code, clean_text
from core.work.tables import PlanTarget, QuantityEntry, QuantityKind
from tenants.access import Actor, root_unit
from tenants.db import new_id
from tenants.scope import ScopedSession

OBJECT = "quantity_kind"
ACTIVE, RETIRED = "active", "retired"
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class KindWish:
    """A kind as it is typed (科目填写); ``measure`` is a unit's code or one of its names."""

    code: str
    name_zh: str
    measure: str
    flow: str = "output"
    name_en: str = ""
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class KindChoice:
    """A kind to choose from (可选科目)."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    measure: str
    flow: str


def kind_choices(session: Session) -> list[KindChoice]:
    """The kinds in use, by flow and name: for whoever lets people choose one."""
    rows = session.scalars(select(QuantityKind).where(QuantityKind.state == ACTIVE).order_by(QuantityKind.code))
    order = {flow: place for place, flow in enumerate(FLOWS)}
    return [
        KindChoice(row.id, row.code, row.name_zh, row.name_en, row.measure, row.flow)
        for row in sorted(rows, key=lambda one: (order[one.flow], one.name_zh, one.code))
    ]


def list_kinds(session: Session, *, text: str = "", flow: str = "", state: str = "") -> list[QuantityKind]:
    """The dictionary by code, retired kinds too."""
    chosen = select(QuantityKind).order_by(QuantityKind.code)
    if text:
        like = f"%{text.replace('%', '').replace('_', '')}%"
        names = (QuantityKind.code, QuantityKind.name_zh, QuantityKind.name_en)
        chosen = chosen.where(or_(*(name.ilike(like) for name in names)))
    chosen = chosen.where(QuantityKind.flow == flow) if flow else chosen
    return list(session.scalars(chosen.where(QuantityKind.state == state) if state else chosen))


def get_kind(session: ScopedSession, kind_id: UUID) -> QuantityKind:
    """A kind of the dictionary. Raises NotFound."""
    found = session.get(QuantityKind, (session.tenant_id, kind_id))
    if found is None:
        raise NotFound
    return found


def add_kind(
    session: ScopedSession,
    actor: Actor | None,
    wish: KindWish,
    *,
    now: datetime,
    campaigns: Collection[str] | None = None,
) -> QuantityKind:
    """Add a kind (新增科目). Raises InvalidInput with every fault, Conflict for a code in use, Forbidden."""
    _require(session, actor, now)
    values = _checked(wish, campaigns)
    if session.scalar(select(QuantityKind.id).where(QuantityKind.code == values["code"])):
        raise Conflict(N_("代码 {code} 已经用于另一个科目"), code=values["code"])
    row = QuantityKind(**values, id=new_id(), changed_at=now)
    session.add(row)
    session.flush()
    record_at(session, now, actor, "quantity_kind.add", OBJECT, row.id, code=row.code)
    return row


def change_kind(
    session: ScopedSession,
    actor: Actor | None,
    kind_id: UUID,
    wish: KindWish,
    version: int,
    *,
    now: datetime,
    campaigns: Collection[str] | None = None,
) -> QuantityKind:
    """Change a kind (修改科目); its code stays, and once something is reported in it its unit and its flow stay too.

    Raises InvalidInput, NotFound, Forbidden, Conflict, and Stale when somebody was faster.
    """
    _require(session, actor, now)
    row = get_kind(session, kind_id)
    values = _checked(wish, campaigns) | {"code": row.code}
    if (values["measure"], values["flow"]) != (row.measure, row.flow) and _is_used(session, row.id):
        raise Conflict(N_("这个科目已经有填报或目标，不能改计量单位和类别；请停用它，另建一个科目"))
    return _write(session, actor, row, values, version, "change", now)


def set_kind_state(
    session: ScopedSession, actor: Actor | None, kind_id: UUID, state: str, version: int, *, now: datetime
) -> QuantityKind:
    """Retire a kind or bring it back (停用、恢复科目); what was reported stays. Raises NotFound, Forbidden, Stale."""
    _require(session, actor, now)
    row = get_kind(session, kind_id)
    verb = "retire" if state == RETIRED else "revive"
    return _write(session, actor, row, {"state": RETIRED if state == RETIRED else ACTIVE}, version, verb, now)


def lay_starter(session: ScopedSession, actor: Actor | None, *, now: datetime) -> int:
    """Take the usual kinds over (采用常用科目); a code that is there already stays as it is. Gives how many are new."""
    _require(session, actor, now)
    names = ("code", "name_zh", "name_en", "measure", "flow")
    fixed = {"tenant_id": session.tenant_id, "campaign": "", "state": ACTIVE, "version": 1, "changed_at": now}
    rows = [dict(zip(names, one, strict=True)) | fixed | {"id": new_id()} for one in STARTER]
    made = session.execute(insert(QuantityKind).values(rows).on_conflict_do_nothing().returning(QuantityKind.id)).all()
    if made:
        record_at(session, now, actor, "quantity_kind.starter", OBJECT, "", kinds=len(made))
    session.flush()
    return len(made)


def _require(session: ScopedSession, actor: Actor | None, now: datetime) -> None:
    require(session, actor, DIRECT, root_unit(session).id, local_day(now))


def _is_used(session: Session, kind_id: UUID) -> bool:
    used = (select(table.kind_id).where(table.kind_id == kind_id).limit(1) for table in (QuantityEntry, PlanTarget))
    return any(session.scalar(one) is not None for one in used)


def _write(
    session: ScopedSession,
    actor: Actor | None,
    row: QuantityKind,
    values: dict[str, Any],
    version: int,
    verb: str,
    now: datetime,
) -> QuantityKind:
    done = session.execute(
        update(QuantityKind)
        .where(QuantityKind.tenant_id == session.tenant_id, QuantityKind.id == row.id, QuantityKind.version == version)
        .values(**values, version=version + 1, changed_at=now)
        .returning(QuantityKind.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(row)
    if done is None:
        raise Stale(N_("别人刚刚改过这一项（现在是第 {version} 版）；请刷新后再改"), version=row.version)
    record_at(session, now, actor, f"quantity_kind.{verb}", OBJECT, row.id, code=row.code)
    session.flush()
    return row


def _checked(wish: KindWish, campaigns: Collection[str] | None) -> dict[str, Any]:
    """The values to be stored. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    values = {one.name: getattr(wish, one.name).strip() for one in fields(wish)}
    for name, read in (("code", clean_code), ("name_zh", clean_text)):
        values[name], fault = read(values[name], name)
        faults += [fault] if fault else []
    faults += [
        Fault(N_("最多 {most} 个字"), name, params={"most": LONGEST_NAME})
        for name in ("name_zh", "name_en")
        if len(values[name]) > LONGEST_NAME
    ]
    if wish.flow not in FLOWS:
        faults.append(Fault(N_("请从列出的选项中选择"), "flow", value=wish.flow[:40]))
    if wish.campaign and campaigns is not None and wish.campaign not in campaigns:
        faults.append(Fault(N_("请从列出的选项中选择"), "campaign", value=wish.campaign[:40]))
    try:
        values["measure"] = find_measure(wish.measure).code
    except InvalidInput as error:
        faults += error.faults
    if faults:
        raise InvalidInput(faults=faults)
    return values
