"""Tables as files (导出): CSV that a spreadsheet opens in Chinese, with no cell that it would take for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from core.figures.by_territory import code_of, name_of
from core.figures.comparison import MINIMUM_VISITS, UNRANKED, ComparisonRow
from core.figures.periods import Period

BOM = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")

_ZH = (
    "周期", "创建项目", "区县", "区县代号", "名次", "上期名次", "占已评估分%", "覆盖率%", "占总分%", "得分", "已评估分", "总分", "未评估分",
    "检查次数", "点位数", "否决项", "版本", "截止时间", "封签", "是否更正", "说明", "负面清单前得分", "负面清单", "区间下限%", "区间上限%", "最好名次", "最差名次", "与上一名不可区分", "演示数据", "提示数",
    "区划代码", "省", "市",
)  # fmt: skip
_EN = (
    "period", "campaign", "district", "district slug", "rank", "previous rank", "% of assessed points", "coverage %",
    "% of all points", "earned", "assessed", "total", "not assessed", "visits", "sites", "vetoes", "edition", "cut-off",
    "seal", "correction", "note",
    "earned before negative list", "negative list", "interval low %", "interval high %", "best rank", "worst rank",
    "not told apart from the one above", "demonstration", "warnings", "division code", "province", "city",
)  # fmt: skip


def safe_cell(value: Any) -> str:
    """A value as text; one that a spreadsheet would run as a formula gets an apostrophe, plain numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | Decimal):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV text line by line (RFC 4180), with a byte order mark at its head."""
    yield BOM
    for row in rows:
        buffer = io.StringIO()
        csv.writer(buffer).writerow([safe_cell(v) for v in row])
        yield buffer.getvalue()


def comparison_header(*, english: bool) -> tuple[str, ...]:
    """The titles of the comparison's columns."""
    return _EN if english else _ZH


def comparison_lines(rows: Iterable[ComparisonRow], period: Period, *, english: bool) -> Iterator[list[Any]]:
    """The comparison line by line, as its files have it."""
    return (_line(row, period, english) for row in rows)


def comparison_csv(rows: Iterable[ComparisonRow], period: Period, *, english: bool = False) -> Iterator[str]:
    """The comparison as CSV; the minimum volume is printed in its last line."""
    yield from csv_lines([_EN if english else _ZH])
    for line in csv_lines(comparison_lines(rows, period, english=english)):
        if line != BOM:
            yield line
    note = f"minimum volume: {MINIMUM_VISITS} visits" if english else f"最低检查次数：{MINIMUM_VISITS} 次"
    yield f"{note}\r\n"


def _line(row: ComparisonRow, period: Period, english: bool) -> list[Any]:
    word = int(english)
    note = UNRANKED[row.unranked][word] if row.unranked else ""
    said = (("否", "是"), ("no", "yes"))[word]
    correction, demo = (said[row.is_correction], said[row.is_demo]) if row.publication_id else ("", "")
    return [
        period.key,
        row.title_en if english else row.title_zh,
        row.district_name,
        row.district_slug,
        row.rank,
        row.previous_rank,
        row.percent,
        row.coverage,
        row.percent_of_all,
        row.earned,
        row.assessed,
        row.total,
        row.gap,
        row.visits,
        row.sites,
        " ".join(row.vetoes),
        row.edition,
        row.cut_off.isoformat(timespec="seconds") if row.cut_off else "",
        row.seal,
        correction,
        note,
        row.earned_before,
        "; ".join(f"{one.title} ({one.document})" for one in row.effects),
        row.interval_low,
        row.interval_high,
        row.best,
        row.worst,
        said[row.same_as_above] if row.rank else "",
        demo,
        len(row.warnings) if row.publication_id else "",
        row.code,
        name_of(code_of(row.code, 2)),
        name_of(code_of(row.code, 4)),
    ]
