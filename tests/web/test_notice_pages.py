"""Notices on the pages (通知文书): issued from chosen findings, read by opening, signed and answered, printed and as Word."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from docx import Document
from flask import Flask
from sqlalchemy import select

from core.app import create_app
from core.databases import Urls
from core.settings import ZONE, Settings
from core.web.papers.notice_words import CONSEQUENCES, DONE, TONES
from core.work.papers.notice_issuing import Draft, issue
from core.work.papers.notice_moves import MOVES, STATES
from core.work.tables import Attachment, Finding, Notice, NoticeAddressee, NoticeEvent, Serial, Setting
from tenants.db import now
from tenants.models import Unit
from tenants.scope import Wall
from tests.conftest import SECRET
from tests.web.desk import Clerk, clerk, content
from tests.work.ledger_town import Town, lay_finding, town


@dataclass
class Case:
    """A town with a finding that has a photo, and three people before their pages."""

    place: Town
    office: Clerk
    liaison: Clerk
    stranger: Clerk
    finding: UUID


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def app(urls: Urls, wall: Wall, files) -> Flask:
    return create_app(Settings(urls.app, SECRET, files), wall=wall)


@pytest.fixture
def case(app: Flask, wall: Wall, files) -> Case:
    place = town(wall, files, "文书区")
    with place.district.session(wall) as session:
        finding = lay_finding(session, place, "rectifying")
        finding.number = "2026-00007"
        session.add(Attachment(finding_id=finding.id, file_id=UUID(place.photo), version=None))
        session.commit()
        found = finding.id
    office, liaison, stranger = (clerk(app, wall, place.people[who]) for who in ("office", "liaison", "stranger"))
    return Case(place, office, liaison, stranger, found)


def later(days: int = 3) -> str:
    return (now().astimezone(ZONE) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def filled(case: Case, **changed: object) -> dict[str, object]:
    given = {
        "kind": "rectification_notice",
        "unit": str(case.place.lead),
        "title": "农贸市场<b>地面</b>",
        "demand": "立即清理；=SUM(A1)",
        "clause": "",
        "due": later(),
        "id": [str(case.finding)],
    }
    return given | changed


def sent(case: Case, wall: Wall, **changed: object) -> UUID:
    """A notice that is there already; gives its id."""
    with case.place.district.session(wall) as session:
        given = {"kind": "rectification_notice", "unit_id": case.place.lead, "title": "地面", "demand": "清理"}
        given |= {"due_at": now() + timedelta(days=3), "finding_ids": [case.finding]} | changed
        notice = issue(session, case.place.people["office"], Draft(**given), now=now())  # type: ignore[arg-type]  # shorthand
        session.commit()
        return notice.id


def test_words_cover_every_move_and_state() -> None:
    offered = {move.verb for move in MOVES.values() if move.offered}
    assert set(CONSEQUENCES) == set(DONE) == offered
    assert set(TONES) == set(STATES)


def test_a_notice_is_issued_from_chosen_findings(case: Case, wall: Wall) -> None:
    page = case.office.read(f"notices/new?id={case.finding}")
    assert f'name="unit" value="{case.place.lead}" checked>' in page
    assert 'value="地面有烟头"' in page, "the title of the one finding is proposed"
    assert f'<input type="hidden" name="id" value="{case.finding}">' in page
    answer, _ = case.office.send("notices/new", filled(case), 303)
    page = case.office.client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "整改〔2026〕" in page or "整改〔" in page
    assert "农贸市场&lt;b&gt;地面" in page
    with case.place.district.session(wall) as session:
        notice = session.scalars(select(Notice)).one()
        assert (notice.serial, notice.state, notice.unit_id) == (1, "issued", case.place.lead)
        assert notice.due_at is not None
        assert notice.due_at > now()


def test_the_way_leads_from_the_finding_and_from_the_list(case: Case, wall: Wall) -> None:
    slug = case.place.district.ref.slug
    page = case.office.read(f"findings/{case.finding}")
    assert f'href="/t/{slug}/notices/new?id={case.finding}"' in page
    assert "notices/new" not in case.liaison.read(f"findings/{case.finding}")
    assert f'formaction="/t/{slug}/notices/choose"' in case.office.read("findings")
    answer, _ = case.office.send("notices/choose", {"id": [str(case.finding)], "verb": "cancel", "query": "x"}, 303)
    assert answer.headers["Location"].endswith(f"/notices/new?id={case.finding}")
    one = sent(case, wall)
    assert str(one) in case.liaison.read(f"notices?box=all&finding={case.finding}")
    case.liaison.send("notices/choose", {"id": [str(case.finding)]}, 403)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"due": "2020-01-01T08:00"}, "due_at"),
        ({"due": "morgen"}, "due_at"),
        ({"due": ""}, "due_at"),
        ({"demand": " "}, "demand"),
        ({"title": ""}, "title"),
        ({"unit": ""}, "unit"),
    ],
)
def test_a_bad_form_comes_back_with_everything_typed(case: Case, wall: Wall, changed: dict, field: str) -> None:
    _, page = case.office.send("notices/new", filled(case) | changed, 422)
    assert f'id="e-{ {"due_at": "due"}.get(field, field) }"' in page
    assert str(case.finding) in page
    if "demand" not in changed:
        assert "立即清理" in page
    with case.place.district.session(wall) as session:
        assert session.scalars(select(Notice)).all() == []


def test_a_unit_that_cannot_be_ordered_gets_a_letter(case: Case, wall: Wall) -> None:
    with case.place.district.session(wall) as session:
        session.get_one(Unit, (case.place.district.ref.id, case.place.lead)).commanded = False
        session.commit()
    assert '<option value="request_letter" selected>' in case.office.read(f"notices/new?id={case.finding}")
    _, page = case.office.send("notices/new", filled(case), 422)
    assert "商请函" in content(page)
    case.office.send("notices/new", filled(case, kind="request_letter"), 303)


def test_only_desks_issue(case: Case) -> None:
    case.liaison.read("notices/new", 403)
    assert "notices/new" not in case.liaison.read("notices")
    case.liaison.send("notices/new", filled(case), 403)
    _, page = case.office.send("notices/new", filled(case, unit=str(case.place.district.root)), 403)
    assert "立即清理" in page


def test_opening_is_reading_and_the_life_goes_on(case: Case, wall: Wall) -> None:
    one = sent(case, wall)
    case.office.read(f"notices/{one}")
    assert (
        "签收"
        not in content(case.office.read(f"notices/{one}")).split("办理记录")[0].split("概况")[0].split("办理 ")[-1]
    )
    page = case.liaison.read(f"notices/{one}")
    assert "已阅" in content(page)
    assert 'value="sign"' in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    assert version[1] == "2"
    case.liaison.send(f"notices/{one}/act", {"verb": "sign", "version": "2"}, 303)
    _, page = case.liaison.send(f"notices/{one}/act", {"verb": "reply", "version": "3"}, 422)
    assert 'id="e-reply-note"' in page
    case.liaison.send(f"notices/{one}/act", {"verb": "reply", "version": "3", "note": "已清理"}, 303)
    _, page = case.office.send(f"notices/{one}/act", {"verb": "close", "version": "3", "note": "属实"}, 412)
    assert "演示liaison" in content(page)
    assert "属实" in page, "what was typed is still there"
    _, page = case.liaison.send(f"notices/{one}/act", {"verb": "close", "version": "4"}, 403)
    assert "发文的创建办" in content(page)
    case.office.send(f"notices/{one}/act", {"verb": "close", "version": "4"}, 303)
    with case.place.district.session(wall) as session:
        verbs = session.scalars(select(NoticeEvent.verb).order_by(NoticeEvent.version)).all()
    assert verbs == ["issue", "read", "sign", "reply", "close"]
    assert "已办结" in content(case.liaison.read(f"notices/{one}"))


def test_tabs_filters_and_pages(case: Case, wall: Wall) -> None:
    ids = [sent(case, wall, title=f"第{n}份") for n in range(53)]
    card = sent(case, wall, kind="reminder_card", unit_id=case.place.other, title="卡片")
    page = case.liaison.read("notices")
    assert 'aria-current="page">待我签收答复<span class="n">53</span>' in page
    assert page.count("data-href") == 50
    more = re.search(r'rel="next" href="\?([^"]+)"', page)
    assert more is not None
    rest = case.liaison.read(f"notices?{more[1]}")
    assert rest.count("data-href") == 3
    assert "卡片" not in page + rest
    out = case.office.read("notices?kind=reminder_card")
    assert str(card) in out
    assert str(ids[0]) not in out
    assert "没有符合条件的文书" in case.office.read("notices?state=closed")
    assert "没有符合条件" in case.office.read("notices?until=2020-01-01&box=all")
    assert case.office.read(f"notices?finding={case.finding}&box=all").count("data-href") == 50
    for bad in ("box=x", "kind=x", "state=x", "unit=x", "since=x", "cursor=x", "cursor=eB94", "finding=1"):
        case.office.read(f"notices?{bad}", 422)


def test_csv_has_every_line_and_no_formula(case: Case, wall: Wall) -> None:
    for n in range(3):
        sent(case, wall, title=f"=1+{n}")
    answer = case.office.ask("notices/export.csv?box=out")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert len(rows) == 4
    assert {row[3] for row in rows[1:]} == {f"'=1+{n}" for n in range(3)}
    assert all(len(row) == len(rows[0]) for row in rows)
    assert rows[1][0].startswith("整改〔")


def test_others_see_nothing(case: Case, wall: Wall) -> None:
    one = sent(case, wall)
    empty = case.stranger.ask(f"notices/{UUID(int=5)}").get_data()
    for path in (f"notices/{one}", f"notices/{one}/print", f"notices/{one}.docx"):
        assert case.stranger.ask(path).status_code == 404
    assert case.stranger.ask(f"notices/{one}").get_data() == empty
    assert str(one) not in case.stranger.read("notices?box=all")
    case.stranger.send(f"notices/{one}/act", {"verb": "sign", "version": "1"}, 404)


def test_the_paper_prints_and_says_who_sees_what(case: Case, wall: Wall) -> None:
    one = sent(case, wall, clause="《条例》第三条", title="<i>烟头</i>")
    page = case.liaison.ask(f"notices/{one}/print").get_data(as_text=True)
    for text in ("整改通知单", "整改〔", "2026-00007", "地面有烟头", "《条例》第三条", "前书面答复整改情况"):
        assert text in page
    assert "&lt;i&gt;烟头" in page
    assert "/small" in page, "the finding's photo"
    assert "style=" not in page
    assert "<aside" not in page, "no menu on a paper"


def test_the_word_document_says_the_same(case: Case, wall: Wall) -> None:
    one = sent(case, wall, title="A&B <烟头>", demand="一、清理；\n二、答复 {{ d.number }}")
    answer = case.liaison.ask(f"notices/{one}.docx")
    assert answer.content_type.startswith("application/vnd.openxmlformats")
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    document = Document(io.BytesIO(answer.get_data()))
    text = "\n".join(p.text for p in document.paragraphs)
    assert "整改通知单" in text
    assert "A&B <烟头>" in text
    assert "{{ d.number }}" in text, "a value is no template"
    assert "{%" not in text
    (table,) = document.tables
    assert [cell.text for cell in table.rows[1].cells][1:3] == ["2026-00007", "地面有烟头"]
    assert len(document.inline_shapes) == 1


def test_a_cancelled_paper_says_so(case: Case, wall: Wall) -> None:
    one = sent(case, wall)
    case.office.send(f"notices/{one}/act", {"verb": "cancel", "version": "1", "note": "发错"}, 303)
    assert "已撤销" in case.liaison.read(f"notices/{one}/print")
    assert "等" not in content(case.liaison.read(f"notices/{one}")).split("概况")[0].split("涉及问题")[0][-20:]


def test_it_speaks_english(case: Case, wall: Wall, app: Flask) -> None:
    one = sent(case, wall)
    english = clerk(app, wall, case.place.people["office"], "en")
    assert "Rectification notice" in english.read(f"notices/{one}")
    assert "Rectification notice" in english.read("notices")


# --- rules -----------------------------------------------------------------------------------------------------------


def test_rules_are_shown_set_and_guarded(case: Case, wall: Wall) -> None:
    page = case.office.read("settings/rules")
    assert 'name="acceptance_hours" type="text" value="24"' in page
    case.office.send(
        "settings/rules", {"matter": "times", "version": "0", "acceptance_hours": "8", "amber_hours": "16"}, 303
    )
    assert 'name="acceptance_hours" type="text" value="8"' in case.office.read("settings/rules")
    late = {"matter": "times", "version": "0", "acceptance_hours": "9", "amber_hours": "16"}
    _, page = case.office.send("settings/rules", late, 412)
    assert 'name="acceptance_hours" type="text" value="9"' in page, "what was typed is still there"
    bad = {"matter": "times", "version": "1", "acceptance_hours": "0", "amber_hours": "viel"}
    _, page = case.office.send("settings/rules", bad, 422)
    assert page.count('class="error"') == 2
    assert 'value="viel"' in page
    case.office.send("settings/rules", {"matter": "love", "version": "0"}, 422)


def test_the_ladder_is_declared_on_its_form(case: Case, wall: Wall) -> None:
    page = case.office.read("settings/rules")
    assert page.count('name="kind-') == 6, "five proposed rungs and an empty one"
    given = {"matter": "ladder", "version": "0", "active": "1"}
    for n, (kind, hours) in enumerate((("reminder_card", "-24"), ("supervision_order", "24"), ("", "")), 1):
        given |= {f"kind-{n}": kind, f"hours-{n}": hours, f"addressee-{n}": "lead", f"issues-{n}": "1"}
    case.office.send("settings/rules", given, 303)
    with case.place.district.session(wall) as session:
        body = session.scalars(select(Setting.body)).one()
    assert [(rung["kind"], rung["hours"]) for rung in body["rungs"]] == [
        ("reminder_card", -24),
        ("supervision_order", 24),
    ]
    assert body["active"] is True
    _, page = case.office.send("settings/rules", given | {"version": "1", "hours-2": "-30"}, 422)
    assert 'value="-30"' in page
    assert "后一档要比前一档晚" in page


def test_rules_belong_to_the_desk_and_the_administrator(case: Case, app: Flask, wall: Wall) -> None:
    case.liaison.read("settings/rules", 403)
    admin = clerk(app, wall, case.place.people["administrator"])
    times = {"matter": "times", "version": "0", "acceptance_hours": "8", "amber_hours": "16"}
    inside = clerk(app, wall, case.place.people["inside"])
    assert "保存催办阶梯" not in inside.read("settings/rules")
    inside.send("settings/rules", times, 403)
    admin.send("settings/rules", times, 303)


def test_the_finding_is_left_as_it_was(case: Case, wall: Wall) -> None:
    sent(case, wall)
    with case.place.district.session(wall) as session:
        assert session.scalars(select(Finding.version)).all() == [1]


def ticked(page: str) -> set[str]:
    return set(re.findall(r'name="unit" value="([^"]+)" checked>', page))


def three(place: Town) -> list[str]:
    return [str(unit) for unit in (place.lead, place.helper, place.other)]


def test_groups_are_ticked_and_cleared_without_a_script(case: Case) -> None:
    page = case.office.read("notices/new")
    assert ticked(page) == set()
    assert str(case.place.district.root) not in page, "nobody writes to the district itself"
    _, page = case.office.send("notices/new", filled(case, do="all:subdistricts", title="没写完", demand=""), 200)
    streets = ticked(page) - {str(case.place.lead)}
    assert str(case.place.district.street) in streets
    assert 'value="没写完"' in page, "what was typed stays"
    assert "is-error" not in page, "nothing is judged yet"
    _, page = case.office.send("notices/new", filled(case, do="all:departments", unit=sorted(streets)), 200)
    assert streets | set(three(case.place)) <= ticked(page)
    _, page = case.office.send("notices/new", filled(case, do="none:departments", unit=sorted(ticked(page))), 200)
    assert ticked(page) == streets


def test_the_paper_is_shown_before_it_is_issued(case: Case, wall: Wall) -> None:
    sent = filled(case, kind="circular", unit=three(case.place), do="preview")
    _, page = case.office.send("notices/new", sent, 200)
    assert "〕第　　号" in page
    assert all(f'name="unit" value="{unit}"' in page for unit in three(case.place))
    assert "农贸市场<b>地面" in page
    assert "所列问题1件" in page
    with case.place.district.session(wall) as session:
        assert session.scalars(select(Notice.id)).all() == []
        assert session.scalars(select(Serial.last).where(Serial.series.like("notice-%"))).all() in ([], [0])
    _, page = case.office.send("notices/new", sent | {"demand": ""}, 422)
    assert "缺少要求" in page
    _, page = case.office.send("notices/new", sent | {"do": "edit"}, 200)
    assert ticked(page) == set(three(case.place))


def test_one_number_each_unit_signs(case: Case, wall: Wall) -> None:
    answer, _ = case.office.send("notices/new", filled(case, kind="circular", unit=three(case.place), do="issue"), 303)
    where = answer.headers["Location"].partition(f"/t/{case.place.district.ref.slug}/")[2]
    page = case.office.read(where)
    assert "等 3 个单位" in page
    assert "已签收 0/3" in page
    assert case.liaison.read("inbox/notice").count("sc-duty") >= 1
    page = case.stranger.read(where)
    assert page.count('name="verb" value="sign"') == 1
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    mine = {"verb": "sign", "version": version[1], "unit": str(case.place.other)}
    case.liaison.read(where)  # opens it too, and so moves the paper's version on
    case.stranger.send(f"{where}/act", mine, 303)
    case.stranger.send(f"{where}/act", mine | {"unit": str(case.place.lead)}, 403)
    assert "已签收 1/3" in case.office.read("notices?box=all")
    with case.place.district.session(wall) as session:
        rows = dict(session.execute(select(NoticeAddressee.unit_id, NoticeAddressee.state)).all())
        assert rows == {case.place.lead: "read", case.place.helper: "issued", case.place.other: "signed"}
    printed = case.stranger.read(f"{where}/print")
    names = re.search(r'<p class="to">([^<]+)：</p>', printed)
    assert names is not None
    assert len(names[1].split("、")) == 3
    word = case.office.client.get(f"/t/{case.place.district.ref.slug}/{where}.docx")
    text = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(word.data)).paragraphs)
    assert f"{names[1]}：" in text
    assert "（1件）" in text
