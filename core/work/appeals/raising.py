"""Raises an appeal (提出申诉): by a unit that has a part in the finding, or for which the figure counts.

The tenant's own unit cannot appeal: nobody stands above it who could decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, NotFound
from core.work.appeals.appeal_moves import RAISE, RAISED
from core.work.appeals.appeal_notes import tell_deciders
from core.work.calendar import ZONE, load_calendar, local_day
from core.work.inspection.photos import find_files
from core.work.journal import record
from core.work.loop.sight import audit_kind, sees_finding
from core.work.loop.states import DISMISSED, STATES
from core.work.roles import ANSWER
from core.work.tables import Appeal, AppealEvent, Finding, FindingCampaign, Part
from core.work.tenant_settings import Times, read_setting
from core.work.wording import read_text, shown
from tenants.access import Actor, may, root_unit, subtree
from tenants.db import new_id
from tenants.models import Unit

MOST_PHOTOS = 9  # with one appeal (ours)


@dataclass(frozen=True, slots=True)
class FigureKey:
    """Which figure an appeal is about (申诉的数值); ``unit_id`` None: the whole district's."""

    campaign: str
    indicator: str
    period_kind: str
    period_start: date
    period_end: date
    period_key: str
    unit_id: UUID | None = None

    @property
    def about(self) -> str:
        """The figure in one word."""
        return f"figure:{self.campaign}/{self.indicator}/{self.period_key}/{self.unit_id or '-'}"


def about_finding(finding_id: UUID) -> str:
    """A finding in one word."""
    return f"finding:{finding_id}"


def units_of_finding(session: Session, actor: Actor, finding: Finding, now: datetime) -> list[Unit]:
    """The units with a part in a finding for which the actor may appeal; none once the finding was dismissed."""
    if finding.state in DISMISSED:
        return []
    on = local_day(now)
    parts = select(Part.unit_id).where(Part.finding_id == finding.id, Part.ended_at.is_(None))
    named = session.scalars(select(FindingCampaign.campaign).where(FindingCampaign.finding_id == finding.id))
    campaigns: list[str | None] = list(named) or [None]
    top = root_unit(session).id
    units = session.scalars(select(Unit).where(Unit.id.in_(parts), Unit.id != top).order_by(Unit.pinyin, Unit.id)).all()
    return [one for one in units if any(may(session, actor, ANSWER, one.id, on, campaign=key) for key in campaigns)]


def units_of_figure(session: Session, actor: Actor, key: FigureKey, now: datetime) -> list[Unit]:
    """The actor's own units inside a figure's scope; and the unit of the figure itself where he answers for it from above."""
    on, top = local_day(now), root_unit(session).id
    own = {*actor.roots(ANSWER, key.campaign)}
    if key.unit_id is not None and may(session, actor, ANSWER, key.unit_id, on, campaign=key.campaign):
        own.add(key.unit_id)
    inside = subtree(actor.tenant.id, key.unit_id or top, on)
    wanted = [Unit.id.in_(own - {top}), Unit.id.in_(inside)]
    return list(session.scalars(select(Unit).where(*wanted).order_by(Unit.pinyin, Unit.id)))


def appeal_finding(
    session: Session,
    actor: Actor,
    finding_id: UUID,
    *,
    unit_id: UUID | None,
    reason: str,
    photos: Sequence[str] = (),
    now: datetime,
) -> Appeal:
    """Appeal against a finding for a unit that has a part in it.

    Raises NotFound (out of reach), Forbidden (no unit of his has a part), Conflict (dismissed already, or the unit has an
    open appeal), InvalidInput.
    """
    finding = session.scalars(
        select(Finding).where(Finding.id == finding_id, sees_finding(actor, local_day(now)))
    ).first()
    if finding is None:
        raise NotFound
    if finding.state in DISMISSED:
        raise Conflict(N_("问题目前是“{state}”，不需要申诉"), state=STATES[finding.state].title_zh)
    units = units_of_finding(session, actor, finding, now)
    facts = {"number": finding.number or "", "state": finding.state, "version": finding.version}
    values = {"about": about_finding(finding.id), "finding_id": finding.id, "facts": facts}
    return _raise(session, actor, values, units, unit_id, reason, photos, now, restricted=finding.restricted)


