"""Reading tables the way officials make them (表格读取): saved from Excel, with a title row, in UTF-8 or GB18030.

Nothing is raised at the first fault: every getter notes what is wrong - file, row, column, value, remedy - and reading
goes on, so that one run names all faults of a package (:class:`BadPackage`).
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.campaigns.arithmetic import tidy
from core.errors import N_, Fault, SanchengError

MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
TITLE_ROWS = 5  # the header is looked for in the first rows

_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|[0-9]+")


class BadPackage(SanchengError):
    """A campaign package with faults (活动包有误); all of them are listed at once."""

    status = 422
    code = "bad_package"
    title = N_("活动包有错误")


class Faults:
    """The faults found so far in one package (差错清单)."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, message: str, **place: Any) -> None:
        """Note one fault; ``place`` takes where, row, field, value, remedy and params of :class:`Fault`."""
        self.found.append(Fault(message, **place))

    def concern(self, where: str) -> bool:
        """Whether a file has faults already: then its totals would only repeat them."""
        return any(f.where == where for f in self.found)

    def settle(self, package: str) -> None:
        """Raise BadPackage when anything was found."""
        if self.found:
            message = N_("活动包 {package} 有 {count} 处错误")
            raise BadPackage(message, faults=self.found, package=package, count=len(self.found))


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table: those it must have and those it may have (表头)."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Both together."""
        return frozenset(self.required + self.optional)


class Row:
    """One row of a table (行) that reads its cells and notes what is wrong with them."""

    __slots__ = ("_cells", "faults", "number", "where")

    def __init__(self, where: str, number: int, cells: dict[str, str], faults: Faults) -> None:
        self.where = where
        self.number = number
        self._cells = cells
        self.faults = faults

    def fault(self, column: str, message: str, remedy: str = "", value: str | None = None, **params: Any) -> None:
        """Note a fault in one cell of this row."""
        shown = self._cells.get(column, "") if value is None else value
        place = {"where": self.where, "row": self.number, "field": column, "value": shown}
        self.faults.add(message, **place, remedy=remedy, params=params)

    def text(self, column: str, *, required: bool = False) -> str:
        """A cell's text, trimmed."""
        found = self._cells.get(column, "")
        if required and not found:
            self.fault(column, N_("不能为空"), N_("请填写这一格"))
        return found

    def code(self, column: str) -> str:
        """A code: letters, digits, '-' and '_' in half width; never empty."""
        found = self.text(column, required=True)
        if found:
            self._check_code(column, found)
        return found

    def codes(self, column: str, *, required: bool = False) -> tuple[str, ...]:
        """Several codes joined by ';'."""
        found = tuple(filter(None, (c.strip() for c in self.text(column, required=required).split(";"))))
        for one in found:
            self._check_code(column, one)
        if len(set(found)) != len(found):
            self.fault(column, N_("同一格里有重复的代码"), N_("每个代码只写一次"))
        return found

    def decimal(self, column: str, *, minimum: Decimal = Decimal(0)) -> Decimal:
        """A plain decimal number, trailing zeros dropped."""
        found = self.text(column, required=True)
        if not found:
            return minimum
        if not _NUMBER.fullmatch(found):
            self._refuse_number(column, found, N_("不是数字"))
            return minimum
        value = Decimal(found)
        if value < minimum:
            self.fault(column, N_("数值过小"), N_("不能小于 {minimum}"), minimum=str(minimum))
        return tidy(value)

    def integer(self, column: str, *, minimum: int = 0, maximum: int = 10_000) -> int:
        """A whole number between the two bounds."""
        found = self.text(column, required=True)
        if not found:
            return minimum
        if not _NUMBER.fullmatch(found) or "." in found:
            self._refuse_number(column, found, N_("不是整数"))
            return minimum
        if not minimum <= int(found) <= maximum:
            remedy = N_("应在 {minimum} 到 {maximum} 之间")
            self.fault(column, N_("超出范围"), remedy, minimum=minimum, maximum=maximum)
        return int(found)

    def choice(self, column: str, allowed: Collection[str]) -> str:
        """One of a few words; '' only when it is among them."""
        found = self.text(column)
        if found not in allowed:
            self.fault(
                column, N_("不是允许的取值"), N_("可填：{allowed}"), allowed=", ".join(a or '""' for a in allowed)
            )
        return found

    def known(self, column: str, value: str, shelf: Collection[str], message: str) -> bool:
        """Whether ``value`` is on the shelf; notes ``message`` with the nearest code as remedy."""
        if value in shelf:
            return True
        near = difflib.get_close_matches(value, shelf, n=1)
        remedy = N_("最接近的代码是 {near}") if near else N_("请改用已有的代码")
        params = {"near": near[0]} if near else {}
        self.fault(column, message, remedy, value, **params)
        return False

    def _check_code(self, column: str, found: str) -> None:
        if not _CODE.fullmatch(found):
            half = unicodedata.normalize("NFKC", found)
            remedy = N_("请改成半角：{half}") if half != found else N_("代码只用半角字母、数字、- 和 _")
            self.fault(column, N_("代码写法不对"), remedy, found, half=half)

    def _refuse_number(self, column: str, found: str, message: str) -> None:
        half = unicodedata.normalize("NFKC", found).replace(",", "").strip()
        if half != found and _NUMBER.fullmatch(half):
            self.fault(column, message, N_("请改成半角且不加千分位：{half}"), half=half)
        else:
            self.fault(column, message, N_("请填阿拉伯数字，不带单位"))


