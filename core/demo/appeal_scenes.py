"""The demo's appeals and runs (演示申诉与计分留存): one appeal waits, one was upheld; a score computed again, and why it moved."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import and_, select

from core.demo.cast import FOOD, SANITARY
from core.demo.playing import LABEL, Play
from core.figures.appeals import raise_appeal
from core.figures.periods import Period, containing
from core.figures.runs import make_run
from core.figures.scores import score_campaign
from core.settings import ZONE
from core.work.appeals.appeal_moves import CANCEL, UPHOLD
from core.work.appeals.deciding import decide
from core.work.appeals.finding_effects import Wish, carry_out
from core.work.appeals.raising import appeal_finding
from core.work.enabling import enabled
from core.work.loop.states import DISPATCHED, TAKEN
from core.work.tables import Finding, Part
from tenants.models import Unit

FIRST = 2  # days after a month's end, before its numbers are locked on the seventh


def play_appeals(play: Play) -> None:
    """A finding that was appealed against and cancelled, a figure whose appeal waits, and a score kept twice."""
    _uphold_one(play)
    _leave_one_waiting(play)
    _compute_again(play)


def _uphold_one(play: Play) -> None:
    """A department disputes a finding that it leads, the market regulator where it has one; the office looks and cancels it."""
    found = _disputed(play)
    if found is None:
        return
    finding, unit = found
    raised = min(max(play.at(3, 10), finding.opened_at + timedelta(hours=1)), play.until)
    appeal = appeal_finding(
        play.session,
        play.liaison(unit),
        finding.id,
        unit_id=unit,
        reason=f"现场当日已经整改，照片为证{LABEL}",
        photos=[play.photo("appeal")],
        now=raised,
    )
    at, wish = min(max(play.at(1, 15), raised + timedelta(hours=1)), play.until), Wish(CANCEL, finding.version)
    decide(
        play.session,
        play.desk,
        appeal.id,
        UPHOLD,
        version=appeal.version,
        text=f"核对照片和检查时间，情况属实{LABEL}",
        carry=lambda found, said: carry_out(play.session, play.desk, found, said, wish, at),
        now=at,
    )


def _disputed(play: Play) -> tuple[Finding, UUID] | None:
    """The latest finding of a visit that its department has not answered, and the department."""
    market = Part.unit_id == play.office("market_regulator")
    query = (
        select(Finding, Part.unit_id)
        .join(Part, and_(Part.tenant_id == Finding.tenant_id, Part.finding_id == Finding.id))
        .join(Unit, and_(Unit.tenant_id == Part.tenant_id, Unit.id == Part.unit_id))
        .where(
            Part.leading,
            Part.ended_at.is_(None),
            Unit.kind == "department",
            Finding.state.in_((DISPATCHED, TAKEN)),
            Finding.restricted.is_(False),
            Finding.visit_id.is_not(None),
            Finding.opened_at < play.at(0, 0),
        )
    )
    row = play.session.execute(query.order_by(market.desc(), Finding.opened_at.desc(), Finding.id).limit(1)).first()
    return (row[0], row[1]) if row else None


def _leave_one_waiting(play: Play) -> None:
    """A street disputes a figure of the running month that lost points; nobody has decided yet."""
    campaign = next((one for one in enabled(play.session, play.registry, day=play.today) if one.key == FOOD), None)
    if campaign is None:
        return
    street, month, at = play.street(0), containing("month", play.today), play.at(1, 16)
    score = score_campaign(play.session, None, campaign, campaign.edition, month, None, cut_off=at)
    lost = next((one.code for one in score.indicators if one.earned is not None and one.earned < one.possible), "")
    if not lost:
        return
    raise_appeal(
        play.session,
        play.liaison(street),
        campaign,
        campaign.edition,
        lost,
        month,
        None,
        unit_id=street,
        reason=f"两处当天已经补办，请重新核对{LABEL}",
        now=at,
    )


def _compute_again(play: Play) -> None:
    """The score of the month before last, kept before its numbers were locked and again after: the difference has a cause."""
    month = containing("month", play.today).previous.previous
    campaign = next((one for one in enabled(play.session, play.registry, day=month.start) if one.key == SANITARY), None)
    if campaign is None:
        return
    first = None
    for days, label in ((FIRST, "月末初算"), (FIRST + 7, "统计锁定后复算")):
        first = make_run(
            play.session,
            play.desk,
            campaign,
            campaign.edition,
            month,
            label=label + LABEL,
            now=_after(play, month, days),
            previous=first,
        )


def _after(play: Play, month: Period, days: int) -> datetime:
    """The morning of a day after a month's end; in a demo of fewer days, as long after its first one."""
    day = max(month.end + timedelta(days=days), play.first + timedelta(days=days - FIRST))
    return min(datetime.combine(day, time(8), ZONE), play.until)
