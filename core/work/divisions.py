"""The national division list (全国统计用区划代码): search by name, code or pinyin initials, and what lies under a place.

Shipped as ``divisions.tsv.xz`` (notice beside it), sorted by code; the code's length tells the level. Two caches, each
made at most once in a process and only when asked for: an index down to the districts (3 351 rows, under 2 MB, 0.35 s,
read as a stream), and the whole list as bytes (21 MB, 0.2 s), in which subdistricts and communities are found by
bisection. A worker that only searches districts never holds the second.
"""

from __future__ import annotations

import difflib
import lzma
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from core.errors import N_, Fault, InvalidInput
from core.work.names import initials, narrow

ISSUER = "国家统计局"
STATED = date(2023, 6, 30)
CODE_ISSUER = f"{ISSUER} {STATED.isoformat()}"

LEVELS = MappingProxyType({2: "province", 4: "city", 6: "district", 9: "subdistrict", 12: "community"})
UPPER = ("province", "city", "district")
ALL = tuple(LEVELS.values())

CANDIDATES = 3_000  # a name part that fits more places than this is too short to rank them (ours)
_CHUNK = 1 << 20
_UPPER_ROW = re.compile(rb"^(\d{2}|\d{4}|\d{6})\t([^\n]+)\n", re.MULTILINE)
# Headings of the list that are no places: 市辖区, 县, 省直辖县级行政区划, 自治区直辖县级行政区划.
HEADINGS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


