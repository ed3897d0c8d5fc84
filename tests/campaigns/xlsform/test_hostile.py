"""Workbooks made to hurt (恶意表格): whatever comes, the answer is accepted or refused with a reason, soon and in little memory."""

from __future__ import annotations

import io
import random
import resource
import struct
import time
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.campaigns.registry import installed
from core.campaigns.xlsform.model import Read
from core.campaigns.xlsform.reading import read_workbook
from core.campaigns.xlsform.words import read_type
from core.campaigns.xlsform.writing import write_workbook
from tests.campaigns.xlsform.examples import ACCEPTED, STALLS, as_csv, as_xlsx, sheets_of
from tests.campaigns.xlsform.old_xls import container, label, old_workbook, record, sheet, stream, unicode_text

WORDS = installed().vocabulary
SECONDS = 10.0  # of processor time, for the slowest; the machine may be slow
BOOK = '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'


def check(data: bytes, filename: str = "form.xlsx") -> Read:
    began = time.process_time()
    found = read_workbook(data, filename, WORDS)
    assert time.process_time() - began < SECONDS
    assert found.accepted or found.errors
    for one in found.findings:
        assert one.text()
        assert "{" not in one.message.format(**dict(one.params)) or "${" in one.text() or one.value
    return found


def refused(data: bytes, filename: str, said: str) -> None:
    found = check(data, filename)
    assert not found.accepted
    assert said in found.errors[0].text()


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("filename", "data", "said"),
    [
        ("form.docx", b"PK\x03\x04", "不支持这种文件"),
        ("form", b"type,name", "不支持这种文件"),
        ("form.csv", b"", "文件是空的"),
        ("form.xlsx", b"", "文件是空的"),
        ("form.xlsx", b"PK\x03\x04" + bytes(100), "工作簿打不开"),
        ("form.xlsx", zipped({"a.txt": b"a"}), "不是 .xlsx 工作簿"),
        ("form.xlsx", zipped({"xl/workbook.xml": b"<x"}), "工作簿打不开"),
        ("form.xlsx", b"type,name,label\ntext,a,A", "扩展名与内容不符"),
        ("form.csv", as_xlsx(STALLS), "扩展名与内容不符"),
        ("form.xls", b"<html><table><tr><td>type</td></tr></table></html>", "这是网页"),
        ("form.xls", b'<?xml version="1.0"?><Workbook/>', "这是网页"),
        ("form.csv", "type,name\n".encode("utf-16"), "文字编码不对"),
        ("form.csv", b"type,name\n\xff\xfe\x00\x81", "文字编码不对"),
        ("form.csv", b'type,name\ntext,"a', "表格写法有误"),
        ("form.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "工作簿已损坏"),
        ("form.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "工作簿已损坏"),
        ("form.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "有密码"),
    ],
)
def test_what_is_no_workbook_is_refused(filename: str, data: bytes, said: str) -> None:
    refused(data, filename, said)


def test_a_zip_bomb_is_refused_by_its_declared_size() -> None:
    refused(
        zipped({"xl/workbook.xml": BOOK.encode(), "xl/worksheets/sheet1.xml": bytes(120_000_000)}), "form.xlsx", "80 MB"
    )


def test_a_zip_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(zipped({"xl/workbook.xml": BOOK.encode(), "xl/worksheets/sheet1.xml": bytes(3_000_000)}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    assert not check(bytes(data)).accepted


def test_a_file_of_many_parts_is_refused() -> None:
    parts = {f"xl/media/{n}.txt": b"" for n in range(3000)}
    refused(zipped({"xl/workbook.xml": BOOK.encode(), **parts}), "form.xlsx", "80 MB")


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    refused(bytes(10_000_001), "form.csv", "超过 10 MB")


def test_entities_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    refused(zipped({"xl/workbook.xml": BOOK.encode(), "xl/worksheets/sheet1.xml": bomb}), "form.xlsx", "XML 声明")


def test_one_cell_far_away_is_refused() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(STALLS)))
    book["survey"]["XFD1048576"] = "x"
    out = io.BytesIO()
    book.save(out)
    refused(out.getvalue(), "form.xlsx", "工作表过大")


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1"><c s=">" r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1048576"><c><v>1</v></c></row>',
        b'<row x=">" r="1048576"><c t="n"><v>1</v></c></row>',
        b"<row r='1'><c r='xfd1048576'><v>1</v></c></row>",
        b"<row r='1'><c\nr = 'AAA1'><v>1</v></c></row>",
    ],
)
def test_a_far_cell_does_not_hide_behind_its_spelling(cells: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(as_xlsx(STALLS))) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"</sheetData>", cells + b"</sheetData>")
    refused(zipped(parts), "form.xlsx", "工作表过大")


