"""Fields of forms that are more than text (表单项): days and chosen ids; what is wrong is said beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from core.errors import N_, Fault, InvalidInput


def day_of(form: Mapping[str, str], name: str) -> date | None:
    """The day in a field, None when it is empty. Raises InvalidInput naming the field."""
    said = form.get(name, "").strip()
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        fault = Fault(N_("日期写法无效"), name, value=said[:20], remedy=N_("请写成 2026-03-02"))
        raise InvalidInput(faults=[fault]) from None


def id_of(form: Mapping[str, str], name: str) -> UUID | None:
    """The id chosen in a field, None when nothing is. Raises InvalidInput naming the field."""
    said = form.get(name, "").strip()
    if not said:
        return None
    try:
        return UUID(said)
    except ValueError:
        fault = Fault(N_("选项无效"), name, value=said[:20], remedy=N_("请从列表里选"))
        raise InvalidInput(faults=[fault]) from None
