"""Canonical bodies (定义正文): a form, edition or campaign as JSON and back, and the hash that seals it.

A record stores the hash of what it was made with; the body behind the hash stays readable when the plugin is upgraded or
gone. Canonical means: UTF-8, keys sorted, no spaces, decimals without trailing zeros, so that a file saved again by a
spreadsheet keeps its hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from core.campaigns.arithmetic import tidy
from core.campaigns.catalogue import Campaign, Edition, Form
from core.campaigns.xlsform.model import (
    Block,
    Choice,
    ChoiceList,
    Field,
    Group,
    Include,
    Repeat,
    Scoring,
    Survey,
    Text,
)
from core.errors import N_, Fault, InvalidInput

Sealed = TypeVar("Sealed", Form, Edition)
Definition = Form | Edition | Campaign

_KINDS: dict[type, str] = {Form: "form", Edition: "edition", Campaign: "campaign"}
# The parts of a designed form say what they are, and leave out what is as usual.
_PARTS: dict[type, str] = {Field: "field", Group: "group", Repeat: "repeat", Include: "include"}
_SPARSE = frozenset({*_PARTS, Survey, Block, ChoiceList, Choice, Scoring, Text})
# The hash itself, and what belongs to the package, not to the standard.
_OUTSIDE = frozenset({"sha256", "reports", "draft", "others", "subjects", "own_forms"})
# What came to the contract later is left out while it says nothing, so that what was sealed before keeps its hash.
_LATER = frozenset({"follows", "lineage", "veto", "city_sizes", "levels", "survey", "subject_forms"})
_LATER_OF: dict[type, frozenset[str]] = {Form: frozenset({"questions"})}


def to_body(obj: Definition) -> str:
    """The canonical JSON of a definition; an edition's contains its forms in full."""
    return _dump(_encode(obj))


def digest(body: str) -> str:
    """The SHA-256 of a body, in hex."""
    return hashlib.sha256(body.encode()).hexdigest()


def seal(obj: Sealed) -> Sealed:
    """The same form or edition with its hash filled in (封版)."""
    return replace(obj, sha256=digest(to_body(obj)))


def form_from_body(body: str) -> Form:
    """A form from its body; InvalidInput when the body is damaged or of another kind."""
    return _read(Form, body)


def edition_from_body(body: str) -> Edition:
    """An edition from its body, forms included; InvalidInput when the body is damaged or of another kind."""
    return _read(Edition, body)


def campaign_from_body(body: str) -> Campaign:
    """A campaign from its body; InvalidInput when the body is damaged or of another kind."""
    return _read(Campaign, body)


def _dump(plain: Any) -> str:  # plain JSON values
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _encode(value: Any) -> Any:  # any field of a definition, to plain JSON values
    if is_dataclass(value):
        said = ((f, getattr(value, f.name)) for f in fields(value) if _inside(f.name))
        sparse = type(value) in _SPARSE
        later = _LATER | _LATER_OF.get(type(value), frozenset())
        plain = {f.name: _encode(one) for f, one in said if not (sparse or f.name in later) or one != f.default}
        kind = _KINDS.get(type(value)) or _PARTS.get(type(value))
        return plain | {"kind": kind} if kind else plain
    if isinstance(value, Decimal):
        return str(tidy(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_encode(v) for v in value]
    return dict(value) if isinstance(value, Mapping) else value


def _inside(name: str) -> bool:
    """Whether a field belongs to the body."""
    return name not in _OUTSIDE and not name.startswith("_")


Read = TypeVar("Read", Form, Edition, Campaign)


def _read(cls: type[Read], body: str) -> Read:
    try:
        plain = json.loads(body)
        if plain.get("kind") != _KINDS[cls]:
            raise _damaged(N_("不是所要的定义"), str(plain.get("kind", "")))
        found: Read = _decode(cls, plain)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
        raise _damaged(N_("定义正文已损坏"), str(error)) from error
    return found


def _damaged(message: str, value: str) -> InvalidInput:
    return InvalidInput(faults=[Fault(message, field="body", value=value[:80], remedy=N_("请从备份恢复该定义"))])


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _decode(kind: Any, plain: Any) -> Any:  # one value of the declared type ``kind``
    origin = get_origin(kind)
    if origin is UnionType:
        return None if plain is None else _decode(_told(get_args(kind), plain), plain)
    if origin is tuple:
        args = get_args(kind)
        if args[-1] is Ellipsis:
            return tuple(_decode(args[0], v) for v in plain)
        return tuple(_decode(a, v) for a, v in zip(args, plain, strict=True))
    if origin is not None:
        return MappingProxyType({str(k): str(v) for k, v in plain.items()})
    return _decode_plain(kind, plain)


def _told(kinds: tuple[Any, ...], plain: Any) -> Any:  # which of a union's types a value is of
    if len(kinds) == 2 and kinds[1] is type(None):
        return kinds[0]
    found = {word: cls for cls, word in _PARTS.items() if cls in kinds}
    return found[plain["kind"]]


def _decode_plain(kind: Any, plain: Any) -> Any:  # a dataclass, a decimal, a date or a bare value
    if is_dataclass(kind):
        return _decode_class(kind, plain)
    if kind is Decimal:
        return Decimal(plain)
    if kind is date:
        return date.fromisoformat(plain)
    if type(plain) is not kind:
        raise TypeError(f"{plain!r} is not {kind.__name__}")
    return plain


def _decode_class(cls: Any, plain: dict[str, Any]) -> Any:  # one dataclass; the hash is taken from the very text given
    known = [f for f in fields(cls) if _inside(f.name)]
    strange = set(plain) - {f.name for f in known} - {"kind"}
    if strange:
        raise KeyError(*sorted(strange))
    hints = _hints(cls)
    given = {f.name: _decode(hints[f.name], plain[f.name]) for f in known if f.name in plain or f.default is MISSING}
    if cls in (Form, Edition):
        given["sha256"] = digest(_dump(plain))
    return cls(**given)
