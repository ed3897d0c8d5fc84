"""Lays out the demo (布置演示): once, resumable, from a first day that is remembered."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from core.campaigns.registry import Registry, installed
from core.demo.appeal_scenes import play_appeals
from core.demo.boundary_scenes import lay_boundaries
from core.demo.card_scenes import give_cards, set_rules
from core.demo.cast import ACCOUNTS, CITIES, PARTS, PASSWORD, PROVINCES, STAGE, Part
from core.demo.edition_scenes import run_shadow
from core.demo.field_scenes import play_citizens, play_draws, play_villages
from core.demo.grid_scenes import play_grids
from core.demo.headquarters import fill_posts, name_sponsors, set_up_headquarters
from core.demo.inspections import play_findings, play_visits
from core.demo.ledger_scenes import play_ledger
from core.demo.own_form_scenes import play_own_form
from core.demo.paper_scenes import play_papers
from core.demo.place_scenes import lay_places
from core.demo.places import CREW, Stage, draw_photos, liaison_name, place_sites, seat_crew, seat_person
from core.demo.playing import SUPERVISOR, Play
from core.demo.round_scenes import play_rounds
from core.demo.statistic_scenes import play_statistics
from core.demo.work_scenes import WORK
from core.figures.grants import give_grant, grants_in_force
from core.figures.periods import containing
from core.figures.publishing import publish
from core.figures.shelf import latest_publication
from core.settings import ZONE
from core.work.accounts import create_user, tenant_ref
from core.work.calendar import seed_calendar
from core.work.enabling import enabled
from core.work.invitations import join
from core.work.journal import record
from core.work.onboarding import create_bureau, create_district
from core.work.tables import Audit
from tenants.access import TenantRef, root_unit
from tenants.accounts import AppUser, PlatformEvent, Tenant
from tenants.db import now as clock
from tenants.models import Unit, UnitRole
from tenants.scope import ScopedSession, Wall

DAYS = 90
DONE = "demo.complete"
SCENE = "demo.scene"
INSPECTED = "inspected"
COUNTED = "statistics"
ROUNDS = "rounds"
Tell = Callable[[str], object]
Bureaus = dict[str, TenantRef]

__all__ = ["ACCOUNTS", "PASSWORD", "lay_demo"]


def lay_demo(
    wall: Wall, url: str, secret: str, files: Path, *, tell: Tell, parts: tuple[Part, ...] = PARTS, days: int = DAYS
) -> None:
    """Lay out what is missing of the demo; a second call finds everything and returns at once.

    Districts are laid two at a time, each by a process with a door of its own (``url``, ``secret``). ``parts`` and
    ``days`` make it smaller for tests.
    """
    until = remember_start(wall)
    if until is None:
        return
    first = until.astimezone(ZONE).date() - timedelta(days=days)
    bureaus = raise_bureaus(wall, parts, first)
    tell(f"正在布置演示数据：{len(parts)} 个区县，{days} 天的检查……")
    with ProcessPoolExecutor(min(2, len(parts)), mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(lay_in_process, url, secret, files, part, bureaus, first, until) for part in parts]
        for number, job in enumerate(as_completed(jobs), 1):
            tell(f"演示数据 {number}/{len(parts)}：{job.result()}")
    open_accounts(wall, bureaus, parts, first)
    lay_boundaries(wall, bureaus, now=until)
    with wall.platform() as session:
        session.add(PlatformEvent(verb=DONE))
        session.commit()
    tell("演示数据已就绪。")


def lay_in_process(
    url: str, secret: str, files: Path, part: Part, bureaus: Bureaus, first: date, until: datetime
) -> str:
    """Lay one district in a process of its own; gives its name."""
    wall = Wall(url, secret)
    try:
        return lay_district(wall, files, installed(), part, bureaus, first, until)
    finally:
        wall.dispose()


def remember_start(wall: Wall) -> datetime | None:
    """The moment that the demo is laid out for: the same when it is resumed; None when it is complete."""
    with wall.platform() as session:
        if session.scalar(select(PlatformEvent.id).where(PlatformEvent.verb == DONE).limit(1)):
            return None
        begun = session.scalar(select(PlatformEvent.at).where(PlatformEvent.verb == "demo.begin").limit(1))
        if begun is None:
            begun = clock()
            session.add(PlatformEvent(verb="demo.begin", at=begun))
            session.commit()
        return begun


def raise_bureaus(wall: Wall, parts: tuple[Part, ...], since: date) -> Bureaus:
    """The demo's provinces and cities by their codes, made when missing, each city under its province where there is one."""
    made: Bureaus = {}
    wanted = {code for part in parts for code in (part.city, part.city[:2])}
    with wall.platform() as session:
        for code in (one for one in (*PROVINCES, *CITIES) if one in wanted):
            kind, above = ("province", None) if code in PROVINCES else ("city", made.get(code[:2]))
            upper = above.slug if above else None
            made[code] = create_bureau(
                session, wall.open, kind=kind, division=code, upper=upper, is_demo=True, today=since
            ).tenant
    return made


