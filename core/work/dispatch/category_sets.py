"""A tenant's own grouping of the shared categories (九乱、十乱): data for choices, lists and figures, never other codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from core.campaigns.registry import installed
from core.errors import N_, Conflict, Fault, InvalidInput, NotFound
from core.work.calendar import local_day
from core.work.dispatch.routing_rules import require_director
from core.work.journal import record
from core.work.loop.sight import sees_finding
from core.work.loop.states import CLOSED_STATES, DISMISSED, NOT_CLOSED
from core.work.tables import CategorySet, Finding, Site
from core.work.wording import read_text, shown
from tenants.access import Actor
from tenants.db import now as server_now

ACTIVE, RETIRED = "active", "retired"
LONGEST_NAME = 30
MOST_GROUPS = 30


@dataclass(frozen=True, slots=True)
class Group:
    """One group under the tenant's own name (分组), such as 乱停乱放."""

    name: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupedSet:
    """A set of groups (分类口径), such as 九乱."""

    id: UUID
    name: str
    groups: tuple[Group, ...]

    def group_of(self, category: str) -> str:
        """The group that a category is in; '' when it is in none."""
        return next((group.name for group in self.groups if category in group.categories), "")


@dataclass(frozen=True, slots=True)
class GroupCount:
    """The findings of one group (分组统计); the name '' stands for those that are in no group."""

    name: str
    total: int
    open: int
    closed: int


def groups_of(session: Session) -> list[GroupedSet]:
    """The sets in use (在用口径), the oldest first (one query)."""
    rows = select(CategorySet).where(CategorySet.state == ACTIVE).order_by(CategorySet.created_at, CategorySet.id)
    return [_read(row) for row in session.scalars(rows)]


def get_set(session: Session, set_id: UUID) -> GroupedSet:
    """One set in use. Raises NotFound."""
    row = session.scalars(select(CategorySet).where(CategorySet.id == set_id, CategorySet.state == ACTIVE)).first()
    if row is None:
        raise NotFound
    return _read(row)


def categories_of(session: Session, set_id: UUID, group: str) -> tuple[str, ...]:
    """The shared categories of one group, to filter lists by. Raises NotFound."""
    found = next((one for one in get_set(session, set_id).groups if one.name == group), None)
    if found is None:
        raise NotFound
    return found.categories


def counts_by_group(
    session: Session,
    actor: Actor,
    set_id: UUID,
    *,
    where: Sequence[ColumnElement[bool]] = (),
    now: datetime | None = None,
) -> list[GroupCount]:
    """The findings in the actor's reach by group, in the set's order, those in no group last (two queries).

    ``where`` are further conditions on Finding and Site; what was rejected, cancelled or merged counts nowhere.
    """
    wanted = get_set(session, set_id)
    rows = session.execute(
        select(
            Finding.category,
            func.count(),
            func.count().filter(Finding.state.in_(NOT_CLOSED)),
            func.count().filter(Finding.state.in_(CLOSED_STATES)),
        )
        .outerjoin(Site, and_(Site.tenant_id == Finding.tenant_id, Site.id == Finding.site_id))
        .where(
            Finding.tenant_id == actor.tenant.id,
            Finding.state.not_in(DISMISSED),
            sees_finding(actor, local_day(now or server_now())),
            *where,
        )
        .group_by(Finding.category)
    ).all()
    return fold(wanted, [(category, total, is_open, closed) for category, total, is_open, closed in rows])


def fold(wanted: GroupedSet, rows: Iterable[tuple[str, int, int, int]]) -> list[GroupCount]:
    """Counts by category (all, open, closed) as those of a set's groups, in its order, what is in no group last."""
    sums: dict[str, list[int]] = {group.name: [0, 0, 0] for group in wanted.groups} | {"": [0, 0, 0]}
    for category, *numbers in rows:
        name = wanted.group_of(category)
        sums[name] = [one + more for one, more in zip(sums[name], numbers, strict=True)]
    return [GroupCount(name, *numbers) for name, numbers in sums.items() if name or numbers[0]]