def decode(data: bytes, where: str, faults: Faults) -> str | None:
    """The text of a file saved by Excel or an editor; None with a fault when it is no text of a known encoding."""
    if data[:4] == b"PK\x03\x04":
        faults.add(N_("这是 Excel 工作簿，不是 CSV"), where=where, remedy=N_("请另存为“CSV UTF-8（逗号分隔）”"))
        return None
    if len(data) > MAX_BYTES:
        faults.add(N_("文件过大"), where=where, value=str(len(data)), remedy=N_("请拆分文件，每个不超过 5 MB"))
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    faults.add(N_("无法识别文件编码"), where=where, value=repr(data[:8]), remedy=N_("请另存为 UTF-8 或 GB18030 编码"))
    return None


def read_table(data: bytes, where: str, columns: Columns, faults: Faults) -> list[Row]:
    """The rows of a CSV file under its header (表格).

    A title above the header, blank rows and trailing empty cells are tolerated. Row numbers are the spreadsheet's.
    """
    text = decode(data, where, faults)
    records = _records(text, where, faults) if text is not None else []
    if not records:
        if text is not None and not faults.concern(where):
            faults.add(N_("文件是空的"), where=where, remedy=N_("请至少写一行表头"))
        return []
    head = _header_index(records, columns)
    header = records[head]
    if not _check_header(header, head + 1, where, columns, faults):
        return []
    return [
        Row(where, number, _cells(header, record, where, number, faults), faults)
        for number, record in enumerate(records[head + 1 :], head + 2)
        if any(record)
    ]


def _records(text: str, where: str, faults: Faults) -> list[list[str]]:
    """All records with trimmed cells; a broken quote or too many rows is a fault."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[list[str]] = []
    try:
        for record in reader:
            found.append([cell.strip() for cell in record])
            if len(found) > MAX_ROWS:
                faults.add(N_("行数过多"), where=where, row=MAX_ROWS + 1, remedy=N_("最多 20000 行，请删去多余的行"))
                return []
    except csv.Error as error:
        remedy = N_("请检查这一行附近的引号是否成对")
        faults.add(N_("表格写法有误"), where=where, row=len(found) + 1, value=str(error), remedy=remedy)
        return []
    return found


def _header_index(records: list[list[str]], columns: Columns) -> int:
    """The index of the record that looks most like the header; the first one wins a tie."""
    return max(range(min(TITLE_ROWS, len(records))), key=lambda i: (len(columns.known.intersection(records[i])), -i))


def _check_header(header: list[str], row: int, where: str, columns: Columns, faults: Faults) -> bool:
    """Whether every required column is there; unknown and doubled columns are faults as well."""
    for name in {h for h in header if h and header.count(h) > 1}:
        faults.add(N_("列名重复"), where=where, row=row, field=name, value=name, remedy=N_("请删去其中一列"))
    for name in dict.fromkeys(h for h in header if h and h not in columns.known):
        near = difflib.get_close_matches(name, sorted(columns.known), n=1)
        remedy = N_("是否应为 {near}") if near else N_("说明文字请写在 note 列")
        params = {"near": near[0]} if near else {}
        faults.add(N_("不认识的列"), where=where, row=row, field=name, value=name, remedy=remedy, params=params)
    missing = [c for c in columns.required if c not in header]
    for name in missing:
        faults.add(N_("缺少列"), where=where, row=row, field=name, value=name, remedy=N_("请补上这一列"))
    return not missing


def _cells(header: list[str], record: list[str], where: str, number: int, faults: Faults) -> dict[str, str]:
    surplus = [c for c in record[len(header) :] if c]
    if surplus:
        remedy = N_("文字里有逗号时请用双引号括起整格")
        faults.add(N_("这一行的格数多于表头"), where=where, row=number, value=surplus[0], remedy=remedy)
    return dict(zip(header, record, strict=False))


def unique(rows: Iterable[Row], column: str) -> None:
    """Note every code that occurs a second time in a column (重复代码)."""
    seen: dict[str, int] = {}
    for row in rows:
        value = row.text(column)
        if value and seen.setdefault(value, row.number) != row.number:
            row.fault(column, N_("代码重复"), N_("第 {first} 行已用过，请换一个"), first=seen[value])
