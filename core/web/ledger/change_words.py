"""What a correction changed (更正前后), in words: as the history of a finding tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask_babel import gettext

from core.web.ledger.finding_words import say_category, say_severity
from core.web.ledger.step_words import CHANGE_LABELS
from core.work.loop.step_input import PLACED, YES


def say_changes(detail: Mapping[str, Any]) -> Iterator[str]:
    """Before and after of each field; sites and units by the names that they had on the day."""
    names = detail.get("names") or {}
    before = detail.get("before") or {}
    for name, value in (detail.get("after") or {}).items():
        say = _SAY.get(name, str)
        was, now = (_place(one, names) if name in PLACED else say(one) for one in (before.get(name) or "", value))
        yield f"{gettext(CHANGE_LABELS.get(name, name))}{gettext('：')}{was} → {now}"


def _place(said: str, names: Mapping[str, str]) -> str:
    return names.get(said, said) or gettext("没有")


def _say_yes(value: str) -> str:
    return gettext("是") if value == YES else gettext("否")


_SAY: Mapping[str, Callable[[str], str]] = {
    "category": say_category,
    "severity": say_severity,
    "restricted": _say_yes,
}
