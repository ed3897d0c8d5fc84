"""Modes, target shapes and their edges beyond what our three editions use; every expected number was computed by hand."""

import csv
import io
from dataclasses import replace
from decimal import Decimal as D
from fractions import Fraction as F
from pathlib import Path

import pytest

from core.campaigns import Answer, Indicator, load_path, load_registry
from core.campaigns.attainment import REASONS
from core.campaigns.catalogue import Item
from core.campaigns.check import check_campaign
from core.campaigns.composition import Part, add_up, change, compose, rate
from core.campaigns.levels import LevelBound, level_of
from core.campaigns.policy import DEFAULT_SIZES, VetoPolicy
from core.campaigns.rules import BadRule, parse_rule
from core.campaigns.scoring import score_indicator, score_item
from core.campaigns.tables import BadPackage
from core.campaigns.targets import own_mean, shape, size_of
from core.campaigns.terms import Question
from core.campaigns.trail import exact_text
from core.errors import InvalidInput
from core.figures.reasons import scoring_reason
from tests.campaigns.packages import copy_of, replace_text, write_rows


def indicator(mode, points="10", params=None, **more):
    values = dict.fromkeys(Indicator.__dataclass_fields__, "")
    values |= {"code": "X-1", "mode": mode, "points": D(points), "params": params or {}, "target": "95", "unit": "%"}
    values |= {"target_op": ">=", "direction": "up", "formula": "a / b * 100", "numerator": "a", "denominator": "b"}
    return Indicator(**(values | more))


def plain(mode, points="10", params=None, **more):
    return indicator(mode, points, params, formula="a", denominator="", unit="count", **more)


@pytest.mark.parametrize(
    ("one", "value", "earned"),
    [
        (plain("band10", target="7"), 9, "9.00"),
        (plain("band10", target="7"), 0, "0.00"),
        (plain("band10", "5.5", target="7"), 7, "3.85"),
        (plain("conform", target="1", target_op="="), 1, "10.00"),
        (plain("conform", target="1", target_op="="), 0, "0.00"),
        (plain("ratio", target="1"), F(2, 3), "6.67"),
        (plain("ratio", target="1"), F(4, 3), "10.00"),
        (plain("min_count", target="4"), 3, "7.50"),
        (plain("min_count", target="4"), 9, "10.00"),
        (plain("min_count", target="0"), 0, "10.00"),
        (plain("deduct", "12", {"per": "2.5"}, target="0", target_op="="), 3, "4.50"),
        (plain("deduct", "12", {"per": "2.5"}, target="0", target_op="="), 5, "0.00"),
        (plain("linear", params={"floor": "95"}), 95, "10.00"),  # floor = target: all or nothing
        (plain("linear", params={"floor": "95"}), F(9499, 100), "0.00"),
        (plain("linear", params={"floor": "97"}), 96, "10.00"),  # a floor above the target leaves no proportion either
        (plain("lower_linear", params={"ceiling": "5"}, target="5", target_op="<=", direction="down"), 5, "10.00"),
        (plain("lower_linear", params={"ceiling": "5"}, target="5", target_op="<=", direction="down"), 6, "0.00"),
        (plain("linear", "1", {"floor": "0"}, target="100"), D("0.5"), "0.01"),  # 0.005 goes up
        (plain("linear", "1", {"floor": "0"}, target="100"), D("0.499999"), "0.00"),
        (plain("linear", "39.7", {"floor": "0"}, target="100"), 50, "19.85"),
    ],
)
def test_values(one, value, earned):
    found = score_indicator(one, value)
    assert (found.status, str(found.earned)) == ("assessed", earned)
    assert found.steps[-1].zh == f"四舍五入到两位小数：{earned}"


def test_a_rate_above_all_is_told_and_flagged():
    found = score_indicator(indicator("linear", params={"floor": "0"}), 3300, 3190)
    assert (str(found.value), str(found.earned), found.over) == ("103.45", "10.00", True)
    assert "比率超过 100%，请核对分子与分母的范围" in [step.zh for step in found.steps]
    assert not score_indicator(indicator("linear", params={"floor": "0"}), 1, 1).over


