"""The word in the column type (题型): what we ask, and the types that are refused by their name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.campaigns.xlsform.model import META, TYPES

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "text": ("string", "q string", "add text prompt"),
    "integer": ("int", "q int", "add integer prompt"),
    "decimal": ("q decimal", "add decimal prompt"),
    "date": ("q date", "add date prompt"),
    "dateTime": ("datetime", "date time", "q date time", "q datetime", "add date time prompt", "add datetime prompt"),
    "image": ("photo", "q picture", "q image", "add image prompt", "add photo prompt"),
    "geopoint": ("gps", "location", "q geopoint", "q location", "add location prompt"),
    "note": ("q note", "add note prompt"),
    "calculate": ("q calculate", "add calculate prompt", "calculation"),
    "today": ("get today",),
    "start": ("start time", "get start time"),
    "end": ("end time", "get end time"),
    "deviceid": ("imei", "device id", "get device id", "uri:deviceid"),
    "username": ("uri:username",),
}
_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        word: name
        for name in TYPES
        if not name.startswith("select")
        for word in (name.lower(), *_SPELLINGS.get(name, ()))
    }
)
_SELECTS = {
    "add select one prompt using": "select_one",
    "select one from": "select_one",
    "select one": "select_one",
    "select_one": "select_one",
    "select1": "select_one",
    "add select multiple prompt using": "select_multiple",
    "select all that apply from": "select_multiple",
    "select all that apply": "select_multiple",
    "select multiple from": "select_multiple",
    "select multiple": "select_multiple",
    "select_multiple": "select_multiple",
}
_SELECT = re.compile(
    rf"({'|'.join(sorted(_SELECTS, key=len, reverse=True))}) (\S+)( (or specify other|or_other|or other))?",
    re.IGNORECASE,
)
_FENCE = re.compile(r"(begin|end)[ _](group|lgroup|repeat|looped group)( .*)?", re.IGNORECASE)
_KINDS = {"group": "group", "lgroup": "repeat", "repeat": "repeat", "looped group": "repeat"}
_SETTING = {
    "form_title": "title",
    "set form title": "title",
    "set_form_title": "title",
    "form_id": "code",
    "set form id": "code",
    "set_form_id": "code",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a type says (题型): ``kind`` is field, begin, end, include, setting or unsupported."""

    kind: str
    type: str
    choices: str = ""
    or_other: bool = False


def read_type(said: str) -> Told:
    """The type as written, in any case and spelling; one that we do not ask comes back as unsupported with its own name."""
    text = " ".join(said.split())
    plain = text.lower()
    if plain in _PLAIN:
        return Told("field", _PLAIN[plain])
    fence = _FENCE.fullmatch(text)
    if fence is not None:
        return Told(fence[1].lower(), _KINDS[fence[2].lower()])
    select = _SELECT.fullmatch(text)
    if select is not None and not select[2].startswith("${") and select[2].lower() not in ("from", "file"):
        return Told("field", _SELECTS[select[1].lower()], select[2], bool(select[3]))
    if plain == "include":
        return Told("include", "include")
    if plain in _SETTING:
        return Told("setting", _SETTING[plain])
    loop = re.fullmatch(r"(begin|end)[ _]loop( .*)?", plain)
    return Told(loop[1], "loop") if loop else Told("unsupported", text)


def is_meta(name: str) -> bool:
    """Whether a type is filled by the device, so that it may stand anywhere."""
    return name in META
