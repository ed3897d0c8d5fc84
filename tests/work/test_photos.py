"""Photos: limits before decoding, time and place kept aside, everything else gone, one row an original, seen by few."""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zlib
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from PIL import Image
from sqlalchemy import func, select

from core.errors import InvalidInput, NotFound, TooLarge
from core.work.inspection.photo_said import Said
from core.work.inspection.photos import MAX_BYTES, find_files, open_photo, path_of, store, thumbnail
from core.work.tables import Audit, File
from tests.factory import add_actor, add_site
from tests.work.market import ANSWERS, THURSDAY, Town, send, town
from tests.work.pictures import GPS, jpeg


@pytest.fixture(scope="module")
def place(wall) -> Town:
    return town(wall)


def keep(wall, place, data, files, **more) -> File:
    with place.district.session(wall) as session:
        file = store(session, place.inspector, data, files=files, **more)
        session.commit()
        return file


def opened(files, place, file) -> Image.Image:
    image = Image.open(path_of(files, place.ref.id, file.sha256))
    image.load()
    return image


def test_time_and_place_are_read_and_then_gone(wall, place, tmp_path):
    original = jpeg(comment=b"SECRETCOMMENT")
    assert b"SECRETMAKER" in original
    assert b"SECRETCOMMENT" in original
    file = keep(wall, place, original, tmp_path)
    assert file.taken_at == datetime(2026, 11, 19, 1, 30, tzinfo=UTC)
    assert (file.longitude, file.latitude) == (Decimal("112.558333"), Decimal("37.736806"))
    path = path_of(tmp_path, place.ref.id, file.sha256)
    stored = path.read_bytes()
    assert hashlib.sha256(stored).hexdigest() == file.sha256 == path.name
    assert file.original_sha256 == hashlib.sha256(original).hexdigest()
    assert (file.size, file.media_type) == (len(stored), "image/jpeg")
    assert b"Exif" not in stored
    assert b"SECRET" not in stored
    image = opened(tmp_path, place, file)
    assert not image.getexif()
    assert "comment" not in image.info
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in path.parent.iterdir()] == [file.sha256]


def test_the_picture_is_upright_and_small(wall, place, tmp_path):
    file = keep(wall, place, jpeg((3000, 1500), orientation=6), tmp_path)
    assert (file.width, file.height) == (1000, 2000) == opened(tmp_path, place, file).size
    assert (lambda f: (f.width, f.height))(keep(wall, place, jpeg((300, 200)), tmp_path)) == (300, 200)