def test_the_trail_is_the_computation():
    found = score_indicator(indicator("linear", "4", {"floor": "60"}), 911, 972)
    assert [step.zh for step in found.steps] == [
        "数值 = a / b * 100 = 911 / 972 * 100 = 22775/243 ≈ 93.7243",
        "目标：不低于 95",
        "没有达到目标",
        "得分率 = ((22775/243 ≈ 93.7243) - 60) / (95 - 60) = 1639/1701 ≈ 0.9636",
        "得分 = 4 × 1639/1701 ≈ 0.9636 = 6556/1701 ≈ 3.8542",
        "四舍五入到两位小数：3.85",
    ]
    clamped = score_indicator(indicator("linear", "4", {"floor": "60"}), 30, 100)
    assert "得分率限于 0 到 1：0" in [step.zh for step in clamped.steps]
    assert score_indicator(indicator("linear", "4", {"floor": "60"}), 0, 0).steps[-1].zh == "分母为零"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (F(3), "3"),
        (F(-1, 2), "-0.5"),
        (F(1, 3), "1/3 ≈ 0.3333"),
        (F(-2, 3), "-2/3 ≈ -0.6667"),
        (F(1, 64), "0.015625"),
        (F(1, 128), "1/128 ≈ 0.0078"),
        (D("0.01"), "0.01"),
    ],
)
def test_numbers_are_written_exactly(value, text):
    assert exact_text(value) == text


def test_or_rising():
    years = plain("threshold", params={"alt": "rising"}, target="78.3")
    assert score_indicator(years, D("78.3")).earned == 10
    assert score_indicator(years, 77, previous=76).earned == 10
    assert score_indicator(years, 77, previous=77).earned == 0
    assert score_indicator(years, 77).reason == "未达到目标值，且缺少上一期数值，无法判断是否上升"


def test_falling_saves_a_proportional_mode_wholly():
    share = plain("lower_linear", params={"ceiling": "30", "alt": "falling"}, target="25", target_op="<=")
    assert str(score_indicator(share, 28, previous=29).earned) == "10.00"
    assert str(score_indicator(share, 28, previous=28).earned) == "4.00"


def test_by_city_size():
    one = plain("threshold", params={"ref": "city_size", "small": "90", "large": "95"}, target="by_size")
    assert score_indicator(one, 92, size="small").earned == 10
    assert score_indicator(one, 92, size="large").earned == 0
    assert score_indicator(one, 92, size="medium").reason == "按城市规模定目标，缺少人口数"
    assert score_indicator(one, 92).status == "not_assessed"
    assert [size_of(n, DEFAULT_SIZES) for n in (499_999, 500_000, 1_999_999, 2_000_000)] == [
        "small",
        "medium",
        "medium",
        "large",
    ]


def test_the_own_mean_needs_five_years():
    assert own_mean([1, 2, 3, 4, 5]) == 3
    assert own_mean([1, 2, 3, 4, None]) is None
    assert own_mean([1, 2, 3, 4]) is None
    floor = plain("lower_linear", params={"ceiling": "3", "ref": "own_5y_mean"}, target="mean_5y", target_op="<=")
    assert score_indicator(floor, 3, reference=3).earned == 10  # the reference meets the ceiling: all or nothing


def test_shapes_are_spelled_out():
    said = {
        one.code: [step.zh for step in shape(one)]
        for one in load_registry().campaigns["sanitary_city"].edition.indicators
    }
    assert said["SAN-708"] == ["目标：不高于 5.6", "或低于上一期的数值"]
    assert said["SAN-709"] == ["目标：与本地前五年均值比较（<=）"]
    assert said["SAN-706"] == ["目标：不低于 90", "按最差的街道评定，不按平均数"]
    assert said["SAN-701"] == ["目标：等级不低于 C"]
    assert all(said.values())


