"""Scores, rankings, publications, grants, reports and the comparison: the same numbers wherever they are asked for."""

from __future__ import annotations

import csv
import io
import uuid
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update

from core.figures.comparison import compare
from core.figures.periods import containing
from tenants.accounts import Tenant
from tenants.scope import Wall
from tests.api.province import Province, month, province
from tests.factory import add_actor, bare_tenant

KEYS = ("civilized_city", "food_safety_city", "sanitary_city")


def test_scores_stand_side_by_side(client_for, land: Province) -> None:
    caller = client_for(land.north.office)
    listed = caller.get("figures").get_json()["items"]
    assert tuple(one["campaign"] for one in listed) == KEYS
    assert {one["period"] for one in listed} == {month()}
    for one in listed:
        full = caller.get(f"figures/{one['campaign']}?period={one['period']}").get_json()
        assert full["totals"] == one["totals"]
        assert sum(Decimal(i["possible"]) for i in full["indicators"]) == Decimal(one["totals"]["total"])
        earned = [Decimal(i["earned"]) for i in full["indicators"] if i["earned"] is not None]
        assert sum(earned) == Decimal(one["totals"]["earned"]) > 0
        assert all(i["reason_zh"] and i["earned"] is None for i in full["indicators"] if i["status"] == "not_assessed")
    before = caller.get("figures?period=2020-01&campaign=sanitary_city").get_json()["items"]
    assert [(one["totals"]["percent_of_assessed"], one["visits"]) for one in before] == [(None, 0)]


@pytest.mark.parametrize("key", KEYS)
def test_every_figure_explains_itself(client_for, land: Province, key: str) -> None:
    caller = client_for(land.north.office)
    assessed = [i for i in caller.get(f"figures/{key}").get_json()["indicators"] if i["status"] == "assessed"]
    assert assessed
    for one in assessed:
        found = caller.get(f"figures/{key}/{one['code']}").get_json()
        assert found["figure"] == one
        assert found["rows"]
        assert found["rule_zh"]
        for part in ("numerator", "denominator"):
            given = [Decimal(row[part]) for row in found["rows"] if row[part] is not None]
            assert (sum(given) if given else None) == (Decimal(one[part]) if one[part] is not None else None)


def test_units_are_scored_within_reach(client_for, wall: Wall, land: Province) -> None:
    place = land.north
    home, other = place.district.communities
    near = client_for(add_actor(wall, place.ref, "leader", home))
    assert near.get(f"figures/sanitary_city?unit_id={home}").get_json()["visits"] == 1
    assert near.get(f"figures/sanitary_city?unit_id={other}").status_code == 403
    assert near.get(f"figures/sanitary_city?unit_id={uuid.uuid4()}").status_code == 404
    ranked = client_for(place.office).get("rankings?campaign=sanitary_city&kind=community").get_json()["items"]
    assert [(row["unit_id"], row["rank"], row["unranked"], row["visits"]) for row in ranked] == [
        (str(home), None, "low_volume", 1),
        (str(other), None, "nothing_assessed", 0),
    ]
    for bad in ("campaign=sanitary_city&kind=department", "kind=community", "campaign=sanitary_city&period=soon"):
        assert client_for(place.office).get(f"rankings?{bad}").status_code == 422


def test_grants_are_given_and_withdrawn(client_for, wall: Wall) -> None:
    land = province(wall)
    caller = client_for(land.north.office)
    body = {"reader": land.city.slug, "campaign": "sanitary_city", "detail": "totals"}
    key = {"Idempotency-Key": "grant-1"}
    first = caller.post("grants", json=body, headers=key)
    assert first.status_code == 201, first.text
    assert caller.post("grants", json=body, headers=key).data == first.data
    assert [(g["revoked"], g["in_force"]) for g in caller.get("grants").get_json()["items"]] == [(False, True)]
    gone = caller.ask("DELETE", f"grants/{first.get_json()['id']}")
    assert (gone.status_code, gone.get_json()["revoked"]) == (200, True)
    listed = caller.get("grants").get_json()["items"]
    assert [(g["revoked"], g["in_force"]) for g in listed] == [(True, False), (False, False)]
    assert caller.ask("DELETE", f"grants/{uuid.uuid4()}").status_code == 404
    for changed, field in (
        ({"reader": land.south.ref.slug}, "reader"),
        ({"reader": "nowhere"}, "reader"),
        ({"campaign": "no_such"}, "campaign"),
        ({"detail": "everything"}, "detail"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "valid_to"),
    ):
        made = caller.post("grants", json=body | changed)
        assert (made.status_code, made.get_json()["faults"][0]["field"]) == (422, field)


