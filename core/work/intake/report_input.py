"""What somebody reports without a form (上报内容), checked: place, category, photos, source - with every fault at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.campaigns.registry import installed
from core.campaigns.terms import Category
from core.errors import N_, Fault, InvalidInput
from core.work.calendar import HORIZON
from core.work.inspection.photos import find_files
from core.work.intake.report_place import ReportedPlace, SaidPlace, read_place
from core.work.intake.sources import LEADER, REPORTABLE, SOURCES, Source
from core.work.loop.step_input import LONGEST_TITLE, MOST_PHOTOS, SEVERITIES
from core.work.tables import File
from core.work.wording import LONGEST_NOTE, read_text, shown
from tenants.access import Actor
from tenants.models import EnabledCampaign

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class ReportBody:
    """A report as it was sent (上报请求), unchecked; its hash tells a repetition from another report under the same id.

    ``round_id`` is the round in which the reporter stands at the site; ``taken_at`` when it was seen, by the phone's clock.
    """

    source: str
    category: str
    site_id: UUID | None = None
    unit_id: UUID | None = None
    place: str = ""
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    title: str = ""
    detail: str = ""
    severity: str = "ordinary"
    photos: tuple[str, ...] = ()
    fixed: tuple[str, ...] | None = None
    campaigns: tuple[str, ...] = ()
    restricted: bool = False
    patrol_id: UUID | None = None
    asked_by: str = ""
    due_at: datetime | None = None
    priority: bool | None = None
    lead_unit_id: UUID | None = None
    merge_into: UUID | None = None
    round_id: UUID | None = None
    taken_at: datetime | None = None

    def sha256(self) -> str:
        """The hash of everything that was sent."""
        said = {key: value for key, value in asdict(self).items() if value not in (None, "", ()) or key == "fixed"}
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=_plain).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """The same, checked (核对后的上报): rows instead of ids, texts trimmed."""

    source: Source
    category: Category
    where: ReportedPlace
    title: str
    title_en: str
    detail: str
    severity: str
    before: tuple[File, ...]
    after: tuple[File, ...]
    is_fixed: bool
    restricted: bool
    campaigns: tuple[str, ...]
    asked_by: str
    due_at: datetime | None
    priority: bool


def check_report(session: Session, actor: Actor, body: ReportBody, now: datetime) -> CheckedReport:
    """Judge a report; that he may report for its round is judged before. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    source = SOURCES.get(body.source) if body.source in REPORTABLE else None
    if source is None:
        faults.append(_choose(N_("没有这种来源"), "source", body.source, REPORTABLE))
    category = installed().vocabulary.categories.get(body.category)
    if category is None:
        remedy = N_("请从列表中选择")
        faults.append(Fault(N_("没有这个问题类别"), "category", value=shown(body.category), remedy=remedy))
    if body.severity not in SEVERITIES:
        faults.append(_choose(N_("没有这个严重程度"), "severity", body.severity, tuple(SEVERITIES)))
    texts = _texts(body, faults)
    is_restricted = body.restricted or (source is not None and source.restricted)
    said = SaidPlace(
        body.site_id, body.unit_id, body.place, body.longitude, body.latitude, not is_restricted, body.round_id
    )
    where = read_place(session, actor, said, faults, now)
    before, after = _photos(session, body, source, faults)
    campaigns = _campaigns(session, body, faults)
    if source is not None:
        _check_source(body, source, texts["asked_by"], now, faults)
    if faults or source is None or category is None or where is None:
        raise InvalidInput(faults=faults)
    title = texts["title"] or category.name_zh
    return CheckedReport(
        source=source,
        category=category,
        where=where,
        title=title,
        title_en="" if texts["title"] else category.name_en,
        detail=texts["detail"],
        severity=body.severity,
        before=before,
        after=after,
        is_fixed=body.fixed is not None,
        restricted=is_restricted,
        campaigns=campaigns,
        asked_by=texts["asked_by"],
        due_at=body.due_at,
        priority=body.source == "leader" if body.priority is None else body.priority,
    )


