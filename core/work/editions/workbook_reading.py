"""A district's own edition from a workbook (本区自定版本): its sheets become the files of a package and go through the same loader.

What the loader finds wrong is told in the workbook's own words: sheet, row, column, value, remedy.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import cast

from core.campaigns import Campaign, Edition
from core.campaigns.check import words_of
from core.campaigns.loader import read_edition
from core.campaigns.tables import TITLE_ROWS, Faults
from core.errors import N_, Fault, InvalidInput
from core.work.editions.workbook_rules import VETO, read_sizes, read_veto
from core.work.imports.workbook_files import Grid, open_grids
from core.work.imports.workbook_reading import plain_title

#: sheet -> its titles; the first one is the template's
SHEETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "edition": ("edition", "版本"),
        "indicators": ("indicators", "指标"),
        "metrics": ("metrics", "取数"),
        "forms": ("forms", "检查表"),
        "items": ("items", "检查项"),
        "links": ("links", "关联"),
        "materials": ("materials", "佐证材料"),
        "levels": ("levels", "等级界限"),
        "lineage": ("lineage", "承接"),
        "sizes": ("sizes", "城市规模"),
    }
)
REQUIRED = ("edition", "indicators", "metrics", "forms", "items", "links")
PAIRS = ("title", "issuer", "document")
SETTINGS = (
    "key",
    *(f"{name}_{lang}" for name in PAIRS for lang in ("zh", "en")),
    "valid_from",
    "valid_to",
    "scale",
    "follows",
    *VETO,
)
#: columns that stand in for their English twin while that one is empty
TWINS = MappingProxyType(
    {
        "name_en": "name_zh",
        "category_en": "category_zh",
        "definition_en": "definition_zh",
        "title::en": "title",
        "label::en": "label",
    }
)
#: how a setting is put right in the workbook; the loader speaks of the file that is made of it
REMEDIES = MappingProxyType(
    dict.fromkeys(PAIRS, N_("请填中文；英文可以空着"))
    | dict.fromkeys(("valid_from", "valid_to"), N_("请填日期，如 2026-01-01"))
    | {"scale": N_("请填各指标分值之和，如 1000")}
)
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?")

Place = tuple[str, Sequence[int]]  # a sheet's title, and the sheet's row of each row of the file made from it


@dataclass(frozen=True, slots=True)
class _Settings:
    """The sheet of settings: values and rows by name, and its title."""

    title: str
    values: Mapping[str, str]
    rows: Mapping[str, int]


def read_own_edition(campaign: Campaign, data: bytes, filename: str) -> Edition:
    """The edition in a workbook, sealed; nothing is stored.

    Raises InvalidInput with every fault at once, and what :func:`open_grids` raises for files that are too large or no
    workbooks. An English text that is left empty is read as the Chinese one.
    """
    grids = {kind: grid for grid in open_grids(data, filename) if (kind := _kind(grid)) and any(map(any, grid.rows))}
    faults = [_missing(kind, filename) for kind in REQUIRED if kind not in grids]
    if faults:
        raise InvalidInput(faults=faults)
    said = _settings(grids["edition"], faults)
    key = _key(said, faults)
    files, places = _files(key, said, grids, faults)
    found = Faults()
    edition = read_edition(_folder(key, files), words_of(campaign), found)
    faults += [_in_workbook(one, key, said, places) for one in found.found]
    faults += [*_taken(edition, campaign, said), *_follows(edition, campaign)]
    if faults:
        raise InvalidInput(faults=faults)
    return edition


def _kind(grid: Grid) -> str:
    said = plain_title(grid.title)
    return next((kind for kind, titles in SHEETS.items() if said in titles), "")


def _missing(kind: str, filename: str) -> Fault:
    remedy, params = N_("请按模板补上工作表 {sheets}"), {"sheets": " / ".join(SHEETS[kind])}
    return Fault(N_("缺少工作表"), "file", where=filename, remedy=remedy, params=params)


def _settings(grid: Grid, faults: list[Fault]) -> _Settings:
    """The rows of the sheet of settings: a name and its value each; a heading row and a third column are tolerated."""
    values: dict[str, str] = {}
    rows: dict[str, int] = {}
    for number, record in enumerate(grid.rows, 1):
        name, value = (*(cell.strip() for cell in record[:2]), "", "")[:2]
        if not name or name in ("name", "设置"):
            continue
        if name not in SETTINGS or name in values:
            message = N_("不认识的设置") if name not in SETTINGS else N_("设置重复")
            remedy, params = N_("可填：{allowed}"), {"allowed": ", ".join(SETTINGS)}
            faults.append(Fault(message, "name", number, name[:60], grid.title, remedy, params))
            continue
        values[name], rows[name] = value, number
    return _Settings(grid.title, values, rows)


def _key(said: _Settings, faults: list[Fault]) -> str:
    """The edition's code."""
    key = said.values.get("key", "")
    place = ("key", said.rows.get("key"), key[:60], said.title)
    if not _KEY.fullmatch(key):
        faults.append(Fault(N_("代码写法不对"), *place, N_("只用小写字母、数字和下划线，以字母开头")))
        return "own"
    return key


def _taken(edition: Edition, campaign: Campaign, said: _Settings) -> list[Fault]:
    """A code of the package's is that one's alone: only its own unchanged export comes back under it."""
    same = next((one for one in campaign.shipped if one.key == edition.key), None)
    if same is None or same.sha256 == edition.sha256:
        return []
    place = ("key", said.rows.get("key"), edition.key, said.title)
    return [Fault(N_("这个代码是随系统提供的版本的"), *place, N_("请换一个代码，如 own_2026"))]


