"""The drawings that come with the system (随系统的示范图): each stands for a known question, is small, and holds nothing that runs."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from core import web
from core.campaigns import installed, load_vocabulary
from core.web.forms.pictured import FOLDER, drawings
from tests.web.test_illustrations_pages import FORM, SANITARY, Stage
from tests.work.pictures import jpeg

STATIC = Path(web.__file__).parent / "static"
DRAWN = sorted((STATIC / FOLDER).glob("*.svg"))
MOST = 4096  # bytes
UNDRAWN = {"workshop_layout"}  # a plan of rooms says nothing at this size
SHAPES = {"svg", "g", "path", "rect", "circle", "text"}


def questions() -> set[str]:
    own = (one.questions for one in installed().campaigns.values())
    return {*load_vocabulary().questions, *(question.code for listed in own for question in listed)}


def test_there_are_drawings_for_what_is_asked() -> None:
    assert drawings(STATIC) == {one.stem for one in DRAWN}
    assert {one.stem for one in DRAWN} <= questions()
    asked = [item.question for one in installed().campaigns.values() for f in one.edition.all_forms for item in f.items]
    assert set(asked) - drawings(STATIC) <= UNDRAWN


@pytest.mark.parametrize("path", DRAWN, ids=lambda one: one.stem)
def test_a_drawing_is_small_and_plain(path: Path) -> None:
    assert path.stat().st_size <= MOST
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    assert root.attrib["viewBox"] == "0 0 240 160"
    assert {one.tag.rpartition("}")[2] for one in root.iter()} <= SHAPES
    names = {name for one in root.iter() for name in one.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name or name == "style"}


def test_an_own_picture_goes_before_the_drawing(app, wall) -> None:
    stage = Stage(app, wall)
    item = next(one for one in FORM.items if one.question in drawings(STATIC))
    page = stage.office.read(f"paper/{SANITARY.key}/{FORM.code}")
    assert f"{FOLDER}/{item.question}.svg" in page
    stage.send(("a.jpg", jpeg()), name=item.code)
    page = stage.office.read(f"paper/{SANITARY.key}/{FORM.code}")
    assert f"{FOLDER}/{item.question}.svg" not in page
    assert f"illustrations/{stage.kept()[item.code]}" in page
