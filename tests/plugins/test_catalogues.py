"""Our three campaigns hold the whole catalogues: totals, counts, every row, golden scores."""

import csv
from dataclasses import replace
from decimal import Decimal as D

import pytest

from core.campaigns import check_campaign, edition_from_body, installed, to_body
from core.campaigns.body import seal
from tests.campaigns.packages import ROOT

DOMAIN = ROOT.parent / "shared" / "domain"
KEYS = {"civilized": "civilized_city", "sanitary": "sanitary_city", "food": "food_safety_city"}
needs_domain = pytest.mark.skipif(not DOMAIN.is_dir(), reason="the domain files are not beside the checkout")


def edition(short):
    return installed().get(KEYS[short]).edition


def rows(name):
    with (DOMAIN / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("short", "indicators", "points", "forms", "items"),
    [("civilized", 35, 100, 11, 117), ("sanitary", 41, 1000, 8, 81), ("food", 34, 100, 6, 63)],
)
def test_totals(short, indicators, points, forms, items):
    found = edition(short)
    assert len(found.indicators) == indicators
    assert found.points == found.scale == points
    assert sum(g.points for g in found.categories()) == points
    assert len(found.forms) == forms
    assert sum(len(f.items) for f in found.forms) == items
    assert all(f.points == 100 for f in found.forms)
    assert installed().get(KEYS[short]).short == short


def test_the_union_of_forms_and_items():
    forms = [(s, f) for s in KEYS for f in edition(s).forms]
    assert len({f.code for _, f in forms}) == 24
    assert len({i.code for _, f in forms for i in f.items}) == 253
    assert [s for s, f in forms if f.code == "TOILET"] == ["civilized", "sanitary"]


def test_grids_and_villages_have_forms_that_feed_no_indicator():
    """They come on top of the 24: beside the editions, outside their hashes; each question is one of the catalogue's own."""
    ours = {s: installed().get(KEYS[s]).subject_forms for s in KEYS}
    assert {s: [(f.code, f.site_types) for f in forms] for s, forms in ours.items()} == {
        "civilized": [("CIV-GRID", ("grid",)), ("CIV-VILLAGE", ("village",))],
        "sanitary": [("SAN-GRID", ("grid",)), ("SAN-VILLAGE", ("village",))],
        "food": [],
    }
    for short, forms in ours.items():
        asked = {i.question for s in KEYS for f in edition(s).forms for i in f.items}
        for form in forms:
            assert (form.points, len(form.items)) == (100, 10)
            assert {i.question for i in form.items} <= asked
            assert not any(i.indicators for i in form.items)
            assert any(i.key for i in form.items)
            assert form not in edition(short).forms
            assert edition(short).form(form.code) == form
        assert all(one.subjects == forms for one in installed().get(KEYS[short]).shipped)


def test_subject_forms_leave_the_editions_hashes_alone():
    for short in KEYS:
        found = edition(short)
        bare = replace(found, subjects=())
        assert seal(bare).sha256 == found.sha256 == seal(found).sha256
        assert edition_from_body(to_body(found)).subjects == ()


def test_the_shared_form_carries_each_campaigns_own_indicator_only():
    civilized, sanitary = (edition(s).form("TOILET") for s in ("civilized", "sanitary"))
    assert {c for i in civilized.items for c in i.indicators} == {"CIV-F7", "CIV-G5"}
    assert {c for i in sanitary.items for c in i.indicators} == {"SAN-307"}
    assert [i.question for i in civilized.items] == [i.question for i in sanitary.items]
    assert civilized.sha256 != sanitary.sha256


def test_one_produce_market_carries_three_campaigns_and_asks_34_questions():
    forms = [f for s in KEYS for f in edition(s).forms_for(["produce_market"])]
    assert [f.code for f in forms] == ["CIV-MARKET", "SAN-MARKET", "FS-MARKET"]
    questions = [i.question for f in forms for i in f.items]
    assert (len(questions), len(set(questions))) == (37, 34)


@pytest.mark.parametrize(("short", "count", "points"), [("civilized", 20, 61), ("sanitary", 14, 400), ("food", 8, 29)])
def test_what_visits_and_findings_alone_can_compute(short, count, points):
    found = edition(short)
    fed = [i for i in found.indicators if {m.source for m in found.metrics_for(i.code)} <= {"items", "findings"}]
    assert (len(fed), sum(i.points for i in fed)) == (count, points)


@pytest.mark.parametrize("key", KEYS.values())
def test_the_campaign_check_passes(key):
    report = check_campaign(f"plugins.{key}")
    assert [f.text() for f in report.faults] == []
    assert [(g.code, g.expected, g.got) for g in report.golden if not g.ok] == []
    assert len(report.golden) >= 14


def test_no_plugin_claims_to_be_official():
    for short in KEYS:
        assert "演示性草案" in edition(short).title_zh
        assert "不是主管部门发布" in edition(short).issuer


@pytest.mark.parametrize("key", KEYS.values())
def test_tables_open_in_excel(key):
    files = list((ROOT / "plugins" / key).rglob("*.csv"))
    assert len(files) >= 10
    assert [f.name for f in files if not f.read_bytes().startswith(b"\xef\xbb\xbf")] == []


