"""Illustrations (示范图): found by the names that forms give, made small and clean, replaced, taken away and put back."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from core.campaigns import Form, installed, to_body
from core.campaigns.body import seal
from core.campaigns.vocabulary import load_vocabulary
from core.campaigns.xlsform.model import Choice, ChoiceList, Field, Survey, Text
from core.campaigns.xlsform.scored import survey_of
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.forms.illustrating import (
    LARGEST,
    LONGEST_SIDE,
    history_of,
    match_name,
    names_known,
    put_back,
    put_picture,
    shrink,
    take_away,
    unmatched,
)
from core.work.forms.pictures import kept, open_picture, pictures_for, pictures_of
from core.work.tables import Audit, FormPicture
from tenants.scope import Wall
from tests.factory import add_actor, bare_district
from tests.work.pictures import jpeg

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FORM = installed().campaigns["sanitary_city"].edition.forms[0]
FIRST, SECOND = FORM.items[0], FORM.items[1]
KNOWN = names_known([FORM])


def designed() -> Form:
    """The form with an image of its own at its first item, at a further question and at a choice."""
    words = load_vocabulary().with_own(questions=installed().campaigns["sanitary_city"].questions)
    asked = survey_of(FORM, words)
    first = replace(asked.children[0], image=Text("Right.JPG", "right-en.png"))
    kind = Field("kind", "select_one", Text("类别"), choices="kinds", image=Text("kinds.jpg"))
    lists = (*asked.lists, ChoiceList("kinds", (Choice("a", Text("甲"), image="a.webp"),)))
    return seal(replace(FORM, survey=Survey((first, *asked.children[1:], kind), lists)))


class Stage:
    """A district with its administrator (示范图现场)."""

    def __init__(self, wall: Wall, files: Path) -> None:
        self.wall, self.files, self.at = wall, files, NOW
        self.district = bare_district(wall)
        self.admin = add_actor(wall, self.district.ref, "administrator", self.district.root)
        self.inspector = add_actor(wall, self.district.ref, "inspector", self.district.root)

    def session(self):
        return self.district.session(self.wall)

    def put(self, session, name: str, data: bytes, known=KNOWN, actor=None) -> bool:
        self.at += timedelta(minutes=1)
        return put_picture(session, actor or self.admin, name, data, files=self.files, known=known, now=self.at)


@pytest.fixture
def stage(wall: Wall, tmp_path: Path) -> Stage:
    return Stage(wall, tmp_path)


def test_a_file_finds_its_item_by_its_name() -> None:
    known = names_known([designed()])
    assert match_name(f"{FIRST.code}.JPG", known) == FIRST.code
    assert match_name(f"C:\\图\\{FIRST.code.lower()}.heic", known) == FIRST.code
    assert match_name(f"{FIRST.question}.webp", known) == FIRST.question
    assert match_name(FIRST.code, known) == FIRST.code
    assert match_name("right.jpg", known) == "Right.JPG"
    assert match_name("right.png", known) == ""
    assert match_name("a.webp", known) == "a.webp"
    assert match_name("IMG_2034.jpg", known) == ""
    [fault] = unmatched("IMG_2034.jpg").faults
    assert fault.value == "IMG_2034.jpg"
    assert "media::image" in fault.remedy


def test_an_item_shows_what_its_form_names_then_its_code_then_its_question(stage: Stage) -> None:
    form = designed()
    known = names_known([form])
    with stage.session() as session:
        assert pictures_for(session, [form]) == {}
        stage.put(session, FIRST.question, jpeg(seed=1), known)
        by_question = kept(session)[FIRST.question]
        assert pictures_for(session, [form])[FIRST.code] == by_question
        stage.put(session, FIRST.code, jpeg(seed=2), known)
        by_code = kept(session)[FIRST.code]
        assert pictures_for(session, [form])[FIRST.code] == by_code
        assert pictures_for(session, [form])[FIRST.question] == by_code
        stage.put(session, "Right.JPG", jpeg(seed=3), known)
        stage.put(session, "right-en.png", jpeg(seed=4), known)
        shown = pictures_for(session, [form])
        assert shown[FIRST.code] == shown[FIRST.question] == shown["Right.JPG"] == kept(session)["Right.JPG"]
        assert pictures_for(session, [form], locale="en")[FIRST.code] == kept(session)["right-en.png"]
        assert SECOND.code not in shown
        stage.put(session, "a.webp", jpeg(seed=5), known)
        assert pictures_for(session, [form])["a.webp"] == pictures_of(session, {"a.webp"})["a.webp"]
        assert len({*kept(session).values()}) == 5
        assert pictures_of(session, {"nobody.jpg"}) == {}


def test_a_picture_does_not_change_what_a_form_is(stage: Stage) -> None:
    before = to_body(FORM)
    with stage.session() as session:
        stage.put(session, FIRST.code, jpeg(seed=6))
        assert to_body(FORM) == before
        assert seal(FORM).sha256 == FORM.sha256


def test_a_picture_is_replaced_taken_away_and_put_back_and_all_is_recorded(stage: Stage) -> None:
    with stage.session() as session:
        assert stage.put(session, FIRST.code, jpeg(seed=1))
        one = kept(session)[FIRST.code]
        assert not stage.put(session, FIRST.code, jpeg(seed=1)), "the same again changes nothing"
        assert history_of(session, FIRST.code).former is None
        assert stage.put(session, FIRST.code, jpeg(seed=2))
        two = kept(session)[FIRST.code]
        assert (history_of(session, FIRST.code).current, history_of(session, FIRST.code).former) == (two, one)
        put_back(session, stage.admin, FIRST.code, now=NOW + timedelta(hours=1))
        assert kept(session)[FIRST.code] == one
        take_away(session, stage.admin, FIRST.code, now=NOW + timedelta(hours=2))
        assert kept(session) == {}
        assert pictures_for(session, [FORM]) == {}
        with pytest.raises(Conflict):
            take_away(session, stage.admin, FIRST.code, now=NOW + timedelta(hours=3))
        put_back(session, stage.admin, FIRST.code, now=NOW + timedelta(hours=4))
        assert kept(session)[FIRST.code] == one
        with pytest.raises(Conflict):
            put_back(session, stage.admin, SECOND.code, now=NOW)
        assert session.scalar(select(func.count()).select_from(FormPicture)) == 5, "nothing is overwritten"
        told = session.execute(select(Audit.verb, Audit.detail).where(Audit.object_kind == "illustration")).all()
        assert sorted(verb for verb, _ in told) == ["illustration.put"] * 4 + ["illustration.take"]
        assert {detail["name"] for _, detail in told} == {FIRST.code}


def test_who_may_not_and_what_is_no_picture_are_refused(stage: Stage) -> None:
    with stage.session() as session:
        with pytest.raises(Forbidden):
            stage.put(session, FIRST.code, jpeg(), actor=stage.inspector)
        with pytest.raises(Forbidden):
            take_away(session, stage.inspector, FIRST.code, now=NOW)
        with pytest.raises(Forbidden):
            put_back(session, stage.inspector, FIRST.code, now=NOW)
        with pytest.raises(NotFound):
            stage.put(session, "no-such-name", jpeg())
        with pytest.raises(InvalidInput):
            stage.put(session, FIRST.code, b"<svg onload=alert(1)>")
        assert kept(session) == {}


def test_a_picture_of_another_district_is_none_here(wall: Wall, tmp_path: Path, stage: Stage) -> None:
    with stage.session() as session:
        stage.put(session, FIRST.code, jpeg(seed=9))
        file_id = kept(session)[FIRST.code]
        assert open_picture(session, file_id, tmp_path).is_file()
        session.commit()
    with Stage(wall, tmp_path).session() as other:
        assert kept(other) == {}
        with pytest.raises(NotFound):
            open_picture(other, file_id, tmp_path)


def noise(size: tuple[int, int], kind: str, **save: object) -> bytes:
    """The picture that compresses worst: every pixel by chance."""
    out = io.BytesIO()
    Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)).save(out, kind, **save)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_every_kind_is_made_small(kind: str) -> None:
    found = shrink(noise((600, 1400), kind))
    assert len(found.jpeg) <= LARGEST
    assert max(found.width, found.height) <= LONGEST_SIDE
    with Image.open(io.BytesIO(found.jpeg)) as image:
        assert (image.format, image.size) == ("JPEG", (found.width, found.height))


def test_a_picture_is_upright_and_says_nothing_of_where_and_who() -> None:
    found = shrink(jpeg((1600, 1000), orientation=6, comment=b"SECRETNAME"))
    assert (found.width, found.height) == (800, 1280)
    assert b"SECRET" not in found.jpeg
    with Image.open(io.BytesIO(found.jpeg)) as image:
        assert not image.getexif()
        assert "comment" not in image.info
    small = jpeg((320, 200), comment=b"SECRETNAME")
    assert shrink(small).width == 320, "never made larger"
    assert b"SECRET" not in shrink(small).jpeg
