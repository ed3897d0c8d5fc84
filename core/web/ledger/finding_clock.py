"""The clocks of one finding in words (时限说明): what runs, until when, what stands and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import format_date, gettext

from core.web.ledger.finding_words import DAY, say_span
from core.web.moments import deadline_words, moment_words
from core.web.words import counted
from core.work.desk.finding_detail import Detail
from core.work.loop import states


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence about a clock, with its tone."""

    text: str
    tone: str = "neutral"


def read_clocks(found: Detail) -> list[Said]:
    """What there is to say beside the deadline itself."""
    return [*_accepting(found), *_standing(found), *_asked(found)]


def _accepting(found: Detail) -> Iterator[Said]:
    finding, left = found.finding, found.accept_left
    if finding.accept_by is None or left is None or finding.state not in (states.DISPATCHED, states.REPORTED):
        return
    at = deadline_words(finding.accept_by)
    tone = "overdue" if left < timedelta(0) else "soon" if left < DAY / 4 else "neutral"
    if finding.state == states.REPORTED:
        yield Said(gettext("须在 %(at)s 前受理", at=at), tone)
    elif found.row.lead and found.row.lead.requested:
        yield Said(gettext("商请在 %(at)s 前接收；不便办理的请说明理由", at=at), tone)
    else:
        yield Said(gettext("须在 %(at)s 前接收或退回，逾时视为已接收", at=at), tone)


def _standing(found: Detail) -> Iterator[Said]:
    finding, left = found.finding, found.stopped_left
    if finding.state == states.HELD:
        yield Said(gettext("所属创建项目都已停用，办理中止"), "held")
    if finding.stopped_at is None or left is None:
        return
    at = moment_words(finding.stopped_at)
    if left > timedelta(0):
        yield Said(gettext("自 %(at)s 起暂停计时，当时还剩 %(span)s", at=at, span=say_span(left)), "held")
    else:
        yield Said(gettext("自 %(at)s 起暂停计时，当时已超期 %(span)s", at=at, span=say_span(-left)), "held")


def _asked(found: Detail) -> Iterator[Said]:
    finding = found.finding
    day = format_date(finding.review_on, gettext("y年M月d日")) if finding.review_on else ""
    if finding.state == states.EXTENSION_ASKED and finding.asked_days:
        yield Said(counted("申请延期 %(n)s 个工作日，批准之前期限照常计算", n=finding.asked_days), "next")
    if finding.state == states.PARKING_ASKED and day:
        yield Said(gettext("申请挂账到 %(day)s 复核，批准之前期限照常计算", day=day), "next")
    if finding.state == states.PARKED and day:
        yield Said(gettext("挂账中，%(day)s 复核；到时恢复整改", day=day), "held")
    if finding.extended_days:
        yield Said(counted("已延期 %(n)s 个工作日", n=finding.extended_days))
