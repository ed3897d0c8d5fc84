"""What the product itself writes into a history (系统留言): a key with its values, so that every reader gets it in his language.

The line's note keeps the Chinese text, which is what the API and older readers show; ``detail["line"]`` keeps key and values.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from core.errors import N_

LINES: Mapping[str, str] = MappingProxyType(
    {
        "handed_on": N_("转交{contact}处理"),
        "contact_answered": N_("{contact}已回复转交事项"),
        "visit_corrected": N_("检查更正（{person}）：{reason}"),
        "seen_again": N_("{day} 检查时仍未整改"),
        "seen_again_said": N_("{day} 检查时仍未整改：{said}"),
    }
)


def write_line(key: str, **values: str) -> dict[str, Any]:
    """The arguments ``note`` and ``line`` of :func:`core.work.loop.ledger.act_by_system`; values that no text names are kept too."""
    return {"note": LINES[key].format(**values), "line": {"key": key, **values}}
