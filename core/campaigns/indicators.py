"""Reading what an edition counts (指标与取数规则): indicators.csv, metrics.csv, links.csv, materials.csv, lineage.csv, levels.csv."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import TypeVar

from core.campaigns.catalogue import Indicator, Link, Material, Metric
from core.campaigns.levels import LevelBound
from core.campaigns.tables import Columns, Faults, Row, read_table, unique
from core.errors import N_

METHODS = (
    "field",
    "material",
    "survey",
    "statistic",
    "ledger",
    "sampling",
    "departmental",
    "observation",
)
MODES = (
    "threshold",
    "linear",
    "lower_linear",
    "deduct",
    "band10",
    "conform",
    "ratio",
    "min_count",
    "site_mean",
    "level",
    "gate",
)
OPERATORS = (">=", "<=", ">", "<", "=")
FREQUENCIES = (
    "continuous",
    "daily",
    "weekly",
    "ten_day",
    "monthly",
    "quarterly",
    "seasonal",
    "yearly",
)
GATES = ("", "hard", "soft")
CONFIDENCES = ("", "R", "S", "C", "M", "D")
SOURCES = ("items", "findings", "sites", "records", "statistics", "survey", "sampling")
AGGREGATES = ("count", "sum", "mean")
AVAILABLE = ("spine", "tasks/figures", "registers", "intake")

_INDICATORS = Columns(
    (
        "code",
        "name_zh",
        "name_en",
        "category_code",
        "category_zh",
        "category_en",
        "unit",
        "method",
        "direction",
        "target_op",
        "target",
        "points",
        "scoring_mode",
        "scoring_params",
        "formula",
        "numerator",
        "denominator",
        "frequency",
        "lead_role",
        "gate",
    ),
    ("standard_ref", "source", "target_confidence", "note"),
)
_METRICS = Columns(
    (
        "metric",
        "indicators",
        "row",
        "source",
        "selector",
        "aggregate",
        "available_in",
        "default_rule",
        "definition_zh",
        "definition_en",
    ),
    ("note",),
)
_LINKS = Columns(("category", "indicator"))
_MATERIALS = Columns(("code", "indicator", "name_zh", "name_en"), ("note",))

_LEVELS = Columns(("indicator", "metric", "level", "op", "bound"), ("note",))
_LINEAGE = Columns(("old", "new"), ("note",))

Thing = TypeVar("Thing")
Placed = list[tuple[Thing, Row]]  # each thing beside the row it was read from, so that later checks can name the place


def read_indicators(data: bytes, where: str, faults: Faults) -> Placed[Indicator]:
    """The indicators in file order."""
    rows = read_table(data, where, _INDICATORS, faults)
    unique(rows, "code")
    return [(_indicator(row), row) for row in rows]


def _indicator(row: Row) -> Indicator:
    return Indicator(
        code=row.code("code"),
        name_zh=row.text("name_zh", required=True),
        name_en=row.text("name_en", required=True),
        category_code=row.code("category_code"),
        category_zh=row.text("category_zh", required=True),
        category_en=row.text("category_en", required=True),
        unit=row.text("unit", required=True),
        method=row.choice("method", METHODS),
        direction=row.choice("direction", ("up", "down")),
        target_op=row.choice("target_op", OPERATORS),
        target=row.text("target", required=True),
        points=row.decimal("points"),
        mode=row.choice("scoring_mode", MODES),
        params=_params(row),
        formula=row.text("formula", required=True),
        numerator=row.text("numerator", required=True),
        denominator=row.text("denominator"),
        frequency=row.choice("frequency", FREQUENCIES),
        lead_role=row.code("lead_role"),
        gate=row.choice("gate", GATES),
        standard_ref=row.text("standard_ref"),
        source=row.text("source"),
        target_confidence=row.choice("target_confidence", CONFIDENCES),
        note=row.text("note"),
    )


def _params(row: Row) -> MappingProxyType[str, str]:
    """``floor=60;scope=...`` as a mapping; a term without '=' or a doubled one is a fault."""
    found: dict[str, str] = {}
    for term in filter(None, row.text("scoring_params").split(";")):
        key, equals, value = (part.strip() for part in term.partition("="))
        if not equals or not key or not value or key in found:
            row.fault("scoring_params", N_("计分参数写法有误"), N_("请写成 名称=数值，用分号隔开"), term)
        found[key] = value
    return MappingProxyType(found)


def read_metrics(data: bytes, where: str, faults: Faults) -> Placed[Metric]:
    """The metric rows in file order."""
    return [(_metric(row), row) for row in read_table(data, where, _METRICS, faults)]


def _metric(row: Row) -> Metric:
    return Metric(
        name=row.code("metric"),
        indicators=row.codes("indicators", required=True),
        row=row.choice("row", ("figure", "sample")),
        source=row.choice("source", SOURCES),
        selector=tuple(_terms(row.text("selector", required=True).split(";"))),
        aggregate=row.choice("aggregate", AGGREGATES),
        available_in=row.choice("available_in", AVAILABLE),
        default_rule=row.choice("default_rule", ("Y", "")) == "Y",
        definition_zh=row.text("definition_zh", required=True),
        definition_en=row.text("definition_en", required=True),
        note=row.text("note"),
    )


def _terms(parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Selector terms as pairs; the value is kept as written: ('attr', 'running=yes'), ('linked', '')."""
    for part in parts:
        key, _, value = part.partition("=")
        yield key.strip(), value.strip()


def read_links(data: bytes, where: str, faults: Faults) -> Placed[Link]:
    """The links from finding categories to indicators; a link given twice is a fault."""
    placed = [(Link(r.code("category"), r.code("indicator")), r) for r in read_table(data, where, _LINKS, faults)]
    seen: set[Link] = set()
    for link, row in placed:
        if link in seen:
            row.fault("category", N_("关联重复"), N_("请删去这一行"))
        seen.add(link)
    return placed


def read_materials(data: bytes, where: str, faults: Faults) -> Placed[Material]:
    """The evidence asked for, in file order."""
    rows = read_table(data, where, _MATERIALS, faults)
    unique(rows, "code")
    return [(_material(row), row) for row in rows]


def read_lineage(data: bytes, where: str, faults: Faults) -> Placed[tuple[str, str]]:
    """What became of the earlier edition's indicators, as pairs of an old and a new code; a pair given twice is a fault."""
    placed = [((r.code("old"), r.code("new")), r) for r in read_table(data, where, _LINEAGE, faults)]
    seen: set[tuple[str, str]] = set()
    for pair, row in placed:
        if pair in seen:
            row.fault("old", N_("承接关系重复"), N_("请删去这一行"))
        seen.add(pair)
    return placed


def read_levels(data: bytes, where: str, faults: Faults) -> Placed[LevelBound]:
    """What a metric must be for each level of an indicator; a level given twice is a fault."""
    placed = [(_level_bound(row), row) for row in read_table(data, where, _LEVELS, faults)]
    seen: set[tuple[str, str, str]] = set()
    for one, row in placed:
        key = one.indicator, one.metric, one.level
        if key in seen:
            row.fault("level", N_("等级界限重复"), N_("请删去这一行"))
        seen.add(key)
    return placed


def _level_bound(row: Row) -> LevelBound:
    names = (row.code("indicator"), row.code("metric"), row.code("level"))
    return LevelBound(*names, row.choice("op", OPERATORS), row.decimal("bound"))


def _material(row: Row) -> Material:
    texts = (row.text("name_zh", required=True), row.text("name_en", required=True))
    return Material(row.code("code"), row.code("indicator"), *texts, row.text("note"))
