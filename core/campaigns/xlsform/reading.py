"""Reading a form's workbook (读取表格): accepted as a design, or refused with every reason at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from core.campaigns.terms import Vocabulary
from core.campaigns.xlsform.checking import check_survey
from core.campaigns.xlsform.headers import CHOICES, SETTINGS, SURVEY, language_of
from core.campaigns.xlsform.lists import YES_NO, check_choices, read_lists, tell_titles
from core.campaigns.xlsform.model import SELECTS, Block, ChoiceList, Design, Field, Read, Survey, Text
from core.campaigns.xlsform.opening import Grid, open_workbook
from core.campaigns.xlsform.own_questions import is_own, own_code
from core.campaigns.xlsform.scoring import check_answers_fit, is_item, read_scoring
from core.campaigns.xlsform.sheets import Line, Remarks, Table, read_table, read_tongues
from core.campaigns.xlsform.tree import Node, fold_blocks, gather_blocks, grow, lay_out, walk
from core.errors import N_

FULL = Decimal(100)
KEPT_SETTINGS = ("style", "allow_choice_duplicates")
_KNOWN = ("survey", "choices", "settings", "blocks")
_ODK_ONLY = ("entities", "external_choices", "osm")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_REFERENCE = re.compile(r"\$\{\s*([^}]*?)\s*\}")
_TRUE = frozenset({"yes", "true", "true()"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a workbook is read against (读取依据): the words, the campaigns' indicators, the blocks a district has."""

    words: Vocabulary
    indicators: Mapping[str, Collection[str]] | None = None
    shared: Mapping[str, Block] | None = None


def read_workbook(
    data: bytes,
    filename: str,
    vocabulary: Vocabulary,
    *,
    shared: Iterable[Block] = (),
    indicators: Mapping[str, Collection[str]] | None = None,
    code: str = "",
) -> Read:
    """The design in an .xlsx, .xls or .csv, and everything that was found in it; a bad workbook raises nothing.

    ``shared`` are common blocks that an ``include`` may name; ``indicators`` the codes of each campaign, to check against;
    ``code`` stands in for a missing form_id, else the file's name does.
    """
    remarks = Remarks()
    grids = open_workbook(data, filename, remarks.found)
    sheets = _sheets(grids, remarks) if not remarks.refused else {}
    if remarks.refused or "survey" not in sheets:
        return Read(None, tuple(remarks.found))
    around = Surroundings(vocabulary, indicators, {one.code: one for one in shared})
    design = _design(sheets, code or _stem(filename), around, remarks)
    return Read(None if remarks.refused else design, tuple(remarks.found))


def _stem(filename: str) -> str:
    return filename.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]


def _sheets(grids: list[Grid], remarks: Remarks) -> dict[str, Grid]:
    """The sheets of ours by name; a workbook of one sheet is its survey, whatever that is called."""
    found = {grid.title.strip().lower(): grid for grid in reversed(grids)}
    sheets = {name: found[name] for name in _KNOWN if name in found}
    filled = [grid for grid in grids if any(any(row) for row in grid.rows)]
    if "survey" not in sheets and len(filled) == 1:
        sheets["survey"] = filled[0]
    if "survey" not in sheets:
        titles = "、".join(grid.title for grid in grids)[:60]
        remedy = N_("题目请写在名为 survey 的工作表里，选项在 choices，表名在 settings")
        remarks.add("error", N_("没有 survey 工作表"), remedy, value=titles)
    for name in _ODK_ONLY:
        if name in found and any(any(row) for row in found[name].rows):
            remarks.add("info", N_("本系统不用这张工作表，已略过"), sheet=found[name].title)
    return sheets