def test_empty_cells_far_away_do_no_harm() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(STALLS)))
    book["survey"]["XFD1048576"].number_format = "0.00"
    out = io.BytesIO()
    book.save(out)
    assert check(out.getvalue()).accepted


def test_a_sheet_with_very_many_cells_is_refused() -> None:
    row = ",".join(["x"] * 501)
    refused(f"type,name,label\n{row}".encode(), "form.csv", "工作表过大")
    refused(("type,name,label\n" + "text,a,b\n" * 60_001).encode(), "form.csv", "工作表过大")
    refused(f"type,name,label\ntext,a,{'x' * 10_001}".encode(), "form.csv", "单元格文字过长")


def test_an_old_workbook_is_read() -> None:
    sheets = {title: [list(row) for row in rows] for title, rows in sheets_of(STALLS).items()}
    found = check(old_workbook(sheets), "form.xls")
    assert found.accepted
    assert found.design == read_workbook(as_xlsx(STALLS), "form.xlsx", WORDS).design


def test_an_old_workbook_under_a_new_name_is_read_with_a_warning() -> None:
    found = check(old_workbook(sheets_of(STALLS)), "form.xlsx")
    assert found.accepted
    assert [one.severity for one in found.findings] == ["warning"]


ROWS = [["type", "name", "label"], ["text", "a", "A"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (stream({"survey": sheet(ROWS)}, [record(0x002F, bytes(6))]), "有密码"),
        (stream({"survey": sheet(ROWS)}, [record(0x00FC, struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0))]), "已损坏"),
        (stream({"survey": sheet(ROWS, [label(65_535, 255, "x")])}), "工作表过大"),
        (b"", "survey"),
    ],
)
def test_an_old_workbook_that_lies_is_refused(content: bytes, said: str) -> None:
    refused(container(content), "form.xls", said)


@pytest.mark.parametrize("area", [(0, 1_048_576, 0, 256), (0, 0xFFFFFFF0, 0, 0xFFFF), (9, 0, 9, 0), (0, 0, 0, 0)])
def test_an_old_workbook_is_taken_by_its_cells_not_by_what_it_declares(area: tuple[int, int, int, int]) -> None:
    whole = sheet(ROWS)
    declared = struct.pack("<IIHHH", 0, 2, 0, 3, 0)
    assert declared in whole
    found = check(container(stream({"survey": whole.replace(declared, struct.pack("<IIHHH", *area, 0))})), "form.xls")
    assert found.accepted


def test_an_old_workbook_of_many_rows_is_put_in_order() -> None:
    rows = [*ROWS, *([f"t{n}", "x" * 30, "题" * 60] for n in range(9_000))]
    found = check(old_workbook({"survey": rows}), "form.xls")
    assert "t8999" in {one.value for one in found.errors}


def test_an_old_workbook_whose_sectors_go_round_is_refused() -> None:
    data = bytearray(container(stream({"survey": sheet(ROWS)})))
    table = len(data) - 512
    data[table : table + 4] = struct.pack("<I", 0)
    refused(bytes(data), "form.xls", "已损坏")


