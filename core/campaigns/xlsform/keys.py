"""Under which key an answer is kept (存储键): the field's name, or its path where several fields share the name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from core.campaigns.xlsform.model import Field, Repeat, Survey
from core.campaigns.xlsform.pairs import implied_names


def keys(survey: Survey) -> Mapping[str, str]:
    """Path -> key of every field, group and repeat."""
    placed = list(survey.walk())
    times = Counter(one.part.name for one in placed)
    return {one.path: one.part.name if times[one.part.name] == 1 else one.path for one in placed}


def homes_of(survey: Survey) -> Mapping[str, tuple[str, ...]]:
    """Name -> the repeats round it from the outermost, for whatever stands inside of a repeat."""
    found: dict[str, tuple[str, ...]] = {}
    for one in survey.walk():
        around = tuple(part.name for part in one.above if isinstance(part, Repeat))
        if around:
            names = (one.part.name, *(implied_names(one.part) if isinstance(one.part, Field) else ()))
            found.update(dict.fromkeys(names, around))
    return found


def columns_of(survey: Survey) -> tuple[str, ...]:
    """The keys that a flat export has a column for: every field that is answered, repeats by their own key."""
    found = keys(survey)
    answered = (one for one in survey.walk() if isinstance(one.part, Field | Repeat) and not one.repeats)
    return tuple(found[one.path] for one in answered if not (isinstance(one.part, Field) and one.part.type == "note"))
