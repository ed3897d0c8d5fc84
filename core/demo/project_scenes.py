"""The demo's projects (演示项目): a lane near acceptance, a resettlement, boilers of which 9 of 23 are gone, a market's own file."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from core.demo.playing import LABEL, Play
from core.work.loop.states import NOT_CLOSED
from core.work.projects.bill import Done, LineWish, items_of, report, set_bill
from core.work.projects.finishing import add_photos, finish, start
from core.work.projects.making import ProjectWish, create_project
from core.work.projects.objects import import_objects, objects_of, set_objects
from core.work.projects.shares import ShareWish, pay, set_shares, shares_of
from core.work.projects.site_files import offered, set_findings, sign
from core.work.projects.stages import current_of, pass_stage, stages_of
from core.work.projects.states import COUNTER, OUTPUT
from core.work.tables import Finding, Project, Site
from core.work.tasks.photo_kinds import AFTER, BEFORE
from tenants.access import Actor

YUAN = 100
# Title, flow, unit, planned, how it is said, done; the two units of one demolition stand side by side and are never added.
LANE: tuple[tuple[str, str, str, int, str, int], ...] = (
    ("取缔废品收购站", COUNTER, "place", 5, "exact", 5),
    ("拆除旱厕", COUNTER, "structure", 20, "exact", 20),
    ("拆违拆临", OUTPUT, "place", 20, "over", 22),
    ("拆违拆临面积", OUTPUT, "m2", 300, "over", 318),
    ("清理积存垃圾", OUTPUT, "t", 1100, "over", 1100),
    ("立面整饰", OUTPUT, "m2", 5000, "over", 5000),
    ("绿化", OUTPUT, "m2", 600, "exact", 600),
    ("道路硬化", OUTPUT, "m2", 300, "about", 300),
    ("投入劳力", "input", "person_time", 1400, "over", 1380),
    ("受益住户", "outcome", "household", 260, "about", 260),
)
PAYERS = (("沿街业主", "owner", 40), ("社会捐助", "society", 25), ("区级奖补", "award", 35), ("区财政", "finance", 105))


def play_projects(play: Play) -> None:
    """Set them up, and lead each to where it stands."""
    _lane(play)
    _resettlement(play)
    _boilers(play)
    _market(play)
    play.session.flush()


def _make(play: Play, who: Actor, kind: str, title: str, unit: UUID, back: int, ahead: int, **more: object) -> Project:
    days = (play.today - timedelta(days=back), play.today + timedelta(days=ahead))
    judge = play.office("urban_management")
    wish = ProjectWish(kind, f"{title}{LABEL}", unit, *days, acceptance_unit_id=judge, **more)  # type: ignore[arg-type]  # by name
    return create_project(play.session, who, wish, now=play.at(back, 9))


def _pass(play: Play, who: Actor, project: Project, count: int, back: int) -> None:
    """Let the next stages pass, one every other day; those of another party by the HQ office."""
    for number in range(count):
        stage = current_of(stages_of(play.session, project.id))
        if stage is None:
            return
        actor = play.desk if stage.by_other else who
        photos = [play.photo(f"{project.number}{stage.position}")] if stage.needs_photo else []
        given = {"confirmed": True, "photos": photos, "version": project.version}
        pass_stage(play.session, actor, project.id, stage.id, now=play.at(back - 2 * number, 10), **given)  # type: ignore[arg-type]  # by name


def _lane(play: Play) -> None:
    """Works of two million yuan that are done and wait for acceptance."""
    session, unit = play.session, play.street(0)
    who = play.liaison(unit)
    total = sum(amount for _, _, amount in PAYERS) * 10_000 * YUAN
    lane = _make(
        play,
        who,
        "works",
        "示例巷提升改造",
        unit,
        42,
        2,
        place="示例巷",
        problem="巷内有废品收购站和旱厕，积存垃圾多，路面破损。",
        contractor="演示市政工程公司",
        contract="演示合同第 1 号",
        cost=total,
        cost_qualifier="over",
    )
    rows = [LineWish(name, flow, unit_of, Decimal(plan), said) for name, flow, unit_of, plan, said, _ in LANE]
    set_bill(session, who, lane.id, rows, version=lane.version, now=play.at(42, 9, 20))
    wishes = [ShareWish(f"{payer}", source, amount * 10_000 * YUAN) for payer, source, amount in PAYERS]
    set_shares(session, who, lane.id, wishes, total, version=lane.version, now=play.at(42, 9, 40))
    start(session, who, lane.id, version=lane.version, now=play.at(41, 9))
    add_photos(session, who, lane.id, [play.photo("巷前")], BEFORE, version=lane.version, now=play.at(41, 10))
    _pass(play, who, lane, 3, 40)
    for back, part in ((28, 3), (14, 7), (3, 10)):
        done = {
            item.id: Done(Decimal(row[5] * part // 10))
            for item, row in zip(items_of(session, lane.id), LANE, strict=True)
        }
        given = {"day": play.today - timedelta(days=back), "photos": [play.photo(f"巷{back}")], "version": lane.version}
        report(session, who, lane.id, done, now=play.at(back, 17), **given)  # type: ignore[arg-type]  # by name
    amounts = {one.id: one.planned * 8 // 10 for one in shares_of(session, lane.id)}
    day = play.today - timedelta(days=10)
    pay(session, who, lane.id, amounts, day=day, note="进度款", version=lane.version, now=play.at(10, 15))
    add_photos(session, who, lane.id, [play.photo("巷后")], AFTER, version=lane.version, now=play.at(2, 16))
    _pass(play, who, lane, 1, 2)
    finish(session, who, lane.id, version=lane.version, now=play.at(1, 11))


def _listed(play: Play, who: Actor, project: Project, title: str, measure: str, names: str, back: int) -> list[UUID]:
    """A counter with its list; gives the objects' ids."""
    session, count = play.session, Decimal(len(names.splitlines()))
    rows = [LineWish(title, COUNTER, measure, count)]
    set_bill(session, who, project.id, rows, version=project.version, now=play.at(back, 10))
    item = items_of(session, project.id)[0]
    import_objects(session, who, project.id, item.id, names, version=project.version, now=play.at(back, 11))
    start(session, who, project.id, version=project.version, now=play.at(back, 14))
    return [one.id for one in objects_of(session, [item.id])[item.id]]


