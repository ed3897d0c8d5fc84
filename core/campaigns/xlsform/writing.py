"""Writing a design as a workbook (导出表格): one that ODK and Kobo run, that an official reads, and that reads back the same."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from core.campaigns.rules import NATURAL
from core.campaigns.terms import Vocabulary
from core.campaigns.xlsform.columns import CHOICE_IMAGES, CHOICES, NOTES, NUMERIC, SETTINGS, SURVEY, ZH, Written
from core.campaigns.xlsform.model import SELECTS, TYPES, Block, Design, Field, Group, Include, Part, Repeat, Text
from core.campaigns.xlsform.own_questions import is_own
from core.campaigns.xlsform.pairs import pair_of
from core.campaigns.xlsform.scored import VERSION_LENGTH, to_form

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # the same design gives the same bytes
_SPARE_ROWS = 300  # drop-downs reach below the last row, for what is added
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Looks:
    """The cell formats of one workbook."""

    head: Any  # the writer's own format objects
    text: Any
    group: Any
    item: Any
    title: Any


def write_workbook(design: Design, vocabulary: Vocabulary) -> bytes:
    """The design as .xlsx: a page that explains the columns, then survey, choices and settings, then the codes."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        book.set_properties({"created": _EPOCH, "title": design.title.said()})
        looks = _looks(book)
        _write_notes(book.add_worksheet("说明"), design, looks)
        rows = list(_rows(design.survey.children, {b.code: b for b in design.survey.blocks}))
        survey = book.add_worksheet("survey")
        _write_table(survey, SURVEY, rows, looks)
        _write_choices(book.add_worksheet("choices"), design, looks)
        _write_table(
            book.add_worksheet("settings"), (*SETTINGS, *_kept(design)), [_settings(design, vocabulary)], looks
        )
        _write_spare_blocks(book, design, looks)
        lengths = _write_codes(book.add_worksheet("代码"), vocabulary, looks)
        _offer(survey, len(rows) + _SPARE_ROWS, lengths)
        survey.activate()
    return buffer.getvalue()


def _looks(book: xlsxwriter.Workbook) -> _Looks:
    wrap = {"text_wrap": True, "valign": "top", "num_format": "@"}
    return _Looks(
        head=book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "valign": "vcenter"}),
        text=book.add_format(wrap),
        group=book.add_format(wrap | {"bold": True, "bg_color": "#E8EEF5"}),
        item=book.add_format({"valign": "top"}),
        title=book.add_format({"bold": True, "font_size": 14}),
    )


def _write_notes(sheet: Worksheet, design: Design, looks: _Looks) -> None:
    """The first page: what this workbook is, and every column in a sentence."""
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90, looks.text)
    sheet.write_string(0, 0, design.title.said(), looks.title)
    for number, note in enumerate(NOTES, 2):
        sheet.write_string(number, 1, note, looks.text)
    at = len(NOTES) + 3
    for name, columns in (("survey", SURVEY), ("choices", CHOICES), ("settings", SETTINGS)):
        sheet.write_string(at, 0, name, looks.head)
        sheet.write_string(at, 1, "", looks.head)
        for number, column in enumerate(columns, at + 1):
            sheet.write_string(number, 0, column.title)
            sheet.write_string(number, 1, column.meaning, looks.text)
        at += len(columns) + 2


def _write_table(sheet: Worksheet, columns: Sequence[Written], rows: Sequence[Row], looks: _Looks) -> None:
    """A sheet under its header; a text that begins with = + - or @ stays text."""
    sheet.freeze_panes(1, 2 if columns is SURVEY else 0)
    sheet.set_row(0, 24)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width, looks.item if column.key in NUMERIC else looks.text)
        sheet.write_string(0, place, column.title, looks.head)
        sheet.write_comment(0, place, column.meaning, {"x_scale": 2})
    for number, row in enumerate(rows, 1):
        fence = row.get("type", "").startswith(("begin", "end"))
        for place, column in enumerate(columns):
            said = row.get(column.key, "")
            if said and column.key in NUMERIC:
                sheet.write_number(number, place, float(said), looks.item)
            elif said or fence:
                sheet.write_string(number, place, said, looks.group if fence else looks.text)


def _rows(parts: Sequence[Part], blocks: Mapping[str, Block], block: str = "") -> Iterator[Row]:
    """The rows of the sheet survey; common blocks are laid out, every row of them marked."""
    for part in parts:
        if isinstance(part, Include):
            if part.block in blocks:
                yield from _rows(blocks[part.block].children, blocks, part.block)
        elif isinstance(part, Field):
            yield from (row | {"block": block} for row in _field_rows(part))
        else:
            kind = "repeat" if isinstance(part, Repeat) else "group"
            yield _group_row(part, kind) | {"block": block}
            yield from _rows(part.children, blocks, block)
            yield {"type": f"end {kind}", "block": block}


def _group_row(part: Group | Repeat, kind: str) -> dict[str, str]:
    row = {"type": f"begin {kind}", "name": part.name, "relevant": part.relevant, "appearance": part.appearance}
    count = part.count if isinstance(part, Repeat) else ""
    return row | _texts(label=part.label, hint=part.hint) | {"repeat_count": count}


def _field_rows(field: Field) -> Iterator[dict[str, str]]:
    if field.type != "n_of_m":
        yield _field_row(field)
        return
    row = _field_row(replace(field, required="", type="begin group", appearance="field-list"))
    yield row | {"sancheng": "n_of_m"}
    for one in pair_of(field):
        yield _field_row(one)
    yield {"type": "end group"}


