"""Editions over the API: what there is, from when it is chosen, and the lineage between two of them."""

from __future__ import annotations

from datetime import date

from core.campaigns import installed
from core.work.editions.choices import IN_FORCE
from core.work.editions.switching import choose_edition
from core.work.enabling import suspend
from tenants.scope import Wall
from tests.work.market import town

KEY = "sanitary_city"
OLD, NEW = installed().get(KEY).shipped


def test_editions_are_listed_with_their_days(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(place.office)
    listed = caller.get(f"campaigns/{KEY}/editions").get_json()["items"]
    assert [(e["key"], e["draft"], e["in_force"], e["source"]) for e in listed] == [
        ("edition_2024", False, True, "shipped"),
        ("edition_2025", True, False, "shipped"),
    ]
    assert listed[1] | {"indicators": 41, "points": "1000", "items": 82, "choices": []} == listed[1]
    with place.district.session(wall) as session:
        day = date(2999, 1, 1)
        choose_edition(session, None, installed().get(KEY), NEW, role=IN_FORCE, day=day, today=date(2026, 1, 1))
        session.commit()
    (first,) = caller.get(f"campaigns/{KEY}/editions?page_size=1").get_json()["items"]
    again = caller.get(f"campaigns/{KEY}/editions").get_json()["items"]
    assert first == again[0]
    assert again[1]["choices"] == [{"role": "in_force", "valid_from": "2999-01-01", "valid_to": None}]


def test_lineage_names_what_became_of_each_indicator(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(place.office)
    found = caller.get(f"campaigns/{KEY}/editions/{NEW.sha256}/lineage").get_json()
    assert (found["old_sha256"], found["new_sha256"]) == (OLD.sha256, NEW.sha256)
    moved = {c["kind"]: c for c in found["changes"] if c["kind"] not in ("same", "changed")}
    assert moved["split"] == {
        "kind": "split",
        "old": ["SAN-605"],
        "new": ["SAN-605A", "SAN-605B"],
        "parts": [],
        "decided": True,
    }
    assert moved["merged"]["old"] == ["SAN-304", "SAN-305"]
    changed = {c["new"][0]: c["parts"] for c in found["changes"] if c["kind"] == "changed"}
    levels = {f"SAN-70{n}": ["mode"] for n in (1, 2, 3, 4)}
    assert changed == levels | {"SAN-309": ["target"], "SAN-502": ["computation"]}
    assert [(f["code"], f["added"]) for f in found["forms"]] == [("SAN-ROAD", ["SAN-ROAD-13"])]
    back = caller.get(f"campaigns/{KEY}/editions/{OLD.sha256}/lineage?against={NEW.sha256}").get_json()
    assert ["SAN-506"] in [c["new"] for c in back["changes"] if c["kind"] == "new"]


def test_what_is_unknown_or_suspended_is_not_found(client_for, wall: Wall) -> None:
    place = town(wall)
    caller = client_for(place.office)
    civilized = installed().get("civilized_city").edition.sha256
    for path in (
        f"editions/{'0' * 64}/lineage",
        f"editions/{civilized}/lineage",
        f"editions/{NEW.sha256}/lineage?against=x",
    ):
        assert caller.get(f"campaigns/{KEY}/{path}").status_code == 404
    with place.district.session(wall) as session:
        suspend(session, None, KEY, today=date(2026, 3, 2))
        session.commit()
    assert caller.get(f"campaigns/{KEY}/editions").status_code == 404