def _design(sheets: Mapping[str, Grid], fallback: str, around: Surroundings, remarks: Remarks) -> Design | None:
    survey = read_table(sheets["survey"], SURVEY, remarks)
    if survey is None or not any(column.key == "type" for _, column in survey.columns):
        remedy = N_("首行应有 type、name、label 三列")
        message, row = (N_("survey 是空的"), 1) if survey is None else (N_("缺少列 type"), survey.header_row)
        remarks.add("error", message, remedy, sheet=sheets["survey"].title, row=row, column="type")
        return None
    choices = read_table(sheets["choices"], CHOICES, remarks, own=True) if "choices" in sheets else None
    blocks = read_table(sheets["blocks"], SURVEY, remarks) if "blocks" in sheets else None
    settings = read_table(sheets["settings"], SETTINGS, remarks, own=True) if "settings" in sheets else None
    head = _head(settings, remarks)
    tables = [one for one in (survey, choices, blocks) if one is not None]
    tongues = read_tongues(tables, head.get("default_language", ""), remarks)
    found = _lists(choices, tongues, head, remarks)
    top, common = _tree(survey, blocks, tongues, around, head, remarks)
    form = _code(head, fallback, remarks)
    _settle_fields([*top, *(one for inner in common.values() for one in inner)], found, around, head, remarks, form)
    check_survey(top, found, remarks)
    _check_choice_texts(choices, tongues, top, remarks)
    used = _used(top, common, found)
    parts = tuple(Block(code, tuple(one.whole() for one in inner)) for code, inner in common.items())
    kept = tuple(b for b in (around.shared or {}).values() if b.code in _included(top) and b.code not in common)
    whole = Survey(tuple(one.whole() for one in top), used, (*parts, *kept))
    return _headed(head, whole, form, head.get("code") or fallback, around, remarks)


def _head(table: Table | None, remarks: Remarks) -> dict[str, str]:
    """The one row of the sheet settings by column."""
    lines = table.lines({"": "zh"}, remarks) if table is not None else []
    if not lines:
        return {}
    for title in lines[0].others:
        if title.lower() not in KEPT_SETTINGS:
            lines[0].tell(title, N_("本系统不用这项设置，已略过"), value=lines[0].others[title])
    found = {title.lower(): said for title, said in lines[0].others.items()}
    for (key, language), said in lines[0].cells.items():
        is_english = key == "title" and language_of(language) == "en"
        found.setdefault("title_en" if is_english else key, said)
    return found


def _lists(
    table: Table | None, tongues: Mapping[str, str], head: Mapping[str, str], remarks: Remarks
) -> dict[str, ChoiceList]:
    if table is None:
        return {}
    tell_titles(table.title, table.header_row, (title for _, title in table.others), remarks)
    doubles = head.get("allow_choice_duplicates", "").lower() in _TRUE
    return read_lists(table.lines(tongues, remarks), doubles=doubles)


def _check_choice_texts(table: Table | None, tongues: Mapping[str, str], nodes: list[Node], remarks: Remarks) -> None:
    """Answers that a choice's text quotes are answers of this form."""
    names = {node.name for node in walk(nodes)}
    for line in table.lines(tongues, remarks) if table is not None else []:
        for name in _REFERENCE.findall(line.text("label")):
            if name not in names:
                line.error("label", N_("没有题目 {name}"), N_("请核对题目名，大小写也要一致"), name=name)


def _tree(
    survey: Table,
    blocks: Table | None,
    tongues: Mapping[str, str],
    around: Surroundings,
    head: dict[str, str],
    remarks: Remarks,
) -> tuple[list[Node], dict[str, list[Node]]]:
    """The rows of the survey as a tree, and the common blocks by code."""
    common = gather_blocks(blocks.lines(tongues, remarks), head) if blocks is not None else {}
    top = fold_blocks(grow(survey.lines(tongues, remarks), head), common)
    lay_out(top, common, around.shared or {})
    return top, common


