"""The demo's papers (演示文书与协同): notices, whistles, a sample, a sweep, doubts, a contact, the negative list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from core.demo.cast import CIVILIZED
from core.demo.ledger_scenes import actor_for
from core.demo.places import picture_bytes
from core.demo.playing import LABEL, Play
from core.demo.scripts import LEAD
from core.work.intake.reporting import report
from core.work.loop.ledger import act
from core.work.loop.states import WITH_UNIT
from core.work.marks.negative_input import Event
from core.work.marks.negative_list import watch
from core.work.papers import notices
from core.work.papers.notice_issuing import Draft, issue
from core.work.proofs.contacts import add_contact, make_link
from core.work.proofs.doubt_settling import settle_doubt
from core.work.proofs.hand_ons import answer_item, hand_on
from core.work.proofs.rechecks import settle_recheck
from core.work.proofs.sampling import Wanted, draw
from core.work.proofs.sweeps import plan, tick_site
from core.work.tables import Finding, Notice, Recheck, Signal, SweepSite
from core.work.whistling import whistles
from core.work.whistling.whistle_blowing import Wanted as Call
from core.work.whistling.whistle_blowing import blow

ABOUT = {"占道经营反复问题": "市场周边占道与停车交织", "工地围挡整改进度": "围挡破损露土"}  # a notice and its finding
Steps = Sequence[tuple[int, str, str]]  # days back, verb, note


def play_papers(play: Play) -> None:
    """Everything that goes from unit to unit beside the ledger."""
    _send_notices(play)
    _send_circular(play)
    _solve_whistle(play)
    _leave_whistle_running(play)
    _draw_sample(play)
    _plan_sweep(play)
    _settle_doubts(play)
    _hand_on(play)
    _watch(play)


def _send_notices(play: Play) -> None:
    """Issued, signed for, answered, closed, overdue, cancelled - and a request to a unit that nobody here can order."""
    street, city = play.street(0), play.office("urban_management")
    sent: tuple[tuple[str, UUID, str, int, int | None, Steps], ...] = (
        ("rectification_notice", street, "农贸市场周边环境", 9, 5, ((8, "sign", ""), (6, "reply", "已按要求整改"))),
        ("rectification_notice", play.street(1), "背街小巷保洁", 12, 8, ((11, "sign", ""), (9, "reply", "已整改"))),
        ("rectification_notice", play.street(2), "小区垃圾分类点位", 8, 3, ((7, "sign", ""),)),
        ("supervision_order", city, "占道经营反复问题", 4, -3, ((3, "sign", ""),)),
        ("reminder_card", play.office("traffic_police"), "学校周边秩序", 3, None, ((2, "sign", ""),)),
        ("chaser", play.office("housing_bureau"), "工地围挡整改进度", 1, -2, ()),
        ("request_letter", play.office("fire_rescue"), "商请联合检查消防通道", 5, -5, ((4, "sign", ""),)),
        ("circular", play.street(3), "上月检查情况", 7, None, ((6, "cancel", "情况核实有误，撤销"),)),
    )
    for kind, unit_id, title, back, due, steps in sent:
        due_at = None if due is None else play.hour(due, 17)
        demand = f"一、立即整改{title}问题；二、书面答复整改情况{LABEL}"
        about = play.session.scalars(select(Finding.id).where(Finding.title == ABOUT.get(title, ""))).all()
        draft = Draft(kind, unit_id, f"{title}{LABEL}", demand, due_at=due_at, finding_ids=about)
        notice = issue(play.session, play.desk, draft, now=play.at(back, 10))
        for day, verb, note in steps:
            actor = play.desk if verb == "cancel" else play.liaison(unit_id)
            said = f"{note}{LABEL}" if note else ""
            notices.act(play.session, actor, notice.id, verb, version=notice.version, note=said, now=play.at(day, 11))
    done = play.session.scalars(select(Notice).where(Notice.unit_id == play.street(1))).one()
    notices.act(play.session, play.desk, done.id, "close", version=done.version, now=play.at(7, 16))


def _send_circular(play: Play) -> None:
    """One circular to every street about what is still open; two of them have signed for it."""
    streets = [unit.id for unit in play.units("subdistrict")]
    still = Finding.state.in_(WITH_UNIT), Finding.restricted.is_(False), Finding.hidden.is_(False)
    about = play.session.scalars(select(Finding.id).where(*still).order_by(Finding.due_at, Finding.id).limit(6)).all()
    title, demand = f"本月环境卫生检查情况{LABEL}", f"各街道对照问题清单立即整改，举一反三{LABEL}"
    draft = Draft("circular", streets[0], title, demand, finding_ids=about, further=streets[1:])
    notice = issue(play.session, play.desk, draft, now=play.at(2, 9))
    for day, unit_id in enumerate(streets[:2]):
        notices.act(
            play.session, play.liaison(unit_id), notice.id, "sign", version=1, unit_id=unit_id, now=play.at(2 - day, 11)
        )


def _solve_whistle(play: Play) -> None:
    """An area called two departments; both were there in time and it was solved."""
    session, area = play.session, play.units("area")[0]
    caller, units = play.liaison(area.id), [play.office("urban_management"), play.office("traffic_police")]
    call = Call(area.id, units, f"早市占道，请城管、交警到场{LABEL}", place=f"片区主干道东口{LABEL}", minutes=40)
    whistle = blow(session, caller, call, now=play.at(3, 8))
    for number, unit_id in enumerate(units, 1):
        for minute, verb in ((number * 3, "accept"), (15 + number * 5, "arrive"), (45 + number, "report")):
            note = f"已劝离并安排值守{LABEL}" if verb == "report" else ""
            whistle = whistles.act(
                session,
                play.liaison(unit_id),
                whistle.id,
                verb,
                version=whistle.version,
                unit_id=unit_id,
                note=note,
                now=play.at(3, 8, minute),
            )
    said = f"道路恢复畅通{LABEL}"
    whistles.act(session, caller, whistle.id, "confirm", version=whistle.version, note=said, now=play.at(3, 9))


def _leave_whistle_running(play: Play) -> None:
    """A street called three departments a moment ago: one is there, one is on the way."""
    session, street = play.session, play.street(0)
    units = [play.office(role) for role in ("fire_rescue", "urban_management", "housing_bureau")]
    begun = play.until - timedelta(minutes=25)
    call = Call(street, units, f"楼院消防通道被占{LABEL}", place=f"楼院北门{LABEL}", minutes=120)
    whistle = blow(session, play.liaison(street), call, now=begun)
    for number, (unit_id, verb) in enumerate(((units[0], "accept"), (units[1], "accept"), (units[1], "arrive")), 1):
        whistle = whistles.act(
            session,
            play.liaison(unit_id),
            whistle.id,
            verb,
            version=whistle.version,
            unit_id=unit_id,
            now=begun + timedelta(minutes=5 * number),
        )


def _draw_sample(play: Play) -> None:
    """A fifth of what was closed is looked at again: one came back, some hold, the rest is due."""
    session, today = play.session, play.today
    inspectors = {actor.person_id: actor for name, actor in play.stage.actors.items() if "检查员" in name}
    days = (today - timedelta(days=45), today - timedelta(days=8))
    wanted = Wanted(*days, 20, f"demo{play.stage.part.seed}", tuple(sorted(inspectors)))
    title, due_on = f"本月回头看{LABEL}", today + timedelta(days=6)
    sample = draw(session, play.desk, wanted, title=title, due_on=due_on, now=play.at(6, 9))
    chosen = select(Recheck).join(
        Finding, (Finding.tenant_id == Recheck.tenant_id) & (Finding.id == Recheck.finding_id)
    )
    rows = session.scalars(chosen.where(Recheck.sample_id == sample.id).order_by(Finding.number)).all()
    able = [row for row in rows if row.person_id in inspectors]
    for number, row in enumerate(able[: max(1, len(able) // 2)]):
        result, note = ("relapsed", "同一位置再次出现") if number == 0 else ("stable", "保持良好")
        actor = inspectors[row.person_id] if row.person_id else play.desk
        photos = [play.photo(f"recheck-{number}")]
        settle_recheck(session, actor, row.id, result, note=note + LABEL, photos=photos, now=play.at(4, 10, number))


def _plan_sweep(play: Play) -> None:
    """From one market's finding all markets are checked: two without the problem, one with it, the rest still open."""
    session = play.session
    first = _report(play, "农贸市场出入口积存垃圾", "农贸市场2号", 5)
    sweep = plan(session, play.desk, first, due_on=play.today + timedelta(days=3), now=play.at(5, 10))
    _report(play, "农贸市场卸货区积存垃圾", "农贸市场3号", 3)
    clean = {play.site("农贸市场4号"), play.site("农贸市场5号")}
    chosen = select(SweepSite.site_id).where(SweepSite.sweep_id == sweep.id, SweepSite.site_id.in_(clean))
    inspector = play.stage.actors["演示检查员乙"]
    for number, site_id in enumerate(session.scalars(chosen.order_by(SweepSite.site_id)).all()):
        note = f"逐个出入口查看，没有这类问题{LABEL}"
        tick_site(session, inspector, sweep.id, site_id, note=note, now=play.at(2, 10, number))