def test_a_grant_to_the_province_above(client_for, wall: Wall) -> None:
    """Each bureau of the chain has a grant of its own; one beside it is refused like one that does not exist."""
    land = province(wall)
    above, beside = (bare_tenant(wall, kind="province", name=name) for name in ("上级省", "邻省"))
    with wall.platform() as session:
        session.execute(update(Tenant).where(Tenant.id == land.city.id).values(upper_id=above.id))
        session.commit()
    caller = client_for(land.north.office)
    body = {"campaign": "sanitary_city", "detail": "totals"}
    for reader in (land.city, above):
        made = caller.post("grants", json=body | {"reader": reader.slug})
        assert (made.status_code, made.get_json()["reader_name"]) == (201, reader.name)
    listed = caller.get("grants").get_json()["items"]
    assert {one["reader_slug"] for one in listed if one["in_force"]} == {land.city.slug, above.slug}
    refused = [caller.post("grants", json=body | {"reader": slug}) for slug in (beside.slug, "nowhere")]
    assert [one.status_code for one in refused] == [422, 422]
    assert refused[0].text.replace(beside.slug, "nowhere") == refused[1].text


def test_publishing_comparing_and_reporting_say_the_same(client_for, wall: Wall) -> None:
    land = province(wall)
    body = {"campaign": "sanitary_city", "period": month()}
    for place in (land.north, land.south):
        caller = client_for(place.office)
        caller.post("grants", json={"reader": land.city.slug, "campaign": "sanitary_city", "detail": "indicators"})
        shown = caller.get(f"publications/preview?campaign=sanitary_city&period={month()}").get_json()
        assert [copy["reader_slug"] for copy in shown["copies"]] == [place.ref.slug, land.city.slug]
        assert caller.get("publications").get_json()["items"] == []
        sent = caller.post("publications", json=body, headers={"Idempotency-Key": "month"})
        assert sent.status_code == 201, sent.text
        assert caller.post("publications", json=body, headers={"Idempotency-Key": "month"}).data == sent.data
        own = caller.get(sent.headers["Location"]).get_json()
        assert own["seal_holds"] is True
        assert own["earned"] == shown["copies"][0]["earned"]
        assert own["figures"] == shown["copies"][0]["figures"]
        assert len(caller.get("publications?copies=sent").get_json()["items"]) == 2
        twice = caller.post("publications", json=body)
        assert (twice.status_code, twice.get_json()["faults"][0]["field"]) == (422, "reason")
    check_comparison(client_for(land.bureau), wall, land)
    check_report(client_for(land.north.leader))
    fixed = client_for(land.north.office).post("publications", json=body | {"reason": "补录"}).get_json()
    assert all(copy["corrects_sha256"] for copy in fixed["copies"])


