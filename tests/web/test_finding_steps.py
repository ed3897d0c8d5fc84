"""The steps of one finding on its page: each form asks for what the table says, keeps what was typed, and says what comes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from core.web.ledger.finding_forms import FIELDS, FIRST, RARE, SECOND, TOGETHER, forms_of
from core.work.calendar import local_day
from core.work.dispatch.routing_rules import RuleWish, add_rule
from core.work.intake.reporting import report
from core.work.loop.ledger import act
from core.work.loop.states import STATES, SYSTEM
from core.work.loop.transitions import TRANSITIONS
from core.work.tables import Finding, Part, Precedent, RoutingRule
from tenants.db import now
from tenants.models import Unit
from tenants.scope import Wall
from tests.factory import add_site
from tests.web.desk import Clerk, clerk, content
from tests.work.ledger_town import Town, lay_finding, town
from tests.work.pictures import jpeg

FIELD_NAMES = {"unit": "unit", "photos": "photos_file", "changes": "changes.title"}  # how a field is named in the form


@dataclass
class Stage:
    """The ledger's town, its people at their desks."""

    place: Town
    wall: Wall
    desks: dict[str, Clerk]

    def lay(self, state: str, **more: object) -> UUID:
        with self.place.district.session(self.wall) as session:
            finding = lay_finding(session, self.place, state, **more)  # type: ignore[arg-type]
            finding.due_at = finding.accept_by = now().replace(year=now().year + 1)
            session.commit()
            return finding.id

    def read(self, finding: UUID) -> Finding:
        with self.place.district.session(self.wall) as session:
            return session.scalars(select(Finding).where(Finding.id == finding)).one()

    def act(self, who: str, finding: UUID, verb: str, status: int = 303, **sent: str) -> str:
        """Send a step as the page would, and give the page that follows."""
        version = str(self.read(finding).version)
        desk = self.desks[who]
        _, page = desk.send(f"findings/{finding}/act", {"version": version, "verb": verb} | sent, status)
        return desk.read(f"findings/{finding}") if status == 303 else page


@pytest.fixture(scope="module")
def stage(app: Flask, wall: Wall, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    place = town(wall, tmp_path_factory.mktemp("files"))
    return Stage(place, wall, {name: clerk(app, wall, actor) for name, actor in place.people.items()})


def test_every_step_of_people_has_its_place_in_the_forms() -> None:
    offered = {*FIRST, *SECOND, *RARE} | {verb for pair in TOGETHER for verb in pair}
    assert offered == {step.verb for step in TRANSITIONS.values() if step.by != (SYSTEM,)}
    assert set(FIELDS) >= {name for step in TRANSITIONS.values() for name in step.fields}


def test_a_form_marks_what_its_steps_need(app: Flask) -> None:
    with app.test_request_context("/"):
        judged = forms_of([TRANSITIONS["close"], TRANSITIONS["send_back"]])
        assert [form.verbs for form in judged] == [("close", "send_back")]
        by_name = {one.name: one for one in judged[0].fields}
        assert not by_name["note"].required
        assert by_name["note"].hint == "退回重改时必填"
        assert by_name["outcome"].hint == "销号时必填"
        alone = forms_of([TRANSITIONS["send_back"]])[0]
        assert {one.name: one.required for one in alone.fields} == {"photos": False, "note": True}
        bare = forms_of([TRANSITIONS["take"]])[0]
        assert (bare.needed, [one.name for one in bare.optional]) == ((), ["person", "note"])


WHO = {
    "desk": "office",
    "leading": "liaison",
    "another": "office",
    "assisting": "helper",
    "place": "place",
    "leader": "leader",
}


@pytest.mark.parametrize("verb", [step.verb for step in TRANSITIONS.values() if step.by != (SYSTEM,)])
def test_each_form_asks_for_exactly_what_the_table_says(stage: Stage, verb: str) -> None:
    step = TRANSITIONS[verb]
    state = next(state for state in STATES if state in step.from_states)
    finding = stage.lay(
        state, source=step.source or "visit", help_asked=verb in ("finish_part", "decline_part", "drop_part")
    )
    desk = stage.desks[WHO[next(party for party in step.by if party != SYSTEM)]]
    page = desk.read(f"findings/{finding}?do={verb}")
    buttons = re.findall(r'name="verb" value="(\w+)"', page)
    assert verb in buttons, content(page)[:400]
    form = page[page.index('id="act"') : page.index("</form>", page.index('id="act"'))]
    for name in step.needs:
        assert f'name="{FIELD_NAMES.get(name, name)}"' in form, name
    asked = {name for one in buttons for name in TRANSITIONS[one].fields}
    for name in set(FIELDS) - asked:
        assert f'name="{FIELD_NAMES.get(name, name)}"' not in form, name


@pytest.mark.parametrize(
    ("verb", "state", "who", "field"),
    [
        ("return", "dispatched", "liaison", "reason"),
        ("arbitrate", "returned", "office", "unit"),
        ("ask_extension", "taken", "liaison", "days"),
        ("ask_parking", "taken", "liaison", "review_on"),
        ("assign", "taken", "liaison", "person"),
        ("merge", "taken", "office", "target"),
        ("correct", "taken", "office", "changes"),
        ("instruct", "taken", "leader", "note"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(stage: Stage, verb: str, state: str, who: str, field: str) -> None:
    finding = stage.lay(state)
    page = stage.act(who, finding, verb, 422, **({} if field == "note" else {"note": "我的理由"}))
    assert f'href="#f-{field}"' in page
    assert "我的理由</textarea>" in page or "note" not in TRANSITIONS[verb].fields or field == "note"
    assert stage.read(finding).version == 1


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"days": "x"}, "工作日数不对"),
        ({"days": "0"}, "工作日数不对"),
        ({"days": "9999"}, "工作日数不对"),
    ],
)
def test_a_field_that_cannot_be_read_keeps_the_rest(stage: Stage, sent: dict[str, str], said: str) -> None:
    finding = stage.lay("taken")
    page = stage.act("liaison", finding, "ask_extension", 422, note="等材料", **sent)
    assert said in page
    assert "等材料</textarea>" in page
    assert f'value="{sent["days"]}"' in page


