"""What a new edition makes of each indicator: a table of cases, the shipped revision, hashes that may not move."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest

from core.campaigns import Edition, Indicator, installed
from core.campaigns.lineage import KINDS, FormChange, Lineage, lineage_of, part_hashes

OLD: Edition = installed().get("sanitary_city").edition
A, B, C = (OLD.indicator(code) for code in ("SAN-101", "SAN-103", "SAN-402"))


def edition(*indicators: Indicator, told: tuple[tuple[str, str], ...] = (), follows: str = "") -> Edition:
    """An edition of nothing but these indicators, the metric rows made for whatever codes they have."""
    metrics = []
    for one in indicators:
        origin = next(i for i in (A, B, C) if i.numerator == one.numerator or i.name_zh == one.name_zh)
        metrics += [replace(m, indicators=(one.code,)) for m in OLD.metrics_for(origin.code)]
    return replace(OLD, indicators=indicators, metrics=tuple(metrics), forms=(), lineage=told, follows=follows)


def said(lineage: Lineage) -> list[tuple[object, ...]]:
    return [(c.kind, c.old, c.new, c.parts, c.decided) for c in lineage.changes]


def one(kind: str, parts: tuple[str, ...] = (), *, decided: bool = True, code: str = "SAN-101"):
    return (kind, ("SAN-101",), (code,), parts, decided)


CASES = {
    "nothing moved": (A, one("same")),
    "spaces and full width are no change": (replace(A, name_zh=f" {A.name_zh[:2]} {A.name_zh[2:]}"), one("same")),
    "a new name": (replace(A, name_zh="组织健全"), one("reworded", ("text",))),
    "another formula": (replace(A, formula="items_in_place / items_required"), one("changed", ("computation",))),
    "another method": (replace(A, method="survey"), one("changed", ("computation",))),
    "another target": (replace(A, target="90"), one("changed", ("target",))),
    "at most instead of at least": (replace(A, target_op="<="), one("changed", ("target",))),
    "other points": (replace(A, points=Decimal(40)), one("changed", ("points",))),
    "trailing zeros are no change": (replace(A, points=Decimal(50)), one("same")),
    "another mode": (replace(A, mode="threshold"), one("changed", ("mode",))),
    "another floor": (replace(A, params=MappingProxyType({"floor": "50"})), one("changed", ("mode",))),
    "a gate": (replace(A, gate="hard"), one("changed", ("mode",))),
    "name and target": (replace(A, name_zh="组织", target="90"), one("changed", ("text", "target"))),
    "a note is no part": (replace(A, note="说明", source="别处"), one("same")),
    "renumbered": (replace(A, code="SAN-901"), one("same", code="SAN-901")),
    "renumbered with other points": (
        replace(A, code="SAN-901", points=Decimal(60)),
        one("changed", ("points",), code="SAN-901"),
    ),
    "the same text under another code is proposed": (
        replace(A, code="SAN-901", formula="items_in_place"),
        one("changed", ("computation",), decided=False, code="SAN-901"),
    ),
    "the same computation under another code is proposed": (
        replace(A, code="SAN-901", name_zh="别的", name_en="other"),
        one("reworded", ("text",), decided=False, code="SAN-901"),
    ),
    "a code used for something else is proposed": (
        replace(C, code="SAN-101", target="50"),
        one("changed", ("text", "computation", "target", "points", "mode"), decided=False),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_indicator(case: str) -> None:
    new, expected = CASES[case]
    assert said(lineage_of(edition(A), edition(new))) == [expected]


def test_dropped_and_new() -> None:
    assert said(lineage_of(edition(A, B), edition(A, C))) == [
        ("same", ("SAN-101",), ("SAN-101",), (), True),
        ("new", (), ("SAN-402",), (), True),
        ("dropped", ("SAN-103",), (), (), True),
    ]


def test_two_alike_are_never_decided() -> None:
    twins = (replace(A, code="SAN-901"), replace(A, code="SAN-902"))
    found = lineage_of(edition(A), edition(*twins))
    assert said(found) == [
        ("same", ("SAN-101",), ("SAN-901",), (), False),
        ("new", (), ("SAN-902",), (), True),
    ]


def test_the_author_says_split_and_merged() -> None:
    halves = (replace(A, code="SAN-901", points=Decimal(25)), replace(A, code="SAN-902", points=Decimal(25)))
    told = (("SAN-101", "SAN-901"), ("SAN-101", "SAN-902"))
    split = lineage_of(edition(A, B), edition(*halves, B, told=told))
    assert said(split)[0] == ("split", ("SAN-101",), ("SAN-901", "SAN-902"), (), True)
    merged = lineage_of(
        edition(A, B), edition(replace(C, code="SAN-903"), told=(("SAN-101", "SAN-903"), ("SAN-103", "SAN-903")))
    )
    assert said(merged) == [("merged", ("SAN-101", "SAN-103"), ("SAN-903",), (), True)]


def test_the_author_says_renumbered() -> None:
    other = replace(C, code="SAN-901")
    found = lineage_of(edition(A), edition(other, told=(("SAN-101", "SAN-901"),)))
    ((kind, _, _, parts, decided),) = said(found)
    assert (kind, decided) == ("changed", True)
    assert "computation" in parts


def test_a_lineage_of_another_edition_is_not_heard() -> None:
    told = (("SAN-101", "SAN-402"),)
    found = lineage_of(edition(A), edition(C, told=told, follows="edition_2014"))
    assert [c.kind for c in found.changes] == ["new", "dropped"]
    assert lineage_of(edition(A), edition(C, told=told, follows=OLD.key)).changes[0].old == ("SAN-101",)


def test_every_code_is_used_once() -> None:
    old, new = installed().get("sanitary_city").shipped
    found = lineage_of(old, new)
    assert sorted(c for one in found.changes for c in one.old) == sorted(i.code for i in old.indicators)
    assert sorted(c for one in found.changes for c in one.new) == sorted(i.code for i in new.indicators)
    assert all(c.kind in KINDS for c in found.changes)


def test_the_shipped_revision() -> None:
    old, new = installed().get("sanitary_city").shipped
    found = lineage_of(old, new)
    assert {k: found.count(k) for k in KINDS} == {
        "same": 30,
        "reworded": 1,
        "changed": 6,
        "split": 1,
        "merged": 1,
        "dropped": 1,
        "new": 1,
    }
    assert {c.new or c.old: (c.kind, c.parts) for c in found.changes if c.kind != "same"} == {
        ("SAN-202",): ("reworded", ("text",)),
        ("SAN-303",): ("merged", ()),
        ("SAN-309",): ("changed", ("target",)),
        ("SAN-311",): ("new", ()),
        ("SAN-502",): ("changed", ("computation",)),
        ("SAN-605A", "SAN-605B"): ("split", ()),
        ("SAN-506",): ("dropped", ()),
        **{(f"SAN-70{n}",): ("changed", ("mode",)) for n in (1, 2, 3, 4)},  # the draft has bounds for their levels
    }
    assert found.forms == (FormChange("SAN-ROAD", "changed", ("SAN-ROAD-13",), (), ("SAN-ROAD-09",)),)
    assert found.of_new("SAN-303").old == ("SAN-304", "SAN-305")
    back = {c.new: (c.kind, c.old) for c in lineage_of(new, old).changes if c.kind in ("split", "merged")}
    assert back == {
        ("SAN-304", "SAN-305"): ("split", ("SAN-303",)),
        ("SAN-605",): ("merged", ("SAN-605A", "SAN-605B")),
    }


def test_the_revision_is_a_draft_and_says_so() -> None:
    campaign = installed().get("sanitary_city")
    (draft,) = campaign.others
    assert (campaign.edition.key, draft.key, draft.draft) == ("edition_2024", "edition_2025", True)
    assert "演示性" in draft.title_zh
    assert "不是主管部门发布" in draft.issuer
    assert draft.points == draft.scale == 1000


def test_a_form_renumbered_is_told_by_its_questions() -> None:
    form = OLD.form("TOILET")
    turned = replace(form, items=tuple(reversed(form.items)), sha256="x")
    old, new = replace(edition(A), forms=(form,)), replace(edition(A), forms=(turned,))
    assert lineage_of(old, new).forms == (FormChange("TOILET", "changed"),)
    fewer = replace(form, items=form.items[1:], sha256="y")
    assert lineage_of(old, replace(old, forms=(fewer,))).forms[0].removed == (form.items[0].code,)
    assert lineage_of(old, replace(old, forms=())).forms[0].kind == "dropped"
    assert lineage_of(replace(old, forms=()), old).forms[0].kind == "new"


def test_five_parts_and_no_more() -> None:
    assert list(part_hashes(OLD, A)) == ["text", "computation", "target", "points", "mode"]


def test_what_was_sealed_keeps_its_hash() -> None:
    """Version 0.2 stored these with every visit; a field that comes to the contract later must not move them."""
    assert {key: one.edition.sha256[:12] for key, one in installed().campaigns.items()} == {
        "civilized_city": "da72b0b9734e",
        "food_safety_city": "34fc6724d2aa",
        "sanitary_city": "a33aac479de5",
    }
