"""The words all campaigns share (公共词表): site types, finding categories, questions and roles.

A place, a defect, an observation and an office are called the same in every campaign; that is why one visit can serve
several of them. A plugin uses these codes and may add its own, prefixed with its short name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class SiteType:
    """A kind of place, ground or service that can be inspected (点位类型). ``kind``: place, area or service."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of defect (问题类别) with the role that answers for it and the working days it is given."""

    code: str
    name_zh: str
    name_en: str
    default_owner: str
    working_days: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is observed on the spot (观测项), free of any edition. ``answer_type``: yes_no, count, rating10 or n_of_m."""

    code: str
    answer_type: str
    text_zh: str
    text_en: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """An office by its duty (职责角色), not by its local name. ``kind``: department, hq, operator or other."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    typical_names: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All shared words by code (词表), in the order of their files."""

    site_types: Mapping[str, SiteType] = field(hash=False)
    categories: Mapping[str, Category] = field(hash=False)
    questions: Mapping[str, Question] = field(hash=False)
    roles: Mapping[str, Role] = field(hash=False)

    def with_own(
        self,
        site_types: Iterable[SiteType] = (),
        categories: Iterable[Category] = (),
        questions: Iterable[Question] = (),
        roles: Iterable[Role] = (),
    ) -> Vocabulary:
        """The same words plus a campaign's own (活动自有词); a shared code wins over an own one."""
        return Vocabulary(
            MappingProxyType({t.code: t for t in site_types} | dict(self.site_types)),
            MappingProxyType({c.code: c for c in categories} | dict(self.categories)),
            MappingProxyType({q.code: q for q in questions} | dict(self.questions)),
            MappingProxyType({r.code: r for r in roles} | dict(self.roles)),
        )
