"""Points of items, forms and indicators; every expected number was computed by hand."""

from dataclasses import replace
from decimal import Decimal as D
from fractions import Fraction

import pytest

from core.campaigns import load_registry
from core.campaigns.answers import Answer
from core.campaigns.arithmetic import half_up, tidy
from core.campaigns.catalogue import Form, Indicator, Item
from core.campaigns.rules import BadRule, parse_rule
from core.campaigns.scoring import ItemScore, score_form, score_indicator, score_item
from core.campaigns.terms import Question
from core.errors import InvalidInput


def item(mode, points, rule, **more):
    values = {"code": "X-01", "number": 1, "text_zh": "项", "text_en": "item", "question": "q", "mode": mode}
    values |= {"points": D(points), "rule": rule, "key": "", "category": "ENV-LITTER", "indicators": ("X-1",)}
    values |= {"see_also": (), "evidence": "", "owner_role": "sanitation", "working_days": 1}
    return Item(**(values | more))


def score(mode, points, rule, answer_type, answer, **attrs):
    return score_item(item(mode, points, rule), Question("q", answer_type, "问", "ask"), answer, attrs)


@pytest.mark.parametrize(
    ("mode", "points", "rule", "kind", "answer", "outcome", "earned"),
    [
        ("conform", "12", "0 or full", "yes_no", Answer(yes=True), "pass", "12.00"),
        ("conform", "12", "0 or full", "yes_no", Answer(yes=False), "fail", "0.00"),
        ("deduct", "14", "per=1,cap=14", "count", Answer(count=0), "pass", "14.00"),
        ("deduct", "14", "per=1,cap=14", "count", Answer(count=1), "fail", "13.00"),
        ("deduct", "12", "per=2.5,cap=12", "count", Answer(count=3), "fail", "4.50"),
        ("deduct", "12", "per=2,cap=6", "count", Answer(count=9), "fail", "6.00"),
        ("deduct", "4", "per=3,cap=12", "count", Answer(count=9), "fail", "0.00"),
        ("band10", "15", "9-10/7-8/0-6", "rating10", Answer(rating=7), "pass", "10.50"),
        ("band10", "15", "9-10/7-8/0-6", "rating10", Answer(rating=6), "fail", "9.00"),
        ("band10", "3", "unmet<=2 -> 7-8", "rating10", Answer(rating=8), "pass", "2.40"),
        ("ratio", "8", "ok/checked", "n_of_m", Answer(n=2, m=3), "fail", "5.33"),
        ("ratio", "5", "ok/checked", "n_of_m", Answer(n=1, m=8), "fail", "0.63"),
        ("ratio", "8", "ok/checked", "n_of_m", Answer(n=3, m=3), "pass", "8.00"),
        ("min_count", "10", "need=4", "count", Answer(count=3), "fail", "7.50"),
        ("min_count", "10", "need=4", "count", Answer(count=9), "pass", "10.00"),
        ("conform", "4", "from=count;pass=0", "count", Answer(count=0), "pass", "4.00"),
        ("conform", "4", "from=count;pass=0", "count", Answer(count=2), "fail", "0.00"),
        ("conform", "6", "from=rating10;pass>=7", "rating10", Answer(rating=7), "pass", "6.00"),
        ("conform", "6", "from=rating10;pass>=7", "rating10", Answer(rating=6), "fail", "0.00"),
        ("band10", "6", "from=count;0=10;1=8;2=7;3=6;else=0", "count", Answer(count=2), "pass", "4.20"),
        ("band10", "6", "from=count;0=10;1=8;2=7;3=6;else=0", "count", Answer(count=3), "fail", "3.60"),
        ("band10", "6", "from=count;0=10;1=8;2=7;3=6;else=0", "count", Answer(count=4), "fail", "0.00"),
        ("band10", "3", "from=unmet;0=10;1=8;2=7;3=5;else=0", "n_of_m", Answer(n=9, m=9), "pass", "3.00"),
        ("band10", "3", "from=unmet;0=10;1=8;2=7;3=5;else=0", "n_of_m", Answer(n=6, m=9), "fail", "1.50"),
    ],
)
def test_every_item_mode(mode, points, rule, kind, answer, outcome, earned):
    found = score(mode, points, rule, kind, answer)
    assert (found.outcome, str(found.earned), found.possible) == (outcome, earned, D(points))


