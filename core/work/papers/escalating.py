"""The ladder at work (逐级催办): which rungs findings have reached, and the papers that follow - one to a unit, not one to a finding.

A missed run catches up: every rung that was reached is recorded, but only the highest one issues a paper; a finding gets
no two papers in one run (ours). A rung that fired for a deadline never fires for it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, exists, select

from core.errors import N_
from core.work.calendar import WorkCalendar, load_calendar, local_day
from core.work.dated import valid_on
from core.work.loop.states import WITH_UNIT
from core.work.papers.ladder import LEADERS, SUPERIOR, Ladder, Rung
from core.work.papers.notes import tell
from core.work.papers.notice_issuing import MOST_FINDINGS, Draft, Sender, put_notice, tell_notice
from core.work.papers.notice_kinds import KINDS, REQUEST, NoticeKind
from core.work.papers.rungs import fire
from core.work.roles import DIRECT, LEAD
from core.work.tables import Chase, Finding, Part
from core.work.tenant_settings import read_setting
from tenants.access import root_unit
from tenants.db import new_id
from tenants.models import Unit, UnitParent
from tenants.scope import ScopedSession

ANSWER_DAYS = 1  # working days for answering a paper that the ladder issues (ours)
# What the papers themselves say: official papers are Chinese, in every language of the pages.
TITLES = (N_("{count} 件问题整改将到期"), N_("{count} 件问题逾期未整改"))
DEMANDS = (
    "下列问题的整改期限将到，请抓紧整改，按期提交整改结果。",
    "下列问题已超过整改期限。请立即整改，提交整改结果，并书面答复原因和完成时间。",
)
ASKS = (
    "下列问题的整改期限将到，商请贵单位支持，抓紧整改。",
    "下列问题已超过整改期限，商请贵单位支持，尽快整改并函复。",
)
LEADERS_TOLD = N_("{unit} 收到{kind} {number}：{title}")
TO_DECIDE = N_("{unit} 有 {count} 件问题达到“{kind}”档，请决定是否发文")


@dataclass(frozen=True, slots=True)
class Reached:
    """A finding at the highest rung that it reached now (达到的档次)."""

    finding: Finding
    unit_id: UUID
    rung: Rung


def escalate(session: ScopedSession, now: datetime) -> int:
    """Climb the tenant's ladder; gives how many papers were issued. Nothing while no ladder is declared."""
    ladder = read_setting(session, Ladder)
    if not ladder.active:
        return 0
    calendar = load_calendar(session, now)
    groups: dict[tuple[UUID, str, bool], list[Reached]] = defaultdict(list)
    for one in _reached(session, ladder, calendar, now):
        groups[one.unit_id, one.rung.kind, one.finding.restricted].append(one)
    issued = 0
    for group in groups.values():
        for start in range(0, len(group), MOST_FINDINGS):
            issued += _serve(session, group[start : start + MOST_FINDINGS], calendar, now)
    return issued


def threshold(calendar: WorkCalendar, now: datetime, hours: int) -> datetime:
    """Deadlines up to this moment have reached a rung of so many hours after (before, when negative) them."""
    if hours < 0:
        return calendar.add_working_time(now, timedelta(hours=-hours))
    return calendar.before(now, timedelta(hours=hours)) if hours else now


def _reached(session: ScopedSession, ladder: Ladder, calendar: WorkCalendar, now: datetime) -> list[Reached]:
    """Findings whose highest reached rung has not fired yet; the lower ones that were missed are recorded here.

    The rungs cut the deadlines into bands: in each band one rung is the highest that is reached.
    """
    bounds = [threshold(calendar, now, rung.hours) for rung in ladder.rungs]
    kinds = [rung.kind for rung in ladder.rungs]
    found = []
    for number, rung in enumerate(ladder.rungs):
        after = bounds[number + 1] if number + 1 < len(bounds) else None
        rows = _in_band(session, after, bounds[number], kinds[number:])
        found += [Reached(finding, unit_id, rung) for finding, unit_id in rows]
        for missed in kinds[:number]:
            fire(session, missed, [(finding.id, finding.due_at) for finding, _ in rows], now)
    return found