@dataclass(frozen=True, slots=True)
class Division:
    """One row of the list (区划). ``level`` is province, city, district, subdistrict or community.

    ``path_names`` are the names above it, from the province down.
    """

    code: str
    name: str
    level: str
    path_names: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The name with everything above it, headings of the list left out."""
        return "".join([*(n for n in self.path_names if n not in HEADINGS), self.name])


class UnknownDivision(InvalidInput):
    """No division has this code; the nearest ones are named."""

    title = N_("没有这个区划代码")


def search(text: str, levels: Iterable[str] = UPPER, limit: int = 50) -> list[Division]:
    """Find divisions by part of the name, start of the code or pinyin initials (区划查询).

    Several words narrow the search, such as ``阳泉 城区``. Exact names come first, then names that start with the text,
    then by level and code. ``levels`` below the district search names and codes only.
    """
    said, wanted = narrow(text).lower(), frozenset(levels)
    if not said:
        return []
    found = {d.code: d for d in _seek_upper(said) if d.level in wanted}
    if wanted & {"subdistrict", "community"}:
        found |= {d.code: d for d in _seek_lower(said) if d.level in wanted}
    return sorted(found.values(), key=lambda d: _rank(d, said))[:limit]


def get(code: str) -> Division:
    """The division of a code; UnknownDivision names the nearest. Trailing zeros of 6 and 12 digit codes may stay."""
    wanted = plain_code(code)
    found = _find(wanted)
    if found is None:
        raise _unknown(code, wanted)
    return found


def children(code: str) -> list[Division]:
    """The divisions directly under one, by code."""
    parent = get(code)
    below = {2: 4, 4: 6, 6: 9, 9: 12}.get(len(parent.code))
    if below is None:
        return []
    if below <= 6:
        return [d for d in _index().values() if len(d.code) == below and d.code.startswith(parent.code)]
    return [d for d in _under(parent) if len(d.code) == below]


def subtree(code: str) -> list[Division]:
    """A division and everything under it, by code: a district first, each subdistrict before its communities."""
    top = get(code)
    upper = [d for d in _index().values() if d.code.startswith(top.code)]
    return sorted([*upper, *_under(top)], key=lambda d: d.code)


def plain_code(code: str) -> str:
    """A code as the list has it: half-width, ``140105000000`` and ``140100`` without the filling zeros."""
    wanted = narrow(code).replace(" ", "")
    while wanted.isdigit() and wanted not in _index() and len(wanted) in LEVELS and len(wanted) > 2:
        zeros = "000" if len(wanted) > 6 else "00"
        if not wanted.endswith(zeros):
            break
        wanted = wanted[: -len(zeros)]
    return wanted


def _find(code: str) -> Division | None:
    if len(code) <= 6:
        return _index().get(code)
    at = _start(code.encode())
    line = _line(at)
    return _row(line) if line.startswith(f"{code}\t".encode()) else None


def _unknown(said: str, code: str) -> UnknownDivision:
    above = code
    while above and above not in _index():
        above = above[:-1]
    known = [d for d in _index().values() if d.code.startswith(above)] if above else list(_index().values())
    if len(code) > 6 and len(above) == 6:
        known = _under(_index()[above])
    by_code = {d.code: d for d in known}
    near = [by_code[c] for c in difflib.get_close_matches(code, by_code, n=3, cutoff=0.5)] if code.isdigit() else []
    near = near or search(said, limit=3)
    shown = "、".join(f"{d.code} {d.full_name}" for d in near)
    remedy = N_("是否为：{near}") if near else N_("请用名称查询区划代码；没有代码的地方请填写名称和网址代号")
    fault = Fault(N_("没有这个区划代码"), field="division", value=said, remedy=remedy, params={"near": shown})
    return UnknownDivision(N_("没有区划代码 {code}"), faults=[fault], code=said)


def _rank(found: Division, said: str) -> tuple[int, int, str]:
    last = said.rsplit(maxsplit=1)[-1]
    if found.code == said or found.name == last:
        order = 0
    elif found.code.startswith(said):
        order = 1
    else:
        order = 2 if found.name.startswith(last) else 3
    return order, len(found.code), found.code


def _fits(found: Division, words: list[str]) -> bool:
    """Whether all words occur in the full name and each of them is not used up by the places above."""
    whole = found.full_name.lower()
    own = len(whole) - len(found.name)
    at = [whole.rfind(w) for w in words]
    return min(at) >= 0 and any(a + len(w) > own for a, w in zip(at, words, strict=True))


def _seek_upper(said: str) -> list[Division]:
    if said.isdigit():
        code = plain_code(said)
        return [d for d in _index().values() if d.code.startswith(code)]
    if said.isascii():
        letters = said.replace(" ", "")
        return [_index()[code] for code, short in _initials().items() if short.startswith(letters)]
    words = said.split()
    return [d for d in _index().values() if _fits(d, words)]


def _seek_lower(said: str) -> list[Division]:
    if said.isascii() and not said.isdigit():
        return []
    if said.isdigit():
        start = _start(said.encode())
        return [_row(line) for _, line in zip(range(CANDIDATES), _lines(start, said.encode()), strict=False)]
    words = said.split()
    tail = words[-1]
    found = (_row(line) for line in _lines_with(tail.encode()))
    return [d for _, d in zip(range(CANDIDATES), (d for d in found if _fits(d, words)), strict=False)]


@cache
def _index() -> MappingProxyType[str, Division]:
    """Provinces, cities and districts by code, read as a stream so that the rest is never held."""
    names: dict[str, str] = {}
    tail = b""
    with files("core.work").joinpath("divisions.tsv.xz").open("rb") as packed, lzma.open(packed) as stream:
        while chunk := stream.read(_CHUNK):
            whole, _, tail = (tail + chunk).rpartition(b"\n")
            names.update((c.decode(), n.decode()) for c, n in _UPPER_ROW.findall(whole + b"\n"))
    return MappingProxyType({c: Division(c, n, LEVELS[len(c)], _above(c, names)) for c, n in names.items()})


def _above(code: str, names: dict[str, str]) -> tuple[str, ...]:
    return tuple(names[code[:n]] for n in (2, 4) if n < len(code) and code[:n] in names)


@cache
def _initials() -> MappingProxyType[str, str]:
    return MappingProxyType({d.code: initials(d.name) for d in _index().values()})


@cache
def _body() -> bytes:
    """The whole list without its header."""
    with files("core.work").joinpath("divisions.tsv.xz").open("rb") as packed:
        return lzma.decompress(packed.read()).partition(b"\n")[2]


def _line(at: int) -> bytes:
    body = _body()
    start = body.rfind(b"\n", 0, at) + 1
    end = body.find(b"\n", at)
    return body[start : end if end >= 0 else len(body)]


def _start(code: bytes) -> int:
    """Where the first line stands whose code is not before ``code``."""
    return bisect_left(range(len(_body())), code, key=lambda at: _line(at).partition(b"\t")[0])


def _lines(at: int, prefix: bytes) -> Iterator[bytes]:
    """The lines from ``at`` on whose code begins with ``prefix``."""
    while (line := _line(at)).startswith(prefix):
        yield line
        at += len(line) + 1


def _lines_with(part: bytes) -> Iterator[bytes]:
    """The lines of subdistricts and communities that hold a text."""
    body, at = _body(), -1
    while (at := body.find(part, at + 1)) >= 0:
        line = _line(at)
        if line.find(b"\t") >= 9:
            yield line
        at = body.find(b"\n", at)


def _under(top: Division) -> list[Division]:
    lines = _lines(_start(top.code.encode()), top.code.encode())
    if len(top.code) >= 9:
        above = (*top.path_names, top.name)
        return [_row(x, above) for x in lines if x.partition(b"\t")[0] != top.code.encode()]
    rows: list[Division] = []
    path: tuple[str, ...] = ()
    for line in lines:
        code = line.partition(b"\t")[0]
        if len(code) == 9:
            rows.append(_row(line))
            path = (*rows[-1].path_names, rows[-1].name)
        elif len(code) == 12:
            rows.append(_row(line, path))
    return rows


def _row(line: bytes, path: tuple[str, ...] | None = None) -> Division:
    code, _, name = line.decode().partition("\t")
    if path is None:
        path = tuple(d.name for d in (_find(code[:n]) for n in LEVELS if n < len(code)) if d)
    return Division(code, name, LEVELS[len(code)], path)