@pytest.mark.parametrize(
    ("kind", "mode", "rule", "answer", "pair"),
    [
        ("yes_no", "conform", "", Answer(yes=True), (1, 1)),
        ("yes_no", "conform", "", Answer(yes=False), (0, 1)),
        ("rating10", "band10", "", Answer(rating=7), (1, 1)),
        ("rating10", "band10", "", Answer(rating=6), (0, 1)),
        ("n_of_m", "ratio", "", Answer(n=4, m=6), (4, 6)),
        ("n_of_m", "band10", "from=unmet;0=10;else=0", Answer(n=4, m=6), (4, 6)),
        ("count", "deduct", "per=1,cap=5", Answer(count=3), (3, None)),
    ],
)
def test_n_and_m_for_sums(kind, mode, rule, answer, pair):
    found = score(mode, "5", rule, kind, answer)
    assert (found.n, found.m) == pair


@pytest.mark.parametrize("answer", [Answer(na=True), Answer(n=0, m=0)])
def test_not_applicable_is_left_out(answer):
    found = score("ratio", "8", "ok/checked", "n_of_m", answer)
    assert (found.outcome, found.earned, found.possible, found.n, found.m) == ("na", 0, 0, None, None)


@pytest.mark.parametrize(
    ("length", "count", "earned", "noted"),
    [
        (500, 9, "12.00", False),
        (300, 9, "12.00", False),  # shorter than a stretch: one stretch
        (1000, 9, "6.00", False),  # 18 needed
        (501, 9, "10.80", False),  # 9.018, so 10 needed
        ("1200", 22, "12.00", False),  # 21.6, so 22 needed
        (D("750.0"), 7, "6.00", False),  # 13.5, so 14 needed
        (None, 9, "12.00", True),
        ("long", 9, "12.00", True),
        (0, 9, "12.00", True),
        ("NaN", 9, "12.00", True),
    ],
)
def test_need_by_length(length, count, earned, noted):
    found = score("min_count", "12", "need=9 per 500m", "count", Answer(count=count), length_m=length)
    assert str(found.earned) == earned
    assert bool(found.note) is noted


def test_an_answer_of_the_wrong_kind_is_refused():
    with pytest.raises(InvalidInput, match="X-01"):
        score("conform", "5", "", "yes_no", Answer(count=3))
    with pytest.raises(InvalidInput, match="X-01"):
        score("conform", "5", "", "count", Answer(count=3))
    with pytest.raises(InvalidInput):
        score("ratio", "5", "", "n_of_m", Answer(n=3))


@pytest.mark.parametrize(
    ("mode", "rule"),
    [
        ("deduct", "per=0,cap=3"),
        ("deduct", "cap=3"),
        ("deduct", "per=１,cap=3"),
        ("min_count", "need=0"),
        ("min_count", "need=3 per 0m"),
        ("min_count", ""),
        ("conform", "from=count"),
        ("conform", "from=smell;pass=0"),
        ("conform", "from=count;pass=0;pass=1"),
        ("band10", "from=count;0=10"),
        ("band10", "from=count;0=11;else=0"),
        ("band10", "from=count;0=10;0=9;else=0"),
        ("band10", "from=count;else=0"),
        ("ratio", "from=unmet;0=10;else=0"),
        ("threshold", ""),
    ],
)
def test_bad_rules(mode, rule):
    with pytest.raises(BadRule) as caught:
        parse_rule(mode, rule)
    assert caught.value.faults[0].remedy


def form_of(*items):
    return Form("X", "表", "form", ("park",), items)


def result(earned, possible, outcome="fail"):
    return ItemScore(outcome, D(earned), D(possible))


def test_form_leaves_out_what_does_not_apply():
    items = [item("conform", "40", "", code=f"X-0{i}", number=i) for i in (1, 2, 3)]
    results = {"X-01": result("26.67", "40"), "X-02": result("0", "0", "na")}
    found = score_form(form_of(*items), results)
    assert (found.earned, found.possible, found.percent, found.veto) == (D("26.67"), D(40), D("66.68"), ())
    empty = score_form(form_of(*items), {"X-02": result("0", "0", "na")})
    assert (empty.earned, empty.possible, empty.percent) == (0, 0, None)


@pytest.mark.parametrize(
    ("earned", "veto"),
    [(("5.6", "3.6", "4.8"), ()), (("5.6", "3.59", "4.8"), ("K1",)), (("0", "0", "0"), ("K1",))],
)
def test_key_group_under_seventy_percent_vetoes(earned, veto):
    points = ("8", "6", "6")
    items = [item("band10", p, "", code=f"X-0{i}", key="K1") for i, p in enumerate(points)]
    items.append(item("conform", "80", "", code="X-09", key="key"))
    results = {f"X-0{i}": result(e, p) for i, (e, p) in enumerate(zip(earned, points, strict=True))}
    results["X-09"] = result("0", "80")  # an ordinary key item never vetoes by itself
    assert score_form(form_of(*items), results).veto == veto


