"""Photos in a real browser (照片走查): small and upright before they leave, with their time and place; HEIC; turned; without signal."""

from __future__ import annotations

import base64
import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from core.databases import Urls
from core.request import COOKIE
from core.work.inspection.photos import path_of
from core.work.tables import File, Site
from tests.browser.running import Camera, House, Reader, browser, need_browser, reader, served
from tests.factory import come_in
from tests.work.market import Town, town
from tests.work.pictures import GPS

pytestmark = pytest.mark.browser
MOST = 900_000
TAKEN = datetime(2026, 11, 19, 1, 30, tzinfo=UTC)
PLACE = (Decimal("112.558333"), Decimal("37.736806"))
# Where the red corner of what is stored stands when the picture is upright, and whether it stands on its side.
UPRIGHT = {1: ("left top", False), 3: ("right bottom", False), 5: ("left top", True), 6: ("right top", True)}
PREPARE = """async ([address, stubborn]) => {
  if (stubborn) {
    const made = createImageBitmap.bind(window);
    window.createImageBitmap = async (file, options) => made(file, { ...options, imageOrientation: 'none' });
  }
  const { prepare, headersOf } = await import(address);
  const photo = await prepare(document.querySelector('#raw').files[0]);
  const bytes = new Uint8Array(await photo.blob.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { ...photo, blob: null, bytes: btoa(text), headers: headersOf(photo) };
}"""