def test_very_deep_and_very_long_forms_are_answered() -> None:
    deep = [["begin group", f"g{n}", "G"] for n in range(400)] + [["text", "a", "A"]] + [["end group", "", ""]] * 400
    assert not check(table_of(deep), "form.csv").accepted
    long = [["calculate", f"c{n}", "", f"${{c{n + 1}}} + 1"] for n in range(4000)] + [["calculate", "c4000", "", "1"]]
    assert check(table_of(long), "form.csv").accepted
    round_about = [*long[:-1], ["calculate", "c4000", "", "${c0}"]]
    assert not check(table_of(round_about), "form.csv").accepted
    many = [["text", f"t{n}", "T"] for n in range(6000)]
    assert not check(table_of(many), "form.csv").accepted


def table_of(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in [["type", "name", "label", "calculation"], *rows]).encode()


def test_memory_stays_bounded() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("survey")
    page.append(["type", "name", "label"])
    for number in range(50_000):
        page.append(["text", f"a{number}", "题"])
    out = io.BytesIO()
    book.save(out)
    assert not check(out.getvalue()).accepted
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kilobytes


@pytest.mark.parametrize("seed", range(120))
def test_a_workbook_with_broken_bytes_is_answered(seed: int) -> None:
    chance = random.Random(seed)
    old = seed % 2
    data = bytearray(old_workbook(sheets_of(STALLS)) if old else as_xlsx(STALLS))
    for _ in range(chance.choice((1, 3, 20))):
        data[chance.randrange(8, len(data))] = chance.randrange(256)
    if chance.random() < 0.3:
        data = data[: chance.randrange(8, len(data))]
    check(bytes(data), "form.xls" if old else "form.xlsx")


@pytest.mark.parametrize("seed", range(60))
def test_a_workbook_with_broken_parts_is_answered(seed: int) -> None:
    chance = random.Random(seed)
    with zipfile.ZipFile(io.BytesIO(as_xlsx(STALLS))) as package:
        parts = {name: bytearray(package.read(name)) for name in package.namelist()}
    part = parts[chance.choice(sorted(parts))]
    for _ in range(chance.choice((1, 5, 40))):
        part[chance.randrange(len(part))] = chance.choice(b'<>/"&=0A \x00\xff')
    check(zipped({name: bytes(content) for name, content in parts.items()}))


SAID = (
    "type|name|label|text|begin group|end group|begin repeat|end repeat|select_one yn|yn|${a}|a|n_of_m|include|calculate|range|"
    "yes|survey|choices|=1+1|{0}|%s|integer|${a} > 1|relevant|calculation|block|sancheng|mode|points|question|${|。"
).split("|")
WILD = st.one_of(st.sampled_from(SAID), st.text(max_size=12))
GRID = st.lists(st.lists(WILD, max_size=6), max_size=12)


@given(
    survey=GRID, choices=GRID, head=st.sampled_from([["type", "name", "label", "relevant", "block", "sancheng"], []])
)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_cells_are_answered(survey: list[list[str]], choices: list[list[str]], head: list[str]) -> None:
    rows = [["survey"], *(["", *row] for row in [head, *survey]), ["choices"], ["", "list_name", "name", "label"]]
    rows += [["", *row] for row in choices]
    quoted = (",".join('"' + cell.replace('"', '""').replace("\r", "") + '"' for cell in row) for row in rows)
    found = check("\n".join(quoted).encode("utf-8", "replace"), "form.csv")
    if found.design is not None:
        again = read_workbook(write_workbook(found.design, WORDS), "form.xlsx", WORDS)
        assert again.design is not None, [one.text() for one in again.errors]
        assert again.design.survey == found.design.survey


@given(st.binary(max_size=400), st.sampled_from(["form.csv", "form.xlsx", "form.xls"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_answered(data: bytes, filename: str) -> None:
    check(data, filename)


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_type_is_told_apart(said: str) -> None:
    assert read_type(said).kind in {"field", "begin", "end", "include", "setting", "unsupported"}


def test_the_own_examples_are_quick() -> None:
    began = time.process_time()
    for text in ACCEPTED.values():
        check(as_csv(text), "form.csv")
    assert time.process_time() - began < SECONDS


def test_a_string_of_the_old_format_is_text() -> None:
    assert unicode_text("是")[:3] == b"\x01\x00\x01"
