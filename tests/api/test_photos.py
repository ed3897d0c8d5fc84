"""Photos over the API: sent as they are or as a part, checked against their hash, seen by those who may."""

from __future__ import annotations

import hashlib
import io
import uuid

from PIL import Image

from tenants.scope import Wall
from tests.factory import add_actor
from tests.work.market import Town, town
from tests.work.pictures import jpeg


def test_the_same_photo_is_kept_once(client_for, place: Town) -> None:
    caller = client_for(place.inspector)
    data = jpeg()
    digest = hashlib.sha256(data).hexdigest()
    raw = caller.post("photos", data=data, content_type="image/jpeg", headers={"X-Content-SHA256": digest})
    assert raw.status_code == 201, raw.text
    part = {"photo": (io.BytesIO(data), "照片.jpg", "image/jpeg")}
    again = caller.post("photos", data=part, content_type="multipart/form-data")
    assert again.get_json() == raw.get_json()
    assert raw.get_json()["original_sha256"] == digest
    assert raw.get_json()["longitude"] == "112.558333"
    assert raw.headers["Location"] == caller.path(f"photos/{raw.get_json()['id']}")


def test_what_is_given_back_is_clean_and_private(client_for, place: Town) -> None:
    caller = client_for(place.inspector)
    sent = caller.post("photos", data=jpeg((1600, 900)), content_type="application/octet-stream").get_json()
    for address, side in ((f"photos/{sent['id']}", 1600), (f"photos/{sent['id']}/thumbnail", 320)):
        made = caller.get(address)
        assert made.status_code == 200
        assert made.mimetype == "image/jpeg"
        assert made.headers["Cache-Control"].startswith("private")
        picture = Image.open(io.BytesIO(made.data))
        assert max(picture.size) == side
        assert b"SECRETMAKER" not in made.data
        assert not picture.getexif()


def test_bad_photos_are_refused(client_for, place: Town) -> None:
    caller = client_for(place.inspector)
    cases = (
        ({"data": b"no picture", "content_type": "image/jpeg"}, 422),
        ({"data": b"", "content_type": "image/jpeg"}, 422),
        ({"data": jpeg(), "content_type": "text/plain"}, 415),
        ({"data": {"other": (io.BytesIO(jpeg()), "x.jpg")}, "content_type": "multipart/form-data"}, 422),
        ({"data": b"x" * (12 * 1024 * 1024 + 1), "content_type": "image/jpeg"}, 413),
        ({"data": b"x" * (17 * 1024 * 1024), "content_type": "image/jpeg"}, 413),
        ({"data": jpeg(), "content_type": "image/jpeg", "headers": {"X-Content-SHA256": "0" * 64}}, 422),
    )
    for given, status in cases:
        made = caller.post("photos", **given)
        assert made.status_code == status, (status, made.text)


def test_a_photo_is_not_for_everyone(client_for, wall: Wall, place: Town) -> None:
    mine = client_for(place.inspector)
    sent = mine.post("photos", data=jpeg(), content_type="image/jpeg").get_json()
    other = town(wall)
    elsewhere = add_actor(wall, place.ref, "liaison", place.district.communities[1])
    unknown = mine.get(f"photos/{uuid.uuid4()}")
    for caller in (client_for(elsewhere), client_for(other.office)):
        refused = caller.get(f"photos/{sent['id']}")
        assert refused.status_code == 404
        assert refused.data == unknown.data
    keeper = add_actor(wall, place.ref, "administrator", place.district.root)
    assert client_for(keeper).post("photos", data=jpeg(), content_type="image/jpeg").status_code == 403


SAID = {
    "X-Photo-Taken-At": "2026-11-18T09:12:00+08:00",
    "X-Photo-Longitude": "112.5",
    "X-Photo-Latitude": "37.7",
    "X-Device-At": "2026-11-20T09:12:00+08:00",
    "X-Device-Longitude": "112.6",
    "X-Device-Latitude": "37.8",
    "X-Device-Accuracy": "12.4",
}


def test_what_the_device_says_is_kept_beside_the_photo(client_for, place: Town) -> None:
    caller = client_for(place.inspector)
    made = caller.post("photos", data=jpeg(taken=None, gps=None), content_type="image/jpeg", headers=SAID).get_json()
    fields = {
        "taken_at": "2026-11-18T09:12:00+08:00",
        "longitude": "112.5",
        "latitude": "37.7",
        "device_at": "2026-11-20T09:12:00+08:00",
        "device_longitude": "112.6",
        "device_latitude": "37.8",
        "device_accuracy_m": "12.4",
    }
    part = fields | {"photo": (io.BytesIO(jpeg(taken=None, gps=None)), "a.jpg", "image/jpeg")}
    again = caller.post("photos", data=part, content_type="multipart/form-data").get_json()
    own = {"id", "sha256", "original_sha256", "size", "width", "height", "media_type"}
    assert {k: v for k, v in made.items() if k not in own} == {k: v for k, v in again.items() if k not in own}
    assert (made["taken_at"], made["time_source"]) == ("2026-11-18T01:12:00Z", "device")
    assert (made["longitude"], made["place_source"]) == ("112.500000", "device")
    assert (made["device_latitude"], made["device_accuracy_m"]) == ("37.800000", 12)
    assert made["device_skew_seconds"] is None
    read = caller.post("photos", data=jpeg(), content_type="image/jpeg", headers=SAID).get_json()
    assert (read["longitude"], read["time_source"], read["place_source"]) == ("112.558333", "exif", "exif")


def test_nonsense_about_a_photo_is_refused_by_name_and_nothing_is_kept(client_for, place: Town) -> None:
    caller = client_for(place.inspector)
    data = jpeg()
    wrong = {"X-Device-At": "noon", "X-Device-Longitude": "200", "X-Photo-Latitude": "NaN"}
    refused = caller.post("photos", data=data, content_type="image/jpeg", headers=SAID | wrong)
    assert refused.status_code == 422
    assert {one["field"] for one in refused.get_json()["faults"]} == {"device_at", "device_longitude", "latitude"}
    kept = caller.post("photos", data=data, content_type="image/jpeg", headers=SAID)
    assert kept.status_code == 201
    assert kept.get_json()["device_at"] == "2026-11-20T01:12:00Z", "what was refused has left nothing behind"
