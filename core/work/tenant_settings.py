"""What a tenant sets for its own work (租户设置): times, the ladder, sampling, duplicates, doubts - typed, with our defaults.

One section is one row of the table Setting; what was never set has our value. Writing checks every number, is guarded by
the version that the writer saw, and is audited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_, Fault, Forbidden, InvalidInput, Stale
from core.work.calendar import local_day
from core.work.journal import record
from core.work.papers.ladder import Ladder, Rung, check_ladder
from core.work.roles import ADMINISTER, DIRECT, RESTRICTED, ROLES
from core.work.tables import Setting
from tenants.access import Actor, may, root_unit

Section = TypeVar("Section")


def _number(value: int, label: str, unit: str, least: int, most: int) -> Any:
    """A whole number with what the page says of it and what it may be."""
    return field(default=value, metadata={"label": label, "unit": unit, "least": least, "most": most})


@dataclass(frozen=True, slots=True)
class Times:
    """How long things may take (办理时限), in hours of working time, 24 a working day (ours)."""

    acceptance_hours: int = _number(24, N_("接收时限"), N_("工作小时"), 1, 240)
    amber_hours: int = _number(24, N_("到期前提醒"), N_("工作小时"), 1, 240)
    check_hours: int = _number(48, N_("核查时限"), N_("工作小时"), 1, 240)
    desk_hours: int = _number(24, N_("审批派遣时限"), N_("工作小时"), 1, 240)
    appeal_hours: int = _number(72, N_("申诉裁决时限"), N_("工作小时"), 1, 480)


@dataclass(frozen=True, slots=True)
class Sampling:
    """Looking again at what was closed (回头看): the share drawn, the days to do it in, how long a relapse counts (ours)."""

    rate_percent: int = _number(10, N_("抽查比例"), N_("%"), 1, 100)
    days: int = _number(10, N_("复查时限"), N_("个工作日"), 1, 120)
    window_days: int = _number(90, N_("反复发生的观察期"), N_("天"), 1, 366)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """When two findings may be the same one (疑似重复): the same category, this near and this soon after each other (ours)."""

    metres: int = _number(50, N_("距离"), N_("米"), 1, 2000)
    hours: int = _number(72, N_("间隔"), N_("小时"), 1, 720)


@dataclass(frozen=True, slots=True)
class Integrity:
    """When a closing deserves a second look (销号疑点); signals for people, never a punishment (ours).

    ``photo_distance`` is the number of differing bits of 64, at most as many as the index finds; ``burst`` answers within ``burst_minutes`` before a deadline.
    """

    photo_distance: int = _number(3, N_("照片近似程度"), N_("位"), 0, 3)
    photo_metres: int = _number(300, N_("照片离现场"), N_("米"), 10, 10000)
    burst: int = _number(10, N_("集中答复件数"), N_("件"), 2, 200)
    burst_minutes: int = _number(10, N_("集中答复时间"), N_("分钟"), 5, 1440)
    reopened_days: int = _number(30, N_("销号后重新打开"), N_("天内"), 1, 366)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How much may be asked of one community in a week (负担上限); above it the load meter says so, nothing is stopped (ours)."""

    fields: int = _number(300, N_("填写项"), N_("项"), 1, 100_000)
    photos: int = _number(60, N_("照片"), N_("张"), 1, 10_000)
    visits: int = _number(14, N_("检查"), N_("次"), 1, 1_000)
    returns: int = _number(5, N_("报送"), N_("份"), 1, 1_000)
    deadlines: int = _number(15, N_("到期事项"), N_("件"), 1, 1_000)


@dataclass(frozen=True, slots=True)
class Attaining:
    """What share of a form's points makes a place up to standard (点位达标), in percent (ours); key items and vetoes stand beside."""

    percent: int = _number(90, N_("达标得分"), N_("%"), 1, 100)


@dataclass(frozen=True, slots=True)
class Matter:
    """One section (设置项): its name in the table, its title, its type."""

    name: str
    title: str
    type: type[Any]