def _follows(edition: Edition, campaign: Campaign) -> list[Fault]:
    """A lineage that follows an edition of the package names that one's indicators."""
    before = next((one for one in campaign.shipped if one.key == edition.follows), None)
    if before is None:
        return []
    codes = {i.code for i in before.indicators}
    strange = [old for old, _ in edition.lineage if old not in codes]
    remedy = N_("请核对 lineage 表的 old 列")
    return [Fault(N_("被承接的版本里没有这个指标"), "old", None, one, "lineage", remedy) for one in strange]


def _files(
    key: str, said: _Settings, grids: Mapping[str, Grid], faults: list[Fault]
) -> tuple[dict[str, str], dict[str, Place]]:
    """The package's files by name, and where each of their rows stands in the workbook."""
    rules = [read_veto(said.values, said.rows, said.title, faults)]
    rules += [read_sizes(grids["sizes"], faults)] if "sizes" in grids else []
    files = {"edition.toml": "\n".join([_toml(said), *filter(None, rules)])}
    places: dict[str, Place] = {}
    for kind in ("indicators", "metrics", "links", "materials", "levels", "lineage", "forms"):
        if kind in grids:
            name = "forms/forms.csv" if kind == "forms" else f"{kind}.csv"
            files[name] = _csv(_twinned(grids[kind].rows))
            places[f"{key}/{name}"] = (grids[kind].title, range(1, len(grids[kind].rows) + 1))
    for form, (rows, numbers) in _by_form(grids["items"], faults).items():
        files[f"forms/{form}.csv"] = _csv(rows)
        places[f"{key}/forms/{form}.csv"] = (grids["items"].title, numbers)
    return files, places


def _toml(said: _Settings) -> str:
    """The settings as edition.toml; what is no date or number stays a text, so that the loader names it."""
    lines = []
    for name in PAIRS:
        zh = said.values.get(f"{name}_zh", "")
        both = {"zh": zh, "en": said.values.get(f"{name}_en", "") or zh}
        lines.append(f"{name} = {{ " + ", ".join(f"{k} = {_text(v)}" for k, v in both.items()) + " }")
    for name, form in (("valid_from", _DAY), ("valid_to", _DAY), ("scale", _NUMBER), ("follows", None)):
        value = said.values.get(name, "")[:10] if form is _DAY else said.values.get(name, "")
        if value:
            lines.append(f"{name} = {value if form is not None and form.fullmatch(value) else _text(value)}")
    return "\n".join(lines)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=True)


def _header(rows: Sequence[Sequence[str]], wanted: str) -> int:
    """The place of the header among the first rows: the one that names a column; the first one otherwise."""
    return next((n for n, row in enumerate(rows[:TITLE_ROWS]) if wanted in row), 0)


def _twinned(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The rows with each empty English cell filled from the Chinese one beside it."""
    at = max(range(min(TITLE_ROWS, len(rows))), key=lambda n: (sum(bool(cell) for cell in rows[n]), -n))
    head = list(rows[at])
    pairs = [(head.index(en), head.index(zh)) for en, zh in TWINS.items() if en in head and zh in head]
    found = [list(row) for row in rows]
    for row in found[at + 1 :]:
        for en, zh in pairs:
            if max(en, zh) < len(row) and any(row) and not row[en]:
                row[en] = row[zh]
    return found


def _by_form(grid: Grid, faults: list[Fault]) -> dict[str, tuple[list[list[str]], list[int]]]:
    """The items of each form as a file of its own, with the workbook's row of each of its rows."""
    at = _header(grid.rows, "form")
    head = grid.rows[at] if grid.rows else []
    if "form" not in head:
        faults.append(Fault(N_("缺少列"), "form", at + 1, "form", grid.title, N_("请补上这一列")))
        return {}
    place = list(head).index("form")
    found: dict[str, tuple[list[list[str]], list[int]]] = {}
    for number, row in enumerate(_twinned(grid.rows[at:])[1:], at + 2):
        if not any(row):
            continue
        form = row[place] if place < len(row) else ""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,59}", form):
            faults.append(Fault(N_("代码写法不对"), "form", number, form[:60], grid.title, N_("请填 forms 表里的代码")))
            continue
        rows, numbers = found.setdefault(form, ([[c for i, c in enumerate(head) if i != place]], [at + 1]))
        rows.append([c for i, c in enumerate(row) if i != place])
        numbers.append(number)
    return found


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _folder(key: str, files: Mapping[str, str]) -> Traversable:
    """The files as a folder in memory."""
    packed = zipfile.ZipFile(io.BytesIO(), "w")
    for name, text in files.items():
        packed.writestr(f"{key}/{name}", text)
    return cast(Traversable, zipfile.Path(packed, f"{key}/"))


def _in_workbook(fault: Fault, key: str, said: _Settings, places: Mapping[str, Place]) -> Fault:
    """A fault of the loader in the words of the workbook."""
    if fault.where in places:
        title, numbers = places[fault.where]
        row = numbers[fault.row - 1] if fault.row and fault.row <= len(numbers) else fault.row
        return replace(fault, where=title, row=row)
    if fault.where == f"{key}/edition.toml":
        name = f"{fault.field}_zh" if fault.field in PAIRS else fault.field
        remedy = REMEDIES.get(fault.field, fault.remedy)
        value = said.values.get(name, "")[:60]
        return replace(fault, where=said.title, row=said.rows.get(name), field=name, value=value, remedy=remedy)
    return replace(fault, where=fault.where.removeprefix(f"{key}/").removesuffix(".csv"))