def lay_district(
    wall: Wall, files: Path, registry: Registry, part: Part, bureaus: Bureaus, first: date, until: datetime
) -> str:
    """One district from its opening to its publications; what is there already is left alone."""
    with wall.platform() as session:
        made = create_district(
            session,
            wall.open,
            division=part.division,
            campaigns=part.campaigns,
            upper=bureaus[part.city].slug,
            is_demo=True,
            today=first,
            registry=registry,
        )
    with wall.open(made.tenant.id) as session:
        if is_marked(session, DONE):
            return made.tenant.name
        stage = Stage(made.tenant, part)
        set_stage(session, stage, files, first, until)
        session.commit()
        if not is_marked(session, INSPECTED):
            campaigns = enabled(session, registry)
            for _ in play_visits(session, stage, campaigns, first, until):
                session.commit()
            for _ in play_findings(session, stage, until):
                session.commit()
            if stage.is_main and not is_marked(session, COUNTED):
                play_statistics(Play(session, stage, registry, first, until))  # what is published counts them
                mark(session, COUNTED)
            send_figures(session, stage, registry, bureaus, first, until)
            mark(session, INSPECTED)
        if stage.is_main:
            play_scenes(Play(session, stage, registry, first, until))
        if stage.is_main and not is_marked(session, ROUNDS):
            play_secret_scenes(wall, stage, registry, first, until)
        if stage.is_main:
            play_scenes(Play(session, stage, registry, first, until), FIELD)
        record(session, None, DONE, "tenant", made.tenant.slug)
        session.commit()
    return made.tenant.name


def play_secret_scenes(wall: Wall, stage: Stage, registry: Registry, first: date, until: datetime) -> None:
    """Play what needs a cleared session: rounds, some of which are secret."""
    with wall.open(stage.tenant.id, cleared=True) as session:
        play = Play(session, stage, registry, first, until)
        play_rounds(play)
        play_draws(play, replace(play.desk, cleared=True))
        mark(session, ROUNDS)


Scenes = tuple[tuple[str, Callable[[Play], None]], ...]
SCENES: Scenes = (
    ("rules", set_rules),
    ("headquarters", set_up_headquarters),
    ("posts", fill_posts),
    ("sponsors", name_sponsors),
    ("ledger", play_ledger),
    ("papers", play_papers),
    ("cards", give_cards),
    ("editions", run_shadow),
    ("appeals", play_appeals),
    ("grids", play_grids),
)


# What came after the rounds in the product comes after them here: rounds choose among the places that stood before.
FIELD: Scenes = (
    ("villages", play_villages),
    ("citizens", play_citizens),
    ("own_form", play_own_form),
    *WORK,
)


def play_scenes(play: Play, scenes: Scenes = SCENES) -> None:
    """Play the scenes that were not played yet, each whole or not at all."""
    for name, scene in scenes:
        if not is_marked(play.session, name):
            scene(play)
            mark(play.session, name)


def mark(session: ScopedSession, name: str) -> None:
    """Keep what was written, and remember that this part of the demo is there."""
    record(session, None, SCENE, "tenant", name)
    session.commit()