def heic(size: tuple[int, int] = (800, 600), orientation: int = 1, noise: bool = False) -> bytes:
    """A HEIC photo as a phone writes it: red at its upper left as it is stored, turned by ``orientation``, with EXIF."""
    image = Image.effect_noise(size, 90).convert("RGB") if noise else Image.new("RGB", size, (20, 20, 200))
    image.paste((230, 10, 10), (0, 0, size[0] // 4, size[1] // 4))
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif[0x0112] = orientation
    exif.get_ifd(0x8769).update({0x9003: "2026:11:19 09:30:00", 0x9011: "+08:00"})
    exif.get_ifd(0x8825).update(GPS)
    out = io.BytesIO()
    image.save(out, "HEIF", exif=exif.tobytes(), quality=60)
    return out.getvalue()


def red_corner(image: Image.Image) -> str:
    """Which corner is red."""
    right, low = image.width - 9, image.height - 9
    corners = {"left top": (8, 8), "right top": (right, 8), "left bottom": (8, low), "right bottom": (right, low)}
    return " and ".join(name for name, at in corners.items() if image.getpixel(at)[0] > 150)


@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [(1, (800, 600), "left top"), (3, (800, 600), "right bottom"), (6, (600, 800), "right top")],
)
def test_heic_becomes_an_upright_jpeg_with_its_time_and_place(wall, place, tmp_path, orientation, size, corner):
    file = keep(wall, place, heic(orientation=orientation), tmp_path)
    image = opened(tmp_path, place, file)
    assert (image.format, image.size, red_corner(image)) == ("JPEG", size, corner)
    assert file.taken_at == datetime(2026, 11, 19, 1, 30, tzinfo=UTC)
    assert (file.longitude, file.latitude) == (Decimal("112.558333"), Decimal("37.736806"))
    assert (file.time_source, file.place_source) == ("exif", "exif")
    assert b"SECRETMAKER" not in path_of(tmp_path, place.ref.id, file.sha256).read_bytes()


def declared(data: bytes, width: int, height: int) -> bytes:
    """The same HEIC with another declared size."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_heic_that_is_too_large_or_larger_than_it_declares_is_refused(wall, place, tmp_path):
    assert refusal(wall, place, declared(heic(), 8000, 8000), tmp_path).faults[0].message == "照片像素过多"
    assert refusal(wall, place, declared(heic(), 2**31 - 1, 2**31 - 1), tmp_path).faults[0].remedy
    large = heic((4000, 3000))
    for damaged in (declared(large, 400, 300), large[: len(large) // 2], large[:300]):
        assert refusal(wall, place, damaged, tmp_path).faults[0].message == "照片已损坏，无法读取"


def test_avif_is_no_photo_that_phones_send(wall, place, tmp_path):
    assert "HEIC" in refusal(wall, place, b"\0\0\0\x18ftypavif" + b"\0" * 50, tmp_path).faults[0].remedy


SAID = Said(
    taken_at=datetime(2026, 11, 18, 2, tzinfo=UTC),
    longitude=Decimal("112.1"),
    latitude=Decimal("37.1"),
    device_at=datetime(2026, 11, 19, 2, tzinfo=UTC),
    device_longitude=Decimal("112.2"),
    device_latitude=Decimal("37.2"),
    accuracy_m=25,
    skew_seconds=-90,
)


def test_the_bytes_speak_first_and_the_device_where_they_are_silent(wall, place, tmp_path):
    read = keep(wall, place, jpeg(), tmp_path, said=SAID)
    assert (read.taken_at, read.time_source) == (datetime(2026, 11, 19, 1, 30, tzinfo=UTC), "exif")
    assert (read.longitude, read.place_source) == (Decimal("112.558333"), "exif")
    told = keep(wall, place, jpeg(taken=None, gps=None), tmp_path, said=SAID)
    assert (told.taken_at, told.time_source) == (SAID.taken_at, "device")
    assert (told.longitude, told.latitude, told.place_source) == (Decimal("112.1"), Decimal("37.1"), "device")
    for file in (read, told):
        assert (file.device_at, file.device_longitude, file.device_latitude) == (
            SAID.device_at,
            SAID.device_longitude,
            SAID.device_latitude,
        )
        assert (file.device_accuracy_m, file.device_skew_seconds) == (25, -90)
    silent = keep(wall, place, jpeg(taken=None, gps=None), tmp_path)
    assert (silent.taken_at, silent.time_source, silent.place_source, silent.device_at) == (None, "", "", None)


def test_what_was_said_first_stands(wall, place, tmp_path):
    data = jpeg(taken=None, gps=None)
    first = keep(wall, place, data, tmp_path, said=SAID)
    again = keep(wall, place, data, tmp_path, said=Said(taken_at=datetime(2026, 11, 1, tzinfo=UTC)))
    assert (again.id, again.taken_at) == (first.id, SAID.taken_at)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_kinds_become_jpeg(wall, place, tmp_path, kind):
    file = keep(wall, place, jpeg(kind=kind), tmp_path)
    assert opened(tmp_path, place, file).format == "JPEG"
    assert file.longitude == Decimal("112.558333")


def test_transparency_becomes_white(wall, place, tmp_path):
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(tmp_path, place, keep(wall, place, out.getvalue(), tmp_path)).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "more",
    [
        {"taken": "not a time", "gps": None},
        {"taken": "0000:00:00 00:00:00", "gps": {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}},
        {"taken": None, "gps": {1: "N", 2: (99.0, 0.0, 0.0), 3: "E", 4: (112.0, 0.0, 0.0)}},
        {"taken": "2199:01:01 00:00:00", "gps": {1: "N", 3: "E"}},
    ],
)
def test_nonsense_in_the_exif_is_no_time_and_no_place(wall, place, tmp_path, more):
    file = keep(wall, place, jpeg(**more), tmp_path)
    assert (file.taken_at, file.longitude, file.latitude) == (None, None, None)


def test_without_an_offset_the_time_is_local(wall, place, tmp_path):
    assert keep(wall, place, jpeg(offset=None), tmp_path).taken_at == datetime(2026, 11, 19, 1, 30, tzinfo=UTC)
    assert keep(wall, place, jpeg(offset="+00:00"), tmp_path).taken_at == datetime(2026, 11, 19, 9, 30, tzinfo=UTC)


def refusal(wall, place, data, tmp_path, error=InvalidInput, **more):
    with place.district.session(wall) as session:
        before = session.scalar(select(func.count()).select_from(File))
        with pytest.raises(error) as caught:
            store(session, place.inspector, data, files=tmp_path, **more)
        assert session.scalar(select(func.count()).select_from(File)) == before
    assert not (tmp_path / str(place.ref.id)).exists()
    return caught.value


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size without holding it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000))


@pytest.mark.filterwarnings(
    "ignore::PIL.Image.DecompressionBombWarning"
)  # pytest resets what the product turns into errors
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "这不是可识别的照片"),
        (b"%PDF-1.7 ....", "这不是可识别的照片"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "这不是可识别的照片"),
        (b"GIF89a" + b"\0" * 50, "这不是可识别的照片"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 50, "照片已损坏，无法读取"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 200, "照片已损坏，无法读取"),
        (png_header(100, 100), "照片已损坏，无法读取"),
        (png_header(8000, 8000), "照片像素过多"),
        (png_header(60000, 60000), "照片像素过多"),
    ],
    ids=["empty", "pdf", "svg", "gif", "empty heic", "broken", "cut", "large", "bomb"],
)
def test_what_is_no_photo_or_too_large_is_refused_with_a_remedy(wall, place, tmp_path, data, said):
    fault = refusal(wall, place, data, tmp_path).faults[0]
    assert fault.message == said
    assert fault.remedy


def test_a_cut_off_photo_is_refused(wall, place, tmp_path):
    data = jpeg((800, 600), quality=95)
    refusal(wall, place, data[: len(data) // 2], tmp_path)


def test_a_file_over_the_limit_is_refused_before_it_is_read_to_the_end(wall, place, tmp_path):
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0, "asked for everything"
            self.taken += size
            return b"\xff" * size

    stream = Endless()
    refusal(wall, place, stream, tmp_path, TooLarge)
    assert stream.taken == MAX_BYTES + 1
    refusal(wall, place, b"\xff\xd8\xff" + b"\0" * MAX_BYTES, tmp_path, TooLarge)


def test_a_declared_hash_must_fit(wall, place, tmp_path):
    data = jpeg()
    assert refusal(wall, place, data, tmp_path, declared_sha256="0" * 64).faults[0].field == "sha256"
    assert keep(wall, place, data, tmp_path, declared_sha256=hashlib.sha256(data).hexdigest().upper())


def test_the_same_original_is_one_row(wall, place, tmp_path):
    data = jpeg()
    first, second = keep(wall, place, data, tmp_path), keep(wall, place, io.BytesIO(data), tmp_path)
    assert first.id == second.id
    with place.district.session(wall) as session:
        lines = session.scalars(select(Audit).filter_by(verb="photo.store", object_id=str(first.id))).all()
    assert len(lines) == 1


def test_a_file_lost_from_the_disk_comes_back(wall, place, tmp_path):
    data = jpeg()
    file = keep(wall, place, data, tmp_path)
    path_of(tmp_path, place.ref.id, file.sha256).unlink()
    assert keep(wall, place, data, tmp_path).id == file.id
    assert path_of(tmp_path, place.ref.id, file.sha256).exists()


def test_the_same_original_at_the_same_moment_is_one_row(wall, place, tmp_path):
    data, gate, ids, errors = jpeg(), threading.Barrier(4), [], []

    def run() -> None:
        try:
            with place.district.session(wall) as session:
                gate.wait()
                ids.append(store(session, place.inspector, data, files=tmp_path).id)
                session.commit()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(ids) == 4
    assert len(set(ids)) == 1


def test_references_by_id_and_by_both_hashes(wall, place, tmp_path):
    file = keep(wall, place, jpeg(), tmp_path)
    refs = [str(file.id), file.sha256, file.original_sha256.upper(), "nonsense", "0" * 64]
    with place.district.session(wall) as session:
        assert {ref: row.id for ref, row in find_files(session, refs).items()} == dict.fromkeys(refs[:3], file.id)


def test_a_photo_is_seen_by_its_sender_and_by_those_in_whose_reach_it_lies(wall, tmp_path):
    place, other = town(wall), town(wall, "邻区")
    far = add_actor(wall, place.ref, "inspector", place.district.communities[1])
    near = add_actor(wall, place.ref, "inspector", place.district.communities[0])
    with place.district.session(wall) as session:
        market = add_site(session, place.district.communities[0], "produce_market")
        file = store(session, far, jpeg(), files=tmp_path)
        assert open_photo(session, far, file.id, tmp_path).is_file()
        for actor in (near, place.inspector, place.liaison):
            with pytest.raises(NotFound):
                open_photo(session, actor, file.id, tmp_path)
        done = send(
            session, place, site_id=market, photos={"toilet_clean": [str(file.id)], "no_wildlife": [file.sha256]}
        )
        session.commit()
        # the place's own inspector, the HQ office, and the department that leads the toilet finding see it now
        for actor in (near, place.office, place.inspector, place.liaison):
            assert open_photo(session, actor, file.id, tmp_path, now=THURSDAY).is_file()
        stranger = add_actor(wall, place.ref, "liaison", place.district.departments["finance_bureau"])
        with pytest.raises(NotFound):
            open_photo(session, stranger, file.id, tmp_path)
        assert done.visit.site_id == market
    with other.district.session(wall) as session:
        with pytest.raises(NotFound):
            open_photo(session, other.office, file.id, tmp_path)


def test_who_sends_the_same_photo_second_sees_it_too(wall, place, tmp_path):
    data = jpeg()
    keep(wall, place, data, tmp_path)
    with place.district.session(wall) as session:
        with pytest.raises(NotFound):
            open_photo(session, place.liaison, store(session, place.inspector, data, files=tmp_path).id, tmp_path)
        file = store(session, place.liaison, data, files=tmp_path)
        assert open_photo(session, place.liaison, file.id, tmp_path)


def test_a_thumbnail_is_made_once(wall, place, tmp_path):
    file = keep(wall, place, jpeg((1200, 600)), tmp_path)
    with place.district.session(wall) as session:
        small = thumbnail(session, place.inspector, file.id, tmp_path)
        assert Image.open(small).size == (320, 160)
        stamp = small.stat().st_mtime_ns
        assert thumbnail(session, place.inspector, file.id, tmp_path).stat().st_mtime_ns == stamp
        with pytest.raises(NotFound):
            thumbnail(session, place.liaison, file.id, tmp_path)
    assert ANSWERS
