"""The shared vocabulary: complete, consistent, and equal to the domain files it was taken from."""

import csv
from collections import Counter

import pytest

from core.campaigns import load_vocabulary
from tests.campaigns.packages import ROOT

DOMAIN = ROOT.parent / "shared" / "domain"
OURS = {"site_types": ("grid",)}  # what the files do not have: a grid is checked by its own form (issue 5)


def test_counts_and_kinds():
    words = load_vocabulary()
    assert words is load_vocabulary()
    assert [len(s) for s in (words.site_types, words.categories, words.questions, words.roles)] == [76, 48, 184, 29]
    assert set(Counter(q.answer_type for q in words.questions.values())) == {"yes_no", "count", "rating10", "n_of_m"}
    assert {r.code for r in words.roles.values() if r.kind == "hq"} == {
        "civilisation_office",
        "phcc_office",
        "food_safety_office",
    }
    assert all(c.default_owner in words.roles for c in words.categories.values())


@pytest.mark.skipif(not DOMAIN.is_dir(), reason="the domain files are not beside the checkout")
@pytest.mark.parametrize(
    ("file", "shelf", "pairs"),
    [
        ("site_types", "site_types", {"name_zh": "name_zh", "name_en": "name_en", "kind": "kind", "note": "note"}),
        ("categories", "categories", {"name_zh": "name_zh", "default_owner": "default_owner", "note": "note"}),
        ("questions", "questions", {"answer_type": "answer_type", "text_zh": "text_zh", "text_en": "text_en"}),
        ("roles", "roles", {"name_zh": "name_zh", "name_en": "name_en", "kind": "kind", "note": "note"}),
    ],
)
def test_equal_to_the_domain_files(file, shelf, pairs):
    with (DOMAIN / f"{file}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    words = getattr(load_vocabulary(), shelf)
    key = "question" if file == "questions" else "code"
    assert [r[key] for r in rows] + list(OURS.get(shelf, ())) == list(words)
    for row in rows:
        found = words[row[key]]
        assert {c: getattr(found, a) for c, a in pairs.items()} == {c: row[c] for c in pairs}
        if file == "categories":
            assert found.working_days == int(row["working_days"])
        if file == "roles":
            assert ";".join(found.typical_names) == row["typical_names_zh"]
