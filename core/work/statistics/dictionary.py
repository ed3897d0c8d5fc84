"""The tenant's dictionary of statistics (统计目录): settled from the editions in force, extended and changed by the HQ office."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from core.campaigns import Edition
from core.errors import N_, Conflict, Fault, InvalidInput, NotFound, Stale
from core.periods import KINDS
from core.work.dated import valid_on
from core.work.journal import record
from core.work.permits import require
from core.work.roles import DIRECT
from core.work.statistics.measures import MEASURES, find_measure
from core.work.statistics.seeds import BASES, LIMITS, POPULATIONS, Seed, seeds_of
from core.work.statistics.sight import owned_seen
from core.work.statistics.writing import clean_code, clean_text
from core.work.tables import Statistic
from tenants.access import Actor, may, root_unit
from tenants.db import now
from tenants.models import Unit, UnitRole
from tenants.scope import ScopedSession

COMBINES = ("sum", "mean", "last")
OBJECT = "statistic"
DUE_DAYS = range(121)


@dataclass(frozen=True, slots=True)
class Declared:
    """A line of the dictionary as it is typed (目录填写): the tenant's own, or changes to one of an edition."""

    code: str
    name_zh: str
    name_en: str
    measure: str
    owner_unit_id: UUID
    frequency: str
    denominator_zh: str = ""
    denominator_en: str = ""
    denominator_measure: str = ""
    unit_kind: str = ""
    due_days: int = 10
    combine: str = "sum"
    campaign: str = ""
    parts: tuple[str, ...] = ()
    bases: tuple[str, ...] = BASES
    needs_population: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    apart: str = ""


def settle_dictionary(session: ScopedSession, editions: Iterable[tuple[str, Edition]], *, today: date) -> int:
    """Add the lines that the editions in force ask for and note who asks; nothing typed is changed. Returns how many are new.

    A line belongs to one campaign while only that one asks for it, and is shared as soon as a second does.
    """
    seeds = seeds_of(editions)
    known = {row.code: row for row in session.scalars(select(Statistic).where(Statistic.code.in_(seeds)))}
    offices, root = _offices(session, today), root_unit(session)
    made = 0
    for code, seed in seeds.items():
        row = known.get(code)
        if row is None:
            session.add(_planted(seed, offices.get(seed.role) or offices.get("civilisation_office") or root.id, today))
            made += 1
        elif row.origin == "edition":
            _note_askers(row, seed)
    session.flush()
    return made


def _planted(seed: Seed, owner: UUID, today: date) -> Statistic:
    low, high = LIMITS.get(seed.measure, (Decimal(0), None))
    return Statistic(
        code=seed.code,
        name_zh=seed.name_zh,
        name_en=seed.name_en,
        measure=seed.measure,
        owner_unit_id=owner,
        unit_kind=seed.unit_kind,
        frequency=seed.frequency,
        combine=seed.combine,
        campaign=next(iter(seed.campaigns)) if len(seed.campaigns) == 1 else "",
        bases=seed.bases,
        parts=[],
        needs_population=seed.code in POPULATIONS,
        minimum=low,
        maximum=high,
        origin="edition",
        source={"asked_by": seed.asked_by},
        valid_from=today.replace(day=1),
    )


def _note_askers(row: Statistic, seed: Seed) -> None:
    """Remember every indicator that has ever asked for the line."""
    asked: list[dict[str, str]] = list(row.source.get("asked_by", ()))
    new = [one for one in seed.asked_by if one not in asked]
    if new:
        row.source = row.source | {"asked_by": asked + new}
        campaigns = {one["campaign"] for one in asked + new}
        row.campaign = "" if len(campaigns) > 1 else row.campaign


def _offices(session: ScopedSession, on: date) -> Mapping[str, UUID]:
    rows = session.execute(
        select(UnitRole.role, UnitRole.unit_id).where(valid_on(UnitRole, on)).order_by(UnitRole.valid_from)
    )
    return {row.role: row.unit_id for row in rows}


def declare(session: ScopedSession, actor: Actor | None, given: Declared, *, today: date) -> Statistic:
    """Add a statistic of the tenant's own (自设指标). Raises InvalidInput, Conflict for a code in use, Forbidden."""
    require(session, actor, DIRECT, root_unit(session).id, today, campaign=given.campaign or None)
    values = _checked(session, given, today)
    if session.scalar(select(Statistic.id).where(Statistic.code == values["code"])):
        raise Conflict(N_("代码 {code} 已经用于另一个统计指标"), code=values["code"])
    row = Statistic(**values, origin="own", valid_from=today.replace(day=1))
    session.add(row)
    session.flush()
    record(session, actor, "statistic.add", OBJECT, row.id, code=row.code)
    return row