def test_key_group_not_applicable_does_not_veto():
    items = [item("band10", "8", "", code="X-01", key="K1"), item("conform", "92", "", code="X-02")]
    results = {"X-01": result("0", "0", "na"), "X-02": result("92", "92", "pass")}
    assert score_form(form_of(*items), results).veto == ()


def indicator(mode, points, params=None, **more):
    values = dict.fromkeys(Indicator.__dataclass_fields__, "")
    values |= {"code": "X-1", "mode": mode, "points": D(points), "params": params or {}, "target": "95"}
    values |= {"target_op": ">=", "direction": "up", "formula": "a / b * 100", "numerator": "a", "denominator": "b"}
    return Indicator(**(values | more))


@pytest.mark.parametrize(
    ("numerator", "denominator", "value", "earned", "met"),
    [
        (60, 100, "60.00", "0.00", False),
        (10, 100, "10.00", "0.00", False),
        (95, 100, "95.00", "4.00", True),
        (100, 100, "100.00", "4.00", True),
        (3300, 3190, "103.45", "4.00", True),
        (775, 1000, "77.50", "2.00", False),  # (77.5 - 60) / 35 * 4
        (2, 3, "66.67", "0.76", False),  # 6.6666 / 35 * 4 = 0.7619
    ],
)
def test_linear(numerator, denominator, value, earned, met):
    found = score_indicator(indicator("linear", "4", {"floor": "60"}), numerator, denominator)
    assert (str(found.value), str(found.earned), found.met, found.status) == (value, earned, met, "assessed")
    assert found.exact == Fraction(numerator, denominator) * 100


def test_rounding_happens_once_at_the_very_end():
    half = indicator("linear", "1", {"floor": "0"}, target="100")
    assert str(score_indicator(half, D("0.5"), 100).earned) == "0.01"  # 0.005 goes up
    assert str(score_indicator(half, D("0.4999"), 100).earned) == "0.00"
    third = indicator("linear", "3", {"floor": "0"}, target="100")
    found = score_indicator(third, 1, 3)  # 33.33 would give 0.9999 -> 1.00 as well; the exact field proves it
    assert (str(found.earned), found.exact) == ("1.00", Fraction(100, 3))
    assert str(half_up(Fraction(-5, 1000))) == "-0.01"
    assert str(half_up(Fraction(2675, 1000))) == "2.68"
    assert [str(tidy(D(x))) for x in ("100", "1E+2", "1.50", "0.0")] == ["100", "100", "1.5", "0"]


@pytest.mark.parametrize(("value", "earned"), [(5, "1.00"), (3, "1.00"), (12, "0.53"), (20, "0.00"), (50, "0.00")])
def test_lower_linear(value, earned):
    falling = indicator("lower_linear", "1", {"ceiling": "20"}, target="5", target_op="<=", direction="down")
    assert str(score_indicator(falling, value, 100).earned) == earned


@pytest.mark.parametrize(("op", "value", "met"), [(">", 90, False), (">", 91, True), (">=", 90, True), ("=", 90, True)])
def test_threshold_is_all_or_nothing(op, value, met):
    found = score_indicator(indicator("threshold", "10", target="90", target_op=op), value, 100)
    assert (found.met, str(found.earned)) == (met, "10.00" if met else "0.00")


@pytest.mark.parametrize(("count", "earned", "breach"), [(0, "15.00", False), (2, "5.00", True), (4, "0.00", True)])
def test_deduct_indicator(count, earned, breach):
    adverts = {"target": "0", "target_op": "=", "formula": "a", "denominator": "", "gate": "hard"}
    found = score_indicator(indicator("deduct", "15", {"per": "5"}, **adverts), count)
    assert (str(found.earned), found.breach) == (earned, breach)


def test_site_mean():
    mean = indicator("site_mean", "6", {"forms": "A,B"}, target="85", formula="a / b")
    found = score_indicator(mean, D("612.5"), 7)
    assert (str(found.value), str(found.earned), found.met) == ("87.50", "5.25", True)
    assert mean.forms == ("A", "B")
    assert score_indicator(mean, 0, 0).status == "not_assessed"


def test_gate_gives_no_points():
    gate = indicator("gate", "0", target="0", target_op="=", formula="a", denominator="", gate="hard")
    assert (score_indicator(gate, 0).breach, score_indicator(gate, 1).breach) == (False, True)
    assert score_indicator(gate, 1).earned == 0
    assert score_indicator(gate).status == "not_assessed"


def test_soft_gate_is_no_breach():
    soft = indicator("linear", "4", {"floor": "60"}, gate="soft")
    assert (score_indicator(soft, 80, 100).met, score_indicator(soft, 80, 100).breach) == (False, False)