def _texts(body: ReportBody, faults: list[Fault]) -> dict[str, str]:
    longest = {"title": LONGEST_TITLE, "detail": LONGEST_NOTE, "asked_by": LONGEST_NAME}
    return {name: read_text(getattr(body, name), name, faults, most) for name, most in longest.items()}


def _photos(
    session: Session, body: ReportBody, source: Source | None, faults: list[Fault]
) -> tuple[tuple[File, ...], tuple[File, ...]]:
    """The photos before and after; who puts it right on the spot shows both."""
    asked = {"photos": body.photos, "fixed": body.fixed or ()}
    files = find_files(session, (ref for refs in asked.values() for ref in refs))
    for name, refs in asked.items():
        remedy = N_("请先上传照片")
        faults += [Fault(N_("没有这张照片"), name, None, shown(r), "", remedy) for r in refs if r not in files]
        if len(refs) > MOST_PHOTOS:
            params = {"most": MOST_PHOTOS}
            faults.append(Fault(N_("照片过多"), name, None, str(len(refs)), "", N_("最多 {most} 张"), params))
        if body.fixed is not None and not refs:
            remedy = N_("当场处置要有处置前和处置后的照片")
            faults.append(Fault(N_("缺少照片"), name, remedy=remedy))
    if body.fixed is not None and source is not None and not source.on_spot:
        remedy = N_("请派遣给责任单位办理")
        faults.append(Fault(N_("这种来源的问题不能当场处置销号"), "fixed", value=source.title_zh, remedy=remedy))
    if body.fixed is not None and body.merge_into is not None:
        remedy = N_("已当场处置的问题单独销号，不必并入")
        faults.append(Fault(N_("当场处置和并入只能选一项"), "merge_into", remedy=remedy))
    before, after = (tuple({files[r].id: files[r] for r in refs if r in files}.values()) for refs in asked.values())
    if {f.id for f in before} & {f.id for f in after}:
        remedy = N_("处置后请另拍一张")
        faults.append(Fault(N_("处置前后是同一张照片"), "fixed", remedy=remedy))
    return before, after


def _campaigns(session: Session, body: ReportBody, faults: list[Fault]) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(body.campaigns))
    if not named:
        return ()
    known = set(session.scalars(select(EnabledCampaign.campaign).where(EnabledCampaign.state == "enabled")))
    for key in named:
        if key not in known:
            remedy = N_("请从列表中选择")
            faults.append(Fault(N_("这里没有启用这个创建项目"), "campaigns", value=shown(key), remedy=remedy))
    return named


def _check_source(body: ReportBody, source: Source, asked_by: str, now: datetime, faults: list[Fault]) -> None:
    """What one source needs, and what only it takes."""
    if "asked_by" in source.asks and not asked_by:
        is_leader = body.source == LEADER
        message = N_("没有写明交办领导") if is_leader else N_("没有写明是哪个机构")
        remedy = N_("请填写交办领导的职务或姓名") if is_leader else N_("请填写督查机构或专家组的名称")
        faults.append(Fault(message, "asked_by", remedy=remedy))
    if "patrol_id" in source.asks and body.patrol_id is None:
        faults.append(Fault(N_("没有选巡查班次"), "patrol_id", remedy=N_("请先开始一个班次，再上报")))
    if body.due_at is not None and not now < body.due_at <= now + HORIZON / 2:
        remedy = N_("请填今天以后、七个月以内的期限")
        value = body.due_at.isoformat(timespec="minutes")
        faults.append(Fault(N_("期限不对"), "due_at", value=value, remedy=remedy))
    if body.due_at is not None and body.fixed is not None:
        faults.append(Fault(N_("已当场处置的问题没有期限"), "due_at", remedy=N_("请清空期限")))


def _plain(value: Any) -> str:
    """A value of a body as text; a moment in one zone, a number without idle zeros."""
    if isinstance(value, datetime):
        return str(int(value.timestamp() / timedelta(seconds=1).total_seconds()))
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _choose(message: str, place: str, value: str, known: Sequence[str] | Mapping[str, Any]) -> Fault:
    params = {"known": ", ".join(known)}
    return Fault(message, place, None, shown(value), "", N_("可填：{known}"), params)