def test_levels_by_thirds_and_by_bounds():
    letters = {"A": "1", "B": "2/3", "C": "1/3", "none": "0"}
    level = plain("level", "9", letters, target="C", numerator="x")
    assert [str(score_indicator(level, levels={"a": one}).earned) for one in letters] == [
        "9.00",
        "6.00",
        "3.00",
        "0.00",
    ]
    bounds = [LevelBound("X", "a", letter, "<=", D(n)) for letter, n in zip("ABC", ("0.5", "3", "9"), strict=True)]
    order = ["A", "B", "C", "none"]
    assert [level_of(bounds, order, n) for n in (0, D("0.5"), D("0.51"), 9, 10)] == ["A", "A", "B", "C", "none"]
    assert level_of([], order, 1) is None


def item(rule):
    values = dict.fromkeys(Item.__dataclass_fields__, "")
    return Item(**(values | {"code": "X-01", "mode": "grade", "points": D(6), "rule": rule, "indicators": ()}))


@pytest.mark.parametrize(
    ("rule", "kind", "answer", "outcome", "earned"),
    [
        ("A>=9=1;B>=7=2/3;else=1/3", "rating10", Answer(rating=9), "pass", "6.00"),
        ("A>=9=1;B>=7=2/3;else=1/3", "rating10", Answer(rating=8), "pass", "4.00"),
        ("A>=9=1;B>=7=2/3;else=1/3", "rating10", Answer(rating=6), "fail", "2.00"),
        ("from=count;A<=0=1;B<=2=2/3;else=0", "count", Answer(count=0), "pass", "6.00"),
        ("from=count;A<=0=1;B<=2=2/3;else=0", "count", Answer(count=2), "pass", "4.00"),
        ("from=count;A<=0=1;B<=2=2/3;else=0", "count", Answer(count=3), "fail", "0.00"),
        ("from=unmet;A<=0=1;B<=1=0.5;else=0", "n_of_m", Answer(n=8, m=9), "pass", "3.00"),
    ],
)
def test_grades(rule, kind, answer, outcome, earned):
    found = score_item(item(rule), Question("q", kind, "问", "ask"), answer, {})
    assert (found.outcome, str(found.earned)) == (outcome, earned)


@pytest.mark.parametrize("rule", ["", "A>=9=1", "A>=9=1;B>=7=1;else=0", "A>=9=2;else=0", "a>=9=1;else=0", "else=0"])
def test_bad_grades(rule):
    with pytest.raises(BadRule):
        parse_rule("grade", rule)


def test_composition():
    parts = [
        Part("甲", D("96.20"), 20),
        Part("乙", D("95.67"), 12),
        Part("丙", D("90.79"), 58),
        Part("丁", D("67.30"), 10),
    ]
    found = compose(parts)
    assert (str(found.value), found.exact) == ("90.11", F(901086, 10000))
    assert found.steps[0].zh == "甲：96.2 × 20% = 19.24"
    assert found.steps[-1].zh == "合计 90.1086，四舍五入到两位小数：90.11"
    assert compose(parts[::-1]).value == found.value
    waiting = compose([*parts[:3], Part("丁", None, 10)])
    assert (waiting.value, waiting.missing) == (None, ("丁",))
    for weights in ((20, 79), (120, -20), (100, 0)):
        with pytest.raises(InvalidInput):
            compose([Part("甲", 1, weights[0]), Part("乙", 1, weights[1])])


def test_published_cases():
    assert [str(rate(n, m)) for n, m in ((911, 972), (737, 972), (902, 956), (9, 16))] == [
        "93.72",
        "75.82",
        "94.35",
        "56.25",
    ]
    assert str(change(16641, 11183)) == "48.81"
    assert (rate(1, 0), change(1, 0)) == (None, None)
    assert add_up({"材料": D("39.7"), "实地": D("46.3"), "问卷": 10, "上级": 10}, 106) == 106
    with pytest.raises(InvalidInput):
        add_up({"材料": D("39.7"), "实地": D("46.2"), "问卷": 10, "上级": 10}, 106)