def test_other_fields_that_cannot_be_read(stage: Stage) -> None:
    page = stage.act("liaison", stage.lay("taken"), "ask_parking", 422, note="x", review_on="明天")
    assert "日期写法无效" in page
    assert 'value="明天"' in page
    page = stage.act("office", stage.lay("returned"), "arbitrate", 422, note="x", unit="7")
    assert "选项无效" in page
    page = stage.act("office", stage.lay("taken"), "merge", 422, target="2026-99999")
    assert "没有这个编号的问题" in page
    assert 'value="2026-99999"' in page


# ---- the ways of a finding ----


def test_returned_arbitrated_and_remembered(stage: Stage) -> None:
    finding = stage.lay("dispatched")
    other = str(stage.place.other)
    page = stage.act("liaison", finding, "return", reason="not_our_duty", note="不归我们管", unit=other)
    said = content(page)
    for words in ("退回待裁定", "自 ", "起暂停计时", "不属本单位职责", "建议由", "等创建办（受理派遣）办理"):
        assert words in said, words
    assert "退回 1 次" in content(stage.desks["office"].read(f"findings/{finding}"))
    page = stage.desks["office"].read(f"findings/{finding}?do=arbitrate")
    assert re.search(r'name="precedent" value="1" checked', page), (
        "what is decided is proposed the next time, unless unticked"
    )
    assert "只适用这一件的，请取消勾选" in page
    assert "同类问题以前的裁定" not in page
    page = stage.act("office", finding, "arbitrate", 422, unit=other)
    assert not re.search(r'name="precedent" value="1" checked', page), "what was unticked stays so"
    stage.act("office", finding, "arbitrate", unit=other, note="按职责分工", precedent="1")
    assert stage.read(finding).state == "dispatched"
    with stage.place.district.session(stage.wall) as session:
        assert session.scalars(select(Precedent.unit_id).where(Precedent.finding_id == finding)).one() == UUID(other)
    assert "作为判例" in content(stage.desks["office"].read(f"findings/{finding}"))
    assert stage.desks["stranger"].read(f"findings/{finding}"), "it leads now"
    stage.act("stranger", finding, "return", reason="not_our_duty", note="也不归我们")
    page = content(stage.desks["office"].read(f"findings/{finding}?do=arbitrate"))
    assert re.search(r"同类问题以前的裁定 台账区财政 按职责分工 .*裁定前退回 1 次", page), page