def _in_band(
    session: ScopedSession, after: datetime | None, until: datetime, unfired: Sequence[str]
) -> list[tuple[Finding, UUID]]:
    """Findings with a unit whose deadline lies in a band and for which none of these rungs has fired; no secrets."""
    fired_one = exists().where(
        Chase.tenant_id == session.tenant_id,
        Chase.finding_id == Finding.id,
        Chase.due_at == Finding.due_at,
        Chase.rung.in_(unfired),
    )
    query = (
        select(Finding, Part.unit_id)
        .join(Part, and_(Part.tenant_id == Finding.tenant_id, Part.finding_id == Finding.id))
        .where(
            Finding.state.in_(WITH_UNIT),
            Finding.hidden.is_(False),
            Finding.due_at <= until,
            Part.leading,
            Part.ended_at.is_(None),
            ~fired_one.correlate(Finding),
        )
        .order_by(Finding.due_at, Finding.id)
    )
    if after is not None:
        query = query.where(Finding.due_at > after)
    return [(finding, unit_id) for finding, unit_id in session.execute(query)]


def _serve(session: ScopedSession, group: Sequence[Reached], calendar: WorkCalendar, now: datetime) -> int:
    """Claim the rung for one unit's findings and issue one paper about those that were still free."""
    rung, notice_id = group[0].rung, new_id()
    due = [(one.finding.id, one.finding.due_at) for one in group]
    claimed = fire(session, rung.kind, due, now, notice_id if rung.issues else None)
    findings = [one.finding for one in group if one.finding.id in claimed]
    if not findings:
        return 0
    unit = _addressee(session, group[0].unit_id, rung, now)
    if not rung.issues:
        _ask_desk(session, unit, rung, findings, now)
        return 0
    kind = KINDS[rung.kind] if unit.commanded or not KINDS[rung.kind].orders else KINDS[REQUEST]
    draft = _draft(kind, unit, rung, findings, calendar, now)
    root = root_unit(session)
    before = _last_paper(session, [finding.id for finding in findings], notice_id)
    notice = put_notice(
        session,
        Sender(root.id, root.name),
        kind,
        [unit],
        draft,
        findings,
        now=now,
        notice_id=notice_id,
        escalates=before,
    )
    if rung.addressee == LEADERS:
        tell_notice(session, notice, LEADERS_TOLD, now, {unit.id: unit.name}, verb=LEAD)
    return 1


def _addressee(session: ScopedSession, unit_id: UUID, rung: Rung, now: datetime) -> Unit:
    """The unit that gets the paper; one that stands under the tenant's own unit has no superior but that, and gets it itself."""
    lead = session.get_one(Unit, (session.tenant_id, unit_id))
    if rung.addressee != SUPERIOR:
        return lead
    above = _above(session, lead, now)
    return lead if above.id == root_unit(session).id else above


def _above(session: ScopedSession, unit: Unit, now: datetime) -> Unit:
    """The unit right above another on the day; the unit itself at the top."""
    query = (
        select(Unit)
        .join(UnitParent, and_(UnitParent.tenant_id == Unit.tenant_id, UnitParent.parent_id == Unit.id))
        .where(UnitParent.unit_id == unit.id, valid_on(UnitParent, local_day(now)))
    )
    return session.scalars(query).first() or unit


def _draft(
    kind: NoticeKind, unit: Unit, rung: Rung, findings: Sequence[Finding], calendar: WorkCalendar, now: datetime
) -> Draft:
    late = int(rung.hours >= 0)
    due = calendar.add_working_days(now, ANSWER_DAYS) if kind.replies else None
    words = ASKS if kind.code == REQUEST else DEMANDS
    title = TITLES[late].format(count=len(findings))
    ids = [finding.id for finding in findings]
    return Draft(kind.code, unit.id, title, words[late], "", due, ids, ANSWER_DAYS if kind.replies else None)


def _ask_desk(session: ScopedSession, unit: Unit, rung: Rung, findings: Iterable[Finding], now: datetime) -> None:
    """A paper that is not issued by itself: the desk is told that it is due."""
    found, kind = list(findings), KINDS[rung.kind]
    params = {"unit": unit.name, "count": len(found), "kind": kind.title_zh, "kind_en": kind.title_en}
    tell(
        session,
        unit_ids=[_above(session, unit, now).id],
        verb=DIRECT,
        kind="notice.due",
        text=TO_DECIDE,
        params=params | {"query": "&".join(["kind=" + kind.code, f"unit={unit.id}", *(f"id={f.id}" for f in found)])},
        object_kind="notice_draft",
        now=now,
        restricted=found[0].restricted,
    )


def _last_paper(session: ScopedSession, findings: Sequence[UUID], but: UUID) -> UUID | None:
    """The paper of a lower rung about one of these findings, the latest one."""
    query = select(Chase.notice_id).where(
        Chase.finding_id.in_(findings), Chase.notice_id.is_not(None), Chase.notice_id != but
    )
    return session.scalar(query.order_by(Chase.at.desc()).limit(1))
