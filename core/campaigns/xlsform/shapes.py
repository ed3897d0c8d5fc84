"""A form's questions as JSON for the browser (题目的数据形状): read by survey-model.js and survey-view.js, wherever they run.

``shape_survey(form)`` is None for a form that asks nothing but its items in the usual way, else::

    {
      "code": "CIV-MARKET", "sha256": "...", "title": [zh, en],
      "parts": [PART, ...],                     # flat, in the order asked; common blocks laid out
      "lists": {"shops": [CHOICE, ...]},        # the lists of choices that its questions use
      "homes": {"name": ["stalls"]},            # name -> the repeats round it from the outermost
      "laid":  [{"after": "road_clean", "parts": ["shops/kind", ...]}, ...]
    }

``laid`` says where its further questions stand on a list of items (see core/campaigns/xlsform/laying.py): ``after`` is a
question's code, "" the top; ``parts`` are paths of PARTs that are drawn with all their children; what is in no ``laid`` is an
item, a group that holds items, or never seen.

PART has always::

    "key"    the key of its answer in data and places ("name"; the path where several share the name)
    "path"   "stalls/name"            "name"   "name"
    "kind"   "field" | "group" | "repeat"
    "type"   the word of XLSForm ("text", "select_one" ...; "group" and "repeat" for those)
    "above"  the paths of the groups and repeats round it, from the outside in

and of these what is not empty::

    "label", "hint", "required_message", "constraint_message"   [zh, en]; either may be ""
    "image"            [file name, file name] of the illustration (zh, en)
    "relevant", "required", "read_only", "constraint", "calculation", "choice_filter"   formulas
    "count"            the formula for how many rows a repeat has
    "default"          a value, written as text; "default_formula" instead where it is worked out
    "choices"          the name of its list; "or_other": true, answered by the further key "<key>_other"
    "appearance"       as written
    "bounds"           [low, high, step] of a range, as texts
    "parameters"       {"rows": "3", "max-pixels": "1024", ...} as written
    "question"         the code of the question that a scored item asks: its answer is no entry, it comes from the visit

CHOICE is {"name", "label": [zh, en]} and, where there are any, "image" (a file name) and "attributes" {column: text} for
choice_filter.

Entries (what is sent) are {key: value}, a repeat is a list of such objects, groups are flat; values as
``core.campaigns.xlsform.typed`` reads them. A place is the key, in a row ``stalls[2].name`` with rows counted from 1.
"""

from __future__ import annotations

from typing import Any

from core.campaigns import Form
from core.campaigns.xlsform.keys import homes_of, keys
from core.campaigns.xlsform.laying import laid_out
from core.campaigns.xlsform.lines import is_formula
from core.campaigns.xlsform.model import Choice, Field, Group, Placed, Repeat, Survey, Text
from core.campaigns.xlsform.parameters import pairs_of, range_bounds

_FORMULAS = ("required", "read_only", "constraint", "calculation", "choice_filter")

_SPOKEN = frozenset({"title", "label", "hint", "required_message", "constraint_message"})


def shape_survey(form: Form) -> dict[str, Any] | None:
    """What a form asks beside or instead of its plain items; None when it asks its items only."""
    survey = form.survey
    if survey is None:
        return None
    known = keys(survey)
    used = {field.choices for field in survey.fields() if field.choices}
    return {
        "code": form.code,
        "sha256": form.sha256,
        "title": [form.title_zh, form.title_en],
        "parts": [_part(placed, known[placed.path]) for placed in survey.walk()],
        "lists": {one.name: [_choice(choice) for choice in one.choices] for one in survey.lists if one.name in used},
        "homes": {name: list(around) for name, around in homes_of(survey).items()},
        "laid": _laid(survey),
    }


def in_language(shape: Any, language: str) -> Any:
    """The same with each text in one language, as ``[said, said]``: a page has one reader, the phone may have two."""
    if isinstance(shape, dict):
        return {
            key: _said(value, language) if key in _SPOKEN and value else in_language(value, language)
            for key, value in shape.items()
        }
    return [in_language(one, language) for one in shape] if isinstance(shape, list) else shape


def _said(pair: Any, language: str) -> Any:
    if not (isinstance(pair, list) and len(pair) == 2):
        return pair
    return [Text(*pair).said(language)] * 2


def _laid(survey: Survey) -> list[dict[str, Any]]:
    return [{"after": one.after, "parts": [placed.path for placed in one.parts]} for one in laid_out(survey)]


def _part(placed: Placed, key: str) -> dict[str, Any]:
    part = placed.part
    names = [one.name for one in placed.above]
    fixed: dict[str, Any] = {"key": key, "path": placed.path, "name": part.name, **_kind(part)}
    fixed["above"] = ["/".join(names[: at + 1]) for at in range(len(names))]
    said: dict[str, Any] = {"label": _both(part.label), "hint": _both(part.hint), "relevant": part.relevant}
    said |= {"appearance": part.appearance}
    if isinstance(part, Field):
        said |= _asked(part)
    elif isinstance(part, Repeat):
        said |= {"count": part.count}
    return fixed | {name: value for name, value in said.items() if value}


def _kind(part: Field | Group | Repeat) -> dict[str, str]:
    if isinstance(part, Field):
        return {"kind": "field", "type": part.type}
    kind = "repeat" if isinstance(part, Repeat) else "group"
    return {"kind": kind, "type": kind}


def _asked(field: Field) -> dict[str, Any]:
    """What only a question has."""
    said: dict[str, Any] = {name: getattr(field, name) for name in _FORMULAS}
    said |= {
        "required_message": _both(field.required_message),
        "constraint_message": _both(field.constraint_message),
        "choices": field.choices,
        "or_other": field.or_other,
        "image": _both(field.image),
        "parameters": pairs_of(field.parameters),
        "question": field.scoring.question if field.scoring is not None else "",
        "default_formula" if is_formula(field.default) else "default": field.default,
    }
    if field.type == "range":
        said["bounds"] = [format(bound.normalize(), "f") for bound in range_bounds(field.parameters)]
    return said


def _choice(choice: Choice) -> dict[str, Any]:
    said: dict[str, Any] = {"image": choice.image, "attributes": dict(choice.attributes)}
    return {"name": choice.name, "label": _both(choice.label)} | {name: value for name, value in said.items() if value}


def _both(text: Text) -> list[str]:
    """[zh, en], or nothing when it says nothing."""
    return [text.zh, text.en] if text else []
