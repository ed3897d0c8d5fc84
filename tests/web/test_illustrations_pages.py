"""The room of illustrations (示范图页面): what is missing, many files at once, one beside its item, and who may."""

from __future__ import annotations

import io
import zipfile

import pytest
from flask import Flask
from PIL import Image

from core.campaigns import installed
from core.work.forms.pictures import kept
from tenants.db import new_id
from tenants.scope import Wall
from tests.factory import add_actor, bare_district
from tests.web.desk import Clerk, clerk, content
from tests.work.pictures import jpeg

SANITARY = installed().campaigns["sanitary_city"]
MINE = {SANITARY.key: (SANITARY.edition.key, SANITARY.edition.sha256)}
FORM = SANITARY.edition.form("SAN-ROAD")
FIRST, SECOND = FORM.items[0], FORM.items[1]
LIST = f"illustrations?form={SANITARY.key}/{FORM.code}"


class Stage:
    """A district with its administrator, office and inspector (示范图页面现场)."""

    def __init__(self, app: Flask, wall: Wall) -> None:
        self.wall = wall
        self.district = bare_district(wall, campaigns=MINE)
        self.admin, self.office, self.inspector = (
            clerk(app, wall, add_actor(wall, self.district.ref, role, self.district.root))
            for role in ("administrator", "hq_office", "inspector")
        )

    def kept(self) -> dict[str, str]:
        with self.district.session(self.wall) as session:
            return {name: str(file_id) for name, file_id in kept(session).items()}

    def send(self, *files: tuple[str, bytes], who: Clerk | None = None, accept: str = "text/html", **more: str):
        who = who or self.admin
        said = {"csrf_token": who.csrf, "files": [(io.BytesIO(data), name) for name, data in files], **more}
        path = f"/t/{who.slug}/illustrations"
        return who.client.post(path, data=said, content_type="multipart/form-data", headers={"Accept": accept})


@pytest.fixture
def stage(app: Flask, wall: Wall) -> Stage:
    return Stage(app, wall)


def test_many_files_at_once_and_those_that_match_nothing_are_named(stage: Stage) -> None:
    sent = [(f"{FIRST.code}.jpg", jpeg()), (f"{SECOND.question}.png", jpeg(kind="PNG")), ("IMG_1.jpg", jpeg())]
    answer = stage.send(*sent, form=f"{SANITARY.key}/{FORM.code}")
    assert answer.status_code == 303
    assert set(stage.kept()) == {FIRST.code, SECOND.question}
    page = content(stage.admin.read(LIST))
    assert "已收下 2 张示范图" in page
    assert "IMG_1.jpg：文件名对不上任何检查项" in page
    answer = stage.send(("IMG_1.jpg", jpeg()), (f"{FIRST.code}.txt", b"no picture"))
    assert answer.status_code == 422
    assert content(answer.get_data(as_text=True)).count("文件名对不上任何检查项") == 2
    assert stage.send(("", b"")).status_code == 422
    assert len(stage.kept()) == 2


def test_a_script_sends_one_by_one_and_is_told_in_json(stage: Stage) -> None:
    answer = stage.send((f"{FIRST.code}.jpg", jpeg()), accept="application/json")
    assert (answer.status_code, answer.json) == (200, {"taken": 1, "faults": []})
    answer = stage.send((f"{FIRST.code}.jpg", b"GIF89a"), accept="application/json")
    assert answer.status_code == 422
    assert "这不是可识别的照片" in answer.json["faults"][0]