def keep_set(
    session: Session,
    actor: Actor,
    name: str,
    groups: Sequence[tuple[str, Sequence[str]]],
    *,
    set_id: UUID | None = None,
    now: datetime | None = None,
) -> GroupedSet:
    """Add a set, or give one (``set_id``) other groups (保存口径): names with the categories of each.

    Raises InvalidInput (a category in two groups, an empty group, a name twice), Conflict, NotFound and Forbidden.
    """
    moment = now or server_now()
    require_director(session, actor, None, local_day(moment))
    said, body = _checked(name, groups)
    taken = select(CategorySet.id).where(CategorySet.name == said, CategorySet.state == ACTIVE)
    if session.scalar(taken.where(CategorySet.id != set_id) if set_id else taken):
        raise Conflict(N_("已有名为“{name}”的口径"), name=said)
    row = session.scalars(select(CategorySet).where(CategorySet.id == set_id)).first() if set_id else None
    if set_id and (row is None or row.state != ACTIVE):
        raise NotFound
    if row is None:
        row = CategorySet(name=said, body=body, created_at=moment)
        session.add(row)
    before = row.body if set_id else None
    row.name, row.body = said, body
    session.flush()
    detail = {"name": said, "groups": body["groups"], "before": before}
    record(session, actor, "category_set.keep", "category_set", row.id, **detail)
    return _read(row)


def retire_set(session: Session, actor: Actor, set_id: UUID, *, now: datetime | None = None) -> None:
    """Use a set no more (停用口径); nothing that was found changes. Raises NotFound and Forbidden."""
    require_director(session, actor, None, local_day(now or server_now()))
    row = session.scalars(select(CategorySet).where(CategorySet.id == set_id, CategorySet.state == ACTIVE)).first()
    if row is None:
        raise NotFound
    row.state = RETIRED
    session.flush()
    record(session, actor, "category_set.retire", "category_set", row.id, name=row.name)


def _read(row: CategorySet) -> GroupedSet:
    groups = tuple(Group(one["name"], tuple(one["categories"])) for one in row.body.get("groups", ()))
    return GroupedSet(row.id, row.name, groups)


def _checked(name: str, groups: Sequence[tuple[str, Sequence[str]]]) -> tuple[str, dict[str, Any]]:
    """The name and body of a set. Raises InvalidInput with every fault; groups are counted from 1 in ``row``."""
    faults: list[Fault] = []
    said = read_text(name, "name", faults, LONGEST_NAME)
    if not said:
        faults.append(Fault(N_("不能为空"), "name", remedy=N_("请填写这一项")))
    if not 1 <= len(groups) <= MOST_GROUPS:
        remedy, params = N_("请设 1 到 {most} 个分组"), {"most": MOST_GROUPS}
        faults.append(Fault(N_("分组个数不对"), "groups", None, str(len(groups)), "", remedy, params))
    known = installed().vocabulary.categories
    where: dict[str, str] = {}
    made: list[dict[str, Any]] = []
    for number, (raw, codes) in enumerate(groups, 1):
        title = read_text(raw, f"groups.{number}", faults, LONGEST_NAME)
        categories = list(dict.fromkeys(codes))
        _check_group(number, title, categories, [one["name"] for one in made], faults)
        _check_codes(number, title, categories, known, where, faults)
        made.append({"name": title, "categories": categories})
    if faults:
        raise InvalidInput(faults=faults)
    return said, {"groups": made}


def _check_group(number: int, title: str, categories: list[str], earlier: list[str], faults: list[Fault]) -> None:
    place = f"groups.{number}"
    if not title:
        faults.append(Fault(N_("分组没有名称"), place, number, remedy=N_("请填写分组名称")))
    elif title in earlier:
        faults.append(Fault(N_("分组名称重复"), place, number, title, remedy=N_("请换一个名称")))
    if not categories:
        faults.append(Fault(N_("分组里没有类别"), place, number, title, remedy=N_("请至少选一个类别，或去掉这个分组")))


def _check_codes(
    number: int,
    title: str,
    categories: list[str],
    known: Mapping[str, Any],
    where: dict[str, str],
    faults: list[Fault],
) -> None:
    """Each category is known and in one group of the set only."""
    place = f"groups.{number}"
    for code in categories:
        if code not in known:
            faults.append(Fault(N_("没有这个问题类别"), place, number, shown(code), remedy=N_("请从列表中选择")))
        elif code in where:
            remedy, params = N_("一个类别只能在一个分组；它已在“{group}”"), {"group": where[code]}
            faults.append(Fault(N_("类别重复"), place, number, known[code].name_zh, "", remedy, params))
        else:
            where[code] = title
