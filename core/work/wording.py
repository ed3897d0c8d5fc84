"""Free texts that people write (文字说明): trimmed, not too long, and such that the database can keep them."""

from __future__ import annotations

import re
from typing import Any

from core.errors import N_, Fault

LONGEST_NOTE = 2000
SEPARATOR = "、"  # between the words of a list in a Chinese source text
_BROKEN = re.compile("[\x00\ud800-\udfff]")
_SHOWN = 40


def shown(value: Any) -> str:
    """A value as a message shows it: short, and printable whatever was sent."""
    return _BROKEN.sub("", str(value))[:_SHOWN]


def read_text(text: Any, place: str, faults: list[Fault], longest: int = LONGEST_NOTE) -> str:
    """A text trimmed; what is no text, too long or cannot be stored is a fault at ``place``."""
    if not isinstance(text, str):
        faults.append(Fault(N_("应为文字"), place, value=shown(text), remedy=N_("请填文字")))
        return ""
    clean = text.strip()
    if len(clean) > longest or _BROKEN.search(clean):
        remedy = N_("最多 {most} 字，不含控制字符")
        faults.append(Fault(N_("文字过长或含有控制字符"), place, None, shown(clean), "", remedy, {"most": longest}))
    return clean
