"""Column titles of an XLSForm (列名): any case, the old spellings that pyxform still reads, languages after ``::``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Columns that may be written once for each language
SPOKEN = frozenset({"label", "hint", "constraint_message", "required_message", "image"})
#: Our own columns beside those of XLSForm
OURS = (
    *("question", "mode", "rule", "points", "key", "category", "indicators", "see_also", "evidence"),
    *("owner_role", "working_days", "note", "block", "sancheng"),
)
_SURVEY_PLAIN = (
    *("type", "name", "label", "hint", "required", "required_message", "relevant", "constraint", "constraint_message"),
    *("calculation", "default", "choice_filter", "read_only", "appearance", "parameters", "image", "repeat_count"),
    *("trigger", "disabled", *OURS),
)
_SURVEY_OLD = {
    "command": "type",
    "tag": "name",
    "value": "name",
    "caption": "label",
    "relevance": "relevant",
    "calculate": "calculation",
    "readonly": "read_only",
    "constraining_message": "constraint_message",
    "requiredmsg": "required_message",
    "count": "repeat_count",
    "jr:count": "repeat_count",
    "jr:constraintmsg": "constraint_message",
    "jr:requiredmsg": "required_message",
    "media::image": "image",
    "bind::relevant": "relevant",
    "bind::required": "required",
    "bind::constraint": "constraint",
    "bind::calculate": "calculation",
    "bind::readonly": "read_only",
    "bind::jr:constraintmsg": "constraint_message",
    "bind::jr:requiredmsg": "required_message",
    "bind:jr:constraintmsg": "constraint_message",
    "bind:jr:requiredmsg": "required_message",
    "control::appearance": "appearance",
    "body::appearance": "appearance",
    "control::jr:count": "repeat_count",
    "body::jr:count": "repeat_count",
}
SURVEY: Mapping[str, str] = MappingProxyType({name: name for name in _SURVEY_PLAIN} | _SURVEY_OLD)
CHOICES: Mapping[str, str] = MappingProxyType(
    {
        "list_name": "list_name",
        "name": "name",
        "value": "name",
        "label": "label",
        "caption": "label",
        "image": "image",
        "media::image": "image",
    }
)
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "form_title": "title",
        "set_form_title": "title",
        "title": "title",
        "form_id": "code",
        "set_form_id": "code",
        "id_string": "code",
        "version": "version",
        "default_language": "default_language",
        "allow_choice_duplicates": "allow_choice_duplicates",
        "site_types": "site_types",
        "campaign": "campaign",
        "title_en": "title_en",
    }
)
#: Columns that XLSForm knows and we have no use for: they are named as left out, and change no answer
UNUSED = frozenset({"audio", "video", "big-image", "guidance_hint", "save_to", "autoplay", "rows", "intent"})

_ZH = re.compile(r"\b(zh|cmn|chinese|mandarin)\b|中文|汉语|普通话|简体", re.IGNORECASE)
_EN = re.compile(r"\b(en|eng|english)\b|英文|英语", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet (列): its key, its language if it has one, and its title as written."""

    key: str
    language: str
    title: str


def language_of(said: str) -> str:
    """zh, en, or '' for any other language."""
    plain = said.replace("_", "-")
    if _ZH.search(plain):
        return "zh"
    return "en" if _EN.search(plain) else ""


def read_title(title: str, known: Mapping[str, str], *, double: bool) -> Column | None:
    """What a column is by its title; None for one that is not known. ``double``: this sheet parts languages by ``::``."""
    said = title.strip().lstrip("*").strip()
    plain = "_".join(said.split()).lower()
    if plain in known:
        return Column(known[plain], "", title)
    parts = [part.strip() for part in said.split("::" if double or "::" in said else ":")]
    tokens = ["_".join(part.split()).lower() for part in parts]
    for size in (3, 2, 1):  # the longest beginning that is a column: bind::jr:constraintMsg::English
        if size > len(parts):
            continue
        for joint in ("::", ":"):
            key = known.get(joint.join(tokens[:size]))
            if key is None:
                continue
            rest = "::".join(parts[size:])
            if not rest:
                return Column(key, "", title)
            return Column(key, rest, title) if key in SPOKEN or key == "title" else None
    return None
