"""Where a photo's time and place do not fit, in words (照片时空不符用词)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from flask_babel import format_datetime, gettext

from core.web.words import counted
from core.work.inspection.photo_gaps import Gap

_LONG_AGO = timedelta(days=300)  # then the day alone would be taken for one of this year
_KILOMETRE = 1000
_DAY = 24 * 60  # minutes


def say_gaps(gaps: Iterable[Gap]) -> list[str]:
    """Each thing that does not fit, as one short sentence."""
    return [say_gap(gap) for gap in gaps]


def say_gap(gap: Gap) -> str:
    """One of them; what only the device says is said to be so."""
    taken, span, away = _taken(gap), say_time(gap.span), say_distance(gap.metres)
    said: dict[str, str] = {
        "visit": gettext("照片拍摄于 %(taken)s，早于检查开始 %(span)s", taken=taken, span=span),
        "report": gettext("照片拍摄于 %(taken)s，早于上报 %(span)s", taken=taken, span=span),
        "found": gettext("照片拍摄于 %(taken)s，早于发现问题 %(span)s", taken=taken, span=span),
        "again": gettext("照片拍摄于 %(taken)s，早于退回或反弹 %(span)s", taken=taken, span=span),
        "received": gettext("照片上的时间 %(taken)s，晚于收到照片 %(span)s", taken=taken, span=span),
        "far": gettext("拍摄地点距点位 %(away)s", away=away),
        "device_far": gettext("选照片时设备距点位 %(away)s", away=away),
        "fast": gettext("设备时钟快 %(span)s", span=span),
        "slow": gettext("设备时钟慢 %(span)s", span=span),
    }
    found = said[gap.kind]
    told = gap.by_device and gap.kind not in ("device_far", "fast", "slow")
    return gettext("%(said)s（据设备）", said=found) if told else found


def say_distance(metres: int) -> str:
    """A distance: metres, from a kilometre on in kilometres with one decimal."""
    if metres < _KILOMETRE:
        return gettext("%(n)s 米", n=metres)
    return gettext("%(n)s 公里", n=f"{(metres + 50) // 100 / 10:.1f}")


def say_time(span: timedelta) -> str:
    """A span of ordinary time by its largest part, rounded: days, else hours, else minutes."""
    minutes = round(span.total_seconds() / 60)
    if minutes >= _DAY - 30:
        return counted("%(n)s 天", n=(minutes + _DAY // 2) // _DAY)
    return counted("%(n)s 小时", n=(minutes + 30) // 60) if minutes >= 60 else counted("%(n)s 分钟", n=minutes)


def _taken(gap: Gap) -> str:
    if gap.taken_at is None:
        return ""
    pattern = gettext("y年M月d日 HH:mm") if gap.span > _LONG_AGO else gettext("M月d日 HH:mm")
    said: str = format_datetime(gap.taken_at, pattern)
    return said