def test_one_beside_its_item_whatever_the_file_is_called(stage: Stage) -> None:
    assert stage.send(("IMG_2034.HEIC", jpeg()), name=FIRST.code).status_code == 303
    first = stage.kept()[FIRST.code]
    page = stage.office.read(LIST)
    assert f"illustrations/{first}" in page
    assert 'name="files"' not in page, "others see, the administrator changes"
    stage.send(("b.jpg", jpeg()), name=FIRST.code)
    assert stage.kept()[FIRST.code] != first
    assert "换回前一张" in stage.admin.read(LIST)
    stage.admin.send("illustrations/put-back", {"name": FIRST.code}, 303)
    assert stage.kept()[FIRST.code] == first
    stage.admin.send("illustrations/take-away", {"name": FIRST.code}, 303)
    assert stage.kept() == {}
    stage.admin.send("illustrations/take-away", {"name": FIRST.code}, 303)
    assert "这里已经没有本区的示范图" in stage.admin.read(LIST)
    stage.admin.send("illustrations/put-back", {"name": FIRST.code}, 303)
    assert stage.kept() == {FIRST.code: first}


def test_the_list_says_what_is_missing(stage: Stage) -> None:
    every = sum(len(form.items) for form in SANITARY.edition.all_forms)
    page = content(stage.admin.read("illustrations"))
    assert f"/{every} 项" in page
    mine = stage.admin.read(f"{LIST}&source=own")
    assert "没有符合条件的项" in mine
    stage.send(("a.jpg", jpeg()), name=FIRST.code)
    mine = stage.admin.read(f"{LIST}&source=own")
    assert mine.count('class="lead"') == 1
    table = stage.admin.ask(f"{LIST}&source=own").get_data(as_text=True)
    assert FIRST.code in table
    lines = stage.admin.ask(f"illustrations/illustrations.csv?form={SANITARY.key}/{FORM.code}").get_data(as_text=True)
    assert len(lines.strip().splitlines()) == 1 + len(FORM.items)
    assert stage.admin.ask("illustrations?source=nonsense").status_code == 422
    assert stage.admin.ask("illustrations?form=nobody/NONE").status_code == 422


def test_pages_of_the_list_hold_every_item_once(stage: Stage) -> None:
    every = sum(len(form.items) for form in SANITARY.edition.all_forms)
    seen, path = 0, "illustrations"
    while path:
        page = stage.admin.read(path)
        seen += page.count('class="lead"')
        rest = page.partition('rel="next" href="')[2]
        path = f"illustrations{rest.partition(chr(34))[0]}" if rest else ""
    assert seen == every


def test_all_of_them_come_in_one_file(stage: Stage) -> None:
    stage.send((f"{FIRST.code}.jpg", jpeg()), (f"{SECOND.code}.webp", jpeg(kind="WEBP")))
    answer = stage.office.ask("illustrations/illustrations.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert sorted(packed.namelist()) == sorted([f"{FIRST.code}.jpg", f"{SECOND.code}.jpg"])
        with packed.open(f"{SECOND.code}.jpg") as one:
            assert Image.open(io.BytesIO(one.read())).format == "JPEG"


def test_a_picture_may_be_kept_and_is_given_to_whoever_may_see_forms(app: Flask, wall: Wall, stage: Stage) -> None:
    stage.send((f"{FIRST.code}.jpg", jpeg()))
    file_id = stage.kept()[FIRST.code]
    answer = stage.inspector.ask(f"illustrations/{file_id}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert stage.inspector.ask(f"illustrations/{new_id()}").status_code == 404
    other = Stage(app, wall)
    assert other.admin.ask(f"illustrations/{file_id}").status_code == 404
    assert app.test_client().get(f"/t/{stage.admin.slug}/illustrations/{file_id}").status_code in (302, 303, 401)


def test_only_the_administrator_changes(stage: Stage) -> None:
    assert stage.send((f"{FIRST.code}.jpg", jpeg()), who=stage.office).status_code == 403
    stage.office.send("illustrations/take-away", {"name": FIRST.code}, 403)
    stage.inspector.send("illustrations/put-back", {"name": FIRST.code}, 403)
    assert stage.kept() == {}


def test_the_room_is_reached_from_the_forms(stage: Stage) -> None:
    assert "/illustrations" in stage.office.read("forms")