def test_a_precedent_is_seen_where_it_is_proposed(stage: Stage) -> None:
    """The desk that dispatches and the unit that takes it read why: the decision's reason and how often it was returned."""
    place = stage.place
    with place.district.session(stage.wall) as session:
        earlier = lay_finding(session, place, "returned")
        earlier.returns, earlier.category = 2, "ENV-WATER"
        act(
            session,
            place.people["office"],
            earlier.id,
            "arbitrate",
            version=1,
            unit_id=place.lead,
            note="积水归环卫管",
            precedent=True,
        )
        fields = {"source": "snapshot", "category": "ENV-WATER", "site_id": place.site}
        finding = report(session, place.people["grid_worker"], **fields).id
        session.commit()
    said = content(stage.desks["office"].read(f"findings/{finding}?do=dispatch"))
    assert said.count("台账区环卫：依判例：积水归环卫管（裁定前退回 2 次）") == 1
    stage.act("office", finding, "dispatch")
    said = content(stage.desks["liaison"].read(f"findings/{finding}"))
    assert said.count("依判例：积水归环卫管（裁定前退回 2 次）") == 3  # above the step, beside the unit, in the history
    stage.act("office", finding, "transfer", unit=str(place.other), note="换一家")
    said = content(stage.desks["office"].read(f"findings/{finding}"))
    assert said.count("依判例") == 1, "only the history says why the former unit had it"


def test_extension_and_parking_are_asked_and_decided(stage: Stage) -> None:
    finding = stage.lay("taken")
    said = content(stage.act("liaison", finding, "ask_extension", days="2", note="等材料"))
    assert "申请延期 2 个工作日，批准之前期限照常计算" in said
    page = stage.desks["office"].read(f"findings/{finding}")
    assert re.findall(r'name="verb" value="(\w+)"', page) == ["grant", "refuse"]
    assert "最多 2 天" in page
    stage.act("office", finding, "grant", 422, days="3")
    said = content(stage.act("office", finding, "grant", days="1"))
    assert "已延期 1 个工作日" in said
    later = now().date().replace(month=1, day=9, year=now().year + 1)
    said = content(stage.act("liaison", finding, "ask_parking", review_on=later.isoformat(), note="管网改造"))
    assert "挂账待批" in said
    said = content(stage.act("office", finding, "park"))
    assert f"挂账中，{later.year}年1月9日 复核" in said
    assert content(stage.act("office", finding, "unpark", days="2")).count("整改中")


def test_help_is_asked_done_and_waited_for(stage: Stage) -> None:
    finding, helper = stage.lay("taken"), str(stage.place.helper)
    said = content(stage.act("liaison", finding, "assist", unit=helper, note="请清运垃圾"))
    assert "协办 · 请清运垃圾" in said
    photo = stage.desks["liaison"].photo(jpeg())
    page = stage.act("liaison", finding, "answer", 409, photos=photo, note="我们这边好了")
    assert "还有 1 个协办单位没有完成" in page
    assert "我们这边好了</textarea>" in page
    assert "已完成" in content(stage.act("helper", finding, "finish_part", note="已清运"))
    stage.act("liaison", finding, "answer", photos=photo)
    assert "已会签" in content(stage.act("place", finding, "cosign"))


