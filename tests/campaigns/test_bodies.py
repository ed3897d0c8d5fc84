"""Canonical bodies: without loss, stable, sealed; what is damaged is refused."""

import hashlib
import json
from dataclasses import replace
from decimal import Decimal as D

import pytest

from core.campaigns import edition_from_body, form_from_body, load_path, load_registry, to_body
from core.campaigns.body import campaign_from_body, seal
from core.errors import InvalidInput
from tests.campaigns.packages import FOREST, copy_of, read_rows, write_rows


def everything():
    found = [*load_registry().campaigns.values(), load_path(FOREST)]
    return [*found, *(e for c in found for e in c.editions), *(f for c in found for f in c.edition.forms)]


@pytest.mark.parametrize("thing", everything(), ids=lambda t: getattr(t, "key", getattr(t, "code", "")))
def test_round_trip_without_loss(thing):
    body = to_body(thing)
    reader = {"Campaign": campaign_from_body, "Edition": edition_from_body, "Form": form_from_body}
    again = reader[type(thing).__name__](body)
    assert again == thing
    assert to_body(again) == body
    if hasattr(thing, "sha256"):
        assert again.sha256 == thing.sha256 == hashlib.sha256(body.encode("utf-8")).hexdigest()


def test_the_body_is_canonical_and_holds_the_forms_in_full():
    edition = load_path(FOREST).edition
    body = to_body(edition)
    plain = json.loads(body)
    assert body == json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert plain["kind"] == "edition"
    assert plain["forms"][0]["items"][0]["text_zh"] == "无枯死树木"
    assert json.loads(to_body(edition.forms[0])) == plain["forms"][0]


def test_numbers_saved_otherwise_keep_the_hash(tmp_path):
    folder = copy_of("civilized_city", tmp_path)
    file = folder / "edition_2024/indicators.csv"
    before = load_path(folder).edition.sha256
    rows = read_rows(file)
    at = rows[0].index("points")
    write_rows(file, [rows[0], *[[*r[:at], f"{D(r[at]):.2f}", *r[at + 1 :]] for r in rows[1:]]])
    assert load_path(folder).edition.sha256 == before


def test_any_change_changes_the_hash():
    edition = load_path(FOREST).edition
    first = edition.indicators[0]
    changed = replace(edition, indicators=(replace(first, target="41"), *edition.indicators[1:]))
    assert seal(changed).sha256 != edition.sha256
    assert seal(replace(edition, sha256="")).sha256 == edition.sha256


def test_report_templates_are_no_part_of_the_standard():
    edition = load_path(FOREST).edition
    more = replace(edition, reports=("month.docx",))
    assert seal(more).sha256 == edition.sha256
    assert more == edition


def test_things_can_be_kept_in_sets():
    campaign = load_path(FOREST)
    assert len({campaign, load_path(FOREST)}) == 1
    assert len({*campaign.edition.indicators, *load_path(FOREST).edition.indicators}) == 3


def test_an_older_body_without_a_later_field_stays_readable():
    form = load_path(FOREST).edition.forms[0]
    plain = json.loads(to_body(form))
    for item in plain["items"]:
        del item["hint"]
    old = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    again = form_from_body(old)
    assert again.items[0].hint == ""
    assert again.sha256 == hashlib.sha256(old.encode()).hexdigest()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p | {"kind": "edition"},
        lambda p: p | {"surprise": 1},
        lambda p: {k: v for k, v in p.items() if k != "items"},
        lambda p: p | {"code": 5},
        lambda p: p | {"items": [{**p["items"][0], "points": "ten"}]},
        lambda p: p | {"items": 3},
        lambda p: [p],
    ],
)
def test_a_damaged_body_is_refused(spoil):
    plain = json.loads(to_body(load_path(FOREST).edition.forms[0]))
    with pytest.raises(InvalidInput) as caught:
        form_from_body(json.dumps(spoil(plain)))
    assert caught.value.faults[0].field == "body"


def test_no_json_at_all_is_refused():
    for text in ("", "{", "null", "NaN"):
        with pytest.raises(InvalidInput):
            edition_from_body(text)