def _settle_fields(
    nodes: list[Node],
    lists: dict[str, ChoiceList],
    around: Surroundings,
    head: Mapping[str, str],
    remarks: Remarks,
    form: str,
) -> None:
    """Give the scored fields their scoring, check what selects offer, and sum the points."""
    campaign = head.get("campaign", "")
    codes = (around.indicators or {}).get(campaign) if campaign else None
    fields = [(node, node.part) for node in _once(nodes) if isinstance(node.part, Field)]
    feeding = any(node.line.has("indicators") for node, _ in fields if is_item(node.line))
    total, last = Decimal(0), None
    for node, part in fields:
        scored = is_item(node.line) or part.scoring is not None
        if scored and part.choices == YES_NO.name:
            lists.setdefault(YES_NO.name, YES_NO)
        if part.type in SELECTS:
            check_choices(node.line, part, lists)
        if is_item(node.line) and part.scoring is None:
            own = own_code(form, part.name)
            scoring = read_scoring(node.line, part, around.words, own, feeding=feeding, indicators=codes)
            node.part = replace(part, scoring=scoring)
            check_answers_fit(node.line, part, lists)
        if isinstance(node.part, Field) and node.part.scoring is not None:
            total, last = total + node.part.scoring.points, node.line
    _tell_twins(fields)
    if last is not None and total != FULL and not remarks.refused:
        _tell_total(last, total, strict=bool(campaign))


def _tell_twins(fields: list[tuple[Node, Field]]) -> None:
    """Two items that ask alone must not have one question between them."""
    taken: dict[str, str] = {}
    for node, _ in fields:
        scoring = node.part.scoring if isinstance(node.part, Field) else None
        if scoring is None or not is_own(scoring.question):
            continue
        if taken.setdefault(scoring.question, node.name) != node.name:
            remedy = N_("和 {other} 只差大小写或符号，请换一个代码")
            node.line.error("name", N_("检查项代码重复"), remedy, value=node.name, other=taken[scoring.question])


def _once(nodes: list[Node]) -> list[Node]:
    """Every node once; a block is both in its place and by itself."""
    return list({id(node): node for node in walk(nodes)}.values())


def _tell_total(line: Line, total: Decimal, *, strict: bool) -> None:
    tell = line.error if strict else line.warn
    tell("points", N_("检查表满分不是100分"), N_("请调整各项分值，合计应为 100"), value=format(total.normalize(), "f"))


def _used(top: list[Node], common: Mapping[str, list[Node]], lists: Mapping[str, ChoiceList]) -> tuple[ChoiceList, ...]:
    """The lists that a field uses, in the order of the sheet."""
    nodes = [*walk(top), *(one for inner in common.values() for one in walk(inner))]
    used = {node.part.choices for node in nodes if isinstance(node.part, Field)}
    return tuple(one for name, one in lists.items() if name in used)


def _included(nodes: list[Node]) -> frozenset[str]:
    return frozenset(node.name for node in walk(nodes) if not hasattr(node.part, "name"))


def _code(head: Mapping[str, str], fallback: str, remarks: Remarks) -> str:
    """The form's code as its head says it, in the letters that codes are made of."""
    said = head.get("code") or fallback
    code = said if _CODE.fullmatch(said) else re.sub(r"[^A-Za-z0-9_-]+", "-", said).strip("-_")[:60] or "FORM"
    if code != said:
        message, remedy = N_("表格代码只用字母、数字、- 和 _，已改为 {code}"), N_("请在 settings 表的 form_id 里改好")
        remarks.add("warning", message, remedy, sheet="settings", column="form_id", value=said, params={"code": code})
    return code


def _headed(
    head: Mapping[str, str], survey: Survey, code: str, said: str, around: Surroundings, remarks: Remarks
) -> Design:
    """The survey under its head: code, title, site types and campaign."""
    types = tuple(dict.fromkeys(filter(None, re.split(r"[;；,，\s]+", head.get("site_types", "")))))
    for one in types:
        if one not in around.words.site_types:
            remedy = N_("请改用已有的点位类型代码")
            remarks.add("error", N_("没有这个点位类型"), remedy, sheet="settings", column="site_types", value=one)
    campaign = head.get("campaign", "")
    if campaign and around.indicators is not None and campaign not in around.indicators:
        remedy = N_("可用：{keys}；不属于创建项目的表请留空")
        keys = {"keys": ", ".join(around.indicators)}
        message = N_("没有安装这个创建项目")
        remarks.add("error", message, remedy, sheet="settings", column="campaign", value=campaign, params=keys)
    title = Text(head.get("title") or said, head.get("title_en", ""))
    kept = tuple((key, head[key]) for key in KEPT_SETTINGS if head.get(key))
    return Design(code, title, survey, types, campaign, head.get("version", ""), kept)
