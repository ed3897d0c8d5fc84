"""An outside author's package: own words, GB18030, title rows, a scale of 120, loaded from a folder."""

from datetime import date
from decimal import Decimal as D

import pytest

from core.campaigns import check_campaign, load_path, score_indicator
from core.campaigns.check import words_of
from core.errors import NotFound
from tests.campaigns.packages import FOREST, copy_of, replace_text, set_cell


def test_it_loads_with_its_own_words():
    forest = load_path(FOREST)
    edition = forest.edition
    assert (forest.key, forest.short, forest.hq_role, forest.package) == (
        "forest_city",
        "forest",
        "forest_bureau",
        "sancheng_forest",
    )
    assert (edition.key, edition.points, edition.scale, len(edition.indicators)) == ("edition_2025", 120, 120, 3)
    assert [t.code for t in forest.site_types] == ["forest_grove"]
    assert [r.typical_names for r in forest.roles] == [("林业局", "林草局")]
    words = words_of(forest)
    assert words.questions["forest_labels"].answer_type == "n_of_m"
    assert words.questions["toilet_clean"].answer_type == "rating10"
    assert [m.code for m in edition.materials] == ["M1"]


def test_an_item_takes_owner_and_days_from_its_category_when_left_empty():
    edition = load_path(FOREST).edition
    assert [(i.owner_role, i.working_days) for i in edition.form("FOREST-GROVE").items] == [
        ("forest_bureau", 10),
        ("landscape", 5),
        ("sanitation", 1),
    ]
    assert edition.item("FOREST-GROVE-01").hint == "沿主要步道查看"
    assert edition.item("FOREST-GROVE-02").key == "K1"


def test_lookups():
    edition = load_path(FOREST).edition
    assert [f.code for f in edition.forms_for(["park"])] == ["FOREST-GROVE"]
    assert [f.code for f in edition.forms_for({"park", "forest_grove"})] == ["FOREST-GROVE"]
    assert edition.forms_for(["bus_stop"]) == ()
    assert [m.name for m in edition.metrics_for("FOREST-2")] == ["sum_site_score", "sites_checked"]
    assert edition.metrics_for("FOREST-2", "sample") == ()
    assert edition.metrics_for("FOREST-2")[0].selector == (("form", "scoring_params"),)
    groups = edition.categories()
    assert [(g.code, g.points, len(g.indicators)) for g in groups] == [("A", 110, 2), ("B", 10, 1)]
    for lookup in (edition.indicator, edition.form, edition.item):
        with pytest.raises(NotFound, match="NONE"):
            lookup("NONE")


def test_editions_by_day():
    forest = load_path(FOREST)
    assert forest.edition_for(date(2025, 3, 1)) is forest.edition
    assert forest.edition_for(date(2027, 12, 31)) is forest.edition
    for day in (date(2025, 2, 28), date(2028, 1, 1)):
        with pytest.raises(NotFound, match=day.isoformat()):
            forest.edition_for(day)


def test_a_second_edition_takes_over_on_its_day(tmp_path):
    folder = copy_of("sancheng_forest", tmp_path)
    (folder / "edition_2025").rename(folder / "a_later_one")
    again = copy_of("sancheng_forest", tmp_path / "again")
    (again / "edition_2025").rename(folder / "edition_2025")
    replace_text(folder / "a_later_one" / "edition.toml", "2025-03-01", "2026-01-01")
    forest = load_path(folder)
    assert [e.key for e in forest.editions] == ["edition_2025", "a_later_one"]
    assert forest.edition.key == "a_later_one"
    assert forest.edition_for(date(2025, 12, 31)).key == "edition_2025"
    assert forest.edition_for(date(2026, 1, 1)).key == "a_later_one"


def test_a_formula_with_a_condition():
    patrols = load_path(FOREST).edition.indicator("FOREST-3")
    assert score_indicator(patrols, 12, 10).value == 100
    assert score_indicator(patrols, 0, 0).value == 0
    assert score_indicator(patrols, 9, None).missing == ("patrols_due",)


def test_the_check_passes_and_shows_its_golden_scores():
    report = check_campaign(FOREST)
    assert report.ok, [f.text() for f in report.faults]
    assert len(report.golden) == 7


def test_the_check_catches_a_wrong_golden_score(tmp_path):
    folder = copy_of("sancheng_forest", tmp_path)
    replace_text(folder / "golden/cases.toml", "earned = 28", "earned = 29")
    report = check_campaign(folder)
    (wrong,) = [g for g in report.golden if not g.ok]
    assert (report.ok, wrong.code, wrong.expected["earned"], wrong.got["earned"]) == (
        False,
        "FOREST-GROVE-01",
        29,
        D("28.00"),
    )


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"FOREST-GROVE-01"', '"FOREST-GROVE-77"', "item.FOREST-GROVE-77"),
        ("answer = { count = 3 }", "answer = { rating = 3 }", "item.FOREST-GROVE-01"),
        ("answer = { count = 3 }", "reply = { count = 3 }", "item.FOREST-GROVE-01"),
        ("numerator = 30", "nominator = 30", "indicator.FOREST-1"),
        ("[[form]]", "[[page]]", "page"),
        ("[[form]]", "edition = 1\n[[form]]", ""),
    ],
)
def test_the_check_names_a_golden_case_that_cannot_run(tmp_path, old, new, field):
    folder = copy_of("sancheng_forest", tmp_path)
    replace_text(folder / "golden/cases.toml", old, new)
    report = check_campaign(folder)
    assert not report.ok
    if field:
        assert ("golden/cases.toml", field) in {(f.where, f.field) for f in report.faults}


def test_the_check_wants_a_golden_case_for_every_mode(tmp_path):
    folder = copy_of("sancheng_forest", tmp_path)
    replace_text(folder / "golden/cases.toml", 'code = "FOREST-3"', 'code = "FOREST-1"')
    report = check_campaign(folder)
    assert ("indicator", "threshold") in {(f.field, f.value) for f in report.faults}


def test_the_check_wants_both_languages(tmp_path):
    folder = copy_of("sancheng_forest", tmp_path)
    set_cell(folder / "edition_2025/metrics.csv", 2, "definition_en", "林木 area")
    set_cell(folder / "edition_2025/metrics.csv", 3, "definition_zh", "land area")
    values = {(f.where, f.value) for f in check_campaign(folder).faults}
    assert values == {("edition_2025/metrics.csv", "林木 area"), ("edition_2025/metrics.csv", "land area")}


def test_the_check_returns_faults_instead_of_raising(tmp_path):
    report = check_campaign(tmp_path)
    assert (report.ok, report.campaign, len(report.faults)) == (False, None, 1)
    missing = check_campaign("sancheng_no_such_package")
    assert (missing.campaign, missing.faults[0].field) == (None, "package")
