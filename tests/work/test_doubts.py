"""Doubts about closings (疑点): raised by facts, once, and never more than a question."""

from __future__ import annotations

import io
import random
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from core.work.inspection.looks import BANDS, NEAR, bands_of, distance, look_of
from core.work.inspection.photos import store
from core.work.intake.reporting import report
from core.work.loop.ledger import act
from core.work.proofs.doubt_photos import metres_between
from core.work.proofs.doubts import look_at_visit
from core.work.tables import Attachment, File, Signal, Site, Visit
from core.work.tenant_settings import Integrity
from tenants.db import new_id
from tests.work.ledger_town import THURSDAY, Town, lay_finding, town

LATER = THURSDAY + timedelta(hours=30)
BURST = Integrity().burst


def scene(number: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture with some shapes in it, another for each number."""
    chance = random.Random(number)
    image = Image.new("RGB", size, (200, 205, 210))
    pen = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        shade = tuple(chance.randrange(256) for _ in range(3))
        pen.rectangle((x, y, x + chance.randrange(40, 300), y + chance.randrange(40, 300)), fill=shade)
    return image


def jpeg_of(image: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


@pytest.fixture(scope="module")
def place(wall, tmp_path_factory) -> Town:
    made = town(wall, tmp_path_factory.mktemp("files"))
    with made.district.session(wall) as session:
        site = session.get(Site, (made.district.ref.id, made.site))
        site.longitude, site.latitude = 112, 37
        session.commit()
    return made


@pytest.fixture
def session(wall, place):
    with place.district.session(wall) as opened:
        yield opened


def answer(session, place, file, *, now=THURSDAY + timedelta(hours=2), finding=None):
    found = finding or lay_finding(session, place, "rectifying")
    act(session, place.people["liaison"], found.id, "answer", version=found.version, photos=[str(file.id)], now=now)
    return found


def kinds(session, finding) -> list[str]:
    return sorted(session.scalars(select(Signal.kind).where(Signal.finding_id == finding.id)))


def keep(session, place, folder, data) -> object:
    return store(session, place.people["liaison"], data, files=folder, now=THURSDAY)


def test_a_look_survives_recompression_and_tells_scenes_apart() -> None:
    looks = [look_of(scene(n)) for n in range(60)]
    assert None not in looks
    for number, look in enumerate(looks):
        with Image.open(io.BytesIO(jpeg_of(scene(number), 35))) as again:
            assert distance(look, look_of(again)) <= NEAR
        small = scene(number).resize((320, 240), Image.Resampling.LANCZOS)
        assert distance(look, look_of(small)) <= NEAR
    others = [distance(a, b) for n, a in enumerate(looks) for b in looks[n + 1 :]]
    assert sum(one <= NEAR for one in others) == 0


def test_a_wall_has_no_look() -> None:
    assert look_of(Image.new("RGB", (640, 480), (120, 120, 120))) is None


def test_three_bits_leave_a_band_untouched() -> None:
    chance = random.Random(7)
    for _ in range(500):
        one = chance.getrandbits(64) - (1 << 63)
        other = one
        for bit in chance.sample(range(63), NEAR):
            other ^= 1 << bit
        assert distance(one, other) == NEAR
        assert any(a == b for a, b in zip(bands_of(one), bands_of(other), strict=True))
        assert all(0 <= band < 1 << 16 for band in bands_of(one))
        assert len(bands_of(one)) == BANDS


def test_the_same_photo_and_a_twin_of_it_are_questions(session, place, tmp_path) -> None:
    first = keep(session, place, tmp_path, jpeg_of(scene(1)))
    twin = keep(session, place, tmp_path, jpeg_of(scene(1), 40))
    fresh = keep(session, place, tmp_path, jpeg_of(scene(2)))
    assert twin.id != first.id
    assert kinds(session, answer(session, place, first)) == []
    again = answer(session, place, first)
    assert kinds(session, again) == ["photo_reused"]
    body = session.scalars(select(Signal.body).where(Signal.finding_id == again.id)).one()
    assert body["uses"][0]["finding"]
    assert kinds(session, answer(session, place, twin)) == ["photo_twin"]
    assert kinds(session, answer(session, place, fresh)) == []
    session.rollback()


def test_a_photo_from_before_or_from_far_away_is_a_question(session, place) -> None:
    def sent(**said) -> File:
        row = {"media_type": "image/jpeg", "size": 1, "width": 1, "height": 1, "sha256": "0" * 64}
        file = File(
            id=new_id(), original_sha256=new_id().hex * 2, person_id=place.people["liaison"].person_id, **row, **said
        )
        session.add(file)
        session.flush()
        return file

    assert metres_between(112.02, 37, 112, 37) == 1_776
    good = {"taken_at": THURSDAY + timedelta(hours=1), "longitude": 112.001, "latitude": 37}
    assert kinds(session, answer(session, place, sent(**good))) == []
    assert kinds(session, answer(session, place, sent(**good | {"longitude": 112.02}))) == ["photo_far"]
    early = good | {"taken_at": THURSDAY - timedelta(days=2)}
    assert kinds(session, answer(session, place, sent(**early))) == ["photo_early"]
    session.rollback()


def test_a_burst_before_the_deadline_is_one_question(session, place, tmp_path) -> None:
    findings = [lay_finding(session, place, "rectifying") for _ in range(BURST + 3)]
    moment = findings[0].due_at - timedelta(hours=1)
    for number, finding in enumerate(findings):
        file = keep(session, place, tmp_path, jpeg_of(scene(100 + number)))
        answer(session, place, file, now=moment + timedelta(seconds=number), finding=finding)
    raised = session.scalars(select(Signal).where(Signal.kind == "burst")).all()
    assert len(raised) == 1
    assert raised[0].body["count"] == BURST
    session.rollback()


def test_what_comes_back_within_thirty_days_is_a_question(session, place, tmp_path) -> None:
    for days, wanted in ((29, ["reopened_soon"]), (31, [])):
        finding = lay_finding(session, place, "answered")
        act(session, place.people["office"], finding.id, "close", version=1, outcome="fixed", now=THURSDAY)
        later = THURSDAY + timedelta(days=days)
        act(session, place.people["office"], finding.id, "reopen", version=2, note="又有了", now=later)
        assert kinds(session, finding) == wanted
    session.rollback()


def sent_at(session, place, taken, **said) -> File:
    """A photo with a time of its own."""
    row = {"media_type": "image/jpeg", "size": 1, "width": 1, "height": 1, "sha256": "0" * 64, "taken_at": taken}
    person = place.people["liaison"].person_id
    file = File(id=new_id(), original_sha256=new_id().hex * 2, person_id=person, **row, **said)
    session.add(file)
    session.flush()
    return file


def test_a_rejected_photo_sent_again_is_a_question(session, place, tmp_path) -> None:
    for number, quality, wanted in ((31, 90, ["photo_reused"]), (34, 40, ["photo_twin"])):
        first, again = (keep(session, place, tmp_path, jpeg_of(scene(number), one)) for one in (90, quality))
        finding = answer(session, place, first, finding=lay_finding(session, place, "rectifying"))
        assert kinds(session, finding) == []
        act(session, place.people["office"], finding.id, "send_back", version=2, note="没改好", now=LATER)
        answer(session, place, again, finding=finding, now=LATER + timedelta(hours=1))
        assert kinds(session, finding) == wanted
    finding = answer(session, place, keep(session, place, tmp_path, jpeg_of(scene(32))))
    act(session, place.people["office"], finding.id, "send_back", version=2, note="没改好", now=LATER)
    answer(session, place, keep(session, place, tmp_path, jpeg_of(scene(33))), finding=finding, now=LATER)
    assert kinds(session, finding) == []
    session.rollback()


def test_a_photo_older_than_the_last_return_is_a_question(session, place) -> None:
    finding = lay_finding(session, place, "answered")
    act(session, place.people["office"], finding.id, "send_back", version=1, note="没改好", now=LATER)
    answer(session, place, sent_at(session, place, LATER - timedelta(hours=5)), finding=finding, now=LATER)
    assert kinds(session, finding) == ["photo_stale"]
    fresh = lay_finding(session, place, "answered")
    act(session, place.people["office"], fresh.id, "send_back", version=1, note="没改好", now=LATER)
    answer(session, place, sent_at(session, place, LATER), finding=fresh, now=LATER)
    assert kinds(session, fresh) == []
    session.rollback()


def test_what_was_put_right_at_once_is_looked_at_too(session, place, tmp_path) -> None:
    used = keep(session, place, tmp_path, jpeg_of(scene(41)))
    answer(session, place, used)
    before = keep(session, place, tmp_path, jpeg_of(scene(42)))
    said = {"source": "snapshot", "category": "ENV-LITTER", "site_id": place.site, "title": "地面有烟头"}
    for fixed, wanted in ((used, ["photo_reused"]), (keep(session, place, tmp_path, jpeg_of(scene(43))), [])):
        made = report(
            session, place.people["inspector"], **said, photos=[str(before.id)], fixed=[str(fixed.id)], now=LATER
        )
        assert made.outcome == "on_spot"
        assert kinds(session, made) == wanted
        before = keep(session, place, tmp_path, jpeg_of(scene(44)))
    session.rollback()


def test_a_visits_own_photos_are_compared_with_visit_and_site(session, place) -> None:
    began = LATER - timedelta(minutes=20)
    here, far = {"longitude": 112.001, "latitude": 37}, {"longitude": 112.02, "latitude": 37}
    for taken, where, wanted in (
        (began, here, []),
        (began - timedelta(days=1), here, ["visit_early"]),
        (began, far, ["visit_far"]),
    ):
        person, key = place.people["inspector"].person_id, {"site_id": place.site, "unit_id": place.place}
        visit = Visit(
            id=new_id(), person_id=person, basis="verified", day=LATER.date(), started_at=began, submitted_at=LATER,
            body_sha256=b"", **key
        )  # fmt: skip
        session.add(visit)
        session.flush()
        finding = lay_finding(session, place, "dispatched")
        finding.visit_id, finding.question = visit.id, "Q-LITTER"
        file = sent_at(session, place, taken, **where)
        session.add(Attachment(id=new_id(), file_id=file.id, visit_id=visit.id, question="Q-LITTER", hidden=False))
        session.flush()
        look_at_visit(session, visit, [finding], LATER)
        assert kinds(session, finding) == wanted
    session.rollback()
