"""Rankings and cards on the pages: a day in a league, the reason for each card, the steps, the sheet, the scheme's form."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from core.campaigns import installed
from core.figures.card_days import close_days
from core.figures.card_periods import propose_period
from core.figures.intervals import wilson
from core.figures.periods import Period
from core.settings import ZONE
from core.web.marks.card_form import body_of, values_of
from core.web.proofs.link_door import sign_word
from core.work.marks.card_issues import act_on_all, live_cards
from core.work.marks.card_reading import read_scheme
from core.work.marks.card_schemes import find_scheme, keep_scheme, move_scheme
from core.work.marks.card_templates import TEMPLATES
from core.work.proofs.contacts import add_contact, make_link
from core.work.tables import CardIssue, CardScheme, Sponsorship
from tenants.db import now
from tenants.models import Person
from tenants.scope import Wall
from tests.factory import SINCE
from tests.web.desk import Clerk, clerk, content
from tests.work.carding import STREETS, Town, at, problem, shares, shop, town
from tests.work.pictures import jpeg

TODAY = now().astimezone(ZONE).date()
DAY = TODAY - timedelta(days=1)  # the period is a day, so that yesterday's is over whenever the test runs


@dataclass
class Case:
    """A district with a scheme in force and a ranked day, and a person at each desk."""

    place: Town
    scheme: UUID
    office: Clerk
    liaison: Clerk  # of the last street
    inspector: Clerk
    english: Clerk

    def post(self, path: str, status: int = 303, who: Clerk | None = None, **data: Any) -> str:
        return (who or self.office).send(path, {key: str(value) for key, value in data.items()}, status)[1]

    def all(self, verb: str) -> None:
        page = self.office.read(f"cards?scheme={self.scheme}&period={DAY}")
        self.post("cards/all", scheme=self.scheme, period=DAY.isoformat(), verb=verb, seen=seen_on(page, verb))


def seen_on(page: str, verb: str) -> str:
    """The cards that the form of a step for all carries."""
    forms = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'value="{verb}"' in form]
    found = [re.search(r'name="seen" value="([^"]*)"', form) for form in forms]
    return next((one[1] for one in found if one), "")


def open_case(app: Flask, wall: Wall) -> Case:
    place = town(wall)
    with place.session(wall) as session:
        shares(session, place, [9, 7, 7, 3, 0], day=DAY)
        shares(session, place, [9, 9, 9, 9, 9], day=DAY - timedelta(days=1))
        leader = Person(name="包保领导甲")
        session.add(leader)
        session.flush()
        session.add(Sponsorship(kind="leader", person_id=leader.id, object_unit_id=place.streets[4], valid_from=SINCE))
        row = keep_scheme(session, place.office, STREETS | {"period": "day"}, unit_id=place.district.root, now=now())
        move_scheme(session, place.office, row.id, "activate", version=1, now=now())
        close_days(session, installed(), now=now())
        session.commit()
        scheme_id = row.id
    people = (place.office, place.liaisons[4], place.inspector)
    english = clerk(app, wall, place.admin, "en")
    return Case(place, scheme_id, *(clerk(app, wall, who) for who in people), english)


@pytest.fixture
def case(app: Flask, wall: Wall) -> Case:
    return open_case(app, wall)


def card_of(wall: Wall, case: Case, colour: str) -> CardIssue:
    with case.place.session(wall) as session:
        rows = session.query(CardIssue).filter_by(scheme_id=case.scheme, colour=colour).order_by(CardIssue.created_at)
        found = rows.all()[-1]
        session.expunge(found)
        return found


def shown_case(app: Flask, wall: Wall) -> Case:
    case = open_case(app, wall)
    case.post("cards/propose", scheme=case.scheme, period=DAY.isoformat())
    case.all("confirm")
    case.all("show")
    return case


def test_the_ranking_of_a_day(case: Case) -> None:
    page = content(case.inspector.read(f"rankings?day={DAY}"))
    assert "90.00% 9/10" in page
    assert page.count("并列") == 2
    assert "包保领导甲" in page
    assert "95% 区间" in case.inspector.read(f"rankings?day={DAY}")
    first = page.index("测试区一街道")
    assert first < page.index("测试区5号街道")


def test_the_ranking_as_csv_and_as_a_chart(case: Case) -> None:
    answer = case.inspector.ask(f"rankings/export.csv?day={DAY}")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row[0][:4] for row in rows[6:]] == ["排名方法", "区间是由"]
    del rows[6:]
    assert rows[1][:7] == [DAY.isoformat(), "街道", "1", "测试区一街道", "90.00%", "9", "10"]
    assert [row[2] for row in rows[1:]] == ["1", "2", "2", "4", "5"]
    chart = case.inspector.ask(f"rankings/trend.json?day={DAY}").get_json()
    assert (chart["inverse"], chart["places"], len(chart["series"])) == (True, 0, 5)
    assert [one["values"] for one in chart["series"]] == [[1, 1], [1, 2], [1, 2], [1, 4], [1, 5]]


def test_today_runs_for_the_office_only(case: Case) -> None:
    assert "今天还没有结束" in content(case.office.read(f"rankings?day={TODAY}"))
    assert "这一天没有名次" in content(case.inspector.read(f"rankings?day={TODAY}"))
    case.inspector.read(f"rankings?day={TODAY + timedelta(days=2)}", 422)


def test_a_day_may_be_checked_again(case: Case, wall: Wall) -> None:
    case.inspector.send("rankings/recompute", {"scheme": str(case.scheme), "day": DAY.isoformat()}, 403)
    case.post("rankings/recompute", scheme=case.scheme, day=DAY)
    assert "核对一致" in content(case.office.read(f"rankings?day={DAY}"))
    assert "已更正" not in content(case.inspector.read(f"rankings?day={DAY}"))
    with case.place.session(wall) as session:
        shares(session, case.place, [0, 0, 0, 0, 9], day=DAY)
        session.commit()
    case.post("rankings/recompute", scheme=case.scheme, day=DAY)
    told = content(case.office.read(f"rankings?day={DAY}"))
    assert "个对象和留存的不同，已更正：测试区" in told
    page = content(case.inspector.read(f"rankings?day={DAY}"))
    assert "已更正：第 2 次计算" in page
    corrected = page[page.index("更正：第 2 次计算", page.index("核对") if "核对" in page else 0) :]
    assert "90.00% → 45.00%" in page  # what the first street had, and has
    assert "测试区5号街道" in corrected
    page = case.office.read("rankings")
    case.post("rankings/recompute", scheme=case.scheme, day=TODAY)
    assert "还没有结束" in content(case.office.read("rankings"))
    assert page


def test_proposals_are_the_office_s_with_a_reason_each(case: Case) -> None:
    page = content(case.office.read(f"cards?period={DAY}"))
    assert "按期办结率 90.00%（9/10）" in page
    assert "前 1 名：红牌" in page
    assert "5 个中并列第 2（2 个相同） 不在任何一种牌的范围内" in page
    stranger = content(case.inspector.read(f"cards?period={DAY}"))
    assert "9/10" not in stranger
    assert "没有公示的牌" in stranger
    case.post("cards/propose", scheme=case.scheme, period=DAY.isoformat())
    assert "待确认 2 张" in content(case.office.read(f"cards?period={DAY}"))
    assert "没有公示的牌" in content(case.inspector.read(f"cards?period={DAY}"))


def test_the_running_period_is_a_preview(case: Case) -> None:
    assert "还没有结束" in content(case.office.read(f"cards?period={TODAY}"))
    case.post("cards/propose", scheme=case.scheme, period=TODAY.isoformat())
    assert "才结束；现在可以预览" in content(case.office.read(f"cards?period={TODAY}"))
    case.inspector.read("cards?period=2026-11", 422)  # another kind of period


def test_a_card_is_shown_appealed_and_corrected(app: Flask, wall: Wall) -> None:
    case = shown_case(app, wall)
    black = card_of(wall, case, "black")
    seen = content(case.inspector.read(f"cards?period={DAY}"))
    assert "黑牌" in seen
    assert "包保领导甲" in seen
    assert "到现场 0 次" in seen
    page = case.liaison.read(f"cards/{black.id}")
    assert 'value="appeal"' in page
    assert 'value="withdraw"' not in page
    assert 'value="appeal"' not in case.inspector.read(f"cards/{black.id}")
    act = f"cards/{black.id}/act"
    refused = case.post(act, 422, case.liaison, verb="appeal", version=3, note="")
    assert "缺少说明" in content(refused)
    case.post(act, who=case.liaison, verb="appeal", version=3, note="有两件已办结")
    stale = case.post(act, 412, case.office, verb="withdraw", version=3, note="理由写在这里")
    assert "已于" in content(stale)
    assert "理由写在这里" in stale
    assert "有两件已办结" in content(case.inspector.read(f"cards/{black.id}"))
    case.post(act, 422, verb="correct", version=4, note="口径有误")
    case.post(act, verb="correct", version=4, note="口径有误", colour="red")
    new = card_of(wall, case, "red")
    assert new.corrects_id == black.id
    case.inspector.read(f"cards/{new.id}", 404)
    case.post(f"cards/{new.id}/act", verb="show", version=1)
    both = content(case.inspector.read(f"cards?period={DAY}"))
    assert "已更正" in both
    assert "更正：原为黑牌。口径有误" in both
    assert "这张牌已经更正" in content(case.inspector.read(f"cards/{black.id}"))
    assert "这张牌更正了此前的一张" in content(case.inspector.read(f"cards/{new.id}"))


def test_a_past_day_shows_what_stood_then_and_lets_nobody_act(app: Flask, wall: Wall) -> None:
    case = shown_case(app, wall)
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    now_seen = case.office.read(f"cards?period={DAY}")
    assert "黑牌" in content(now_seen)
    assert "cards/propose" in now_seen
    past = case.office.read(f"cards?period={DAY}&as_of={yesterday}")
    assert "当天结束时的情况" in content(past)
    assert "没有公示的牌" in content(past)
    assert "cards/propose" not in past
    case.office.read(f"cards?period={DAY}&as_of={(TODAY + timedelta(days=2)).isoformat()}", 422)


def test_who_may_not_is_refused(app: Flask, wall: Wall) -> None:
    case = shown_case(app, wall)
    black = card_of(wall, case, "black")
    fields = {"scheme": str(case.scheme), "period": DAY.isoformat(), "verb": "confirm"}
    case.inspector.send("cards/all", fields, 403)
    case.liaison.send("cards/propose", fields, 403)
    case.liaison.send(f"cards/{black.id}/act", {"verb": "withdraw", "version": "3", "note": "不服"}, 403)
    case.office.send("cards/all", fields | {"verb": "withdraw"}, 422)
    case.office.send("cards/all", fields | {"period": "2026-11"}, 422)
    case.office.read(f"cards/{case.scheme}", 404)


def test_the_sheet_and_the_history(app: Flask, wall: Wall) -> None:
    case = shown_case(app, wall)
    black = card_of(wall, case, "black")
    sheet = content(case.inspector.read(f"cards/sheet?period={DAY}"))
    assert sheet.index("红牌") < sheet.index("黑牌")
    assert "包保领导甲" in sheet
    assert "测试区亮牌公示" in sheet
    listed = content(case.inspector.read("cards/history?colour=black"))
    assert "测试区5号街道" in listed
    assert "测试区一街道" not in listed
    assert "没有公示过的牌" in content(case.inspector.read("cards/history?q=无此单位"))
    assert "黑牌" in content(case.inspector.read(f"cards/history?subject={black.subject_id}"))
    rows = list(csv.reader(io.StringIO(case.inspector.read("cards/history.csv").removeprefix("\ufeff"))))
    assert {row[4] for row in rows[1:]} == {"红牌", "黑牌"}
    assert all("按期办结率" in row[7] for row in rows[1:])
    assert "最近亮牌" in content(case.inspector.read("rankings"))
    assert "黑牌" in content(case.inspector.read("rankings"))


def test_pages_without_a_scheme_say_what_to_do(app: Flask, wall: Wall) -> None:
    place = town(wall, streets=1)
    office, inspector = clerk(app, wall, place.office), clerk(app, wall, place.inspector)
    for path in ("rankings", "cards"):
        assert "去定办法" in content(office.read(path))
        assert "创建办定好办法之后" in content(inspector.read(path))
    assert "从范本开始" in content(office.read("cards/schemes"))
    assert "从范本开始" not in content(inspector.read("cards/schemes"))
    inspector.read("cards/schemes/new", 403)
    inspector.read("cards/sheet", 404)
    inspector.read("rankings/export.csv", 404)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_scheme_is_made_from_a_template_by_the_form(app: Flask, wall: Wall, name: str) -> None:
    place = town(wall, streets=1)
    office = clerk(app, wall, place.office)
    assert "保存" in office.read(f"cards/schemes/new?template={name}")
    fields = values_of(TEMPLATES[name][1]) | {"unit": str(place.district.root), "as": "form"}
    answer, _ = office.send("cards/schemes", fields, 303)
    scheme_id = answer.headers["Location"].rpartition("/")[2]
    with place.session(wall) as session:
        row = session.get(CardScheme, (place.ref.id, UUID(scheme_id)))
        assert row
        assert read_scheme(row.body) == read_scheme(TEMPLATES[name][1])
    assert "草稿" in content(office.read(f"cards/schemes/{scheme_id}"))
    office.send(f"cards/schemes/{scheme_id}/move", {"verb": "activate", "version": "1"}, 303)
    assert "执行中" in content(office.read(f"cards/schemes/{scheme_id}"))
    office.send(f"cards/schemes/{scheme_id}/move", {"verb": "activate", "version": "2"}, 303)
    assert "不能“开始执行”" in content(office.read("cards/schemes"))


def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(case: Case) -> None:
    fields = values_of(STREETS) | {"title": "", "colours.0.k": "0", "colours.1.tone": "", "leagues.0.who": ""}
    place = {"unit": str(case.place.district.root), "as": "form"}
    page = case.office.send("cards/schemes", fields | place, 422)[1]
    said = content(page)
    for text in ("缺少这一项", "应为整数", "没有这个取值", "组别的成员没有写清楚"):
        assert text in said
    for field in ("title", "colours.0.rule", "colours.1.tone", "leagues.0.who"):
        assert f'id="e-{field}"' in page, field
    assert 'value="黑牌"' in page
    empty = case.office.send("cards/schemes", place | {"title": "空", "period": "day"}, 422)[1]
    assert "没有牌色" in content(empty)
    assert "没有组别" in content(empty)


def test_a_scheme_may_be_written_as_text(case: Case) -> None:
    path = f"cards/schemes/{case.scheme}/edit"
    assert "ten_day" not in case.office.read(f"{path}?as=text")
    broken = case.office.send(path, {"as": "text", "text": "{", "version": "2"}, 422)[1]
    assert "不是有效的 JSON" in content(broken)
    said = json.dumps(STREETS | {"title": "按旬"}, ensure_ascii=False)
    case.office.send(path, {"as": "text", "text": said, "version": "1"}, 412)
    case.office.send(path, {"as": "text", "text": said, "version": "2"}, 303)
    assert "按旬" in content(case.inspector.read(f"cards/schemes/{case.scheme}"))
    case.inspector.read(path, 403)
    case.inspector.send(path, {"as": "text", "text": said, "version": "3"}, 403)


def test_a_list_by_name_survives_the_form(case: Case) -> None:
    units = [str(one) for one in case.place.streets[:2]]
    body = STREETS | {"leagues": [{"key": "named", "title": "名单", "units": units}]}
    again = body_of(values_of(body), body)
    assert again["leagues"][0]["units"] == units
    assert read_scheme(again) == read_scheme(body)


def test_the_pages_in_english(app: Flask, wall: Wall) -> None:
    case = shown_case(app, wall)
    black = card_of(wall, case, "black")
    for path in ("rankings", f"cards?period={DAY}", f"cards/{black.id}", "cards/history", "cards/schemes"):
        assert case.english.ask(path).status_code == 200
    assert "Red card" in content(case.english.read("cards/history"))


@pytest.mark.parametrize(
    ("over", "under", "low", "high"), [(0, 1, "0.00", "79.35"), (9, 10, "59.58", "98.21"), (50, 100, "40.38", "59.62")]
)
def test_the_interval_is_wilson_s(over: int, under: int, low: str, high: str) -> None:
    found = wilson(over, under)
    assert found
    assert (str(found[0]), str(found[1])) == (low, high)
    assert wilson(1, 0) is None
    assert wilson(3, 2) is None


def test_who_got_a_card_finds_a_note_that_leads_to_it(app: Flask, wall: Wall) -> None:
    case = shown_case(app, wall)
    black = card_of(wall, case, "black")
    said = f"街道旬亮牌：测试区5号街道 {DAY} 至 {DAY} 得黑牌，已公示；有异议的可以申诉"
    assert said in case.liaison.read("inbox")
    assert said not in case.inspector.read("inbox")
    case.liaison.read(f"cards/{black.id}")
    assert said not in case.liaison.read("inbox"), "who opened the card has read its note"
    case.post(f"cards/{black.id}/act", verb="withdraw", version=black.version, note="漏计")
    assert "的黑牌已撤回" in case.liaison.read("inbox")
    english = clerk(app, wall, case.place.liaisons[4], "en")  # the same account, now in English
    note = next(line for line in english.read("inbox").splitlines() if str(DAY) in line and "测试区5号街道" in line)
    assert "is withdrawn" in note
    assert "已撤回" not in note


def test_confirming_all_refuses_what_changed_since_the_page(case: Case, wall: Wall) -> None:
    case.post("cards/propose", scheme=case.scheme, period=DAY.isoformat())
    seen = seen_on(case.office.read(f"cards?scheme={case.scheme}&period={DAY}"), "confirm")
    assert seen.count(":1") == 2
    red = card_of(wall, case, "red")
    case.post(f"cards/{red.id}/act", verb="confirm", version=1)
    form = {"scheme": case.scheme, "period": DAY.isoformat(), "verb": "confirm"}
    case.post("cards/all", **form, seen=seen)
    assert f"有了变化：{red.subject_name}" in content(case.office.read(f"cards?period={DAY}"))
    assert card_of(wall, case, "black").state == "proposed"
    case.post("cards/all", 422, **form)  # a form that does not say what was seen
    case.post("cards/all", 422, **form, seen="x")


def test_the_card_in_force_stands_beside_its_subject(app: Flask, wall: Wall) -> None:
    case = shown_case(app, wall)
    black = card_of(wall, case, "black")
    for who, path in ((case.inspector, f"units/{black.subject_id}"), (case.liaison, "")):
        page = who.read(path)
        assert f"cards/{black.id}" in page, path
        assert "按期办结率 0.00%（0/10）" in content(page), path
    assert str(black.id) not in case.inspector.read(f"units/{case.place.streets[1]}")
    case.post(f"cards/{black.id}/act", verb="withdraw", version=black.version, note="漏计")
    assert str(black.id) not in case.inspector.read(f"units/{black.subject_id}")


def test_a_period_may_be_a_quarter_or_a_year() -> None:
    for kind in ("quarter", "year"):
        body = {**STREETS, "period": kind, "basis": "ranks", "daily": "findings", "eligibility": {"days": 60}}
        scheme = read_scheme(body)
        assert (scheme.period, scheme.days) == (kind, 60)


def test_an_appeal_carries_photos_that_the_parties_see(app: Flask, wall: Wall) -> None:
    case = shown_case(app, wall)
    black = card_of(wall, case, "black")
    sha = case.liaison.photo(jpeg())
    case.post(f"cards/{black.id}/act", who=case.liaison, verb="appeal", version=3, note="已整改", photos=sha)
    stored = re.search(r'src="[^"]*photos/([0-9a-f-]+)', case.office.read(f"cards/{black.id}"))
    assert stored
    assert case.office.ask(f"photos/{stored[1]}").status_code == 200
    assert case.liaison.ask(f"photos/{stored[1]}").status_code == 200
    assert stored[1] not in case.inspector.read(f"cards/{black.id}")
    assert case.inspector.ask(f"photos/{stored[1]}").status_code == 404
    assert "裁决期限" in case.office.read(f"cards/{black.id}")


def test_a_shop_without_an_account_sees_its_own_card(app: Flask, wall: Wall) -> None:
    place = town(wall)
    leagues = [{"key": "shops", "title": "商户", "site_types": ["frontage_shop"]}]
    with place.session(wall) as session:
        mine, other = shop(session, place, "甲店"), shop(session, place, "乙店")
        problem(session, place.homes[0], opened=at(DAY, 9), due=at(TODAY, 9), site=other)
        body = STREETS | {"period": "day", "measure": "found", "leagues": leagues}
        row = keep_scheme(session, place.office, body, unit_id=place.district.root, now=now())
        move_scheme(session, place.office, row.id, "activate", version=1, now=now())
        kept = find_scheme(session, place.office, row.id, TODAY)
        propose_period(session, place.office, installed(), kept, Period("day", DAY, DAY), now=now())
        for verb in ("confirm", "show"):
            act_on_all(session, place.office, live_cards(session, row.id, DAY), verb, now=now())
        made = {"kind": "property", "name": "甲店店主", "unit_id": place.streets[0], "site_id": mine, "now": now()}
        contact = add_contact(session, place.liaisons[0], **made)
        _, word = make_link(session, place.liaisons[0], contact.id, now=now())
        session.commit()
    with app.app_context():
        signed = sign_word(place.ref.slug, word)
    client = app.test_client()
    assert client.get(f"/h/{place.ref.slug}/{signed}").status_code == 303
    page = client.get(f"/h/{place.ref.slug}").get_data(as_text=True)
    assert "红牌" in page
    assert "发现问题 0" in content(page)
    assert "黑牌" not in page
    assert "/cards/" not in page.split("<main")[1]
    assert "红牌" in content(clerk(app, wall, place.inspector).read(f"sites/{mine}"))