def is_marked(session: ScopedSession, name: str) -> bool:
    """Whether a part of the demo is there already."""
    asked = (Audit.verb == DONE,) if name == DONE else (Audit.verb == SCENE, Audit.object_id == name)
    return session.scalar(select(Audit.id).where(*asked).limit(1)) is not None


def set_stage(session: ScopedSession, stage: Stage, files: Path, first: date, until: datetime) -> None:
    """People, calendar, sites and photos of a district; its departments are confirmed."""
    seed_calendar(session, sorted({first.year, until.year}))
    seat_crew(session, stage, first)
    place_sites(session, stage, first)
    lay_places(session, stage, first, until)
    draw_photos(session, stage, files)
    for row in session.scalars(select(UnitRole)):
        row.confirmed = True


def send_figures(
    session: ScopedSession, stage: Stage, registry: Registry, bureaus: Bureaus, first: date, until: datetime
) -> None:
    """Grant the city and the province their figures and publish every month that is over."""
    readers = {stage.part.city: stage.part.detail, stage.part.city[:2]: stage.part.to_province}
    if not grants_in_force(session, first):
        for key, (code, detail) in product(stage.part.campaigns, readers.items()):
            if detail:
                give_grant(session, None, bureaus[code], key, detail, first, issuer=stage.tenant)
    actor = stage.actors["演示创建办"]
    month = containing("month", first)
    while month.end < until.astimezone(ZONE).date():
        at = datetime.combine(month.end + timedelta(days=1), datetime.min.time().replace(hour=10), ZONE)
        for campaign in enabled(session, registry, day=month.start):
            if latest_publication(session, campaign.key, month) is None:
                publish(session, actor, campaign, campaign.edition, month, now=at)
                session.flush()
        session.commit()
        month = containing("month", month.end + timedelta(days=1))


SEATS = {"guanli": "演示管理员", "chuangban": "演示创建办", "jiancha": "演示检查员甲", "lingdao": "演示区领导"}
BUREAU_SEATS = {"shiji": "演示市级主管部门", "shengji": "演示省级主管部门"}


def open_accounts(wall: Wall, bureaus: Bureaus, parts: tuple[Part, ...], since: date) -> None:
    """The made-up accounts that the demo prints at its start."""
    with wall.platform() as platform:
        slug = STAGE if any(part.division == STAGE for part in parts) else parts[0].division
        stage = tenant_ref(platform.scalars(select(Tenant).where(Tenant.slug == slug)).one())
        city = next(part.city for part in parts if part.division == slug)
        homes = {"shiji": bureaus[city], "shengji": bureaus[city[:2]]}
        for login, what in ACCOUNTS:
            if platform.scalar(select(AppUser.id).where(AppUser.login == login)):
                continue
            name = f"演示{what[:12].split('（')[0]}"
            user = create_user(platform, login=login, name=name, password=PASSWORD, is_operator=login == "yunwei")
            if login == "yunwei":
                continue
            home = homes.get(login, stage)
            with wall.open(home.id) as session:
                person_id = person_for(session, home, login, since)
                session.commit()
            join(platform, home.id, user, person_id)
        platform.commit()


def person_for(session: ScopedSession, home: TenantRef, login: str, since: date) -> UUID:
    """The made-up person behind an account."""
    root = root_unit(session).id
    if login in BUREAU_SEATS:
        return seat_person(session, home, BUREAU_SEATS[login], root, "bureau", since).person_id
    if login == "lianluo":
        unit = session.scalars(select(UnitRole).where(UnitRole.role == "market_regulator")).first()
        return seat_person(session, home, "演示联络员", unit.unit_id if unit else root, "liaison", since).person_id
    if login == "jiedao":
        street = session.scalars(select(Unit).where(Unit.kind == "subdistrict").order_by(Unit.code)).first()
        assert street is not None, "every district has its streets"
        return seat_person(session, home, liaison_name(street), street.id, "liaison", since).person_id
    if login == "jilv":
        return seat_person(session, home, SUPERVISOR, root, "discipline", since).person_id
    role = next(role for role, name in CREW if name == SEATS[login])
    return seat_person(session, home, SEATS[login], root, role, since).person_id