def test_a_leaders_order_is_reported_back_before_it_closes(stage: Stage) -> None:
    finding = stage.lay("answered", source="leader")
    page = stage.desks["office"].read(f"findings/{finding}")
    assert re.findall(r'name="verb" value="(\w+)"', page) == ["report_back"]
    assert "销号前须回报交办领导" in content(page)
    page = stage.act("office", finding, "close", 409, outcome="fixed")
    assert "须先回报交办领导" in page
    page = stage.act("office", finding, "report_back", note="已向领导汇报")
    assert re.findall(r'name="verb" value="(\w+)"', page) == ["close", "send_back"]
    stage.act("office", finding, "send_back", note="没有改好")
    page = stage.act("liaison", finding, "answer", photos=stage.desks["liaison"].photo(jpeg()))
    assert "销号前须回报交办领导" in content(page)
    page = stage.desks["office"].read(f"findings/{finding}")
    assert re.findall(r'name="verb" value="(\w+)"', page) == ["report_back"]
    stage.act("office", finding, "report_back", note="已再次汇报")
    assert "已销号" in content(stage.act("office", finding, "close", outcome="fixed"))


def test_instructions_stand_on_top(stage: Stage) -> None:
    finding = stage.lay("rectifying")
    said = content(stage.act("leader", finding, "instruct", note="三天内必须改好"))
    assert said.index("三天内必须改好") < said.index("整改前后")
    assert "批示" in said


def test_the_office_files_a_leaders_written_instruction(stage: Stage) -> None:
    finding = stage.lay("answered", source="leader")
    words = {"note": "限三日整改到位", "said_on": "2026-11-18"}
    assert 'href="#f-leader"' in stage.act("office", finding, "instruct", 422, **words)
    late = {"leader": "演示副区长", "said_on": "2999-01-01"}
    assert "批示日期不对" in stage.act("office", finding, "instruct", 422, **(words | late))
    photo = stage.desks["office"].photo(jpeg((90, 67)))
    page = stage.act("office", finding, "instruct", **(words | {"leader": "演示副区长", "photos": photo}))
    said = content(page)
    assert said.index("限三日整改到位") < said.index("批示 · 演示副区长 · 2026-11-18") < said.index("整改前后")
    (paper,) = re.findall(r'href="/t/[^/]+/(photos/[^"]+)">批示原件<', page)
    assert stage.desks["liaison"].ask(paper).status_code == 200, "who has to put it right reads the paper"
    compare = page[page.index('class="sc-compare"') :]
    assert paper not in compare[: compare.index("</section>")], "a paper is no photo of what was put right"


def test_a_correction_changes_what_differs_and_nothing_else(stage: Stage) -> None:
    finding = stage.lay("taken")
    was = stage.read(finding)
    same = {f"changes.{name}": getattr(was, name) for name in ("category", "title", "detail", "severity", "place")}
    page = stage.act("office", finding, "correct", 422, note="写错了", **same)
    assert "没有要更正的内容" in page
    page = stage.act("office", finding, "correct", 422, note="写错了", **same | {"changes.title": " "})
    assert 'href="#f-changes.title"' in page
    said = content(stage.act("office", finding, "correct", note="写错了", **same | {"changes.severity": "urgent"}))
    assert "严重程度：一般 → 紧急" in said
    assert (stage.read(finding).severity, stage.read(finding).title) == ("urgent", was.title)


def test_a_finding_is_put_at_the_site_where_it_is(stage: Stage) -> None:
    place = stage.place
    there = place.district.communities[1]
    with place.district.session(stage.wall) as session:
        other = add_site(session, there, "MKT", name="南门市场")
        for unit in place.district.communities[:2]:
            add_site(session, unit, "MKT", name="同名小店")
        there_name = session.get_one(Unit, (session.tenant_id, there)).name
        session.commit()
    finding = stage.lay("taken")
    page = stage.desks["office"].read(f"findings/{finding}?do=correct")
    assert f'<option value="南门市场 · {there_name}">' in page
    as_shown = {"changes.site_id": re.findall(r'name="changes.site_id" value="([^"]*)"', page)[0]}
    as_shown["changes.unit_id"] = str(place.place)
    assert "没有要更正的内容" in stage.act("office", finding, "correct", 422, note="选错了", **as_shown)
    for typed, said in (("不存在的点位", "没有这个点位"), ("同名小店", "有多个点位叫这个名字")):
        page = stage.act("office", finding, "correct", 422, note="选错了", **as_shown | {"changes.site_id": typed})
        assert said in page
        assert f'name="changes.site_id" value="{typed}"' in page, "what was typed stays"
    page = stage.act("office", finding, "correct", 422, note="选错了", **as_shown | {"changes.site_id": ""})
    assert "没有写明地点" in page
    sent = as_shown | {"changes.site_id": "南门市场"}
    said = content(stage.act("office", finding, "correct", note="选错了", **sent))
    assert "所在点位：测试点位 → 南门市场" in said
    assert f"→ {there_name}" in said
    assert (stage.read(finding).site_id, stage.read(finding).unit_id) == (other, there)
    sent = {"changes.site_id": "", "changes.unit_id": str(place.place), "changes.place": "路口"}
    said = content(stage.act("office", finding, "correct", note="在路口", **sent))
    assert "所在点位：南门市场 → 没有" in said
    assert (stage.read(finding).site_id, stage.read(finding).unit_id) == (None, place.place)