def test_missing_is_not_zero():
    rate = indicator("linear", "4", {"floor": "60"})
    for pair, missing in (((None, 5), ("a",)), ((5, None), ("b",)), ((None, None), ("a", "b"))):
        found = score_indicator(rate, *pair)
        assert (found.status, found.value, found.earned, found.possible) == ("not_assessed", None, None, 4)
        assert (found.reason, found.missing) == ("缺少数据", missing)
    assert score_indicator(rate, 0, 0).reason == "分母为零"
    assert score_indicator(rate, 0, 5).earned == 0


def test_values_by_name_serve_longer_formulas():
    long = indicator("linear", "10", {"floor": "0"}, target="100", formula="if(c > 0, a / (b + c) * 100, 0)")
    assert score_indicator(long, 5, 5, values={"c": 5}).value == 50
    assert score_indicator(long, 5, 5).missing == ("c",)


def test_five_year_mean_needs_its_reference():
    own = indicator("threshold", "25", {"ref": "own_5y_mean"}, target="mean_5y", target_op="<=", direction="down")
    assert score_indicator(own, 2, 100).reason == "缺少本地前五年均值，无法确定目标"
    assert score_indicator(own, 2, 100, reference=2).earned == 25
    assert score_indicator(own, 2, 100, reference=D("1.99")).earned == 0


def test_or_falling():
    deaths = indicator("threshold", "10", {"alt": "falling"}, target="5.6", target_op="<=", direction="down")
    assert score_indicator(deaths, 5, 100).earned == 10  # met without the past
    assert score_indicator(deaths, 6, 100).status == "not_assessed"
    assert score_indicator(deaths, 6, 100, previous=D("6.5")).earned == 10
    assert score_indicator(deaths, 6, 100, previous=6).earned == 0  # equal is not falling


def test_worst_subdistrict_decides():
    vaccinated = indicator("threshold", "20", {"scope": "min_over_subdistricts"}, target="90")
    assert score_indicator(vaccinated, 185, 200).reason == "按最差的街道评定，缺少分街道数据"
    assert str(score_indicator(vaccinated, parts=[(95, 100), (89, 100)]).value) == "89.00"
    assert score_indicator(vaccinated, parts=[(95, 100), (90, 100), (0, 0)]).earned == 20  # nobody due: left out
    assert score_indicator(vaccinated, parts=[(95, 100), (None, 100)]).status == "not_assessed"  # the worst is unknown
    assert score_indicator(vaccinated, parts=[(0, 0)]).reason == "分母为零"


def test_level_takes_the_worst():
    params = {"A": "1", "B": "1", "C": "0.5", "none": "0"}
    formula = {"formula": "worst_of(x,y)", "numerator": "worst_of(x,y)", "denominator": ""}
    level = indicator("level", "20", params, target="B", gate="hard", **formula)
    found = score_indicator(level, levels={"x": "A", "y": "C"})
    assert (found.level, str(found.earned), found.met, found.breach) == ("C", "10.00", False, True)
    assert score_indicator(level, levels={"x": "B", "y": "A"}).met
    assert score_indicator(level, levels={"x": "none", "y": "A"}).earned == 0
    assert score_indicator(level, levels={"x": "A"}).missing == ("y",)
    assert score_indicator(level, levels={"x": "A", "y": "Z"}).missing == ("y",)
    assert score_indicator(level, 3).reason == "缺少密度控制等级"


def test_every_indicator_of_ours_is_never_silently_zero():
    for campaign in load_registry().campaigns.values():
        for one in campaign.edition.indicators:
            found = score_indicator(one)
            assert (found.status, found.earned, bool(found.reason)) == ("not_assessed", None, True), one.code


def test_full_marks_everywhere_give_the_whole_form():
    best = {"yes_no": Answer(yes=True), "rating10": Answer(rating=10), "n_of_m": Answer(n=4, m=4)}
    registry = load_registry()
    questions = registry.vocabulary.questions
    for campaign in registry.campaigns.values():
        for form in campaign.edition.forms:
            results = {}
            for one in form.items:
                question = questions[one.question]
                answer = best.get(question.answer_type) or Answer(count=50 if one.mode == "min_count" else 0)
                results[one.code] = score_item(one, question, answer, {})
            found = score_form(form, results)
            assert (found.earned, found.percent, found.veto) == (100, 100, ()), form.code
            assert {r.outcome for r in results.values()} == {"pass"}
            worse = replace(results[form.items[0].code], earned=D(0), outcome="fail")
            assert score_form(form, results | {form.items[0].code: worse}).percent < 100
