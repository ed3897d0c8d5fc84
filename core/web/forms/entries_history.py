"""What a correction changed beside the items (填写内容更正), field by field, the rows of repeats by their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from core.campaigns import Form
from core.campaigns.xlsform.keys import keys
from core.campaigns.xlsform.model import Field, Placed, Repeat, Survey
from core.web.forms.entries_view import BY_DEVICE, given, mark_of, say_field, say_value
from core.work.forms.entries_columns import OTHER


@dataclass(frozen=True, slots=True)
class EntryChange:
    """One field that a version changed (填写更正明细), in words; '' where a version did not answer it."""

    text: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    value: str
    raw: tuple[Any, Any]


def entry_changes(
    old_form: Form | None, old: Mapping[str, Any], new_form: Form | None, new: Mapping[str, Any]
) -> list[EntryChange]:
    """What differs between two versions of a visit in one form, in the order of the newer one."""
    before, after = _places(old_form, old), _places(new_form, new)
    found = []
    for place in dict.fromkeys([*after, *before]):
        was, now = before.get(place), after.get(place)
        if (was.raw if was else None) == (now.raw if now else None):
            continue
        words = [one.value if one else "" for one in (was, now)]
        if was and now and words[0] == words[1]:
            words[1] = gettext("换了一张")
        text = now.text if now else was.text if was else place
        found.append(EntryChange(text, *words))
    return found


def _places(form: Form | None, data: Mapping[str, Any]) -> dict[str, _Said]:
    """Every answer of one version by its place."""
    if form is None or form.survey is None:
        return {}
    return dict(_walk(form.survey, list(form.survey.walk()), keys(form.survey), data, "", "", ""))


def _walk(
    survey: Survey,
    walked: list[Placed],
    found: Mapping[str, str],
    row: Mapping[str, Any],
    inside: str,
    place: str,
    heading: str,
) -> Iterator[tuple[str, _Said]]:
    for one in walked:
        part, key = one.part, found[one.path]
        if (one.repeats[-1] if one.repeats else "") != inside:
            continue
        if isinstance(part, Repeat):
            for number, under in enumerate(row.get(key) or [], 1):
                name = gettext("%(what)s 第 %(n)s 条", what=say_field(part), n=number)
                here = f"{heading}{name} · "
                yield from _walk(survey, walked, found, under, one.path, f"{place}{key}[{number}].", here)
        elif isinstance(part, Field) and given(row.get(key)) and mark_of(part) != BY_DEVICE:
            other = row.get(f"{key}_{OTHER}")
            said = say_value(survey, part, row[key], other).text
            yield f"{place}{key}", _Said(f"{heading}{say_field(part, row)}", said, (row[key], other))
