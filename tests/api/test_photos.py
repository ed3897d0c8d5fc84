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