def _field_row(field: Field) -> dict[str, str]:
    word = f"{field.type} {field.choices}" if field.type in SELECTS else field.type
    row = {
        "type": f"{word} or_other" if field.or_other else word,
        "name": field.name,
        "required": _plain(field.required),
        "relevant": field.relevant,
        "constraint": field.constraint,
        "calculation": field.calculation,
        "default": field.default,
        "choice_filter": field.choice_filter,
        "read_only": _plain(field.read_only),
        "appearance": field.appearance,
        "parameters": field.parameters,
        "trigger": field.trigger,
    }
    row |= _texts(
        label=field.label,
        hint=field.hint,
        required_message=field.required_message,
        constraint_message=field.constraint_message,
        image=field.image,
    )
    return row | _scoring(field)


def _plain(formula: str) -> str:
    return "yes" if formula == "true()" else formula


def _texts(**texts: Text) -> dict[str, str]:
    return {f"{key}.{tongue}": getattr(text, tongue) for key, text in texts.items() for tongue in ("zh", "en")}


def _scoring(field: Field) -> dict[str, str]:
    one = field.scoring
    if one is None:
        return {}
    plain = {key: getattr(one, key) for key in ("mode", "rule", "key", "category", "evidence")}
    plain["question"] = "" if is_own(one.question) else one.question
    lists = {"indicators": ";".join(one.indicators), "see_also": ";".join(one.see_also)}
    numbers = {"points": format(one.points, "f"), "working_days": str(one.working_days)}
    return plain | lists | numbers | {"owner_role": one.owner_role, "note": one.note}


def _write_choices(sheet: Worksheet, design: Design, looks: _Looks) -> None:
    names = [name for one in design.survey.lists for choice in one.choices for name, _ in choice.attributes]
    extra = [Written(f"+{name}", name, 16, "供 choice_filter 筛选用") for name in dict.fromkeys(names)]
    rows = [
        {"list_name": one.name, "name": choice.name}
        | _texts(label=choice.label, image=Text(choice.image, choice.image))
        | {f"+{name}": said for name, said in choice.attributes}
        for one in design.survey.lists
        for choice in one.choices
    ]
    images = CHOICE_IMAGES if any(choice.image for one in design.survey.lists for choice in one.choices) else ()
    _write_table(sheet, (*CHOICES, *images, *extra), rows, looks)


def _settings(design: Design, vocabulary: Vocabulary) -> dict[str, str]:
    return {
        "title": design.title.zh or design.title.en,
        "title_en": design.title.en,
        "code": design.code,
        "version": to_form(design, vocabulary).sha256[:VERSION_LENGTH],
        "default_language": ZH,
        "site_types": ";".join(design.site_types),
        "campaign": design.campaign,
        **dict(design.settings),
    }


def _kept(design: Design) -> tuple[Written, ...]:
    return tuple(Written(key, key, 16, "ODK 的设置") for key, _ in design.settings)


def _write_spare_blocks(book: xlsxwriter.Workbook, design: Design, looks: _Looks) -> None:
    """Common blocks that the form does not include stand in a sheet of their own."""
    used = {placed.block for placed in design.survey.walk()}
    spare = [block for block in design.survey.blocks if block.code not in used]
    if spare:
        rows = [row for block in spare for row in _rows(block.children, {}, block.code)]
        _write_table(book.add_worksheet("blocks"), SURVEY, rows, looks)


def _write_codes(sheet: Worksheet, words: Vocabulary, looks: _Looks) -> dict[str, str]:
    """The codes that may be used, column by column; returns where each list stands."""
    lists: dict[str, list[tuple[str, str]]] = {
        "type": [(one, "") for one in (*(t for t in TYPES if t not in SELECTS), "begin group", "end group")],
        "mode": [(one, "") for one in NATURAL],
        "category": [(c.code, c.name_zh) for c in words.categories.values()],
        "owner_role": [(r.code, r.name_zh) for r in words.roles.values()],
        "question": [(q.code, f"{q.text_zh}（{q.answer_type}）") for q in words.questions.values()],
        "site_types": [(t.code, t.name_zh) for t in words.site_types.values()],
    }
    sheet.freeze_panes(1, 0)
    found = {}
    for number, (name, pairs) in enumerate(lists.items()):
        column = number * 2
        sheet.set_column(column, column, 22)
        sheet.set_column(column + 1, column + 1, 30)
        sheet.write_string(0, column, name, looks.head)
        sheet.write_string(0, column + 1, "", looks.head)
        for at, (code, title) in enumerate(pairs, 1):
            sheet.write_string(at, column, code)
            sheet.write_string(at, column + 1, title)
        letter = chr(ord("A") + column)
        found[name] = f"=代码!${letter}$2:${letter}${len(pairs) + 1}"
    return found


def _offer(sheet: Worksheet, last: int, lists: Mapping[str, str]) -> None:
    """Drop-downs in the columns that take codes; another word may be typed, the upload says when it is wrong."""
    for place, column in enumerate(SURVEY):
        if column.key in lists:
            rule = {"validate": "list", "source": lists[column.key], "error_type": "information", "ignore_blank": True}
            sheet.data_validation(1, place, last, place, rule | {"show_error": False})
