"""The pages of scores, publications and reports, walked with the real application on a real database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from uuid import uuid4

import psycopg
import pytest
from docx import Document
from flask import Flask
from sqlalchemy import func, select

from core.databases import Urls
from core.figures.explain import explain
from core.figures.grants import give_grant
from core.figures.overview import by_unit
from core.figures.scores import score_campaign
from core.figures.tables import Publication
from core.web.scores import indicators
from core.web.scores.figure_words import say_change, say_number, say_rule, say_target, say_value
from core.work.enabling import enable, suspend
from tenants.access import TenantRef
from tenants.scope import Wall
from tests.factory import bare_tenant
from tests.figures.build import CAMPAIGNS, CIVILIZED, SANITARY, Made, at, fill, finding, make, visit
from tests.web.figure_stage import MONTH, TODAY, Reader, cells_of, plain, seat

KEY = MONTH.key


@dataclass
class Stage:
    made: Made
    city: TenantRef
    t: str
    office: Reader
    admin: Reader
    liaison: Reader


def build(app: Flask, wall: Wall, *, days: int = 27) -> Stage:
    city = bare_tenant(wall, kind="city", name="测试市")
    made = make(wall, *CAMPAIGNS.values(), upper_id=city.id)
    if days:
        fill(wall, made, first=MONTH.start, days=days, per_day=6)
        leave_open(wall, made)
    district = made.district
    readers = [seat(app, wall, district.ref, role, district.root) for role in ("hq_office", "administrator")]
    liaison = seat(app, wall, district.ref, "liaison", district.communities[0])
    return Stage(made, city, f"/t/{district.ref.slug}", *readers, liaison)


def leave_open(wall: Wall, made: Made) -> None:
    """One finding of a housing estate that nobody has answered yet."""
    (form,) = CIVILIZED.edition.forms_for(["housing_estate"])
    with made.district.session(wall) as session:
        found = {"opened": at(MONTH.start), "due": at(MONTH.start + timedelta(days=3)), "types": ("housing_estate",)}
        finding(session, made, [(CIVILIZED, form.items[0].code)], **found)
        session.commit()


@pytest.fixture(scope="module")
def stage(app: Flask, wall: Wall) -> Stage:
    return build(app, wall)


@pytest.fixture
def fresh(app: Flask, wall: Wall) -> Stage:
    """A district of its own with a few records, for tests that write."""
    return build(app, wall, days=4)


def test_campaigns_stand_side_by_side(stage: Stage, wall: Wall) -> None:
    page = plain(stage.office.get(f"{stage.t}/figures?kind=month&period={KEY}&campaign=sanitary_city"))
    with stage.made.district.session(wall) as session:
        for campaign in CAMPAIGNS.values():
            score = score_campaign(session, None, campaign, campaign.edition, MONTH)
            before = score_campaign(session, None, campaign, campaign.edition, MONTH.previous)
            assert campaign.title_zh in page
            assert f"{score.percent_of_assessed} % 占已评估分" in page
            assert before.percent_of_assessed is None or before.visits
            assert f"{score.earned:.2f} / {score.assessed:.2f} 分" in page
            assert f"{score.coverage}%" in page
            assert f"{score.visits} 次检查，{score.sites} 个点位" in page
        units = by_unit(session, None, SANITARY, SANITARY.edition, MONTH)
    assert [u.kind for u in units] == ["subdistrict"]
    assert f"{units[0].name} {units[0].score.percent_of_assessed}% " in page
    assert "失分在哪里" in page
    assert stage.made.district.departments["propaganda"].hex not in page


def test_the_export_has_a_line_for_each_campaign_and_unit(stage: Stage, wall: Wall) -> None:
    lines = stage.office.lines(f"{stage.t}/figures/export.csv?period={KEY}")
    assert lines[0][0] == "周期"
    assert [(line[1], line[2]) for line in lines[1:]] == [
        (campaign.title_zh, name)
        for campaign in sorted(CAMPAIGNS.values(), key=lambda c: c.key)
        for name in ("全区", "测试区一街道")
    ]
    with stage.made.district.session(wall) as session:
        score = score_campaign(session, None, CIVILIZED, CIVILIZED.edition, MONTH)
    said = next(line for line in lines if line[1] == CIVILIZED.title_zh)
    assert Decimal(said[3]) == score.percent_of_assessed
    assert [Decimal(v) for v in said[6:11]] == [
        score.coverage,
        score.earned,
        score.assessed,
        score.total,
        score.totals.lost,
    ]


def test_the_trend_is_drawn_from_json(stage: Stage, wall: Wall) -> None:
    data = stage.office.json(f"{stage.t}/figures/trend.json?kind=month&period={KEY}&campaign=civilized_city")
    with stage.made.district.session(wall) as session:
        score = score_campaign(session, None, CIVILIZED, CIVILIZED.edition, MONTH)
    assert data["kind"] == "trend"
    (series,) = data["series"]  # type: ignore[misc]
    assert data["periods"][-1] == KEY  # type: ignore[index]
    assert len(series["values"]) == len(series["n"]) == len(data["periods"])  # type: ignore[arg-type]
    assert Decimal(str(series["values"][-1])) == score.percent_of_assessed
    assert series["n"][-1] == score.visits
    assert len(stage.office.json(f"{stage.t}/figures/trend.json?period={KEY}")["series"]) == 3  # type: ignore[arg-type]
    stage.office.get(f"{stage.t}/figures/trend.json?campaign=unknown_city", 404)


def test_another_kind_of_period_stays_near(stage: Stage) -> None:
    page = stage.office.get(f"{stage.t}/figures?kind=ten_day&period={KEY}")
    assert f'<option value="{KEY}-T3" selected>' in page
    page = stage.office.get(f"{stage.t}/figures?kind=year&period={KEY}")
    assert f'<option value="{MONTH.start.year}" selected>' in page
    assert "kind" in stage.office.get(f"{stage.t}/figures?kind=moon", 422)
    assert "不认识的周期" in stage.office.get(f"{stage.t}/figures?period=2026-13", 422)
    stage.office.get(f"{stage.t}/figures?campaign=unknown_city", 404)


def test_the_catalogue_shows_every_indicator_with_its_reason(stage: Stage, wall: Wall) -> None:
    path = f"{stage.t}/k/sanitary_city/"
    page = plain(stage.office.get(f"{path}?period={KEY}"))
    lines = stage.office.lines(f"{path}indicators.csv?period={KEY}")
    with stage.made.district.session(wall) as session:
        score = score_campaign(session, None, SANITARY, SANITARY.edition, MONTH)
    assert [line[4] for line in lines[1:]] == [f.code for f in score.indicators]
    assert sum(Decimal(line[12] or 0) for line in lines[1:]) == score.earned
    assert sum(Decimal(line[13]) for line in lines[1:]) == score.total == 1000
    for figure in score.indicators:
        assert figure.name_zh in page
        if not figure.assessed:
            assert figure.reason_zh in page
    assert f"{score.earned:.2f} / {score.assessed:.2f} 分" in page
    for form in SANITARY.edition.forms:
        assert f"/k/sanitary_city/f/{form.code}" in stage.office.get(path)
    stage.office.get(f"{stage.t}/k/unknown_city/", 404)


def test_a_unit_is_chosen_within_reach(stage: Stage, wall: Wall) -> None:
    first, second = stage.made.district.communities
    with stage.made.district.session(wall) as session:
        score = score_campaign(session, None, SANITARY, SANITARY.edition, MONTH, first)
    page = plain(stage.liaison.get(f"{stage.t}/k/sanitary_city/?period={KEY}&unit={first}"))
    assert f"{score.earned:.2f} / {score.assessed:.2f} 分" in page
    stage.liaison.get(f"{stage.t}/k/sanitary_city/?unit={second}", 403)
    unknown = stage.office.ask(f"{stage.t}/k/sanitary_city/?unit={uuid4()}", 404)
    other = make(wall, SANITARY)
    foreign = stage.office.ask(f"{stage.t}/k/sanitary_city/?unit={other.district.street}", 404)
    assert foreign.data == unknown.data
    assert "unit" in stage.office.get(f"{stage.t}/k/sanitary_city/?unit=x", 422)


def test_an_indicator_explains_itself(stage: Stage, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{stage.t}/k/civilized_city/i/CIV-F2"
    with stage.made.district.session(wall) as session:
        found = explain(session, None, CIVILIZED, CIVILIZED.edition, "CIV-F2", MONTH)
    page = stage.office.get(f"{path}?period={KEY}")
    words = plain(page)
    assert f"合计 {len(found.rows)} 行" in words
    assert f"{say_number(found.numerator)} / {say_number(found.denominator)}" in words
    assert found.rule_zh in words
    assert found.formula in words
    assert len(found.rows) > 2
    for row in found.rows:
        assert f"{stage.t}/visits/{row.ref}" in page
    assert found.findings
    for one in found.findings:
        assert f"{stage.t}/findings/{one.finding_id}" in page
    lines = stage.office.lines(f"{path}.csv?period={KEY}")
    assert len(lines) == len(found.rows) + 1
    assert sum(Decimal(line[5]) for line in lines[1:]) == found.denominator
    monkeypatch.setattr(indicators, "ROWS", 2)
    seen: list[str] = []
    address: str | None = f"{path}?period={KEY}"
    while address:
        page = stage.office.get(address)
        seen += re.findall(r'class="key" href="[^"]*/visits/([0-9a-f-]{36})"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = path + following[1].replace("&amp;", "&").split("#")[0] if following else None
    assert seen == [str(row.ref) for row in found.rows]
    assert "cursor" in stage.office.get(f"{path}?period={KEY}&cursor=xx", 422)
    stage.office.get(f"{stage.t}/k/civilized_city/i/CIV-XX", 404)


def test_the_indicators_trend_has_its_target(stage: Stage, wall: Wall) -> None:
    data = stage.office.json(f"{stage.t}/k/civilized_city/i/CIV-F2/trend.json?period={KEY}")
    with stage.made.district.session(wall) as session:
        figure = score_campaign(session, None, CIVILIZED, CIVILIZED.edition, MONTH).indicator("CIV-F2")
    assert data["target"] == 85
    assert data["min"] <= 85 <= data["max"]  # type: ignore[operator]
    assert Decimal(str(data["series"][0]["values"][-1])) == figure.value  # type: ignore[index]


def test_rows_of_the_whole_district_are_not_for_everyone(stage: Stage, wall: Wall) -> None:
    path = f"{stage.t}/k/civilized_city/i/CIV-F2"
    page = stage.liaison.get(f"{path}?period={KEY}")
    assert "全区的明细只对全区岗位开放" in page
    assert f"{stage.t}/visits/" not in page.split("<main", 1)[1]
    stage.liaison.get(f"{path}.csv?period={KEY}", 403)
    own = stage.made.district.communities[0]
    with stage.made.district.session(wall) as session:
        found = explain(session, None, CIVILIZED, CIVILIZED.edition, "CIV-F2", MONTH, own)
    page = stage.liaison.get(f"{path}?period={KEY}&unit={own}")
    assert found.rows
    assert all(f"/visits/{row.ref}" in page for row in found.rows)


def test_a_form_says_how_it_counts(stage: Stage) -> None:
    form = SANITARY.edition.form("SAN-MARKET")
    page = plain(stage.office.get(f"{stage.t}/k/sanitary_city/f/SAN-MARKET"))
    for item in form.items:
        assert item.text_zh in page
    assert "关键项组 K1" in page
    stage.office.get(f"{stage.t}/k/sanitary_city/f/SAN-NONE", 404)


def test_every_rule_has_words(app: Flask) -> None:
    with app.test_request_context():
        items = [item for c in CAMPAIGNS.values() for form in c.edition.forms for item in form.items]
        said = {item.code: say_rule(item) for item in items}
        assert len(said) > 200
        assert all("{" not in text and "%(" not in text for text in said.values())
        assert say_target(">= 95", "%") == "≥ 95%"
        assert say_target("<= mean_5y", "per 100000") == "≤ 本地前五年平均"
        assert (say_value(Decimal("94.740"), "score"), say_value(Decimal(3), "count")) == ("94.74分", "3个")
        assert [say_change(Decimal(v)) for v in ("1.5", "-7", "0")] == ["+1.50", "−7.00", "0.00"]


def test_a_suspended_campaign_leaves_a_notice_only(fresh: Stage, wall: Wall) -> None:
    with fresh.made.district.session(wall) as session:
        suspend(session, None, "sanitary_city", today=TODAY)
        session.commit()
    t = fresh.t
    for path in (
        f"{t}/k/sanitary_city/indicators.csv",
        f"{t}/k/sanitary_city/i/SAN-301",
        f"{t}/k/sanitary_city/i/SAN-301.csv",
        f"{t}/k/sanitary_city/i/SAN-301/trend.json",
        f"{t}/k/sanitary_city/f/SAN-MARKET",
        f"{t}/publications/new?campaign=sanitary_city",
    ):
        assert fresh.office.ask(path, 404).data == fresh.office.ask(f"{t}/k/unknown_city/", 404).data
    notice = fresh.office.get(f"{t}/k/sanitary_city/")
    assert "这个创建项目已停用" in notice
    assert f"{TODAY.year}年" in notice
    assert "去再启用" not in notice
    assert f"{t}/campaigns/sanitary_city" in fresh.admin.get(f"{t}/k/sanitary_city/")
    assert SANITARY.title_zh not in fresh.office.get(f"{t}/figures?period={KEY}")
    with fresh.made.district.session(wall) as session:
        enable(session, None, SANITARY, today=TODAY)
        session.commit()
    assert "这个创建项目已停用" not in fresh.office.get(f"{t}/k/sanitary_city/")


def form_of(page: str) -> dict[str, str]:
    """The hidden values of the publishing form."""
    found = dict(re.findall(r'<input type="hidden" name="(campaign|period|seen)" value="([^"]*)"', page))
    assert set(found) == {"campaign", "period", "seen"}
    return found


def give(stage: Stage, wall: Wall, detail: str = "categories", campaign: str = "civilized_city") -> None:
    with stage.made.district.session(wall) as session:
        give_grant(session, stage.made.office, stage.city, campaign, detail, TODAY)
        session.commit()


def count(stage: Stage, wall: Wall) -> int:
    with stage.made.district.session(wall) as session:
        return session.scalar(select(func.count()).select_from(Publication)) or 0


def test_nothing_leaves_unseen(fresh: Stage, wall: Wall) -> None:
    new = f"{fresh.t}/publications/new"
    address = f"{new}?campaign=civilized_city&kind=month&period={KEY}"
    page = fresh.office.get(address)
    assert "上级收不到这一期" in page
    assert f"{fresh.t}/settings/grants" in page
    give(fresh, wall)
    page = fresh.office.get(address)
    assert "送给测试市" in page
    assert "逐项查看 10 项数值" in page
    assert "逐项查看 45 项数值" in page
    assert count(fresh, wall) == 0
    fresh.office.post(new, 422, **(form_of(page) | {"seen": "0" * 64}))
    with fresh.made.district.session(wall) as session:
        visit(session, fresh.made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=MONTH.start)
        session.commit()
    again = fresh.office.post(new, 422, **form_of(page)).get_data(as_text=True)
    assert "预览之后又有新的记录" in again
    assert count(fresh, wall) == 0
    done = fresh.office.post(new, **form_of(again))
    assert count(fresh, wall) == 2
    page = fresh.office.get(done.headers["Location"])
    assert "已送达测试市" in page
    assert "重新计算，与封签相同" in page
    assert "测试市" in fresh.office.get(f"{fresh.t}/publications")
    fresh.liaison.get(new, 403)
    fresh.liaison.post(new, 403, **form_of(again))


def test_a_correction_needs_a_reason(fresh: Stage, wall: Wall) -> None:
    new = f"{fresh.t}/publications/new"
    address = f"{new}?campaign=civilized_city&kind=month&period={KEY}"
    first = fresh.office.post(new, **form_of(fresh.office.get(address))).headers["Location"]
    page = fresh.office.get(address)
    assert "更正原因" in page
    refused = fresh.office.post(new, 422, **form_of(page), reason="  ").get_data(as_text=True)
    assert "请写明原因" in refused
    long = fresh.office.post(new, 422, **form_of(page), reason="长" * 501).get_data(as_text=True)
    assert "长" * 501 in long
    second = fresh.office.post(new, **form_of(page), reason="补录漏报的检查").headers["Location"]
    assert "补录漏报的检查" in fresh.office.get(second)
    assert f'href="{second}"' in fresh.office.get(first)
    listed = fresh.office.get(f"{fresh.t}/publications")
    assert "已被更正" in listed
    lines = fresh.office.lines(f"{fresh.t}/publications/export.csv?campaign=civilized_city&kind=month")
    assert [line[0] for line in lines[1:]] == ["2", "1"]
    assert lines[1][14] == lines[2][13]  # the correction names the first one's seal
    assert fresh.office.lines(f"{fresh.t}/publications/export.csv?kind=week")[1:] == []
    assert "2 份发布件的封签都相符" in fresh.office.get(f"{fresh.t}/publications/seals")


def test_a_changed_figure_breaks_the_seal(fresh: Stage, wall: Wall, urls: Urls) -> None:
    new = f"{fresh.t}/publications/new"
    page = fresh.office.get(f"{new}?campaign=civilized_city&kind=month&period={KEY}")
    there = fresh.office.post(new, **form_of(page)).headers["Location"]
    with psycopg.connect(urls.superuser.replace("+psycopg", "")) as raw:
        raw.execute(
            "UPDATE published_figure SET n = n + 1 WHERE publication_id = %s AND code = 'CIV-F2'",
            (there.rsplit("/", 1)[1],),
        )
    assert "重新计算，与封签不同" in fresh.office.get(there)
    assert "内容与封签不符" in fresh.office.get(f"{fresh.t}/publications/seals")


def test_a_period_that_has_not_begun_is_refused_with_its_form(fresh: Stage) -> None:
    later = MONTH.next.next.key
    page = fresh.office.get(f"{fresh.t}/publications/new?campaign=civilized_city&period={later}", 422)
    assert "这一期还没有开始" in page
    assert "这一期不能发布" in page


def test_reports_come_from_publications_only(fresh: Stage, wall: Wall, app: Flask) -> None:
    t, new = fresh.t, f"{fresh.t}/publications/new"
    assert "先发布一期" in fresh.office.get(f"{t}/reports")
    give(fresh, wall)
    page = fresh.office.get(f"{new}?campaign=civilized_city&kind=month&period={KEY}")
    fresh.office.post(new, **form_of(page))
    with fresh.made.district.session(wall) as session:
        own, sent = sorted(session.scalars(select(Publication)), key=lambda p: p.reader_id != p.tenant_id)
    with fresh.made.district.session(wall) as session:  # later records change the score, never the report
        visit(session, fresh.made, ["housing_estate"], {"fire_lane_open": {"yes": False}}, day=MONTH.start)
        session.commit()
    listed = fresh.office.get(f"{t}/reports")
    assert f"{t}/reports/{own.id}.docx" in listed
    assert SANITARY.title_zh in listed  # waits for its publication
    body = fresh.office.get(f"{t}/reports/{own.id}")
    text = plain(body)
    assert own.sha256 in text
    assert f"{Decimal(own.earned).scaleb(-2)} / {Decimal(own.assessed).scaleb(-2)}" in text
    word = fresh.office.ask(f"{t}/reports/{own.id}.docx")
    assert "attachment" in word.headers["Content-Disposition"]
    paper = Document(BytesIO(word.data))
    said = "\n".join(p.text for p in paper.paragraphs)
    assert own.sha256 in said
    assert f"得{Decimal(own.earned).scaleb(-2)}分" in said
    assert [line[0] for line in fresh.office.lines(f"{t}/reports/export.csv")[1:]] == [str(own.sequence)]
    unknown = fresh.office.ask(f"{t}/reports/{uuid4()}", 404).data
    assert fresh.office.ask(f"{t}/reports/{sent.id}", 404).data == unknown
    with fresh.made.district.session(wall) as session:
        suspend(session, None, "civilized_city", today=TODAY)
        session.commit()
    assert fresh.office.ask(f"{t}/reports/{own.id}", 404).data == unknown
    assert fresh.office.ask(f"{t}/reports/{own.id}.docx", 404).data == unknown
    assert own.sha256 in fresh.office.get(f"{t}/publications/{own.id}")


def test_another_districts_publication_is_not_found(fresh: Stage, stage: Stage, wall: Wall) -> None:
    new = f"{fresh.t}/publications/new"
    page = fresh.office.get(f"{new}?campaign=civilized_city&kind=month&period={KEY}")
    there = fresh.office.post(new, **form_of(page)).headers["Location"].rsplit("/", 1)[1]
    unknown = stage.office.ask(f"{stage.t}/publications/{uuid4()}", 404).data
    for path in (f"publications/{there}", f"reports/{there}", f"reports/{there}.docx"):
        assert stage.office.ask(f"{stage.t}/{path}", 404).data == unknown
    assert stage.office.ask(f"{fresh.t}/publications", 404).data == unknown


def test_pages_of_publications_turn(fresh: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    new = f"{fresh.t}/publications/new"
    for n in range(4):
        day = (MONTH.start + timedelta(days=n)).isoformat()
        page = fresh.office.get(f"{new}?campaign=civilized_city&kind=day&period={day}")
        fresh.office.post(new, **form_of(page))
    monkeypatch.setattr("core.web.scores.publications.SIZE", 3)
    first = fresh.office.get(f"{fresh.t}/publications?kind=day")
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = fresh.office.get(f"{fresh.t}/publications" + following[1].replace("&amp;", "&"))
    ids = [re.findall(r'class="key" href="[^"]*/publications/([0-9a-f-]{36})"', page) for page in (first, second)]
    assert [len(found) for found in ids] == [3, 1]
    assert len({*ids[0], *ids[1]}) == 4
    assert "cursor" in fresh.office.get(f"{fresh.t}/publications?cursor=xx", 422)


def test_an_empty_district_is_told_what_to_do(app: Flask, wall: Wall) -> None:
    made = make(wall)
    office, admin = (seat(app, wall, made.district.ref, r, made.district.root) for r in ("hq_office", "administrator"))
    t = f"/t/{made.district.ref.slug}"
    assert "去启用" in admin.get(f"{t}/figures")
    assert "还没有启用创建项目" in office.get(f"{t}/figures")
    assert "还没有启用创建项目" in office.get(f"{t}/publications/new")
    assert "还没有发布过" in office.get(f"{t}/publications")
    assert "还没有报告" in office.get(f"{t}/reports")
    assert len(cells_of(office.get(f"{t}/figures/export.csv"))) == 1


def test_pages_speak_english(stage: Stage) -> None:
    stage.liaison.post("/language", 302, locale="en", next="/")
    page = stage.liaison.get(f"{stage.t}/k/sanitary_city/?period={KEY}")
    assert SANITARY.title_en in page
    assert SANITARY.edition.indicators[0].name_en in page
    stage.liaison.post("/language", 302, locale="zh", next="/")
