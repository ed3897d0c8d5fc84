"""Small forms of our own, as a person would type them: sheets in one text, cells parted by ``|``."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import openpyxl

from core.campaigns.registry import installed
from core.campaigns.xlsform.model import Read, Remark
from core.campaigns.xlsform.reading import read_workbook

Sheets = dict[str, list[list[str]]]

CHECKLIST = """
[survey]
type | name | label::中文 (zh) | label::English (en) | required | question | mode | rule | points | category | owner_role | working_days | media::image::中文 (zh)
select_one yes_no | P-01 | 证照上墙公示 | licence on the wall | yes | food_licence_shown | conform | 0 or full | 40 | LIC-SHOW | market_regulator | 1 | licence.jpg
integer | P-02 | 地面垃圾处数 | litter | | litter_count | deduct | per=2,cap=30 | 30 | ENV-LITTER | sanitation | 1 |
n_of_m | P-03 | 健康证 | certificates | | staff_certificates | ratio | ok/checked | 30 | HC-CERT | market_regulator | 1 |
text | remark | 其他情况 | anything else | | | | | | | | |
[settings]
form_id | form_title | site_types
OWN-SHOP | 小店自查表 | small_caterer
"""

STALLS = """
[survey]
type | name | label | relevant | constraint | constraint_message | calculation | repeat_count | appearance | hint
begin group | place | 场所 | | | | | | field-list |
text | shop | 店名 | | | | | | | 照招牌写
select_one yn | licence | 有证吗 | | | | | | |
text | why | 为什么没有 | ${licence} = 'no' | | | | | |
end group | | | | | | | | |
integer | stalls | 摊位数 | | . >= 0 and . <= 20 | 摊位数应在 0 到 20 之间 | | | |
begin repeat | stall | 摊位 | ${stalls} > 0 | | | | ${stalls} | |
text | owner | 摊主 | | | | | | |
decimal | weight | 重量 | | . > 0 | | | | |
calculate | twice | | | | | ${weight} * 2 | | |
end repeat | | | | | | | | |
calculate | total | | | | | sum(${weight}) | | |
note | told | 共 ${total} 公斤 | | | | | | |
select_multiple colour or_other | colours | 颜色 | | | | | | |
geopoint | spot | 位置 | | | | | | |
image | photo | 照片 | | | | | | |
[choices]
list name | name | label
yn | yes | 是
yn | no | 否
colour | red | 红
colour | green | 绿
"""

CASCADE = """
[survey]
type | name | label | choice_filter
select_one street | street | 街道 |
select_one community | community | 社区 | street = ${street}
[choices]
list_name | name | label | street
street | s1 | 一街 |
street | s2 | 二街 |
community | c1 | 一社区 | s1
community | c2 | 二社区 | s2
community | c3 | 三社区 | s2
"""

SHARED = """
[survey]
type | name | label | block
text | shop | 店名 |
include | safety | |
note | bye | 谢谢 |
[blocks]
block | type | name | label
safety | begin group | fire | 消防
safety | integer | extinguishers | 灭火器几个
safety | select_one yn | exit_free | 出口通畅吗
safety | end group | |
[choices]
list_name | name | label
yn | yes | 是
yn | no | 否
"""

DEVICE = """
[survey]
type | name | label | default | parameters | read_only
start | start | | | |
end | end | | | |
today | today | | | |
deviceid | device | | | |
username | user | | | |
hidden | source | | qr | |
date | day | 哪一天 | today() | |
time | hour | 几点 | | |
dateTime | moment | 时刻 | | |
range | grade | 评分 | | start=0 end=1 step=0.25 |
text | code | 编号 | =1+1 | | yes
"""

OLD_WORDS = """
[survey]
command | tag | caption | bind:relevant | bind:constraint | bind:jr:constraintMsg | control:appearance
begin lgroup | room | 房间 | | | |
add integer prompt | beds | 床位 | | . < 9 | 太多 | minimal
select one from kinds | kind | 类型 | | | |
end lgroup | | | | | |
q picture | view | 外观 | | | |
[Choices]
List Name | Value | Caption
kinds | a | 甲
kinds | b | 乙
"""

ENGLISH = """
[survey]
type | name | label::English (en)
text | shop | Name of the shop
[settings]
form_title | form_id | default_language
Shop card | SHOP | English (en)
"""

ACCEPTED: Mapping[str, str] = {
    "checklist": CHECKLIST,
    "stalls": STALLS,
    "cascade": CASCADE,
    "shared": SHARED,
    "device": DEVICE,
    "old_words": OLD_WORDS,
    "english": ENGLISH,
}


def sheets_of(text: str) -> Sheets:
    found: Sheets = {}
    for line in text.strip().splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = []
        else:
            found[list(found)[-1]].append([cell.strip() for cell in line.split("|")])
    return found


def as_csv(text: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    for title, rows in sheets_of(text).items():
        writer.writerow([title])
        writer.writerows([["", *row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(text: str) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets_of(text).items():
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, 1):
            for place, cell in enumerate(row, 1):
                if cell:
                    found = sheet.cell(number, place, cell)
                    found.data_type = "s"  # a text that looks like a formula stays text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(text: str, filename: str = "form.xlsx") -> Read:
    data = as_csv(text) if filename.endswith(".csv") else as_xlsx(text)
    return read_workbook(data, filename, installed().vocabulary)


def spots(remarks: tuple[Remark, ...]) -> list[tuple[str, int | None, str]]:
    """Where the errors are: sheet, row and column."""
    return [(one.sheet, one.row, one.column) for one in remarks if one.severity == "error"]
