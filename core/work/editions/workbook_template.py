"""An edition as a workbook (自定版本模板): the sheets that a district fills in, made from an edition that there is."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter

from core.campaigns import Campaign, Edition, Indicator, Item, Metric
from core.campaigns.check import words_of
from core.campaigns.forms import TYPES
from core.work.editions.workbook_rules import SIZE_COLUMNS, size_rows, veto_settings
from core.work.imports.workbook_template import write_row

INDICATORS = (
    *("code", "name_zh", "name_en", "category_code", "category_zh", "category_en", "unit", "method", "direction"),
    *("target_op", "target", "points", "scoring_mode", "scoring_params", "formula", "numerator", "denominator"),
    *("frequency", "lead_role", "gate", "standard_ref", "source", "target_confidence", "note"),
)
METRICS = (
    *("metric", "indicators", "row", "source", "selector", "aggregate", "available_in", "default_rule"),
    *("definition_zh", "definition_en", "note"),
)
ITEMS = (
    *("form", "type", "name", "label", "label::en", "hint", "question", "mode", "rule", "points", "key", "category"),
    *("indicators", "see_also", "evidence", "owner_role", "working_days", "note"),
)
_WORDS = {answer: word for word, answer in TYPES.items()}


def edition_workbook(campaign: Campaign, edition: Edition, key: str = "") -> bytes:
    """An edition as .xlsx to be changed and uploaded under another ``key``; its lineage says that nothing was renumbered.

    Without a ``key`` the edition itself (导出): what it follows and its lineage as they are; read back it has the same hash.
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        for title, head, rows in _sheets(campaign, edition, key):
            sheet = book.add_worksheet(title)
            sheet.set_column(0, len(head) - 1, 18, text)
            sheet.freeze_panes(1, 1)
            write_row(sheet, 0, head, bold)
            for number, row in enumerate(rows, 1):
                write_row(sheet, number, row)
    return buffer.getvalue()


def _sheets(
    campaign: Campaign, edition: Edition, key: str
) -> Iterable[tuple[str, Sequence[str], Iterable[Sequence[str]]]]:
    questions = words_of(campaign).questions
    follows = edition.key if key else edition.follows
    settings = [*_settings(edition, key or edition.key), ("follows", follows), *veto_settings(edition)]
    yield "edition", ("name", "value"), settings
    yield "indicators", INDICATORS, map(_indicator, edition.indicators)
    yield "metrics", METRICS, map(_metric, edition.metrics)
    heads = ((f.code, f.title_zh, f.title_en, ";".join(f.site_types)) for f in edition.forms)
    yield "forms", ("code", "title", "title::en", "site_types"), heads
    lines = ((f.code, _WORDS[questions[i.question].answer_type], *_item(i)) for f in edition.forms for i in f.items)
    yield "items", ITEMS, lines
    yield "links", ("category", "indicator"), ((one.category, one.indicator) for one in edition.links)
    materials = ((m.code, m.indicator, m.name_zh, m.name_en, m.note) for m in edition.materials)
    yield "materials", ("code", "indicator", "name_zh", "name_en", "note"), materials
    bounds = ((b.indicator, b.metric, b.level, b.op, str(b.bound)) for b in edition.levels)
    yield "levels", ("indicator", "metric", "level", "op", "bound"), bounds
    yield "lineage", ("old", "new", "note"), () if key else edition.lineage
    yield "sizes", SIZE_COLUMNS, size_rows(edition)


def _settings(edition: Edition, key: str) -> list[tuple[str, str]]:
    return [
        ("key", key),
        ("title_zh", edition.title_zh),
        ("title_en", edition.title_en),
        ("issuer_zh", edition.issuer),
        ("issuer_en", edition.issuer_en),
        ("document_zh", edition.document),
        ("document_en", edition.document_en),
        ("valid_from", edition.valid_from.isoformat()),
        ("valid_to", edition.valid_to.isoformat() if edition.valid_to else ""),
        ("scale", format(edition.scale, "f")),
    ]


def _indicator(one: Indicator) -> list[str]:
    renamed = {"scoring_mode": "mode"}
    params = ";".join(f"{name}={value}" for name, value in one.params.items())
    return [params if c == "scoring_params" else str(getattr(one, renamed.get(c, c))) for c in INDICATORS]


def _metric(one: Metric) -> list[str]:
    selector = ";".join(f"{name}={value}" if value else name for name, value in one.selector)
    said = (one.name, ";".join(one.indicators), one.row, one.source, selector, one.aggregate, one.available_in)
    return [*said, "Y" if one.default_rule else "", one.definition_zh, one.definition_en, one.note]


def _item(one: Item) -> list[str]:
    texts = [one.code, one.text_zh, one.text_en, one.hint, one.question, one.mode, one.rule, str(one.points), one.key]
    links = [one.category, ";".join(one.indicators), ";".join(one.see_also), one.evidence]
    return [*texts, *links, one.owner_role, str(one.working_days), one.note]
