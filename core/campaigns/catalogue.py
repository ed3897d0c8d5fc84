"""What a campaign declares (测评体系): editions with indicators, metrics and forms.

All are frozen: an edition never changes after it has results. Scoring (``core.campaigns.scoring``) reads nothing but them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from core.campaigns.arithmetic import tidy
from core.campaigns.levels import LevelBound
from core.campaigns.policy import FLAG_ONLY, CitySize, VetoPolicy
from core.campaigns.terms import Category, Question, Role, SiteType
from core.campaigns.xlsform.model import Survey
from core.errors import N_, NotFound

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist (检查项): it turns the shared answer to ``question`` into its own points.

    ``key`` is '' or 'key' (关键项) or a group name such as 'K1'; ``indicators`` names this campaign's own only.
    """

    code: str
    number: int
    text_zh: str
    text_en: str
    question: str
    mode: str
    points: Decimal
    rule: str
    key: str
    category: str
    indicators: tuple[str, ...]
    see_also: tuple[str, ...]
    evidence: str
    owner_role: str
    working_days: int
    note: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A checklist (检查表), 100 points in all; ``survey`` is what it asks beside its items, ``questions`` what they ask alone."""

    code: str
    title_zh: str
    title_en: str
    site_types: tuple[str, ...]
    items: tuple[Item, ...]
    sha256: str = ""
    survey: Survey | None = None
    questions: tuple[Question, ...] = ()

    @property
    def points(self) -> Decimal:
        """The sum of the items' points (满分)."""
        return tidy(sum((i.points for i in self.items), Decimal(0)))


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of the assessment system (指标) with its target, points and scoring rule."""

    code: str
    name_zh: str
    name_en: str
    category_code: str
    category_zh: str
    category_en: str
    unit: str
    method: str
    direction: str
    target_op: str
    target: str
    points: Decimal
    mode: str
    params: Mapping[str, str] = field(hash=False)
    formula: str
    numerator: str
    denominator: str
    frequency: str
    lead_role: str
    gate: str
    standard_ref: str
    source: str
    target_confidence: str
    note: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        """Codes of the forms a site mean is taken over (点位得分所用检查表); empty for other modes."""
        return tuple(filter(None, self.params.get("forms", "").split(",")))


@dataclass(frozen=True, slots=True)
class Metric:
    """Where a numerator or denominator comes from (取数规则).

    ``row`` is 'figure' (the value itself) or 'sample' (a share seen in visits, shown beside it, never mixed in);
    ``selector`` holds the terms as pairs: ('item', 'CIV-ROAD-01'), ('linked', '').
    """

    name: str
    indicators: tuple[str, ...]
    row: str
    source: str
    selector: tuple[tuple[str, str], ...]
    aggregate: str
    available_in: str
    default_rule: bool
    definition_zh: str
    definition_en: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A finding category that touches an indicator (关联), for lists and filters, never for points."""

    category: str
    indicator: str


@dataclass(frozen=True, slots=True)
class Material:
    """A piece of evidence asked for an indicator (佐证材料)."""

    code: str
    indicator: str
    name_zh: str
    name_en: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorGroup:
    """The indicators under one heading of the assessment system (测评项目), in order."""

    code: str
    name_zh: str
    name_en: str
    indicators: tuple[Indicator, ...]

    @property
    def points(self) -> Decimal:
        """The heading's points."""
        return tidy(sum((i.points for i in self.indicators), Decimal(0)))