def test_catalogue_weights_add_up_to_their_scales():
    scales = {key: one.edition for key, one in load_registry().campaigns.items()}
    assert {key: (e.points, e.scale) for key, e in scales.items()} == {
        "civilized_city": (100, 100),
        "food_safety_city": (100, 100),
        "sanitary_city": (1000, 1000),
    }
    for edition in scales.values():
        assert sum((i.points for i in edition.indicators), D(0)) == edition.scale
        assert all(form.points == 100 for form in edition.forms)


@pytest.mark.parametrize(("scale", "points"), [("106", ("39.7", "46.3", "20")), ("120", ("60", "40", "20"))])
def test_scales_need_not_be_100(tmp_path: Path, scale, points):
    folder = copy_of("sancheng_forest", tmp_path)
    file = folder / "edition_2025/indicators.csv"
    title, header, *rows = list(csv.reader(io.StringIO(file.read_bytes().decode("gb18030"), newline="")))
    at = header.index("points")
    changed = [[*row[:at], one, *row[at + 1 :]] for row, one in zip(rows, points, strict=True)]
    write_rows(file, [title, header, *changed])
    replace_text(folder / "edition_2025/edition.toml", "scale = 120", f"scale = {scale}")
    edition = load_path(folder).edition
    assert (edition.points, edition.scale) == (D(scale), D(scale))


def with_settings(tmp_path: Path, lines: str):
    folder = copy_of("sancheng_forest", tmp_path)
    replace_text(folder / "edition_2025/edition.toml", "scale = 120", f"scale = 120\n{lines}")
    return load_path(folder).edition


def test_the_veto_policy_is_edition_data(tmp_path: Path):
    edition = with_settings(tmp_path, 'veto = { gate = "capped", key_group = "ineligible", cap = 71.5 }')
    assert edition.veto_policy == VetoPolicy("capped", "ineligible", D("71.5"))
    before = load_path(copy_of("sancheng_forest", tmp_path / "other")).edition
    assert before.veto_policy == VetoPolicy()
    assert before.sha256 != edition.sha256
    assert replace(edition, veto=None).veto_policy.effect("key_group") == "flagged"


@pytest.mark.parametrize(
    "lines",
    [
        'veto = { gate = "fatal" }',
        'veto = { gate = "capped" }',
        'veto = { gate = "capped", cap = 121 }',
        'veto = { gate = "flagged", cap = 60 }',
        'veto = "capped"',
        'city_sizes = [{ name = "small", below = 5 }]',
        'city_sizes = [{ name = "a", below = 5 }, { name = "b", below = 3 }, { name = "c" }]',
        'city_sizes = ["small"]',
    ],
)
def test_bad_settings_are_named(tmp_path: Path, lines):
    with pytest.raises(BadPackage) as caught:
        with_settings(tmp_path, lines)
    assert {f.field for f in caught.value.faults} == {lines.split(" ")[0]}


def test_size_bands_are_edition_data(tmp_path: Path):
    edition = with_settings(tmp_path, 'city_sizes = [{ name = "town", below = 100000 }, { name = "city" }]')
    assert [size_of(n, edition.city_sizes) for n in (99_999, 100_000)] == ["town", "city"]


@pytest.mark.parametrize("key", ["civilized_city", "sanitary_city", "food_safety_city"])
def test_the_golden_cases_of_our_packages_come_out(key):
    report = check_campaign(f"plugins.{key}")
    assert [g for g in report.golden if not g.ok] == []
    assert report.faults == ()
    assert {g.kind for g in report.golden} >= {"item", "form", "indicator", "rate"}


def test_every_reason_is_known_in_english():
    for reason in REASONS:
        found = score_indicator(plain("threshold"))
        assert scoring_reason(replace(found, reason=reason)).en != reason
