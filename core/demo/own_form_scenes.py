"""The demo's own form (演示自建表): what a district adds in Excel - groups, a repeat, a condition, pictures - and two visits that answer it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from random import Random
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw

from core.campaigns import Campaign, Form
from core.campaigns.xlsform.reading import read_workbook
from core.campaigns.xlsform.scored import to_form
from core.demo.inspections import answer_all
from core.demo.playing import LABEL, Play
from core.work.calendar import local_day
from core.work.enabling import enabled
from core.work.forms.fielding import fielded
from core.work.forms.illustrating import names_known, put_picture
from core.work.forms.versions import draft, publish
from core.work.inspection.visit_plan import plan
from core.work.inspection.visits import submit

CAMPAIGN, CODE = "sanitary_city", "DEMO-STOP"
# As an administrator would save it from Excel: every sheet under its name, ``|`` for the next cell.
SHEETS = """
survey
| type | name | label::中文 (zh) | label::English (en) | required | relevant | mode | rule | points | category | owner_role | working_days | media::image::中文 (zh)
| begin group | shelter | 候车亭 | The shelter | | | | | | | | |
| select_one yes_no | DEMO-STOP-01 | 候车亭和座椅干净，没有积尘、小广告 | The shelter and its seats are clean: no dust, no stickers | yes | | conform | 0 or full | 60 | ENV-LITTER | sanitation | 1 | stop-clean.jpg
| integer | seats | 座椅几个 | Number of seats | yes | | | | | | | |
| select_one states | roof | 顶棚 | The roof | | | | | | | | |
| text | roof_why | 顶棚哪里坏了 | What is broken about the roof | yes | ${roof} = 'broken' | | | | | | |
| end group | | | | | | | | | | | |
| select_one yes_no | DEMO-STOP-02 | 站台周边没有垃圾堆放 | No rubbish is piled up around the stop | yes | | conform | 0 or full | 40 | ENV-LITTER | sanitation | 1 | stop-around.jpg
| begin repeat | boards | 广告牌 | Advertising boards | | | | | | | | |
| text | place | 在哪一侧 | Which side | yes | | | | | | | |
| select_one states | state | 状况 | State | yes | | | | | | | |
| image | shot | 破损照片 | Photo of the damage | | ${state} = 'broken' | | | | | | |
| end repeat | | | | | | | | | | | |
| text | remark | 其他情况 | Anything else | | | | | | | | |
choices
| list_name | name | label::中文 (zh) | label::English (en)
| states | fine | 完好 | In order
| states | broken | 破损 | Broken
settings
| form_id | form_title | title_en | site_types
| DEMO-STOP | 公交站台巡查表（演示数据） | Bus stops (demo data) | bus_stop
"""
PICTURES: Mapping[str, str] = {"stop-clean.jpg": "seats", "stop-around.jpg": "ground"}


def play_own_form(play: Play) -> None:
    """An administrator publishes the form with its pictures; two stops are inspected by it."""
    session, admin = play.session, play.stage.actors["演示管理员"]
    campaign = next(one for one in enabled(session, play.registry, day=play.today) if one.key == CAMPAIGN)
    form, at = read_form(play, campaign), play.at(9, 10)
    row = draft(session, admin, campaign, form, file_name="公交站台巡查表.csv", note=LABEL.strip("（）"), now=at)
    publish(session, admin, row.id, campaign, form, now=at)
    known, files = names_known([form]), play.stage.files
    assert files is not None, "the stage is set before anything is put in"
    for name, what in PICTURES.items():
        put_picture(session, admin, name, draw_stop(what), files=files, known=known, now=at)
    random = Random(play.stage.part.seed + 71)  # noqa: S311 - a fixed seed is the point
    for number, said in enumerate((_fine(), _broken(play))):
        _answer(play, random, play.site(f"公交站台{number + 1}号"), form, said, number)


def read_form(play: Play, campaign: Campaign) -> Form:
    """The form out of its workbook, as the page of uploads reads it."""
    words = play.registry.vocabulary.with_own(
        site_types=campaign.site_types, categories=campaign.categories, questions=campaign.questions
    )
    data = "\n".join(",".join(f'"{cell.strip()}"' for cell in line.split("|")) for line in SHEETS.strip().split("\n"))
    found = read_workbook(data.encode(), "form.csv", words)
    assert found.design is not None, [one.text() for one in found.findings]
    return to_form(found.design, words)


def _fine() -> dict[str, Any]:
    return {"seats": 4, "roof": "fine", "boards": [{"place": "左侧", "state": "fine"}], "remark": "演示数据"}


def _broken(play: Play) -> dict[str, Any]:
    boards = [
        {"place": "左侧", "state": "fine"},
        {"place": "右侧", "state": "broken", "shot": play.photo("站台广告牌")},
    ]
    return {"seats": 2, "roof": "broken", "roof_why": "一角漏雨（演示数据）", "boards": boards}


def _answer(play: Play, random: Random, site: UUID, form: Form, said: Mapping[str, Any], number: int) -> None:
    """One visit to a stop: what every campaign asks there, and the further questions of our own form."""
    at = play.at(6, 9, 30 * number)
    campaigns = fielded(play.session, play.registry, day=local_day(at))
    answers, photos = answer_all(random, play.stage, plan(("bus_stop",), campaigns), play.stage.part.quality)
    submit(
        play.session,
        play.stage.actors["演示检查员甲"],
        campaigns=campaigns,
        visit_id=UUID(int=random.getrandbits(128), version=4),
        site_id=site,
        answers=answers,
        photos=photos,
        entries={form.sha256: said},
        note=LABEL.strip("（）"),
        now=at,
    )


def draw_stop(what: str) -> bytes:
    """A drawing of a bus stop as it should be: its clean seats, or the clear ground around it."""
    image = Image.new("RGB", (640, 440), (236, 242, 244))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 330, 640, 440), fill=(205, 210, 212))
    pen.rectangle((90, 90, 550, 116), fill=(20, 94, 99))
    for x in (110, 518):
        pen.rectangle((x, 116, x + 12, 330), fill=(90, 104, 108))
    pen.rectangle((150, 140, 490, 240), outline=(90, 104, 108), width=4)
    for x in (170, 250, 330, 410):
        pen.rounded_rectangle((x, 262, x + 62, 280), 6, fill=(221, 148, 15))
        pen.rectangle((x + 26, 280, x + 36, 330), fill=(90, 104, 108))
    mark = (42, 157, 92)
    spot = (460, 290) if what == "seats" else (300, 385)
    pen.ellipse((spot[0] - 30, spot[1] - 30, spot[0] + 30, spot[1] + 30), outline=mark, width=6)
    pen.line([(spot[0] - 14, spot[1]), (spot[0] - 3, spot[1] + 12), (spot[0] + 16, spot[1] - 12)], fill=mark, width=6)
    pen.text((16, 12), "DEMO", fill=(120, 132, 136), font_size=22)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    return data.getvalue()