def picture(
    size: tuple[int, int], orientation: int = 1, kind: str = "JPEG", *, noise: bool = True, **save: Any
) -> bytes:
    """The worst that a phone could take: pure noise, which nothing compresses, red at its upper left as it is stored."""
    width, height = size
    image = Image.frombytes("RGB", size, os.urandom(width * height * 3)) if noise else Image.new("RGB", size, "navy")
    image.paste((255, 0, 0), (0, 0, width // 4, height // 4))
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif[0x0112] = orientation
    exif.get_ifd(0x8769).update({0x9003: "2026:11:19 09:30:00", 0x9011: "+08:00"})
    exif.get_ifd(0x8825).update(GPS)
    out = io.BytesIO()
    image.save(out, kind, exif=exif.tobytes(), **save)
    return out.getvalue()


def red_corner(image: Image.Image) -> str:
    right, low = image.width - 20, image.height - 20
    corners = {"left top": (20, 20), "right top": (right, 20), "left bottom": (20, low), "right bottom": (right, low)}
    pixels = {name: image.convert("RGB").getpixel(at) for name, at in corners.items()}
    return " and ".join(name for name, (red, green, _) in pixels.items() if red > 200 and green < 80)


@dataclass
class Scene:
    """A market on the map, and its inspector's phone."""

    house: House
    place: Town
    phone: Reader
    camera: Camera

    def files(self) -> list[File]:
        with self.place.district.session(self.house.wall) as session:
            return list(session.scalars(select(File).order_by(File.created_at, File.id)))

    def opened(self, file: File) -> Image.Image:
        return Image.open(path_of(self.house.files, self.place.ref.id, file.sha256))


@pytest.fixture(scope="module")
def scene(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    need_browser()
    with served(server, template, tmp_path_factory.mktemp("instance")) as house, browser() as opened:
        place, camera = town(house.wall), Camera()
        with place.district.session(house.wall) as session:
            site = session.get_one(Site, (place.ref.id, place.market))
            site.longitude, site.latitude = Decimal("112.558333"), Decimal("37.725")  # 1.3 km south of the pictures
            session.commit()
        phone = reader(house, opened, camera, width=390, height=844)
        token, _ = come_in(house.wall, place.inspector)
        phone.context.add_cookies([{"name": COOKIE, "value": token, "url": house.base}])
        yield Scene(house, place, phone, camera)


def prepared(scene: Scene, data: bytes, name: str = "a.jpg", mime: str = "image/jpeg", stubborn: bool = False) -> dict:
    page = scene.phone.page
    page.goto(f"{scene.house.base}/t/{scene.place.ref.slug}/visit/{scene.place.market}")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<input type=file id=raw>')")
    page.locator("#raw").set_input_files([{"name": name, "mimeType": mime, "buffer": data}])
    found = page.evaluate(PREPARE, [f"{scene.house.base}/static/js/photo-shrink.js", stubborn])
    return found | {"bytes": base64.b64decode(found["bytes"])}


@pytest.mark.parametrize("orientation", [1, 3, 5, 6])
def test_twelve_megapixels_leave_under_900_kb_upright_with_time_and_place(scene: Scene, orientation: int) -> None:
    data = picture((4000, 3000), orientation, quality=95)
    assert len(data) > 12_000_000
    photo = prepared(scene, data)
    corner, on_its_side = UPRIGHT[orientation]
    assert 600_000 < len(photo["bytes"]) <= MOST
    made = Image.open(io.BytesIO(photo["bytes"]))
    assert made.size == (photo["width"], photo["height"]) == ((1440, 1920) if on_its_side else (1920, 1440))
    assert red_corner(made) == corner
    assert (photo["takenAt"], photo["longitude"]) == ("2026-11-19T09:30:00+08:00", 112.5583333)
    assert photo["headers"]["X-Photo-Latitude"] == "37.7368056"
    assert b"SECRETMAKER" not in photo["bytes"]
    exif = made.getexif()
    assert exif.get_ifd(0x8769) == {0x9003: "2026:11:19 09:30:00", 0x9011: "+08:00"}
    assert sorted(exif) == [0x8769, 0x8825]


@pytest.mark.parametrize("orientation", [3, 5, 6])
def test_a_browser_that_does_not_turn_pictures_is_found_out(scene: Scene, orientation: int) -> None:
    photo = prepared(scene, picture((1200, 900), orientation, noise=False), stubborn=True)
    made = Image.open(io.BytesIO(photo["bytes"]))
    corner, on_its_side = UPRIGHT[orientation]
    assert made.size == ((900, 1200) if on_its_side else (1200, 900))
    assert red_corner(made) == corner


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_screenshots_become_jpeg(scene: Scene, kind: str) -> None:
    photo = prepared(scene, picture((900, 1950), kind=kind), f"a.{kind.lower()}", f"image/{kind.lower()}")
    made = Image.open(io.BytesIO(photo["bytes"]))
    assert (made.format, made.height) == ("JPEG", 1920)
    assert len(photo["bytes"]) <= MOST
    assert photo["takenAt"] == "2026-11-19T09:30:00+08:00"


def test_what_is_broken_or_says_nonsense_is_handed_on_as_it_is(scene: Scene) -> None:
    whole = picture((400, 300), noise=False)
    at = whole.index(b"Exif\0\0") + 10
    for data in (b"", b"\xff\xd8\xff", whole[:200], b"\0\0\0\x18ftypheic" + b"\0" * 40):
        photo = prepared(scene, data)
        assert photo["bytes"] == data
        assert photo["width"] is None
    for first in (0, 9, 2**32 - 1):  # the first directory of the Exif points at itself, outside, nowhere
        photo = prepared(scene, whole[:at] + struct.pack(">I", first) + whole[at + 4 :])
        assert (photo["takenAt"], photo["longitude"]) == (None, None)
        assert photo["width"] == 400


def choose(page: Page, code: str, *files: dict[str, Any]) -> None:
    page.locator(f"#f-photo-{code}").set_input_files(list(files))


def jpeg_file(name: str, data: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def open_visit(scene: Scene, code: str) -> Page:
    page = scene.phone.go(f"/t/{scene.place.ref.slug}/visit/{scene.place.market}")
    page.locator(f"#q-{code} [data-beside]").evaluate("box => { box.open = true }")
    return page


def test_time_and_place_and_the_device_arrive_in_the_database(scene: Scene) -> None:
    scene.phone.context.grant_permissions(["geolocation"])
    scene.phone.context.set_geolocation({"longitude": 112.56, "latitude": 37.73, "accuracy": 15})
    known = {file.id for file in scene.files()}
    page = open_visit(scene, "toilet_clean")
    choose(page, "toilet_clean", jpeg_file("one.jpg", picture((4000, 3000), 6, quality=95)))
    box = page.locator("#q-toilet_clean [data-photo]")
    expect(box.locator("input[type=hidden][name='photo.toilet_clean']")).to_have_count(1)
    (file,) = [one for one in scene.files() if one.id not in known]
    assert (file.taken_at, file.time_source) == (TAKEN, "exif")
    assert ((file.longitude, file.latitude), file.place_source) == (PLACE, "exif")
    assert (file.device_longitude, file.device_latitude) == (Decimal("112.56"), Decimal("37.73"))
    assert file.device_accuracy_m == 15
    assert file.device_at is not None
    assert abs((file.created_at - file.device_at).total_seconds()) < 60
    assert abs(file.device_skew_seconds or 0) <= 5
    assert (file.width, file.height, red_corner(scene.opened(file))) == (1440, 1920, "right top")
    scene.phone.context.clear_permissions()
    first = box.locator("input[type=hidden][name='photo.toilet_clean']").get_attribute("value")
    box.get_by_role("button", name="向右转").click()
    expect(box.locator(f"input[type=hidden][value='{first}']")).to_have_count(0)
    expect(box.locator("input[type=hidden][name='photo.toilet_clean']")).to_have_count(1)
    turned = scene.files()[-1]
    assert (turned.width, turned.height, red_corner(scene.opened(turned))) == (1920, 1440, "right bottom")
    assert (turned.taken_at, turned.longitude) == (TAKEN, PLACE[0])
    box.get_by_role("button", name="去掉这张照片").press("Enter")
    expect(box.locator(".sent > li")).to_have_count(0)
    assert page.evaluate("document.activeElement.type") == "file"


def test_a_photo_that_is_chosen_before_the_script_is_there_is_sent(scene: Scene) -> None:
    held: list[Route] = []
    scene.phone.page.route("**/photo-shrink.js*", lambda route: held.append(route))
    page = open_visit(scene, "trade_rules_posted")
    box = page.locator("#q-trade_rules_posted [data-photo]")
    choose(page, "trade_rules_posted", jpeg_file("early.jpg", picture((640, 480), quality=80)))
    expect(box.locator("input[type=hidden][name='photo.trade_rules_posted']")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(box.locator("input[type=hidden][name='photo.trade_rules_posted']")).to_have_count(1)
    page.unroute("**/photo-shrink.js*")


def test_several_photos_without_signal_wait_and_leave_when_it_returns(scene: Scene) -> None:
    page = open_visit(scene, "toilet_clean")
    page.wait_for_timeout(500)
    known = len(scene.files())
    scene.phone.context.set_offline(True)
    photos = [jpeg_file(f"{n}.jpg", picture((640, 480), quality=80)) for n in range(3)]
    choose(page, "toilet_clean", *photos)
    box = page.locator("#q-toilet_clean [data-photo]")
    expect(box.get_by_text("没有信号，提交时一并发送")).to_have_count(3)
    assert page.locator("#f-photo-toilet_clean").evaluate("input => input.files.length") == 3
    assert "device_at" in (box.locator("[data-said]").get_attribute("value") or "")
    scene.phone.context.set_offline(False)
    expect(box.locator("input[type=hidden][name='photo.toilet_clean']")).to_have_count(3)
    assert page.locator("#f-photo-toilet_clean").evaluate("input => input.files.length") == 0
    assert len(scene.files()) == known + 3


def test_heic_is_stored_as_jpeg_with_time_and_place_and_opens_in_the_page(scene: Scene) -> None:
    known = {file.id for file in scene.files()}
    page = open_visit(scene, "illegal_posters")
    data = picture((1600, 1200), 6, "HEIF", noise=False, quality=60)
    choose(page, "illegal_posters", {"name": "IMG_0001.HEIC", "mimeType": "image/heic", "buffer": data})
    box = page.locator("#q-illegal_posters [data-photo]")
    expect(box.locator("input[type=hidden][name='photo.illegal_posters']")).to_have_count(1)
    (file,) = [one for one in scene.files() if one.id not in known]
    made = scene.opened(file)
    assert (made.format, made.size, red_corner(made)) == ("JPEG", (1200, 1600), "right top")
    assert ((file.longitude, file.latitude), file.place_source) == (PLACE, "exif")
    assert (file.taken_at, file.time_source) == (TAKEN, "exif")
    page.goto(f"{scene.house.base}/t/{scene.place.ref.slug}/photos/{file.id}")
    assert page.locator("img").evaluate("image => image.naturalWidth") == 1200
