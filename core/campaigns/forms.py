"""Reading checklists (检查表): forms/forms.csv lists them, forms/<code>.csv holds one each, in the words of XLSForm."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from core.campaigns.catalogue import Form, Item
from core.campaigns.indicators import Placed
from core.campaigns.rules import BadRule, fits, parse_rule
from core.campaigns.tables import Columns, Faults, Row, read_table, unique
from core.campaigns.terms import Vocabulary
from core.errors import N_

#: XLSForm type -> our answer type; XLSForm has no "n of m", the word is ours
TYPES = {"select_one yes_no": "yes_no", "integer": "count", "range": "rating10", "n_of_m": "n_of_m"}

_FORMS = Columns(("code", "title", "title::en", "site_types"))
_ITEMS = Columns(
    (
        "type",
        "name",
        "label",
        "label::en",
        "question",
        "mode",
        "rule",
        "points",
        "key",
        "category",
        "indicators",
    ),
    (
        "hint",
        "required",
        "relevant",
        "constraint",
        "see_also",
        "evidence",
        "owner_role",
        "working_days",
        "note",
    ),
)


class ReadForm:
    """A form as read: its head's row and its items with theirs, for the checks that name the place."""

    __slots__ = ("form", "items", "row", "where")

    def __init__(self, form: Form, row: Row, items: Placed[Item], where: str) -> None:
        self.form = form
        self.row = row
        self.items = items
        self.where = where


def read_forms(
    folder: Traversable, at: str, words: Vocabulary, faults: Faults, *, feeding: bool = True
) -> list[ReadForm]:
    """All forms of an edition, in the order of forms.csv; ``at`` is the folder's name for messages.

    Forms that are not ``feeding`` answer for no indicator: the column stays empty.
    """
    if not folder.is_dir():
        return []
    listing = folder / "forms.csv"
    if not listing.is_file():
        faults.add(N_("缺少文件"), where=f"{at}/forms.csv", remedy=N_("请列出每张检查表的代码、名称和点位类型"))
        return []
    heads = read_table(listing.read_bytes(), f"{at}/forms.csv", _FORMS, faults)
    unique(heads, "code")
    listed = {f"{row.text('code')}.csv" for row in heads} | {"forms.csv"}
    for stray in sorted(f.name for f in folder.iterdir() if f.name.endswith(".csv") and f.name not in listed):
        faults.add(
            N_("检查表没有列入 forms.csv"), where=f"{at}/{stray}", remedy=N_("请在 forms.csv 里加一行，或删去文件")
        )
    return [_form(folder, at, head, words, faults, feeding) for head in heads]


def _form(folder: Traversable, at: str, head: Row, words: Vocabulary, faults: Faults, feeding: bool) -> ReadForm:
    code = head.code("code")
    where = f"{at}/{code}.csv"
    types = head.codes("site_types", required=True)
    for one in types:
        head.known("site_types", one, words.site_types, N_("没有这个点位类型"))
    file = folder / f"{code}.csv"
    rows: list[Row] = []
    if file.is_file():
        rows = read_table(file.read_bytes(), where, _ITEMS, faults)
    else:
        faults.add(N_("缺少文件"), where=where, remedy=N_("请补上这张检查表，或从 forms.csv 删去"))
    items = [(_item(row, number, words, feeding), row) for number, row in enumerate(rows, 1)]
    titles = (head.text("title", required=True), head.text("title::en", required=True))
    return ReadForm(Form(code, *titles, types, tuple(i for i, _ in items)), head, items, where)


def _item(row: Row, number: int, words: Vocabulary, feeding: bool) -> Item:
    _check_xlsform(row)
    return read_item(row, number, words, feeding=feeding)


def read_item(row: Row, number: int, words: Vocabulary, *, feeding: bool = True) -> Item:
    """One row as an item (检查项); ``feeding``: it answers for indicators and names them."""
    if not feeding and row.text("indicators"):
        row.fault("indicators", N_("网格和村的检查表不计入指标"), N_("请留空；要提示的指标写在 see_also"))
    _check_question(row, words)
    owner, days = _duty(row, words)
    return Item(
        code=row.code("name"),
        number=number,
        text_zh=row.text("label", required=True),
        text_en=row.text("label::en", required=True),
        question=row.code("question"),
        mode=row.text("mode", required=True),
        points=row.decimal("points"),
        rule=row.text("rule"),
        key=row.code("key") if row.text("key") else "",
        category=row.code("category"),
        indicators=row.codes("indicators", required=True) if feeding else (),
        see_also=row.codes("see_also"),
        evidence=row.text("evidence"),
        owner_role=owner,
        working_days=days,
        note=row.text("note"),
        hint=row.text("hint"),
    )


def _check_xlsform(row: Row) -> None:
    """XLSForm columns that this contract does not carry out are refused rather than silently dropped."""
    if row.text("required") not in ("", "yes", "true", "true()"):
        row.fault("required", N_("每个检查项都要作答"), N_("留空或填 yes；现场不适用时检查员可选“不适用”"))
    for column in ("relevant", "constraint"):
        if row.text(column):
            row.fault(column, N_("本版插件合同还不支持这一列"), N_("请留空；现场不适用时检查员可选“不适用”"))


def _check_question(row: Row, words: Vocabulary) -> None:
    """The question exists, the declared type is its answer type, and mode and rule can score it."""
    code = row.text("question")
    if not code or not row.known("question", code, words.questions, N_("没有这个观测项")):
        return
    answer_type = words.questions[code].answer_type
    if TYPES.get(row.text("type")) != answer_type:
        wanted = next(t for t, a in TYPES.items() if a == answer_type)
        row.fault("type", N_("类型与观测项的答案不符"), N_("观测项 {code} 应写 {wanted}"), code=code, wanted=wanted)
    mode, text = row.text("mode"), row.text("rule")
    try:
        rule = parse_rule(mode, text)
    except BadRule as bad:
        column = "mode" if bad.faults[0].value == mode else "rule"
        row.fault(column, bad.faults[0].message, bad.faults[0].remedy)
        return
    if not fits(mode, rule, answer_type):
        remedy = N_("请换计分方式，或用 from= 说明如何由该答案得分")
        row.fault("mode", N_("计分方式与答案类型 {answer_type} 不符"), remedy, answer_type=answer_type)


def _duty(row: Row, words: Vocabulary) -> tuple[str, int]:
    """Who answers and in how many working days; left empty, both come from the finding category."""
    category = row.text("category")
    if category and not row.known("category", category, words.categories, N_("没有这个问题类别")):
        return "", 1
    usual = words.categories.get(category)
    owner = row.text("owner_role") or (usual.default_owner if usual else "")
    if owner:
        row.known("owner_role", owner, words.roles, N_("没有这个职责角色"))
    if usual and not row.text("working_days"):
        return owner, usual.working_days
    return owner, row.integer("working_days", minimum=1, maximum=250)
