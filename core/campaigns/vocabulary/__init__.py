"""The shared vocabulary (公共词表) as files beside this one, and the reading of such files in a plugin's own folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TypeVar

from core.campaigns.tables import Columns, Faults, Row, read_table, unique
from core.campaigns.terms import Category, Question, Role, SiteType, Vocabulary
from core.errors import N_

ANSWER_TYPES = ("yes_no", "count", "rating10", "n_of_m")
SITE_KINDS = ("place", "area", "service")
ROLE_KINDS = ("department", "hq", "operator", "other")

Word = TypeVar("Word", SiteType, Category, Question, Role)

_SITE_TYPES = Columns(("code", "name_zh", "name_en", "kind"), ("note",))
_CATEGORIES = Columns(("code", "name_zh", "name_en", "default_owner", "working_days"), ("note",))
_QUESTIONS = Columns(("question", "answer_type", "text_zh", "text_en"), ("note",))
_ROLES = Columns(("code", "name_zh", "name_en", "kind", "typical_names_zh"), ("note",))


@cache
def load_vocabulary() -> Vocabulary:
    """The words shipped with the core, read once."""
    faults = Faults()
    found = read_vocabulary(files(__name__), faults)
    faults.settle(__name__)
    return found


def read_vocabulary(folder: Traversable, faults: Faults) -> Vocabulary:
    """The vocabulary files in a folder; a file that is not there is an empty shelf."""
    roles = _shelf(folder, "roles.csv", _ROLES, _role, faults)
    return Vocabulary(
        _shelf(folder, "site_types.csv", _SITE_TYPES, _site_type, faults),
        _shelf(folder, "categories.csv", _CATEGORIES, _category, faults),
        _shelf(folder, "questions.csv", _QUESTIONS, _question, faults),
        roles,
    )


def check_own(own: Vocabulary, shared: Vocabulary, short: str, faults: Faults) -> None:
    """Note own codes without the campaign's prefix, codes that hide a shared one, and owners that do not exist."""
    roles = {*own.roles, *shared.roles}
    for where, mine, theirs in (
        ("site_types.csv", own.site_types, shared.site_types),
        ("categories.csv", own.categories, shared.categories),
        ("questions.csv", own.questions, shared.questions),
        ("roles.csv", own.roles, shared.roles),
    ):
        for code in mine:
            place = {"where": where, "field": "question" if where.startswith("questions") else "code", "value": code}
            if code in theirs:
                faults.add(N_("与公共词表的代码相同"), **place, remedy=N_("直接使用公共代码，删去这一行"))
            elif not code.lower().replace("-", "_").startswith(f"{short}_"):
                remedy = N_("请以活动简称 {short} 开头")
                faults.add(N_("自有代码缺少前缀"), **place, remedy=remedy, params={"short": short})
    for code, category in own.categories.items():
        if category.default_owner not in roles:
            place = {"where": "categories.csv", "field": "default_owner", "value": category.default_owner}
            faults.add(N_("问题类别 {code} 的责任角色不存在"), **place, params={"code": code})


def _shelf(
    folder: Traversable, name: str, columns: Columns, build: Callable[[Row], Word], faults: Faults
) -> MappingProxyType[str, Word]:
    file = folder / name
    if not file.is_file():
        return MappingProxyType({})
    rows = read_table(file.read_bytes(), name, columns, faults)
    unique(rows, columns.required[0])
    words = [build(row) for row in rows]
    return MappingProxyType({w.code: w for w in words})


def _site_type(row: Row) -> SiteType:
    return SiteType(row.code("code"), *_names(row), row.choice("kind", SITE_KINDS), row.text("note"))


def _category(row: Row) -> Category:
    days = row.integer("working_days", minimum=1, maximum=250)
    return Category(row.code("code"), *_names(row), row.code("default_owner"), days, row.text("note"))


def _question(row: Row) -> Question:
    texts = (row.text("text_zh", required=True), row.text("text_en", required=True))
    return Question(row.code("question"), row.choice("answer_type", ANSWER_TYPES), *texts, row.text("note"))


def _role(row: Row) -> Role:
    typical = tuple(filter(None, row.text("typical_names_zh").split(";")))
    return Role(row.code("code"), *_names(row), row.choice("kind", ROLE_KINDS), typical, row.text("note"))


def _names(row: Row) -> tuple[str, str]:
    return row.text("name_zh", required=True), row.text("name_en", required=True)
