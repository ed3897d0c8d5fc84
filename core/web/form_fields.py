"""Fields of forms that are more than text (表单项): days and chosen ids; what is wrong is said beside the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from markupsafe import Markup, escape

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


def option_tags(options: Iterable[tuple[object, str]], chosen: str | None) -> Markup:
    """The choices of a select, set at once: a district has hundreds of units, and most lists offer them."""
    said = ((str(key), text) for key, text in options)
    found = (
        f'<option value="{escape(key)}"{" selected" if key == chosen else ""}>{escape(text)}</option>'
        for key, text in said
    )
    return Markup("".join(found))  # noqa: S704 - every part was escaped above
