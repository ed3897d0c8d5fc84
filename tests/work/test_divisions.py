"""The national division list: searching, reading what lies under a place, and unknown codes."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from core.errors import InvalidInput
from core.work import divisions
from core.work.divisions import ALL, UnknownDivision, children, get, plain_code, search, subtree
from core.work.names import initials, narrow, pinyin_key, tidy


def codes(found: list[divisions.Division]) -> list[str]:
    return [d.code for d in found]


def test_the_levels_have_the_published_sizes() -> None:
    upper = divisions._index().values()
    assert [sum(d.level == level for d in upper) for level in ("province", "city", "district")] == [31, 342, 2978]
    lengths = [line.find(b"\t") for line in divisions._body().splitlines()]
    assert (lengths.count(9), lengths.count(12)) == (41_352, 620_573)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("小店", "140105"),
        ("小店区", "140105"),
        ("太原市小店区", "140105"),
        ("太原 小店", "140105"),
        ("阳泉 城区", "140302"),
        ("140105", "140105"),
        ("１４０１０５", "140105"),
        ("1401", "1401"),
        ("140100", "1401"),
        ("徐州经济", "320371"),
        ("北京", "11"),
    ],
)
def test_search_puts_the_meant_one_first(text: str, first: str) -> None:
    assert search(text)[0].code == first


def test_a_code_prefix_finds_the_city_and_all_its_districts() -> None:
    found = search("1401")
    assert len(found) == 12
    assert all(d.code.startswith("1401") for d in found)


def test_pinyin_initials_find_the_district() -> None:
    assert "140105" in codes(search("xdq"))
    assert "140105" in codes(search("XDQ"))


def test_a_name_is_no_key() -> None:
    exact = [d.full_name for d in search("城区", levels=("district",), limit=5) if d.name == "城区"]
    assert exact == ["山西省阳泉市城区", "山西省晋城市城区", "广东省汕尾市城区"]


def test_search_reaches_the_lower_levels_only_when_asked() -> None:
    assert all(len(d.code) <= 6 for d in search("龙城"))
    found = search("小店区 龙城街道", levels=ALL)
    assert found[0].code == "140105007"
    assert found[0].path_names == ("山西省", "太原市", "小店区")
    assert search("140105007", levels=ALL)[0].name == "龙城街道"


def test_search_is_limited_and_empty_text_finds_nothing() -> None:
    assert len(search("区", limit=7)) == 7
    assert search("  ") == []
    assert search("没有的地方") == []
    assert len(search("社区", levels=("community",), limit=20)) == 20


def test_the_territory_of_two_districts() -> None:
    found = subtree("140302")
    assert [sum(len(d.code) == n for d in found) for n in (6, 9, 12)] == [1, 6, 65]
    assert [d.name for d in children("140302")] == [
        "上站街道",
        "下站街道",
        "北大街街道",
        "南山路街道",
        "义井街道",
        "义井镇",
    ]
    found = subtree("140105")
    assert [sum(len(d.code) == n for d in found) for n in (9, 12)] == [10, 152]
    names = {d.name for d in children("320371")}
    assert {"金龙湖街道", "徐庄镇"} <= names
    assert len(children("1401")) == 11
    assert children("140105001001") == []


def test_the_first_and_last_row_are_found() -> None:
    last = divisions._body().rstrip(b"\n").rsplit(b"\n", 1)[1].decode().split("\t")
    assert get(last[0]).name == last[1]
    assert get("110101001001").full_name.startswith("北京市东城区")


@pytest.mark.parametrize(
    ("said", "code"), [("140105000000", "140105"), ("140100", "1401"), ("14", "14"), ("441900", "441900")]
)
def test_filling_zeros_are_understood(said: str, code: str) -> None:
    assert plain_code(said) == code
    assert get(said).code == code


@pytest.mark.parametrize(
    ("code", "near"), [("140399", "阳泉"), ("140105999", "小店区"), ("140105001999", "坞城街道"), ("阳泉", "1403")]
)
def test_an_unknown_code_names_the_nearest(code: str, near: str) -> None:
    with pytest.raises(UnknownDivision) as caught:
        get(code)
    fault = caught.value.faults[0]
    assert isinstance(caught.value, InvalidInput)
    assert (fault.field, fault.value) == ("division", code)
    assert near in fault.params["near"]


@pytest.mark.parametrize("code", ["", "abc", "99", "999999999999", "1" * 300, "14x01", "1401050"])
def test_nonsense_is_refused_with_a_remedy(code: str) -> None:
    with pytest.raises(UnknownDivision) as caught:
        get(code)
    assert caught.value.faults[0].remedy


def test_a_worker_that_searches_districts_never_holds_the_whole_list() -> None:
    program = """
import time
from core.work import divisions
def rss(): return int(open('/proc/self/statm').read().split()[1]) * 4 // 1024
before, start = rss(), time.perf_counter()
divisions.search('小店')
print('index', round(time.perf_counter() - start, 2), 's', rss() - before, 'MB')
assert divisions._body.cache_info().currsize == 0
start = time.perf_counter()
divisions.subtree('140105')
print('body', round(time.perf_counter() - start, 2), 's', rss() - before, 'MB')
divisions.subtree('140302'); divisions.search('龙城', levels=divisions.ALL)
assert divisions._body.cache_info().misses == 1 and divisions._index.cache_info().misses == 1
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)


def test_searching_is_quick_enough_to_type_into() -> None:
    search("小店")
    for text in ("小店", "1401", "xdq", "阳泉 城区"):
        search(text)
        start = time.perf_counter()
        search(text)
        print(text, round((time.perf_counter() - start) * 1000, 2), "ms")


@pytest.mark.parametrize(
    ("name", "key", "short"),
    [
        ("小店区", "xiao dian qu", "xdq"),
        ("重庆市", "chong qing shi", "cqs"),
        ("长治市", "chang zhi shi", "czs"),
        ("12345热线", "12345 re xian", "12345rx"),
        ("", "", ""),
    ],
)
def test_pinyin(name: str, key: str, short: str) -> None:
    assert pinyin_key(name) == key
    assert initials(name) == short


def test_names_are_tidied() -> None:
    assert tidy("　小店\n  街道\x00 ") == "小店 街道"
    assert narrow("１３８－０００ ") == "138-000"
