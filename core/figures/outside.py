"""Districts outside the installation (系统外区县): their figures come in a workbook, stay in the city's house, and carry their mark.

They are never among the sealed ones: their ranks stand beside, and only where the reader asks for it. A new import of the
same district and period is a new version; what was imported before stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from sqlalchemy import select

from core.campaigns import Campaign
from core.errors import N_, Fault, InvalidInput, SanchengError
from core.figures.boards import MINIMUM_VISITS, Board, hundredths, places_of
from core.figures.comparison import check_compare
from core.figures.model import percent
from core.figures.periods import Period, parse_period
from core.figures.tables import OutsideFigure, OutsidePublication
from core.work.imports.workbook_reading import Column, Layout, Sheet, SheetRow, Workbook, read_workbook
from core.work.journal import record
from tenants.access import Actor
from tenants.db import new_id
from tenants.scope import ScopedSession

PLACE = (
    Column("district", ("区县", "区县名称"), True),
    Column("campaign", ("创建项目", "活动"), True),
    Column("period", ("周期", "时间"), True, "例：2026-10、2026-Q3"),
)
TOTALS = Layout(
    "totals",
    ("总分", "totals"),
    (
        *PLACE,
        Column("edition", ("版本",), True),
        Column("earned", ("得分",), True),
        Column("assessed", ("已评估分",), True),
        Column("total", ("总分", "满分"), True),
        Column("visits", ("检查次数",), True),
        Column("sites", ("点位数",)),
        Column("source", ("来源",), True, "从哪份文件、哪个网页抄来"),
    ),
)
FIGURES = Layout(
    "figures",
    ("指标", "figures"),
    (
        *PLACE,
        Column("code", ("指标代码", "代码"), True),
        Column("name", ("指标名称", "名称"), True),
        Column("numerator", ("分子",)),
        Column("denominator", ("分母",)),
        Column("value", ("数值",)),
        Column("unit", ("计量单位", "单位")),
    ),
)
LAYOUTS = {layout.kind: layout for layout in (TOTALS, FIGURES)}
POINTS = Decimal(100_000)  # more points than any catalogue has (ours)
COUNT = 10_000_000

Key = tuple[str, str, Period]


@dataclass(frozen=True, slots=True)
class OutsideReport:
    """What an import did (导入结果); with any fault nothing is written."""

    created: int
    replaced: int
    unchanged: int
    faults: tuple[Fault, ...]
    ignored: tuple[str, ...]
    written: bool


@dataclass(slots=True)
class _Plan:
    campaigns: Mapping[str, str]
    faults: list[Fault]
    totals: dict[Key, OutsidePublication] = field(default_factory=dict)
    figures: dict[Key, dict[str, OutsideFigure]] = field(default_factory=dict)


def read_outside(data: bytes, filename: str) -> Workbook:
    """Read the file. Raises InvalidInput and TooLarge as read_workbook."""
    return read_workbook(data, filename, LAYOUTS)


def import_outside(
    session: ScopedSession, actor: Actor, workbook: Workbook, campaigns: Iterable[Campaign], *, now: datetime
) -> OutsideReport:
    """Take a workbook's districts into the city's house, all of them or none. The caller commits. Raises Forbidden."""
    check_compare(actor)
    named = {word: one.key for one in campaigns for word in (one.key, one.title_zh, one.title_en)}
    plan = _Plan(named, list(workbook.faults))
    for sheet in workbook.of("totals"):
        for row in sheet.rows:
            _total(sheet, row, plan)
    for sheet in workbook.of("figures"):
        for row in sheet.rows:
            _figure(sheet, row, plan)
    if plan.faults:
        ordered = sorted(plan.faults, key=lambda fault: (fault.where, fault.row or 0))
        return OutsideReport(0, 0, 0, tuple(ordered), workbook.ignored, written=False)
    counts = {"created": 0, "replaced": 0, "unchanged": 0}
    for key, new in plan.totals.items():
        counts[_keep(session, actor, key, new, plan.figures.get(key, {}), workbook.filename, now)] += 1
    record(session, actor, "outside.import", "outside_publication", file=workbook.filename[:120], **counts)
    return OutsideReport(**counts, faults=(), ignored=workbook.ignored, written=True)


def _keep(
    session: ScopedSession,
    actor: Actor,
    key: Key,
    new: OutsidePublication,
    figures: Mapping[str, OutsideFigure],
    filename: str,
    now: datetime,
) -> str:
    campaign, name, period = key
    old = next((one for one in outside_now(session, campaign, period) if one.district_name == name), None)
    if old is not None and _said(old, outside_figures(session, old)) == _said(new, figures.values()):
        return "unchanged"
    new.id, new.version = new_id(), old.version + 1 if old else 1
    new.file_name, new.imported_by, new.imported_at = filename[:120], actor.name, now
    session.add(new)
    session.flush()
    for one in figures.values():
        one.publication_id = new.id
        session.add(one)
    session.flush()
    return "replaced" if old else "created"


def _said(one: OutsidePublication, figures: Iterable[OutsideFigure]) -> tuple[object, ...]:
    totals = (one.edition, one.earned, one.assessed, one.total, one.visits, one.sites, one.source)
    parts = sorted((f.code, f.name, f.unit, *(str(v) for v in (f.numerator, f.denominator, f.value))) for f in figures)
    return (*totals, *parts)


def _place(sheet: Sheet, row: SheetRow, plan: _Plan) -> Key | None:
    for column in LAYOUTS[sheet.kind].columns:
        if column.required and not row.cells.get(column.code):
            plan.faults.append(sheet.fault(row, column.code, N_("这一格没有填"), N_("请填写，这一列每行都要填")))
    said = row.cells.get("campaign", "")
    campaign = plan.campaigns.get(said)
    if said and campaign is None:
        remedy = N_("请写创建项目的全称，如全国文明城市")
        plan.faults.append(sheet.fault(row, "campaign", N_("没有这个创建项目"), remedy, said))
    period = None
    key = row.cells.get("period", "")
    try:
        period = parse_period(key) if key else None
    except SanchengError:
        remedy = N_("请写成 2026-10（月）、2026-Q3（季）或 2026（年）")
        plan.faults.append(sheet.fault(row, "period", N_("看不懂这个周期"), remedy, key))
    name = row.cells.get("district", "")[:60]
    return (campaign, name, period) if campaign and name and period else None


def _total(sheet: Sheet, row: SheetRow, plan: _Plan) -> None:
    before = len(plan.faults)
    key = _place(sheet, row, plan)
    earned, assessed, total = (_number(sheet, row, name, POINTS, plan) for name in ("earned", "assessed", "total"))
    visits, sites = (_number(sheet, row, name, Decimal(COUNT), plan, whole=True) for name in ("visits", "sites"))
    if len(plan.faults) > before or key is None or earned is None or assessed is None or total is None:
        return
    if not earned <= assessed <= total:
        remedy = N_("应为 得分 ≤ 已评估分 ≤ 总分")
        plan.faults.append(sheet.fault(row, "earned", N_("得分、已评估分和总分不相符"), remedy, str(earned)))
        return
    if key in plan.totals:
        plan.faults.append(sheet.fault(row, "district", N_("这个区县的这一期前面已经有一行"), N_("请只留一行"), key[1]))
        return
    campaign, name, period = key
    plan.totals[key] = OutsidePublication(
        campaign=campaign,
        district_name=name,
        edition=row.cells.get("edition", "")[:60],
        period_kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        earned=int(earned * 100),
        assessed=int(assessed * 100),
        total=int(total * 100),
        visits=int(visits or 0),
        sites=int(sites or 0),
        source=row.cells.get("source", "")[:300],
    )


def _figure(sheet: Sheet, row: SheetRow, plan: _Plan) -> None:
    before = len(plan.faults)
    key = _place(sheet, row, plan)
    limit = Decimal(10**15)
    over, under, value = (_number(sheet, row, name, limit, plan) for name in ("numerator", "denominator", "value"))
    code = row.cells.get("code", "")[:60]
    if key is None or not code or len(plan.faults) > before:
        return
    if key not in plan.totals:
        remedy = N_("请在“总分”表里先写这个区县的这一期")
        plan.faults.append(sheet.fault(row, "district", N_("总分表里没有这个区县的这一期"), remedy, key[1]))
        return
    figures = plan.figures.setdefault(key, {})
    if code in figures:
        plan.faults.append(sheet.fault(row, "code", N_("这个指标前面已经有一行"), N_("请只留一行"), code))
        return
    texts = {"code": code, "name": row.cells.get("name", "")[:200], "unit": row.cells.get("unit", "")[:30]}
    figures[code] = OutsideFigure(**texts, numerator=over, denominator=under, value=value)


def _number(
    sheet: Sheet, row: SheetRow, column: str, most: Decimal, plan: _Plan, *, whole: bool = False
) -> Decimal | None:
    """A number of at most two decimals (whole: none), from 0 to ``most``; an empty cell is None."""
    said = row.cells.get(column, "")
    if not said:
        return None
    try:
        found = Decimal(said.replace(",", "").removesuffix("%"))
    except InvalidOperation:
        found = Decimal("NaN")
    places = 0 if whole else 2
    if not found.is_finite() or not 0 <= found <= most or found != round(found, places):
        remedy = N_("请填 0 或更大的整数") if whole else N_("请填 0 或更大的数，最多两位小数")
        plan.faults.append(sheet.fault(row, column, N_("不是可以用的数"), remedy, said))
        return None
    return found


def outside_now(session: ScopedSession, campaign: str, period: Period) -> list[OutsidePublication]:
    """The last version of each outside district of a period, the best share first."""
    query = select(OutsidePublication).where(
        OutsidePublication.campaign == campaign,
        OutsidePublication.period_kind == period.kind,
        OutsidePublication.period_start == period.start,
    )
    last = {one.district_name: one for one in session.scalars(query.order_by(OutsidePublication.version))}
    return sorted(last.values(), key=lambda one: (-(share_of(one) or Decimal(-1)), one.district_name))


def outside_figures(session: ScopedSession, one: OutsidePublication) -> Sequence[OutsideFigure]:
    """The indicators of one import by code."""
    query = select(OutsideFigure).where(OutsideFigure.publication_id == one.id)
    return session.scalars(query.order_by(OutsideFigure.code)).all()


def share_of(one: OutsidePublication) -> Decimal | None:
    """Its share of assessed points."""
    return percent(one.earned, one.assessed)


def rank_together(board: Board, outside: Iterable[OutsidePublication]) -> tuple[dict[int, int], dict[UUID, int]]:
    """Ranks of sealed districts, by tenant, and outside ones, by id, in one league of each edition; never the demonstration."""
    sealed = [
        (one, one.sent.edition, one.share) for one in board.spots if one.sent and one.rank and not one.sent.is_demo
    ]
    guests = [
        (one, one.edition, hundredths(one.earned, one.assessed))
        for one in outside
        if one.visits >= MINIMUM_VISITS and one.assessed
    ]
    shares: dict[str, list[int]] = {}
    for _, edition, share in (*sealed, *guests):
        if share is not None:
            shares.setdefault(edition, []).append(share)
    places = {edition: places_of(own) for edition, own in shares.items()}
    return (
        {one.tenant_id: places[edition][share] for one, edition, share in sealed if share is not None},
        {one.id: places[edition][share] for one, edition, share in guests},
    )


def refuse_empty(report: OutsideReport) -> None:
    """Raise InvalidInput when a workbook held no district at all (空工作簿)."""
    if report.written and not (report.created or report.replaced or report.unchanged):
        remedy = N_("请按模板在“总分”表里填写区县")
        raise InvalidInput(faults=[Fault(N_("没有找到可以导入的区县"), "file", remedy=remedy)])
