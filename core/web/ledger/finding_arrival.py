"""When something was seen and when it came in (发现与到达), in words: a phone without signal sends what it found hours later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext

from core.web.moments import moment_words
from core.work.inspection.visit_timing import ARRIVED_LATE, UNDATED
from core.work.intake.report_standing import ARRIVAL, TAKEN_AT
from core.work.tables import FindingEvent


def say_arrival(events: Sequence[FindingEvent]) -> str:
    """What a reader should know of a report that came late or with an incredible time; '' for an ordinary one."""
    first = next((event for event in events if event.version == 1), None)
    if first is None or first.detail.get(ARRIVAL) not in (ARRIVED_LATE, UNDATED):
        return ""
    seen = moment_words(datetime.fromisoformat(first.detail[TAKEN_AT]))
    if first.detail[ARRIVAL] == UNDATED:
        return gettext("手机说 %(seen)s 发现，超出可信范围", seen=seen)
    return gettext("现场 %(seen)s 发现，没有信号，这时才收到；期限从收到时算起", seen=seen)