@needs_domain
@pytest.mark.parametrize("short", KEYS)
def test_every_indicator_equals_the_domain_file(short):
    found = edition(short).indicators
    source = rows(f"indicators_{short}.csv")
    renamed = {"scoring_mode": "mode", "scoring_params": None, "points": None}
    assert [i.code for i in found] == [r["code"] for r in source]
    for indicator, row in zip(found, source, strict=True):
        for column, value in row.items():
            attribute = renamed.get(column, column)
            if attribute:
                assert getattr(indicator, attribute) == value, (indicator.code, column)
        assert indicator.points == D(row["points"])
        assert ";".join(f"{k}={v}" for k, v in indicator.params.items()) == row["scoring_params"]


@needs_domain
@pytest.mark.parametrize("short", KEYS)
def test_every_item_equals_the_domain_file(short):
    own = {i.code for i in edition(short).indicators}
    source = [r for r in rows("checklists.csv") if r["campaign"] in (short, "shared")]
    source = [r for r in source if own & set(r["indicator"].split(";"))]
    found = [(f, i) for f in edition(short).forms for i in f.items]
    plain = {"item_code": "code", "item_zh": "text_zh", "item_en": "text_en", "question": "question"}
    plain |= {"scoring_mode": "mode", "rule": "rule", "finding_category": "category", "evidence": "evidence"}
    plain |= {"default_owner": "owner_role", "note": "note"}
    for (form, item), row in zip(found, source, strict=True):
        assert {c: getattr(item, a) for c, a in plain.items()} == {c: row[c] for c in plain}
        assert (item.number, item.points, item.working_days) == (
            int(row["item_no"]),
            D(row["points"]),
            int(row["working_days"]),
        )
        assert item.key == {"N": "", "Y": "key"}.get(row["key_item"], row["key_item"])
        assert item.indicators == tuple(c for c in row["indicator"].split(";") if c in own)
        assert ";".join(item.see_also) == row["see_also"]
        assert (form.code, ";".join(form.site_types)) == (row["form_code"], row["site_type"])
        assert (form.title_zh, form.title_en) == (row["site_type_zh"], row["site_type_en"])


@needs_domain
@pytest.mark.parametrize("short", KEYS)
def test_every_metric_equals_the_domain_file(short):
    own = {i.code for i in edition(short).indicators}
    source = [r for r in rows("metrics.csv") if own & set(r["indicators"].split(";"))]
    assert all(short in r["campaigns"].split(";") for r in source)
    for metric, row in zip(edition(short).metrics, source, strict=True):
        assert metric.name == row["metric"]
        assert metric.indicators == tuple(c for c in row["indicators"].split(";") if c in own)
        assert ";".join(f"{k}={v}" if v else k for k, v in metric.selector) == row["selector"]
        assert metric.default_rule is (row["default_rule"] == "Y")
        for column in ("row", "source", "aggregate", "available_in", "definition_zh", "definition_en", "note"):
            assert getattr(metric, column) == row[column], (metric.name, column)


@needs_domain
@pytest.mark.parametrize("short", KEYS)
def test_every_link_equals_the_domain_file(short):
    source = [(r["category"], r["indicator"]) for r in rows("links.csv") if r["campaign"] == short]
    assert [(link.category, link.indicator) for link in edition(short).links] == source


VECTORS = {  # the rows of the table in frameworks 3.2: indicator and the metrics that it has bounds for, in its order
    "rodent": ("SAN-701", ("facility_rate", "indoor_rate", "path_index")),
    "mosquito": ("SAN-702", ("path_index", "dip_index", "landing_index")),
    "fly": ("SAN-703", ("room_rate", "breeding_rate")),
    "cockroach": ("SAN-704", ("room_rate", "egg_rate", "trace_rate")),
}


def level_rows():
    path = ROOT / "plugins" / "sanitary_city" / "edition_2025" / "levels.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_remembered_bound_says_so():
    """No text of the vector standards is at hand: each row of the draft says that it is remembered, and of which standard."""
    notes = {(row["indicator"], row["note"].partition("; bounds")[0]) for row in level_rows()}
    assert notes == {
        (
            f"SAN-70{n}",
            f"M: remembered (frameworks 3.2); the text of GB/T {27769 + n}-2011 is not at hand, check before use",
        )
        for n in (1, 2, 3, 4)
    }
    drafts = installed().get("sanitary_city").others
    assert [(one.key, one.draft) for one in drafts] == [("edition_2025", True)]
    assert not installed().get("sanitary_city").edition.levels, "the edition in force guesses no level"


@needs_domain
def test_level_bounds_are_those_of_the_frameworks_page():
    text = (DOMAIN / "frameworks.md").read_text(encoding="utf-8")
    wanted = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and cells[0] in VECTORS:
            code, metrics = VECTORS[cells[0]]
            assert cells[5] == "M", "read since: take the mark off the draft's rows"
            for level, listed in zip("ABC", cells[2:5], strict=True):
                for metric, bound in zip(metrics, listed.split(";"), strict=True):
                    wanted[code, metric, level] = D(bound.strip())
    assert {(r["indicator"], r["metric"], r["level"]): D(r["bound"]) for r in level_rows()} == wanted
