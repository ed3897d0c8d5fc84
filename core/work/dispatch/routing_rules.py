"""A tenant's own routing rules (派遣规则): adding, ending and listing them, each from a day on and with its line in the trail.

A rule is never rewritten: changing one ends it and begins another, so that every finding stays explainable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from core.campaigns.registry import installed
from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.dated import end_of, valid_on
from core.work.journal import record
from core.work.loop.step_input import MOST_DAYS, SEVERITIES
from core.work.permits import require
from core.work.roles import ADMINISTER, DIRECT
from core.work.tables import RoutingRule
from core.work.wording import read_text, shown
from tenants.access import ROOTS, Actor, may, root_unit
from tenants.models import EnabledCampaign, Unit

MOST_HOURS = MOST_DAYS * 24
LONGEST_WORD = 40  # of a phase or a zone


@dataclass(frozen=True, slots=True)
class RuleWish:
    """A rule as it is asked for (规则内容); what is empty is no condition, or no effect."""

    category: str = ""
    site_type: str = ""
    territory_id: UUID | None = None
    campaign: str = ""
    severity: str = ""
    phase: str = ""
    zone: str = ""
    line_unit_id: UUID | None = None
    line_role: str = ""
    place_unit_id: UUID | None = None
    hours: int | None = None
    note: str = ""
    valid_from: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule as a list shows it (规则行), with the names of its units; ``ended`` names those that stand no more."""

    rule: RoutingRule
    territory: str
    line: str
    place: str
    in_force: bool
    ended: tuple[str, ...] = ()

    @property
    def conditions(self) -> int:
        """How many conditions it has."""
        one = self.rule
        said = (one.category, one.site_type, one.territory_id, one.campaign, one.severity, one.phase, one.zone)
        return sum(bool(value) for value in said)


def list_rules(session: Session, actor: Actor, *, on: date, ended: bool = False) -> list[RuleLine]:
    """The rules in the order in which they win: most conditions first, then the later; ``ended`` shows old ones too."""
    territory, line, place = aliased(Unit), aliased(Unit), aliased(Unit)

    def named(unit: Any, column: Any) -> Any:
        return and_(unit.tenant_id == RoutingRule.tenant_id, unit.id == column)

    query = (
        select(RoutingRule, territory, line, place)
        .outerjoin(territory, named(territory, RoutingRule.territory_id))
        .outerjoin(line, named(line, RoutingRule.line_unit_id))
        .outerjoin(place, named(place, RoutingRule.place_unit_id))
        .where(RoutingRule.tenant_id == actor.tenant.id)
    )
    rows = [_line(rule, units, on) for rule, *units in session.execute(query)]
    wanted = [one for one in rows if ended or one.rule.valid_to is None or one.rule.valid_to > on]
    order = sorted(wanted, key=lambda one: (one.conditions, one.rule.valid_from, one.rule.id), reverse=True)
    return sorted(order, key=lambda one: not one.in_force)


def add_rule(session: Session, actor: Actor, wish: RuleWish, *, today: date) -> RoutingRule:
    """Add a rule (新增派遣规则) from today or a later day on.

    Raises InvalidInput with a fault a field, Conflict when the same conditions stand already, and Forbidden for who does not
    direct the work in the territory (the whole district without one).
    """
    require_director(session, actor, wish.territory_id, today)
    values = _checked(session, wish, today)
    for earlier in session.scalars(select(RoutingRule).where(valid_on(RoutingRule, values["valid_from"]))):
        if all(getattr(earlier, name) == values[name] for name in CONDITIONS):
            raise Conflict(N_("已有条件相同的规则；请先终止原来的规则，再新增"))
    rule = RoutingRule(**values)
    session.add(rule)
    session.flush()
    record(session, actor, "routing_rule.add", "routing_rule", rule.id, **_told(values))
    return rule


def end_rule(session: Session, actor: Actor, rule_id: UUID, *, today: date) -> RoutingRule:
    """End a rule (终止派遣规则) from today; findings that followed it stay. Raises NotFound, Conflict and Forbidden."""
    rule = session.scalars(select(RoutingRule).where(RoutingRule.id == rule_id)).first()
    if rule is None:
        raise NotFound
    require_director(session, actor, rule.territory_id, today)
    if rule.valid_to is not None and rule.valid_to <= today:
        raise Conflict(N_("这条规则已经终止"))
    rule.valid_to = max(today, rule.valid_from)
    session.flush()
    record(session, actor, "routing_rule.end", "routing_rule", rule.id, last=rule.valid_to.isoformat())
    return rule


CONDITIONS = ("category", "site_type", "territory_id", "campaign", "severity", "phase", "zone")
EFFECTS = ("line_unit_id", "line_role", "place_unit_id", "hours")