def appeal_figure(
    session: Session,
    actor: Actor,
    key: FigureKey,
    *,
    facts: Mapping[str, Any],
    unit_id: UUID | None,
    reason: str,
    photos: Sequence[str] = (),
    now: datetime,
) -> Appeal:
    """Appeal against a figure for a unit inside its scope; ``facts`` is the figure as it stands now.

    Raises Forbidden, Conflict, InvalidInput as :func:`appeal_finding`.
    """
    names = ("campaign", "indicator", "period_kind", "period_start", "period_end")
    values = {name: getattr(key, name) for name in names} | {"figure_unit_id": key.unit_id}
    values |= {"about": key.about, "facts": dict(facts)}
    units = units_of_figure(session, actor, key, now)
    return _raise(session, actor, values, units, unit_id, reason, photos, now)


def _raise(
    session: Session,
    actor: Actor,
    values: Mapping[str, Any],
    units: Sequence[Unit],
    unit_id: UUID | None,
    reason: str,
    photos: Sequence[str],
    now: datetime,
    *,
    restricted: bool = False,
) -> Appeal:
    if not units:
        raise Forbidden(N_("只有和它有关的单位可以申诉，由该单位的联络员提出"))
    unit, said, files = _checked(session, units, unit_id, reason, photos)
    appeal = _insert(session, actor, values, unit, said, now)
    session.add(
        AppealEvent(
            appeal_id=appeal.id,
            version=1,
            at=now,
            verb=RAISE,
            to_state=RAISED,
            person_id=actor.person_id,
            person_name=actor.name,
            note=said,
            detail={"photos": files},
        )
    )
    record(session, actor, f"appeal.{RAISE}", audit_kind(restricted, "appeal"), appeal.id, unit=unit.name)
    session.flush()
    tell_deciders(session, appeal, RAISE, now=now, by=actor.person_id)
    return appeal


def _checked(
    session: Session, units: Sequence[Unit], unit_id: UUID | None, reason: str, photos: Sequence[str]
) -> tuple[Unit, str, list[str]]:
    """The unit, the reason and the photos' ids. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    said = read_text(reason, "reason", faults)
    if not said and not faults:
        faults.append(Fault(N_("缺少申诉理由"), "reason", remedy=N_("请写明哪里不对、依据是什么")))
    unit = next((one for one in units if one.id == unit_id), units[0] if len(units) == 1 and not unit_id else None)
    if unit is None:
        faults.append(
            Fault(N_("没有选申诉单位"), "unit", value=shown(unit_id or ""), remedy=N_("请从列出的单位中选一个"))
        )
    refs = list(dict.fromkeys(photos))
    files, remedy = find_files(session, refs), N_("请先上传照片")
    faults += [Fault(N_("没有这张照片"), "photos", None, shown(r), "", remedy) for r in refs if r not in files]
    if len(refs) > MOST_PHOTOS:
        most = {"most": MOST_PHOTOS}
        faults.append(Fault(N_("照片过多"), "photos", None, str(len(refs)), "", N_("最多 {most} 张"), most))
    if faults or unit is None:
        raise InvalidInput(faults=faults)
    return unit, said, list(dict.fromkeys(str(files[ref].id) for ref in refs))


def _insert(
    session: Session, actor: Actor, values: Mapping[str, Any], unit: Unit, reason: str, now: datetime
) -> Appeal:
    """The row, unless the unit has an open appeal about the same thing already."""
    hours = timedelta(hours=read_setting(session, Times).appeal_hours)
    row = {
        **values,
        "tenant_id": actor.tenant.id,
        "id": new_id(),
        "unit_id": unit.id,
        "unit_name": unit.name,
        "person_id": actor.person_id,
        "person_name": actor.name,
        "reason": reason,
        "raised_at": now,
        "due_at": load_calendar(session, now).add_working_time(now, hours),
    }
    made = session.scalars(insert(Appeal).values(row).on_conflict_do_nothing().returning(Appeal)).first()
    if made is not None:
        return made
    known = (Appeal.about == values["about"], Appeal.unit_id == unit.id, Appeal.state == RAISED)
    other = session.scalars(select(Appeal).where(*known)).first()
    raise Conflict(
        N_("{unit}已由{who}于 {when} 提出申诉，还没有裁决"),
        unit=unit.name,
        who=other.person_name if other else "",
        when=(other.raised_at if other else now).astimezone(ZONE).strftime("%m-%d %H:%M"),
    )