def test_units_leave_under_their_grant_and_the_city_reads_them(client_for, wall: Wall) -> None:
    """The API says the very content: the same hash before and after, units for who sees the whole, all of it for the city."""
    land = province(wall)
    place, body = land.north, {"campaign": "sanitary_city", "period": month()}
    office = client_for(place.office)
    given = {"reader": land.city.slug, "campaign": "sanitary_city", "detail": "sites"}
    assert office.post("grants", json=given).get_json()["detail"] == "sites"
    shown = office.get(f"publications/preview?campaign=sanitary_city&period={month()}").get_json()["copies"]
    sent = office.post("publications", json=body).get_json()["copies"]
    assert [copy["content_sha256"] for copy in shown] == [copy["content_sha256"] for copy in sent]
    assert [copy["says_the_same"] for copy in shown] == [False, False]
    again = office.get(f"publications/preview?campaign=sanitary_city&period={month()}").get_json()["copies"]
    assert [copy["says_the_same"] for copy in again] == [True, True]
    levels = {figure["level"] for figure in shown[1]["figures"]}
    assert levels == {"category", "indicator", "unit", "site"}
    near = client_for(add_actor(wall, place.ref, "leader", place.district.communities[0]))
    seen = near.get(f"publications/{sent[0]['id']}").get_json()
    assert {figure["level"] for figure in seen["figures"]} == {"category", "indicator"}
    assert seen["seal_holds"] is True
    received = client_for(land.bureau).get(f"/api/v1/t/{land.city.slug}/publications/{sent[1]['id']}").get_json()
    assert received["figures"] == shown[1]["figures"]
    assert {"interval_low", "interval_high", "interval_seed", "warnings"} <= received.keys()


def test_a_ranking_says_how_it_was_made(client_for, land: Province) -> None:
    ranked = client_for(land.north.office).get("rankings?campaign=sanitary_city&kind=community").get_json()
    assert ranked["method"] == {
        "rank_by": "percent_of_assessed",
        "interval": "cluster bootstrap over sites",
        "confidence": 95,
        "replicates": 400,
        "minimum_visits": 5,
        "minimum_sites": 5,
    }
    first = ranked["items"][0]
    assert (first["visits"], first["percent_of_assessed"], first["interval_low"], first["earned"]) == (
        1,
        None,
        None,
        None,
    )
    assert client_for(land.north.office).get("standings").get_json() == {"items": [], "next_cursor": None}


def check_comparison(caller, wall: Wall, land: Province) -> None:
    listed = caller.get(f"comparison?period={month()}").get_json()["items"]
    with wall.open(land.city.id) as session:
        wanted = compare(session, land.bureau, None, containing("month", date.fromisoformat(f"{month()}-01")))
    said = [(one["district_slug"], one["percent"], one["coverage"], one["visits"], one["unranked"]) for one in listed]
    assert said == [(r.district_slug, str(r.percent), str(r.coverage), r.visits, r.unranked) for r in wanted]
    assert {one[0] for one in said} == {land.north.ref.slug, land.south.ref.slug}
    assert caller.get("comparison").get_json()["items"] == listed
    for one in listed:
        received = caller.get(f"/api/v1/t/{land.city.slug}/publications/{one['publication_id']}").get_json()
        assert (received["sha256"], received["percent_of_assessed"]) == (one["sha256"], one["percent"])
    sheet = caller.get(f"comparison.csv?period={month()}")
    assert sheet.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(sheet.text.removeprefix("\ufeff"))))
    assert [row[3] for row in rows[1:3]] == [one["district_slug"] for one in listed]
    assert [row[6] for row in rows[1:3]] == [one["percent"] for one in listed]
    assert caller.get("comparison?period=2020-01").get_json()["items"][0]["unranked"] == "not_published"


def check_report(caller) -> None:
    listed = caller.get("reports?campaign=sanitary_city").get_json()["items"]
    assert len(listed) == 1
    made = caller.get(listed[0]["word"])
    assert made.status_code == 200
    text = zipfile.ZipFile(io.BytesIO(made.data)).read("word/document.xml").decode()
    own = caller.get(f"publications/{listed[0]['id']}").get_json()
    for said in (own["sha256"], own["earned"], own["assessed"], own["percent_of_assessed"], own["coverage"]):
        assert said in text
    assert caller.get(f"reports/{uuid.uuid4()}.docx").status_code == 404
    assert caller.get("reports?campaign=civilized_city").get_json()["items"] == []