def require_director(session: Session, actor: Actor, territory_id: UUID | None, on: date) -> None:
    """Let act who directs the work in a territory, or administers it. Raises Forbidden."""
    where = territory_id or root_unit(session).id
    if not may(session, actor, ADMINISTER, where, on):
        try:
            require(session, actor, DIRECT, where, on)
        except Forbidden:
            raise Forbidden(N_("派遣规则由创建办或管理员按辖区设置")) from None


def _line(rule: RoutingRule, units: Sequence[Unit | None], on: date) -> RuleLine:
    territory, line, place = (unit.name if unit else "" for unit in units)
    ended = tuple(u.name for u in units if u is not None and u.valid_to is not None and u.valid_to <= on)
    in_force = rule.valid_from <= on and (rule.valid_to is None or rule.valid_to > on)
    return RuleLine(rule, territory, line, place, in_force, ended)


def _checked(session: Session, wish: RuleWish, today: date) -> dict[str, Any]:
    """The columns of a rule. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    values: dict[str, Any] = {name: getattr(wish, name) for name in (*CONDITIONS, *EFFECTS)}
    for name in ("phase", "zone"):
        values[name] = read_text(getattr(wish, name), name, faults, LONGEST_WORD)
    values["note"] = read_text(wish.note, "note", faults, 200)
    _check_words(session, wish, faults)
    _check_units(session, wish, today, faults)
    _check_effects(wish, faults)
    values |= _days(wish, today, faults)
    if faults:
        raise InvalidInput(faults=faults)
    return values


def _check_words(session: Session, wish: RuleWish, faults: list[Fault]) -> None:
    words = installed().vocabulary
    campaigns = set(session.scalars(select(EnabledCampaign.campaign)))
    known: Mapping[str, tuple[Any, str]] = {
        "category": (words.categories, N_("没有这个问题类别")),
        "site_type": (words.site_types, N_("没有这种点位类型")),
        "campaign": (campaigns, N_("这里没有启用这个创建项目")),
        "severity": (SEVERITIES, N_("没有这个严重程度")),
        "line_role": (words.roles, N_("没有这项部门职责")),
    }
    for name, (allowed, message) in known.items():
        value = getattr(wish, name)
        if value and value not in allowed:
            faults.append(Fault(message, name, value=shown(value), remedy=N_("请从列表中选择")))


def _check_units(session: Session, wish: RuleWish, today: date, faults: list[Fault]) -> None:
    asked = {name: getattr(wish, name) for name in ("territory_id", "line_unit_id", "place_unit_id")}
    found = {
        unit.id: unit
        for unit in session.scalars(
            select(Unit).where(Unit.id.in_(filter(None, asked.values())), valid_on(Unit, today))
        )
    }
    for name, unit_id in asked.items():
        if unit_id and unit_id not in found:
            faults.append(Fault(N_("没有这个单位"), name, remedy=N_("请从现有单位中选一个")))
    line = found.get(wish.line_unit_id) if wish.line_unit_id else None
    if line is not None and line.kind in ROOTS:
        remedy = N_("请选一个部门、街道或社区")
        faults.append(Fault(N_("区县本身不能牵头整改"), "line_unit_id", value=line.name, remedy=remedy))


def _check_effects(wish: RuleWish, faults: list[Fault]) -> None:
    if not any(getattr(wish, name) for name in EFFECTS):
        remedy = N_("请至少填写牵头单位、属地单位或时限中的一项")
        faults.append(Fault(N_("规则没有写明结果"), "line_unit_id", remedy=remedy))
    if wish.line_unit_id and wish.line_role:
        remedy = N_("请只选一项")
        faults.append(Fault(N_("牵头单位和牵头职责不能同时选"), "line_role", remedy=remedy))
    if wish.hours is not None and not 1 <= wish.hours <= MOST_HOURS:
        remedy, params = N_("请填 1 到 {most} 小时（24 小时为一个工作日）"), {"most": MOST_HOURS}
        faults.append(Fault(N_("时限不对"), "hours", None, str(wish.hours), "", remedy, params))


def _days(wish: RuleWish, today: date, faults: list[Fault]) -> dict[str, Any]:
    start = wish.valid_from or today
    if start < today:
        faults.append(Fault(N_("日期已过"), "valid_from", value=start.isoformat(), remedy=N_("请填今天或以后的日期")))
    if wish.last_day is not None and wish.last_day < start:
        remedy = N_("结束日期不能早于开始日期")
        faults.append(Fault(N_("日期不对"), "last_day", value=wish.last_day.isoformat(), remedy=remedy))
    return {"valid_from": start, "valid_to": end_of(wish.last_day)}


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was set, as plain JSON for the trail."""
    return {name: str(value) for name, value in values.items() if value}