def _report(play: Play, title: str, site: str, back: int) -> UUID:
    found = report(
        play.session,
        play.desk,
        source="snapshot",
        category="ENV-LITTER",
        site_id=play.site(site),
        title=title,
        detail=f"现场发现{LABEL}",
        photos=[play.photo(title)],
        now=play.at(back, 9),
    )
    return found.id


def _settle_doubts(play: Play) -> None:
    """Of the doubts that the scenes raised one is settled; the others wait for somebody."""
    chosen = select(Signal).where(Signal.kind == "reopened_soon").order_by(Signal.raised_at, Signal.key)
    doubt = play.session.scalars(chosen).first()
    assert doubt is not None, "a finding of the ledger's scenes relapsed"
    note = f"反复张贴，非整改不实{LABEL}"
    settle_doubt(play.session, play.desk, doubt.id, "explained", note=note, now=play.at(1, 11))


def _hand_on(play: Play) -> None:
    """Two items of a unit went to a property manager without an account; one came back with a photo."""
    session, titles = play.session, ("楼前堆放装修垃圾", "楼道口烟头较多")
    ids = [_report(play, title, "小区5号", 2) for title in titles]
    sender = actor_for(play, ids[0], LEAD)
    for finding_id in ids:
        act(session, sender, finding_id, "take", version=1, now=play.at(2, 10))
    unit_id = next(iter(sender.duties)).unit_id
    made = add_contact(session, sender, kind="property", name="演示物业公司", unit_id=unit_id, now=play.at(2, 11))
    link, _word = make_link(session, sender, made.id, now=play.at(2, 11))
    items = hand_on(session, sender, ids, made.id, asked=f"请今天内清理并拍照{LABEL}", now=play.at(2, 11))
    assert play.stage.files is not None, "the stage is set before anything is put right"
    answer_item(
        session,
        play.stage.tenant,
        link,
        made,
        items[0].id,
        note=f"已清理{LABEL}",
        photos=[picture_bytes(f"{play.stage.part.seed}-contact")],
        files=play.stage.files,
        now=play.at(1, 15),
    )


def _watch(play: Play) -> None:
    """An event that is only watched: it touches no score."""
    event = Event(
        CIVILIZED,
        f"媒体反映一处农贸市场环境问题{LABEL}",
        play.today - timedelta(days=10),
        "deduct",
        points="1",
        source=f"网络媒体{LABEL}",
    )
    watch(play.session, play.desk, event, now=play.at(9, 9))