@dataclass(frozen=True, slots=True)
class Edition:
    """An immutable version of a campaign's standard (测评体系版本), sealed by ``sha256``.

    ``key`` is the name of its folder. ``follows`` names the edition that it replaces, ``lineage`` pairs its indicators' old and
    new codes (一对一、拆分、合并). No part of standard, body or hash are: ``reports``, the package's templates; ``draft`` (征求意见稿);
    ``subjects``, forms for grids and villages (对象检查表), and ``own_forms``, a district's own versions, which feed no indicator.
    """

    key: str
    title_zh: str
    title_en: str
    issuer: str
    issuer_en: str
    document: str
    document_en: str
    valid_from: date
    valid_to: date | None
    scale: Decimal
    indicators: tuple[Indicator, ...]
    metrics: tuple[Metric, ...]
    forms: tuple[Form, ...]
    links: tuple[Link, ...]
    materials: tuple[Material, ...] = ()
    follows: str = ""
    lineage: tuple[tuple[str, str], ...] = ()
    reports: tuple[str, ...] = field(default=(), compare=False)
    draft: bool = field(default=False, compare=False)
    sha256: str = ""
    veto: VetoPolicy | None = None
    city_sizes: tuple[CitySize, ...] = ()
    levels: tuple[LevelBound, ...] = ()
    subjects: tuple[Form, ...] = field(default=(), compare=False)
    own_forms: tuple[Form, ...] = ()
    _indicators: Mapping[str, Indicator] = field(init=False, repr=False, compare=False)
    _forms: Mapping[str, Form] = field(init=False, repr=False, compare=False)
    _items: Mapping[str, Item] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_indicators", MappingProxyType({i.code: i for i in self.indicators}))
        object.__setattr__(self, "_forms", MappingProxyType({f.code: f for f in self.all_forms}))
        object.__setattr__(self, "_items", MappingProxyType({i.code: i for f in self.all_forms for i in f.items}))

    def __hash__(self) -> int:
        return hash((self.key, self.sha256))

    @property
    def points(self) -> Decimal:
        """The indicators' points in all; equals ``scale``."""
        return tidy(sum((i.points for i in self.indicators), Decimal(0)))

    @property
    def all_forms(self) -> tuple[Form, ...]:
        """The edition's forms and those of grids and villages, each as the district has it, then the district's further ones."""
        own = {f.code: f for f in self.own_forms}
        return (*(own.pop(f.code, f) for f in (*self.forms, *self.subjects)), *own.values())

    @property
    def veto_policy(self) -> VetoPolicy:
        """What a veto does to the total (否决规则)."""
        return self.veto or FLAG_ONLY

    def indicator(self, code: str) -> Indicator:
        """The indicator of this code; NotFound when the edition has none."""
        return _find(self._indicators, code)

    def form(self, code: str) -> Form:
        """The form of this code; NotFound when the edition has none."""
        return _find(self._forms, code)

    def item(self, code: str) -> Item:
        """The checklist item of this code; NotFound when the edition has none."""
        return _find(self._items, code)

    def forms_for(self, site_types: Iterable[str]) -> tuple[Form, ...]:
        """The forms that apply to a place of these types (适用检查表), each once, in the edition's order."""
        wanted = frozenset(site_types)
        return tuple(f for f in self.all_forms if wanted.intersection(f.site_types))

    def metrics_for(self, indicator_code: str, row: str = "figure") -> tuple[Metric, ...]:
        """The metric rows of one indicator (取数规则); ``row`` is 'figure' or 'sample'."""
        return tuple(m for m in self.metrics if m.row == row and indicator_code in m.indicators)

    def categories(self) -> tuple[IndicatorGroup, ...]:
        """The headings (测评项目) in the order of their first indicator, each with its indicators and points."""
        groups: dict[str, list[Indicator]] = {}
        for one in self.indicators:
            groups.setdefault(one.category_code, []).append(one)
        return tuple(IndicatorGroup(c, m[0].category_zh, m[0].category_en, tuple(m)) for c, m in groups.items())


def _find(shelf: Mapping[str, Found], code: str) -> Found:
    """The thing under ``code``, or NotFound naming the code."""
    if code not in shelf:
        raise NotFound(N_("测评体系中没有代码 {code}"), code=code)
    return shelf[code]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign for one national title (创建项目) as its plugin declares it.

    ``key`` names it everywhere outside ('sanitary_city'), ``short`` in the domain files; ``hq_role`` is the role that hosts its HQ
    office. Own site types, categories, questions and roles carry its prefix. ``editions`` are in force in turn, ``others`` proposed or not run here; all carry the ``subject_forms``.
    """

    key: str
    short: str
    title_zh: str
    title_en: str
    description: str
    contract: int
    package: str
    editions: tuple[Edition, ...]
    site_types: tuple[SiteType, ...] = ()
    categories: tuple[Category, ...] = ()
    hq_role: str = ""
    questions: tuple[Question, ...] = ()
    roles: tuple[Role, ...] = ()
    others: tuple[Edition, ...] = field(default=(), compare=False)
    subject_forms: tuple[Form, ...] = ()

    def __hash__(self) -> int:
        return hash((self.key, self.editions))

    @property
    def shipped(self) -> tuple[Edition, ...]:
        """Every edition that the package has (全部版本), earliest first."""
        return tuple(sorted((*self.editions, *self.others), key=lambda e: (e.valid_from, e.key)))

    @property
    def edition(self) -> Edition:
        """The current edition (现行版本): the last one by validity."""
        return self.editions[-1]

    def edition_for(self, day: date) -> Edition:
        """The edition in force on a day; the later one where two overlap. NotFound when none was in force."""
        for edition in reversed(self.editions):
            if edition.valid_from <= day and (edition.valid_to is None or day <= edition.valid_to):
                return edition
        raise NotFound(N_("{campaign}在 {day} 没有生效的测评体系版本"), campaign=self.title_zh, day=day.isoformat())