def test_another_severity_says_the_old_and_the_new_limit(stage: Stage) -> None:
    with stage.place.district.session(stage.wall) as session:
        wish = RuleWish(category="ENV-LITTER", severity="urgent", hours=8)
        rule = add_rule(session, stage.place.people["office"], wish, today=local_day(now()))
        session.commit()
    finding = stage.lay("rectifying")
    said = content(stage.act("office", finding, "correct", **{"changes.severity": "urgent", "note": "会伤人"}))
    assert "时限 3 个工作日 → 8 小时 · 严重程度：一般 → 紧急 · 会伤人" in said
    assert "新的期限" in said
    with stage.place.district.session(stage.wall) as session:
        session.get_one(RoutingRule, (stage.place.district.ref.id, rule.id)).valid_to = local_day(now())
        session.commit()


def test_merged_findings_keep_their_sources(stage: Stage) -> None:
    target, twin = stage.lay("taken"), stage.lay("taken")
    with stage.place.district.session(stage.wall) as session:
        session.scalars(select(Finding).where(Finding.id == target)).one().number = "2026-00909"
        session.commit()
    said = content(stage.act("office", twin, "merge", target="2026-00909"))
    assert "已并入 2026-00909 ，由那一件一起办理" in said
    assert "重复和并案 1" in content(stage.desks["office"].read(f"findings/{target}"))
    stage.act("office", twin, "unmerge", note="不是一处")
    assert stage.read(twin).state == "taken"


def test_rare_steps_are_folded_and_what_makes_no_sense_is_not_offered(stage: Stage) -> None:
    page = stage.desks["office"].read(f"findings/{stage.lay('taken')}")
    fold = re.search(r'<details class="sc-rare">.*?</details>', page, re.DOTALL)
    assert fold
    assert re.findall(r'data-verb="(\w+)"', fold[0]) == ["transfer", "correct", "merge", "cancel"]
    assert "drop_part" not in page, "nobody helps"
    helped = stage.desks["office"].read(f"findings/{stage.lay('taken', help_asked=True)}?do=drop_part")
    assert f'<option value="{stage.place.helper}"' in helped
    assert f'<option value="{stage.place.other}"' not in helped


def test_transfer_cancel_and_restore(stage: Stage) -> None:
    finding = stage.lay("taken")
    stage.act("office", finding, "transfer", unit=str(stage.place.other), note="改由财政")
    with stage.place.district.session(stage.wall) as session:
        lead = select(Part.unit_id).where(Part.finding_id == finding, Part.leading)
        assert session.scalars(lead).one() == stage.place.other
    assert "已撤销" in content(stage.act("office", finding, "cancel", note="误报"))
    assert "待受理" in content(stage.act("office", finding, "restore", note="确有其事"))


def test_people_to_choose_from_are_the_leading_units(stage: Stage) -> None:
    page = stage.desks["liaison"].read(f"findings/{stage.lay('taken')}?do=assign")
    assert f'<option value="{stage.place.people["liaison"].person_id}"' in page
    assert f'<option value="{stage.place.people["stranger"].person_id}"' not in page


def test_a_refused_step_names_the_state_and_what_is_open(stage: Stage) -> None:
    finding = stage.lay("taken")
    page = stage.act("liaison", finding, "take", 409, note="别丢")
    assert "问题目前是“已接收”，不能办理“接收”；您现在可以办理" in page
    assert "别丢" in content(page)