TIMES, LADDER, SAMPLING, DUPLICATES, INTEGRITY = "times", "ladder", "sampling", "duplicates", "integrity"
CEILING = "ceiling"
ATTAINING = "attaining"
MATTERS: dict[str, Matter] = {
    one.name: one
    for one in (
        Matter(TIMES, N_("办理时限"), Times),
        Matter(LADDER, N_("催办阶梯"), Ladder),
        Matter(SAMPLING, N_("回头看"), Sampling),
        Matter(DUPLICATES, N_("疑似重复"), Duplicates),
        Matter(INTEGRITY, N_("销号疑点"), Integrity),
        Matter(CEILING, N_("基层负担上限"), Ceiling),
        Matter(ATTAINING, N_("点位达标"), Attaining),
    )
}
_NAMES = {matter.type: name for name, matter in MATTERS.items()}


@dataclass(frozen=True, slots=True)
class Kept(Generic[Section]):
    """A section as it is in force, and the version that a writer must name (0: never set, our values)."""

    value: Section
    version: int
    changed_at: datetime | None = None


def read_setting(session: Session, kind: type[Section]) -> Section:
    """A section's values in force, such as ``read_setting(session, Times).amber_hours``."""
    return read_kept(session, kind).value


def read_kept(session: Session, kind: type[Section]) -> Kept[Section]:
    """The same with its version, for a page that is going to change it."""
    row = session.execute(
        select(Setting.body, Setting.version, Setting.changed_at).where(Setting.name == _NAMES[kind])
    ).first()
    if row is None:
        return Kept(kind(), 0)
    return Kept(_from_body(kind, row.body), row.version, row.changed_at)


def write_setting(session: Session, actor: Actor, value: Any, *, version: int, now: datetime) -> int:
    """Set a section; ``version`` is the one that was shown. Gives the new version.

    Raises Forbidden, InvalidInput with every fault, Stale when somebody else changed it meanwhile.
    """
    if not may_set(session, actor, now):
        raise Forbidden(N_("这些设置由创建办或管理员修改"))
    faults = check_section(value)
    if faults:
        raise InvalidInput(faults=faults)
    name, body = _NAMES[type(value)], asdict(value)
    before = asdict(read_setting(session, type(value)))
    if not _put(session, actor, name, body, version, now):
        raise Stale(N_("别人刚刚改过这一项设置；请刷新后再改"))
    changed = {key: [before[key], body[key]] for key in body if before[key] != body[key]}
    record(session, actor, "setting.change", "setting", name, changed=changed)
    session.flush()
    return version + 1


def check_section(value: Any) -> list[Fault]:
    """Every fault of a section: numbers out of range, a ladder that does not climb."""
    if isinstance(value, Ladder):
        return check_ladder(value.rungs)
    faults = []
    for one in fields(value):
        said, least, most = getattr(value, one.name), one.metadata["least"], one.metadata["most"]
        if not isinstance(said, int) or isinstance(said, bool) or not least <= said <= most:
            params = {"least": least, "most": most}
            remedy = N_("请填 {least} 到 {most} 之间的整数")
            faults.append(Fault(N_("数值超出范围"), one.name, None, str(said)[:20], "", remedy, params))
    return faults


def may_set(session: Session, actor: Actor, now: datetime) -> bool:
    """Whether the actor administers the whole tenant, or directs it for every class of findings (the HQ office)."""
    root, on = root_unit(session).id, local_day(now)
    if may(session, actor, ADMINISTER, root, on):
        return True
    special = {role.code for role in ROLES.values() if RESTRICTED in role.verbs}
    desk = any(DIRECT in d.verbs and d.role not in special and d.campaign is None for d in actor.duties)
    return desk and may(session, actor, DIRECT, root, on)


def _put(session: Session, actor: Actor, name: str, body: Mapping[str, Any], version: int, now: datetime) -> bool:
    """Write the row where the version is still the one that was seen; False when it is not."""
    key = {"tenant_id": actor.tenant.id, "name": name}
    if version == 0:
        new = insert(Setting).values(**key, body=body, version=1, changed_at=now).on_conflict_do_nothing()
        return session.execute(new.returning(Setting.name)).first() is not None
    done = session.execute(
        update(Setting)
        .where(Setting.tenant_id == actor.tenant.id, Setting.name == name, Setting.version == version)
        .values(body=body, version=version + 1, changed_at=now)
        .returning(Setting.name)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


def _from_body(kind: type[Section], body: Mapping[str, Any]) -> Section:
    """A section from what was stored; what an older version did not know has our value."""
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # every section is a dataclass
    said = {key: value for key, value in body.items() if key in known}
    if kind is Ladder:
        said["rungs"] = tuple(Rung(**rung) for rung in said["rungs"])
    return kind(**said)