def _tick(play: Play, who: Actor, project: Project, ids: list[UUID], state: str, back: int, note: str = "") -> None:
    given = {"day": play.today - timedelta(days=back), "note": note, "version": project.version}
    set_objects(play.session, who, project.id, ids, state, now=play.at(back, 16), **given)  # type: ignore[arg-type]  # by name


def _resettlement(play: Play) -> None:
    """47 households, most of whom have signed and some moved."""
    unit = play.street(1)
    who = play.liaison(unit)
    made = _make(play, who, "resettlement", "示例岭散居院落搬迁", unit, 30, 20, place="示例岭", cost=None)
    households = "\n".join(f"演示住户{n:02d}" for n in range(1, 48))
    ids = _listed(play, who, made, "搬迁住户", "household", households, 29)
    _pass(play, who, made, 3, 28)
    _tick(play, who, made, ids[:38], "agreed", 12)
    _tick(play, who, made, ids[:21], "done", 5)
    _tick(play, who, made, ids[46:], "dropped", 4, "自行安置，不在搬迁范围")


def _boilers(play: Play) -> None:
    """23 boilers by the year's end, 9 are gone: at risk."""
    unit = play.office("ecology_bureau")
    who = play.liaison(unit)
    year_end = max(date(play.today.year, 12, 31), play.today + timedelta(days=20))
    made = _make(play, who, "objects", "小锅炉淘汰", unit, 40, (year_end - play.today).days)
    names = "\n".join(f"演示锅炉{n:02d}\t{year_end.isoformat()}" for n in range(1, 24))
    ids = _listed(play, who, made, "小锅炉", "set", names, 39)
    _pass(play, who, made, 1, 38)
    _tick(play, who, made, ids[:4], "done", 20)
    _tick(play, who, made, ids[4:9], "done", 6)


def _market(play: Play) -> None:
    """A market's own file: its open findings, its works, and the owner's signature."""
    session, who = play.session, play.desk
    open_at = select(func.count()).where(Finding.site_id == Site.id, Finding.state.in_(NOT_CLOSED))
    market = session.scalars(
        select(Site).where(Site.name.like("演示农贸市场%")).order_by(open_at.scalar_subquery().desc(), Site.id).limit(1)
    ).one()
    made = _make(play, who, "site_file", "农贸市场整改方案", market.unit_id, 12, 40, site_id=market.id)
    rows = [
        LineWish("更换破损摊位", OUTPUT, "piece", Decimal(24)),
        LineWish("铺设防滑地面", OUTPUT, "m2", Decimal(380), "about"),
        LineWish("增设垃圾桶", OUTPUT, "piece", Decimal(16)),
    ]
    set_bill(session, who, made.id, rows, version=made.version, now=play.at(12, 10))
    picked = [one.id for one in offered(session, who, made, play.today)[:6]]
    set_findings(session, who, made.id, picked, version=made.version, now=play.at(11, 10))
    start(session, who, made.id, version=made.version, now=play.at(11, 11))
    scan, day = [play.photo("签字页")], play.today - timedelta(days=9)
    sign(
        session,
        who,
        made.id,
        owner_name="演示经营者",
        signed_on=day,
        photos=scan,
        version=made.version,
        now=play.at(9, 10),
    )
    _pass(play, who, made, 2, 8)
    items = items_of(session, made.id)
    told = {items[0].id: Done(Decimal(10)), items[2].id: Done(Decimal(16))}
    report(session, who, made.id, told, day=play.today - timedelta(days=2), version=made.version, now=play.at(2, 15))
