"""Records of a form over the API (填写记录接口): answers by item, entries as JSON, filters, and who gets none."""

from __future__ import annotations

from datetime import timedelta

from core.api.entries import RecordList
from tenants.scope import Wall
from tests.factory import add_actor
from tests.work.entering import CODE, SANITARY, answered, first_version, full_data, put_in_use, second_version
from tests.work.market import ALL_GOOD, THURSDAY, town

ROOM = f"forms/{SANITARY}/{CODE}/records"


def test_records_come_with_answers_and_entries(wall: Wall, client_for) -> None:
    place = town(wall)
    with place.district.session(wall) as session:
        admin = add_actor(wall, place.ref, "administrator", place.district.root)
        put_in_use(session, admin, first_version())
        older = answered(session, place, first_version(), full_data()).visit.id
        put_in_use(session, admin, second_version())
        later = answered(
            session, place, second_version(), {"shops": 41}, ALL_GOOD, now=THURSDAY + timedelta(days=1)
        ).visit.id
        session.commit()
    caller = client_for(place.office)
    said = caller.get(ROOM).get_json()
    assert RecordList().validate(said) == {}
    new, old = said["items"]
    assert [new["visit_id"], old["visit_id"]] == [str(later), str(older)]
    assert (old["version"], new["version"], new["entries"]) == (1, 2, {"shops": 41})
    assert old["entries"]["stalls"][0]["lots"] == [{"weight": 3}, {"weight": 4}]
    assert len(old["answers"]) == len(first_version().items)
    assert {"rating": 5} in old["answers"].values()
    for asked, seen in (
        (f"version={first_version().sha256}", [old]),
        ("q=花卉", [old]),
        ("from=2026-11-20", [new]),
        (f"unit_id={place.district.communities[1]}", []),
    ):
        assert caller.get(f"{ROOM}?{asked}").get_json()["items"] == seen, asked
    assert caller.get(f"forms/{SANITARY}/NO-SUCH/records").status_code == 404
    assert caller.get(f"forms/no_such/{CODE}/records").status_code == 404
    elsewhere = client_for(add_actor(wall, place.ref, "liaison", place.district.communities[1]))
    assert elsewhere.get(ROOM).get_json()["items"] == []
