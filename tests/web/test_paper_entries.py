"""What a form asks beside its items, on paper (纸面另填): printed where its author put it, and typed in with the sheet."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from core.campaigns import Form, installed, load_vocabulary
from core.campaigns.xlsform.model import Field, Group, Repeat, Scoring, Text
from core.campaigns.xlsform.scored import design_of, to_form
from core.web.paper.conditions import Speaker
from core.work.tables import Attachment, File, SheetEntry
from tenants.db import now
from tenants.scope import Wall
from tests.factory import add_actor
from tests.web.desk import Clerk, clerk, content
from tests.web.test_paper_pages import sheet
from tests.work.entering import CODE, FIRST, SANITARY, first_version, put_in_use, version
from tests.work.market import Town, town
from tests.work.pictures import jpeg

BLANK = f"paper/{SANITARY}/{CODE}"


@pytest.fixture
def place(wall: Wall) -> Town:
    return town(wall)


@pytest.fixture
def office(app: Flask, wall: Wall, place: Town) -> Clerk:
    return clerk(app, wall, place.office)


def use(wall: Wall, place: Town, form: Form) -> Form:
    with place.district.session(wall) as session:
        put_in_use(session, add_actor(wall, place.ref, "administrator", place.district.root), form, now())
        session.commit()
    return form


# ---- printed ----


def test_further_questions_stand_where_they_were_put(wall: Wall, place: Town, office: Clerk) -> None:
    form = first_version()
    words = load_vocabulary().with_own(questions=installed().campaigns[SANITARY].questions)
    parts = [*form.survey.children]
    top, between = Field("guide", "note", Text("先找管理员")), Field("smell", "text", Text("有什么气味"))
    own = replace(form.survey, children=(top, parts[0], between, *parts[1:]))
    form = use(wall, place, to_form(replace(design_of(form, words, SANITARY), survey=own), words))
    page = office.read(BLANK)
    said = content(page)
    first, second = form.items[:2]
    assert said.index("先找管理员") < said.index(first.code) < said.index("有什么气味") < said.index("经营者电话")
    smell = page.index("有什么气味")
    follows = [one for one in re.finditer(r'<span class="pa-code">([^<]+)</span>', page) if one.start() < smell]
    assert follows[-1][1].split()[0] == first.code, "right after the item before it"
    assert second.code in said


def test_a_sheet_has_boxes_lines_tables_and_conditions(wall: Wall, place: Town, office: Clerk) -> None:
    more = (
        Group(
            "books",
            Text("台账"),
            relevant="${staff} > 3 and ${level} = 'a'",
            children=(Field("keeper_of_books", "text", Text("记账人"), required="true()"),),
        ),
        Field("why", "text", Text("为什么"), relevant="${SAN-MARKET-06} < 6"),
        Field("odd", "integer", Text("怪"), relevant="count-selected(${sold}) > 1"),
    )
    use(wall, place, version(*FIRST, *more))
    page = office.read(BLANK)
    said = content(page)
    assert page.count('<table class="pa-rows"') == 2
    rows = re.findall(r'<table class="pa-rows">.*?</table>', page, re.DOTALL)
    assert [one.count("<tr>") for one in rows] == [6, 6], "a head and five empty rows"
    assert "第几条“摊位”" in rows[1]
    for word in ("甲级", "乙级", "水产", "其他 __________", "照片号 ______", "____年__月__日", "可选多项", "必填"):
        assert word in said, word
    assert "仅当：管理人员 > 3，并且市场级别 = 甲级" in page
    assert re.search(r"仅当：第 \d+ 题 < 6", page)
    assert "仅当：count-selected(${sold}) > 1" in page, "what is not simple is printed as it is written"
    assert "管理人员加倍" not in said, "what is worked out is not asked"


def test_an_item_with_a_condition_says_it(wall: Wall, place: Town, office: Clerk) -> None:
    shipped = (item for one in installed().campaigns.values() for form in one.edition.forms for item in form.items)
    other = next(item for item in shipped if item.question == "core_value_adverts")
    scoring = Scoring(other.question, other.mode, Decimal(0), other.rule, category=other.category)
    scoring = replace(scoring, owner_role=other.owner_role, evidence=other.evidence)
    own = Field("OWN-01", "integer", Text("自加的一项"), relevant="${level} = 'b'", scoring=scoring)
    use(wall, place, version(*FIRST, own))
    assert "仅当：市场级别 = 乙级" in content(office.read(BLANK))


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("", ""),
        ("${level} = 'a'", "市场级别 = 甲级"),
        ("${level} != 'b' or ${staff} >= 2", "市场级别 ≠ 乙级，或者管理人员 ≥ 2"),
        ("selected(${sold}, 'fish')", "经营品类选了“水产”"),
        ("not(selected(${sold}, 'meat'))", "不是“经营品类选了“肉类””"),
        ("${phone} = ''", "没有填经营者电话"),
        ("${phone} != ''", "填了经营者电话"),
        ("${staff} + 1 < 2.5", "管理人员 + 1 < 2.5"),
        ("${nobody} = 1", "${nobody} = 1"),
        ("regex(${phone}, '[0-9]')", "regex(${phone}, '[0-9]')"),
        ("(((", "((("),
    ],
)
def test_conditions_are_said_as_people_say_them(app: Flask, formula: str, said: str) -> None:
    with app.test_request_context("/"):
        assert Speaker(first_version().survey, {}).say(formula) == said


# ---- typed in ----


def test_what_was_written_beside_the_items_is_kept_with_the_sheet(wall: Wall, place: Town, office: Clerk) -> None:
    form = use(wall, place, first_version())
    sha = office.photo(jpeg((80, 60), seed=21))
    page = office.read(f"paper/enter?site={place.market}")
    assert f'name="entries.{form.sha256}"' in page
    assert "data-survey=" in page
    data = {"phone": "0351", "gate": sha, "stalls": [{"keeper": "演示摊主"}]}
    sent = sheet(place, place.inspector.person_id) | {f"entries.{form.sha256}": json.dumps(data)}
    office.send("paper/enter", sent, 303)
    with place.district.session(wall) as session:
        row = session.scalars(select(SheetEntry)).one()
        photo = session.scalars(select(File.id).where(File.original_sha256 == sha)).one()
        attached = session.scalars(select(Attachment.question).where(Attachment.file_id == photo)).all()
    assert (row.data["phone"], row.data["gate"]) == ("0351", str(photo))
    assert attached == [f"entry:{SANITARY}/{CODE}:gate"]


def test_a_fault_beside_the_items_is_named_and_nothing_is_lost(wall: Wall, place: Town, office: Clerk) -> None:
    stalls = Repeat("stalls", Text("摊位"), children=(Field("area", "decimal", Text("面积"), constraint=". > 0"),))
    form = use(wall, place, version(Field("must", "text", Text("必填题"), required="true()"), stalls))
    data = {"stalls": [{"area": "3"}, {"area": "-2"}]}
    sent = sheet(place, place.inspector.person_id) | {f"entries.{form.sha256}": json.dumps(data)}
    _, page = office.send("paper/enter", sent, 422)
    for where in ("must", "stalls[2].area"):
        assert f'data-survey-jump data-form="{CODE}" data-place="{where}"' in page
    assert "还没有录入" in page
    assert '"area":"-2"' in page
    assert 'data-place="must">must</a> 没有作答' in page
    assert page.count("<li>没有作答") == 0, "said once, where it stands"
    with place.district.session(wall) as session:
        assert session.scalars(select(SheetEntry)).first() is None
    broken = sent | {f"entries.{form.sha256}": "{no json"}
    office.send("paper/enter", broken, 422)
