"""What a sponsor's field covers (包保领域): a category's own code or name, its owner's duty, or a group of the tenant's own.

A field that is none of these words is free text: it cannot be compared, so it concerns every category (ours).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from core.campaigns.registry import Registry, installed
from core.work.tables import CategorySet
from tenants.scope import ScopedSession


def concerns(
    session: ScopedSession, category: str, fields: Iterable[str], registry: Registry | None = None
) -> set[str]:
    """Those of the given fields that concern a category; '' (all matters) always does."""
    asked = set(fields)
    if not asked - {""}:
        return asked
    words = _words(registry or installed())
    for code, names in _groups(session).items():
        words.setdefault(code, set()).update(names)
    known = set().union(*words.values()) if words else set()
    mine = words.get(category, set()) | {category}
    return {field for field in asked if not field or field in mine or field not in known}


def categories_of(
    session: ScopedSession,
    fields: Iterable[str],
    registry: Registry | None = None,
    sets: Iterable[Mapping[str, Any]] | None = None,
) -> dict[str, frozenset[str] | None]:
    """For each field the categories that it concerns; None for '' and for free text, which concern every one.

    ``sets`` are the bodies of the tenant's own groups in force, where they have been read.
    """
    asked = set(fields)
    found: dict[str, frozenset[str] | None] = dict.fromkeys(asked)
    if not asked - {""}:
        return found
    words = _words(registry or installed())
    for code, names in (_groups(session) if sets is None else _named(sets)).items():
        words.setdefault(code, set()).update(names)
    for field in asked - {""}:
        meant = frozenset(code for code, said in words.items() if field in said)
        found[field] = meant or None
    return found


def _words(registry: Registry) -> dict[str, set[str]]:
    """Every category with the words that mean it or a group of which it is one."""
    vocabulary = registry.vocabulary
    found: dict[str, set[str]] = {}
    for code, category in vocabulary.categories.items():
        said = {code, code.partition("-")[0], category.name_zh, category.name_en}
        owner = vocabulary.roles.get(category.default_owner)
        found[code] = said | ({owner.code, owner.name_zh, *owner.typical_names} if owner else set())
    return found


def _groups(session: ScopedSession) -> Mapping[str, set[str]]:
    return _named(session.scalars(select(CategorySet.body).where(CategorySet.state == "active")))


def _named(sets: Iterable[Mapping[str, Any]]) -> Mapping[str, set[str]]:
    """Each category with the names of the groups that it is in."""
    found: dict[str, set[str]] = {}
    for body in sets:
        for group in body.get("groups", ()):
            for code in group.get("categories", ()):
                found.setdefault(code, set()).add(group.get("name", ""))
    return found