def amend(
    session: ScopedSession, actor: Actor | None, statistic_id: UUID, given: Declared, version: int, *, today: date
) -> Statistic:
    """Change a line (调整目录); its code stays. Raises Stale when somebody was faster, InvalidInput, NotFound, Forbidden."""
    row = session.scalars(select(Statistic).where(Statistic.id == statistic_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    require(session, actor, DIRECT, root_unit(session).id, today, campaign=row.campaign or None)
    values = _checked(session, given, today)
    if row.version != version:
        raise Stale(N_("别人刚刚改过这一项（现在是第 {version} 版）；请刷新后再改"), version=row.version)
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        if name not in ("code", "campaign") or row.origin == "own":
            setattr(row, name, value)
    row.code = before["code"]
    row.version, row.changed_at = version + 1, now()
    session.flush()
    changed = sorted(name for name, value in before.items() if getattr(row, name) != value)
    record(session, actor, "statistic.change", OBJECT, row.id, code=row.code, fields=changed)
    return row


def retire(session: ScopedSession, actor: Actor | None, statistic_id: UUID, last: date, *, today: date) -> Statistic:
    """Ask for a statistic no more from a day (停止填报); what was entered stays. Raises NotFound, Forbidden."""
    row = session.get(Statistic, (session.tenant_id, statistic_id))
    if row is None:
        raise NotFound
    require(session, actor, DIRECT, root_unit(session).id, today, campaign=row.campaign or None)
    row.valid_to, row.changed_at, row.version = last, now(), row.version + 1
    session.flush()
    record(session, actor, "statistic.retire", OBJECT, row.id, code=row.code, day=last.isoformat())
    return row


def _checked(session: ScopedSession, given: Declared, today: date) -> dict[str, Any]:
    """The values to be stored, or InvalidInput with every fault."""
    faults = [*_faults_of_choices(given), *_faults_of_parts(session, given)]
    values = {one.name: getattr(given, one.name) for one in fields(given)}
    for name, text in (("code", clean_code), ("name_zh", clean_text)):
        value, fault = text(getattr(given, name), name)
        values[name] = value
        faults += [fault] if fault else []
    for name in ("measure", "denominator_measure"):
        if values[name]:
            try:
                values[name] = find_measure(values[name]).code
            except InvalidInput as error:
                faults += [Fault(f.message, name, value=f.value, remedy=f.remedy) for f in error.faults]
    unit = session.get(Unit, (session.tenant_id, given.owner_unit_id))
    if unit is None or (unit.valid_to is not None and unit.valid_to <= today):
        faults.append(Fault(N_("没有这个单位"), "owner_unit_id", remedy=N_("请选择一个在册单位")))
    if faults:
        raise InvalidInput(faults=faults)
    return values | {"parts": list(given.parts), "bases": list(given.bases)}


def _faults_of_choices(given: Declared) -> list[Fault]:
    faults = []
    for name, value, allowed in (
        ("frequency", given.frequency, KINDS),
        ("combine", given.combine, COMBINES),
        *(("bases", one, BASES) for one in given.bases or ("",)),
    ):
        if value not in allowed:
            faults.append(Fault(N_("请从列出的选项中选择"), name, value=value[:40]))
    if given.due_days not in DUE_DAYS:
        remedy = N_("请填 0 到 120 的整数：期末之后的天数")
        faults.append(Fault(N_("报送期限不对"), "due_days", value=str(given.due_days), remedy=remedy))
    if given.minimum is not None and given.maximum is not None and given.minimum > given.maximum:
        faults.append(Fault(N_("下限大于上限"), "minimum", value=str(given.minimum), remedy=N_("请交换或改正")))
    if given.denominator_zh and not given.denominator_measure:
        faults.append(Fault(N_("有分母就要有分母的计量单位"), "denominator_measure"))
    return faults


def _faults_of_parts(session: ScopedSession, given: Declared) -> list[Fault]:
    """Parts must exist and count in the same unit as their total: nothing is added up across units."""
    if not given.parts:
        return []
    found = select(Statistic.code, Statistic.name_zh, Statistic.measure).where(Statistic.code.in_(given.parts))
    known = {row.code: row for row in session.execute(found)}
    faults = []
    for code in given.parts:
        if code not in known or code == given.code:
            faults.append(Fault(N_("没有这个分项"), "parts", value=code, remedy=N_("请填目录里已有的其他统计指标代码")))
        elif known[code].measure != given.measure:
            params = {"first": _measure(known[code].measure), "second": _measure(given.measure)}
            remedy = N_("分项与合计要用同一种计量单位")
            faults.append(
                Fault(N_("单位不同，不能相加：{first}和{second}"), "parts", value=code, remedy=remedy, params=params)
            )
    return faults


def _measure(code: str) -> str:
    return MEASURES[code].both if code in MEASURES else code


def in_force(campaigns: Iterable[str], on: date) -> tuple[Any, ...]:
    """Conditions on lines that are asked for on a day: not retired, shared or of a campaign that runs."""
    return (
        Statistic.valid_from <= on,
        or_(Statistic.valid_to.is_(None), Statistic.valid_to > on),
        Statistic.campaign.in_(("", *campaigns)),
    )


def may_keep(session: ScopedSession, actor: Actor, on: date, campaign: str = "") -> bool:
    """Whether the actor keeps the dictionary: a directing post at the district's own unit."""
    return may(session, actor, DIRECT, root_unit(session).id, on, campaign=campaign or None)


def list_dictionary(
    session: ScopedSession,
    actor: Actor,
    *,
    today: date,
    text: str = "",
    after: str = "",
    limit: int | None = None,
    statistic_id: UUID | None = None,
) -> list[tuple[Statistic, str]]:
    """The lines within reach with their owners' names, by code, ended ones too; from the one after a code."""
    statement = (
        select(Statistic, Unit.name)
        .join(Unit, (Unit.tenant_id == Statistic.tenant_id) & (Unit.id == Statistic.owner_unit_id))
        .where(Statistic.code > after, owned_seen(session, actor, today))
        .order_by(Statistic.code)
        .limit(limit)
    )
    if statistic_id:
        statement = statement.where(Statistic.id == statistic_id)
    if text:
        like = f"%{text.replace('%', '').replace('_', '')}%"
        names = (Statistic.code, Statistic.name_zh, Statistic.name_en)
        statement = statement.where(or_(*(name.ilike(like) for name in names)))
    return [(row[0], row[1]) for row in session.execute(statement)]
