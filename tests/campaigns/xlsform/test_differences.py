"""What changed between two versions, told item by item."""

from __future__ import annotations

from dataclasses import replace

from core.campaigns.xlsform.differences import TITLES, Difference, differences
from core.campaigns.xlsform.model import Design, Text
from tests.campaigns.xlsform.examples import CHECKLIST, STALLS, read


def design(text: str) -> Design:
    found = read(text).design
    assert found is not None
    return found


def changes(before: str, after: str) -> list[tuple[str, str, str, str, str]]:
    found = differences(design(before), design(after))
    return [(one.kind, one.name, one.column, one.before, one.after) for one in found]


def test_the_same_form_has_not_changed() -> None:
    assert differences(design(STALLS), design(STALLS)) == ()


def test_a_changed_word_is_a_change_of_one_column() -> None:
    after = STALLS.replace("店名", "店铺名称")
    assert changes(STALLS, after) == [("changed", "place/shop", "label", "店名", "店铺名称")]
    assert not differences(design(STALLS), design(after))[0].weighty


def test_a_changed_choice_shows_at_its_field() -> None:
    found = changes(STALLS, STALLS.replace("yn | no | 否", "yn | no | 没有"))
    assert found == [("changed", "place/licence", "choices", "yes 是；no 否", "yes 是；no 没有")]


def test_changed_points_are_weighty() -> None:
    after = CHECKLIST.replace("0 or full | 40", "0 or full | 50").replace("per=2,cap=30 | 30", "per=2,cap=20 | 20")
    found = differences(design(CHECKLIST), design(after))
    assert {(one.name, one.column) for one in found if one.weighty} == {
        ("P-01", "points"),
        ("P-02", "points"),
        ("P-02", "rule"),
    }


def test_what_is_new_and_what_is_gone() -> None:
    after = STALLS.replace("geopoint | spot | 位置", "date | seen | 日期")
    assert changes(STALLS, after) == [("added", "seen", "", "", "date"), ("removed", "spot", "", "geopoint", "")]


def test_a_part_that_moved_is_told_once() -> None:
    line = "image | photo | 照片 | | | | | | |\n"
    after = STALLS.replace(line, "").replace("begin group | place", line + "begin group | place")
    (found,) = differences(design(STALLS), design(after))
    assert (found.kind, found.name, found.column) == ("moved", "photo", "place")
    assert int(found.before) > int(found.after) == 1


def test_the_head_counts_too() -> None:
    old = design(CHECKLIST)
    new = replace(old, title=Text("小店表"), site_types=("supermarket",))
    found = differences(old, new)
    assert [(one.kind, one.column, one.weighty) for one in found] == [
        ("form", "title", False),
        ("form", "site_types", True),
    ]


def test_every_column_has_a_word() -> None:
    old, new = design(CHECKLIST), design(STALLS)
    named = {one.column for one in (*differences(old, new), *differences(new, old)) if one.column}
    assert named <= set(TITLES)
    assert isinstance(differences(old, new)[0], Difference)
