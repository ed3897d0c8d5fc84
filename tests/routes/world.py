"""Two districts of one city and everybody who may ask (路由测试的世界): A asks, B is the one that must not be seen.

Both are filled through the product's own functions. B published one campaign to the city that both belong to, another to
that city's province, and a third to nobody but itself.
"""

from __future__ import annotations

import gc
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.app import create_app
from core.campaigns import Campaign
from core.campaigns.registry import installed
from core.databases import Urls, clone, connect, drop_database
from core.figures.grants import give_grant, grants_in_force
from core.figures.periods import containing
from core.figures.publishing import publish
from core.figures.runs import make_run
from core.figures.seals import seal_of
from core.figures.shelf import figures_of
from core.figures.tables import Publication, Standing
from core.request import COOKIE
from core.settings import ZONE, Settings
from core.work.accounts import create_user, open_login
from core.work.actors import resolve_actor
from core.work.calendar import seed_calendar, set_day
from core.work.duties.handovers import hand_over as pass_on
from core.work.duties.holdings import appoint
from core.work.duties.posts import add_person_with_post, add_post
from core.work.duties.site_posts import assign_sites
from core.work.duties.sponsor_keeping import Wish, begin_sponsorship
from core.work.duties.sponsor_log import log_entry
from core.work.enabling import enable, enabled, suspend
from core.work.inspection.photos import store
from core.work.inspection.visits import submit
from core.work.invitations import accept_invitation, invite, join, make_api_token, offer_reset
from core.work.journal import record
from core.work.loop.ledger import act
from core.work.marks.negative_input import Event
from core.work.marks.negative_list import move as trigger
from core.work.marks.negative_list import watch
from core.work.onboarding import create_bureau, create_district
from core.work.organisation.units import add_unit, rename_unit
from core.work.places.sites import add_site
from core.work.roles import ROLES
from core.work.tables import Audit, Definition, Finding, Idempotency, NegativeEntry, Part, Serial, Sponsorship
from tenants.access import Actor, TenantRef, root_unit
from tenants.accounts import ApiToken, AppUser, PlatformEvent, Throttle
from tenants.db import new_id, now
from tenants.models import Holding, Unit, UnitRole
from tenants.scope import ScopedSession, Wall
from tests.conftest import SECRET, Once
from tests.routes import canaries
from tests.routes.appealing import give_appeals
from tests.routes.assembling import give_meetings
from tests.routes.building import give_projects
from tests.routes.carding import fresh_card, fresh_scheme, give_cards
from tests.routes.charting import draw, fresh_member, give_charts
from tests.routes.counting import give_statistics
from tests.routes.editioning import give_edition
from tests.routes.filters import keep_filter
from tests.routes.forming import lay_beside, lay_version, new_draw
from tests.routes.importing import give_import
from tests.routes.intaking import give_intake
from tests.routes.noticing import give_notices, new_note, new_notice
from tests.routes.planned import give_plans
from tests.routes.plating import give_plates
from tests.routes.proving import give_proofs
from tests.routes.quantifying import give_quantities
from tests.routes.ranking import give_ranks
from tests.routes.rounding import give_rounds
from tests.routes.splitting import give_splits
from tests.routes.tasking import give_tasks
from tests.routes.whistling import blow_fresh, lead_on
from tests.work.market import ANSWERS
from tests.work.pictures import jpeg
from tests.work.test_workbooks import book

TODAY = now().astimezone(ZONE).date()
BEGAN = TODAY - timedelta(days=60)
MONTH = containing("month", TODAY)
PASSWORD = "a password of the tests"
OPERATOR = "operator"
SILENT = "bingqu-silent"  # a district of the province, which sent nothing to anybody
NOBODY = "nobody"
CITY_ROLES = tuple(code for code, role in ROLES.items() if "city" in role.tenant_kinds)
DISTRICT_ROLES = tuple(code for code, role in ROLES.items() if "district" in role.tenant_kinds)
PROVINCE = "province_bureau"  # who compares in the province; its administrator does there what the city's does
# Everybody who asks: the district's roles, the city's, the province, the operator, and nobody.
ASKERS = (*DISTRICT_ROLES, *(f"city_{role}" for role in CITY_ROLES), PROVINCE, OPERATOR, NOBODY)


@dataclass
class Asker:
    """Somebody with a browser and, in a tenant, a machine's key (发问者)."""

    name: str
    ref: TenantRef | None
    client: FlaskClient
    cookie: str = ""
    csrf: str = ""
    token: str = ""
    person_id: UUID | None = None
    user_id: UUID | None = None
    login: str = ""

    def fresh(self) -> None:
        """Put the login back and drop what pages keep in the browser, so that no answer carries an earlier one's note."""
        self.client.delete_cookie("sancheng_note")
        self.client.delete_cookie(COOKIE)
        if self.cookie:
            self.client.set_cookie(COOKIE, self.cookie, httponly=True)


@dataclass
class Filled:
    """A district with one of everything (装满的区县): ids by the names that addresses give them."""

    ref: TenantRef
    ids: dict[str, str] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


@dataclass
class World:
    """The installation that is asked (被测的整套)."""

    app: Flask
    wall: Wall
    urls: Urls
    files: Path
    super: psycopg.Connection
    city: TenantRef
    province: TenantRef
    a: Filled
    b: Filled
    askers: dict[str, Asker]
    b_marks: set[str] = field(default_factory=set)
    to_city: set[str] = field(default_factory=set)
    to_province: set[str] = field(default_factory=set)
    to_operator: set[str] = field(default_factory=set)
    verbs: dict[str, frozenset[str]] = field(default_factory=dict)  # of each asker, once somebody asked for them
    bodies: dict[tuple[str, str], Any] = field(default_factory=dict)  # the last one of each changing route and side

    def allowed(self, asker: Asker) -> set[str]:
        """What of B's an asker may see: each bureau what B sent it, the operator the list of tenants and administrators."""
        if asker.name == OPERATOR:
            return self.to_operator
        sent = {self.city.id: self.to_city, self.province.id: self.to_province}
        return sent.get(asker.ref.id, set()) if asker.ref is not None else set()

    def session(self) -> ScopedSession:
        """A session of A."""
        return self.wall.open(self.a.ref.id)


@dataclass
class Mould:
    """The world as it was built (模子): a database and a folder that nobody uses, from which each file's own is copied.

    The application and its door stay, as in a process that serves: what they compiled for one file serves the next.
    """

    world: World
    database: str
    folder: Path
    taken: bool = False

    def copy(self, server: Urls) -> World:
        """The world as it was when it was built, whatever the file before did in its own."""
        assert not self.taken, "one world of a worker stands at a time: there is one application"
        self.taken = True
        first = self.world
        clone(server.superuser, self.database, database_of(first))
        rmtree(first.files, ignore_errors=True)
        copytree(self.folder, first.files)
        return replace(
            first,
            super=connect(first.urls.superuser, database=database_of(first)),
            a=copy_of(first.a),
            b=copy_of(first.b),
            askers={name: replace(who, client=first.app.test_client()) for name, who in first.askers.items()},
            verbs={},
            bodies={},
        )


def copy_of(made: Filled) -> Filled:
    """A district with lists of its own, which a file adds to."""
    return replace(made, ids=dict(made.ids), actors=dict(made.actors), findings=list(made.findings))


def database_of(world: World) -> str:
    """The name of the world's database."""
    return str(world.urls.app).rpartition("/")[2].partition("?")[0]


@contextmanager
def moulded(server: Urls, template: str) -> Iterator[Mould]:
    """The world built and put away, for as long as the worker lives."""
    with TemporaryDirectory(prefix="sancheng-world-") as folder:
        files = Path(folder) / "files"
        files.mkdir()
        world = build(server, template, files)
        world.super.close()
        world.wall.dispose()
        kept = Mould(world, f"{database_of(world)}_mould", Path(folder) / "mould")
        with connect(server.superuser) as connection:
            connection.execute(f"ALTER DATABASE {database_of(world)} RENAME TO {kept.database}")
        copytree(files, kept.folder)
        try:
            yield kept
        finally:
            drop_database(server.superuser, kept.database)


@contextmanager
def standing(server: Urls, once: Once) -> Iterator[World]:
    """The installation as long as it is asked, without what only costs time here.

    It is built once for all files of a worker; each begins with a copy. The garbage of one request is not looked for among
    the thousands of things that stay.
    """
    usual = gc.get_threshold()
    mould = once(moulded)
    world = mould.copy(server)
    gc.freeze()  # rubbish and all, until this file is through: to look for it first took a second a file [measured]
    gc.set_threshold(20_000, 20, 100)
    try:
        yield world
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
        tear_down(world)
        mould.taken = False


def build(server: Urls, template: str, files: Path) -> World:
    """A database of its own with everything in it."""
    name = f"routes_{secrets.token_hex(5)}"
    clone(server.superuser, template, name)
    urls = server.for_database(name)
    wall = Wall(urls.app, SECRET, query_cache_size=4000)  # every route is asked: the usual 500 statements do not do
    app = create_app(Settings(urls.app, SECRET, files), wall=wall)
    connection = connect(urls.superuser, database=name)
    with wall.platform() as platform:
        above = {"kind": "province", "name": "路由省", "slug": "lysheng"}
        province = create_bureau(platform, wall.open, today=BEGAN, **above).tenant
        city = create_bureau(platform, wall.open, today=BEGAN, name="路由市", slug="lyshi", upper=province.slug).tenant
    a = fill(app, wall, files, "甲区", "jiaqu", city, province)
    b = fill(app, wall, files, "乙区", canaries.SLUG, city, province)
    with wall.platform() as platform:
        create_district(platform, wall.open, today=BEGAN, name="丙区", slug=SILENT, upper=province.slug)
    world = World(app, wall, urls, files, connection, city, province, a, b, {})
    for role in DISTRICT_ROLES:
        world.askers[role] = seat(world, a.ref, role, role)
    for role in CITY_ROLES:
        world.askers[f"city_{role}"] = seat(world, city, role, f"city_{role}")
    world.askers[PROVINCE] = seat(world, province, "bureau", PROVINCE)
    world.askers[OPERATOR] = seat_operator(world)
    world.askers[NOBODY] = Asker(NOBODY, None, app.test_client())
    world.askers["theirs"] = seat(world, b.ref, "administrator", "theirs")
    world.askers["their_office"] = seat(world, b.ref, "hq_office", "their_office")
    fill_by_hand(world)
    canaries.plant(connection, b.ref.id)
    reseal(world)
    note_marks(world)
    return world


def tear_down(world: World) -> None:
    """Drop it all."""
    world.super.close()
    world.wall.dispose()
    drop_database(world.urls.superuser, database_of(world))


def actor_of(session: ScopedSession, ref: TenantRef, role: str, unit: UUID, name: str) -> Actor:
    """A person with a post since the beginning, as an actor."""
    wish = {"name": name, "unit_id": unit, "role": role, "title": f"{name}岗", "phone": "13800000000"}
    person = add_person_with_post(session, None, **wish, today=BEGAN, until=term_of(role))
    session.flush()
    found = resolve_actor(session, ref, person.id, TODAY)
    assert found
    return found


def term_of(role: str) -> date | None:
    """The last day of a holding: only who comes from outside has one."""
    return TODAY + timedelta(days=30) if role == "assessor" else None


def fill(app: Flask, wall: Wall, files: Path, name: str, slug: str, city: TenantRef, province: TenantRef) -> Filled:
    """A district with units, people, a site, a photo, a visit, findings in every state, grants and publications."""
    with wall.platform() as platform:
        given = {
            "name": name,
            "slug": slug,
            "today": BEGAN,
            "campaigns": tuple(installed().campaigns),
            "upper": city.slug,
        }
        made = Filled(create_district(platform, wall.open, **given).tenant)
    with wall.open(made.ref.id) as session:
        root = root_unit(session).id
        made.actors = {role: actor_of(session, made.ref, role, root, f"{name}{role}") for role in DISTRICT_ROLES}
        admin = made.actors["administrator"]
        street = add_unit(
            session, admin, name=f"{name}一街道", kind="subdistrict", today=BEGAN, code="99001", code_issuer="本区"
        )
        home = add_unit(session, admin, name=f"{name}旧社区", kind="community", parent_id=street.id, today=BEGAN)
        rename_unit(session, admin, home.id, f"{name}新社区", today=TODAY)
        seed_calendar(session, [TODAY.year], admin)
        set_day(session, admin, TODAY.replace(day=28), False, f"{name}自定假日")
        market = add_site(
            session,
            admin,
            today=BEGAN,
            name=f"{name}市场",
            unit_id=home.id,
            types=("produce_market",),
            address=f"{name}一路1号",
            code="DW-1",
        )
        session.commit()
        made.ids |= {"unit_id": str(home.id), "site_id": str(market.id), "unit": str(home.id), "site": str(market.id)}
        inspect(session, made, files, market.id)
        call_out(session, made)
        hand_over(session, made, city, province)
        answer_for(session, made)
        made.ids |= give_cards(session, made.actors)
        made.ids |= give_notices(session, made.ids, made.actors)
        made.ids |= give_intake(session, made.ids, made.actors, TODAY)
        made.ids |= give_charts(session, admin, name, made.ids, TODAY)
        keep_negative_list(session, made)
        made.ids |= give_proofs(session, made.ids, made.actors, made.findings, TODAY)
        made.ids |= keep_filter(session, made.actors["hq_office"])
        made.ids |= give_statistics(session, made.actors, TODAY)
        made.ids |= give_appeals(session, made.ids, made.actors)
        made.ids |= give_edition(session, name, TODAY)
        made.ids |= give_plates(session, made.ids, made.actors, TODAY, files)
        made.ids |= give_rounds(session, made.ids, made.actors, TODAY)
        made.ids |= give_plans(session, made.actors, TODAY)
        made.ids |= give_tasks(session, made.ids, made.actors, TODAY)
        made.ids |= give_import(session, made.actors["hq_office"])
        made.ids |= give_splits(session, made.ids, made.actors, TODAY)
        made.ids |= give_ranks(session, made.actors, TODAY)
        made.ids |= give_projects(session, made.ids, made.actors, TODAY)
        made.ids |= give_quantities(session, made.ids, made.actors)
        made.ids |= give_meetings(session, made.ids, made.actors, TODAY)
        made.ids["version_id"] = str(lay_version(session, made.actors["administrator"]).id)
        lay_beside(session, made.ids)
        session.commit()
    made.ids |= new_draw(wall, made.ref, made.actors["hq_office"])
    keep_upload(app, wall, made)
    return made


def inspect(session: ScopedSession, made: Filled, files: Path, site_id: UUID) -> None:
    """A photo, a visit with ten findings, one of them led through its whole life."""
    photo = store(session, made.actors["inspector"], jpeg(), files=files)
    campaigns = enabled(session, installed())
    done = submit(
        session,
        made.actors["inspector"],
        campaigns=campaigns,
        visit_id=new_id(),
        site_id=site_id,
        answers=ANSWERS,
        photos={"toilet_clean": [str(photo.id)]},
        notes={"toilet_clean": "地面有污水"},
        note="早市",
    )
    session.commit()
    for number, found in enumerate(done.findings):
        answerer = answerer_of(session, made, found.id)
        if number < 2:
            act(session, answerer, found.id, "take", version=1, note="马上去")
        if number < 1:
            act(session, answerer, found.id, "answer", version=2, note="已清理", photos=[str(photo.id)])
            act(session, made.actors["hq_office"], found.id, "close", version=3, outcome="fixed", note="属实")
    session.commit()
    made.findings = [str(found.id) for found in done.findings]
    made.ids |= {
        "visit_id": str(done.visit.id),
        "finding_id": made.findings[0],
        "photo_id": str(photo.id),
        "ref": str(photo.id),
        "hash": photo.original_sha256,
    }


def call_out(session: ScopedSession, made: Filled) -> None:
    """A whistle that the sanitation office answers."""
    office = session.scalars(select(UnitRole.unit_id).where(UnitRole.role == "sanitation")).one()
    helper = actor_of(session, made.ref, "liaison", office, "应哨联络员")
    made.ids["called_id"] = str(office)
    made.ids["whistle_id"] = lead_on(session, made.ids, made.actors, helper)


def keep_negative_list(session: ScopedSession, made: Filled) -> None:
    """An entry of the negative list that was triggered; it belongs to the unit, so that its name would show."""
    made.ids["entry_id"] = str(_watched(session, made.actors["hq_office"]).id)
    given = {"on": TODAY, "document": "认定书"}
    trigger(session, made.actors["hq_office"], UUID(made.ids["entry_id"]), "trigger", version=1, **given)


def fresh_entry(world: World) -> dict[str, str]:
    """A new entry of A that is only watched."""
    with world.session() as session:
        entry = _watched(session, world.a.actors["hq_office"])
        session.commit()
        return {"entry_id": str(entry.id)}


def fresh_visit(world: World) -> dict[str, str]:
    """A visit of A's inspector that nobody has corrected."""
    let_run(world)
    with world.session() as session:
        made = submit(
            session,
            world.a.actors["inspector"],
            campaigns=enabled(session, installed()),
            visit_id=new_id(),
            site_id=UUID(world.a.ids["site_id"]),
            answers=ANSWERS,
        )
        session.commit()
        return {"visit_id": str(made.visit.id)}


def _watched(session: ScopedSession, office: Actor) -> NegativeEntry:
    return watch(session, office, Event("sanitary_city", "较大事故", TODAY, "deduct", "1", "应急局", "通报"))


def fresh_whistle(world: World) -> dict[str, str]:
    """A new whistle of A that nobody has answered."""
    with world.session() as session:
        found = blow_fresh(session, world.a.ids, world.a.actors["liaison"])
        session.commit()
        return {"whistle_id": str(found.id)}


def fresh_notice(world: World) -> dict[str, str]:
    """A new notice of A that nobody has opened."""
    with world.session() as session:
        found = new_notice(session, world.a.ids, world.a.actors["hq_office"])
        session.commit()
        return {"notice_id": str(found.id)}


def unread_note(world: World, asker: str) -> dict[str, str]:
    """A new note of A to one of the askers."""
    with world.session() as session:
        person = world.askers[asker].person_id
        assert person
        found = new_note(session, world.a.ids, person)
        session.commit()
        return {"note_id": found}


def fresh_draft(world: World) -> dict[str, str]:
    """A new draft of A with its new unit and a version that one knows."""
    with world.session() as session:
        row, seat = draw(session, None, "路由调整", TODAY)
        session.commit()
        return {"reorganisation_id": str(row.id), "seat_id": seat}


def fresh_unit(world: World, kind: str = "community") -> dict[str, str]:
    """A new unit of A that nothing hangs on."""
    with world.session() as session:
        unit = add_unit(session, None, name=f"单位{secrets.token_hex(4)}", kind=kind, today=BEGAN)
        session.commit()
        return {"unit_id": str(unit.id)}


def new_member(world: World) -> dict[str, str]:
    """A new member of A's area."""
    with world.session() as session:
        member = fresh_member(session, world.a.ids, TODAY)
        session.commit()
        return {"member_id": member}


def new_card(world: World) -> dict[str, str]:
    """A card of A that nobody has confirmed."""
    with world.session() as session:
        found = fresh_card(session, world.a.ids["scheme_id"])
        session.commit()
        return {"card_id": found}


def new_scheme(world: World) -> dict[str, str]:
    """A card scheme of A that is not in force."""
    with world.session() as session:
        found = fresh_scheme(session, world.a.actors)
        session.commit()
        return {"scheme_id": found}


def answerer_of(session: ScopedSession, made: Filled, finding_id: UUID) -> Actor:
    """A liaison at the unit of the finding's leading part."""
    chosen = select(Part.unit_id).where(Part.finding_id == finding_id, Part.leading.is_(True))
    unit = session.scalars(chosen).one()
    key = f"liaison {unit}"
    if key not in made.actors:
        made.actors[key] = actor_of(session, made.ref, "liaison", unit, f"联络员{len(made.actors)}")
    return made.actors[key]


def hand_over(session: ScopedSession, made: Filled, city: TenantRef, province: TenantRef) -> None:
    """Grants, publications, links, keys and a person with a post of his own."""
    office = made.actors["hq_office"]
    civilized, food, sanitary = sorted(enabled(session, installed()), key=lambda c: c.key)
    give_grant(session, made.actors["administrator"], city, civilized.key, "indicators", BEGAN)
    give_grant(session, made.actors["administrator"], province, food.key, "categories", BEGAN)
    sent: dict[str, list[Publication]] = {
        one.key: publish(session, office, one, one.edition, MONTH, now=now()) for one in (civilized, food, sanitary)
    }
    own = sent[sanitary.key][0]
    kept = make_run(session, office, sanitary, sanitary.edition, MONTH, label=f"{made.ref.name}核算", now=now())
    made.ids["run_id"] = str(kept.id)
    session.add(standing_for(province, made.ref))
    grants = {g.campaign: g for g in grants_in_force(session, TODAY)}
    extra = add_person_with_post(
        session,
        None,
        name="被管理的人",
        unit_id=UUID(made.ids["unit_id"]),
        role="inspector",
        title="网格员",
        today=BEGAN,
    )
    session.flush()
    holding = session.scalars(select(Holding).where(Holding.person_id == extra.id)).one()
    make_api_token(session, made.actors["administrator"], made.ref.slug, extra.id, name="视频平台")
    key = session.scalars(select(ApiToken).where(ApiToken.person_id == extra.id)).one()
    made.ids |= {
        "publication_id": str(own.id),
        "report_id": str(own.id),
        "grant_id": str(grants[food.key].id),
        "person_id": str(extra.id),
        "person": str(extra.id),
        "holding_id": str(holding.id),
        "token_id": str(key.id),
    }


def standing_for(reader: TenantRef, author: TenantRef) -> Standing:
    """A row of a table that an author issued to one reader."""
    names = {"reader_slug": reader.slug, "reader_name": reader.name, "city_slug": author.slug, "city_name": author.name}
    words = dict.fromkeys(
        ("title_zh", "title_en", "edition", "edition_sha256", "rests_on", "sha256", "issued_by"), "词"
    )
    more = dict.fromkeys(("previous_sha256", "corrects_sha256", "reason"), "词")
    days = {"period_kind": MONTH.kind, "period_start": MONTH.start, "period_end": MONTH.end}
    place = {"sequence": 1, "rank": 1, "size": 2, "campaign": "sanitary_city"}
    return Standing(id=new_id(), reader_id=reader.id, **names, **words, **more, **days, **place)


def answer_for(session: ScopedSession, made: Filled) -> None:
    """Who answers for what: a sponsor with a log, a post with a site of its own, a hand-over."""
    admin, office = made.actors["administrator"], made.actors["hq_office"]
    unit, site = UUID(made.ids["unit_id"]), UUID(made.ids["site_id"])
    leader, heir = made.actors["leader"].person_id, made.actors["liaison"].person_id
    post = add_post(session, admin, unit_id=unit, role="liaison", title=f"{made.ref.name}点位岗", today=BEGAN)
    appoint(session, admin, UUID(made.ids["person_id"]), post.id, today=BEGAN)
    assign_sites(session, admin, [site], post.id, today=TODAY)
    named = {"title": "区领导", "field": "市容", "document": "一号文"}
    wish = Wish("leader", leader, object_unit_id=unit, **named)
    sponsored = begin_sponsorship(session, office, wish, today=BEGAN)
    log_entry(session, office, sponsored.id, kind="visit", day=TODAY, note="走访", today=TODAY)
    passing = begin_sponsorship(session, office, Wish("officer", leader, object_site_id=site), today=BEGAN)
    row = pass_on(session, admin, leader, heir, posts=(), on=TODAY, note="轮岗", today=TODAY, kinds=("sponsorships",))
    assert passing.valid_to == TODAY
    made.ids |= {"post_id": str(post.id), "sponsorship_id": row.body["begun"][0], "handover_id": str(row.id)}


def fresh_post(world: World) -> str:
    """A new post of A that nobody holds."""
    with world.session() as session:
        unit = UUID(world.a.ids["unit_id"])
        post = add_post(session, None, unit_id=unit, role="grid_worker", title=f"岗{secrets.token_hex(4)}", today=BEGAN)
        session.commit()
        return str(post.id)


def fresh_sponsorship(world: World) -> tuple[str, str]:
    """A new sponsorship of A by a new person: its id and his."""
    person, _holding = fresh_person(world)
    with world.session() as session:
        wish = Wish("officer", UUID(person), object_unit_id=UUID(world.a.ids["unit_id"]))
        row = begin_sponsorship(session, None, wish, today=BEGAN)
        session.commit()
        return str(row.id), person


def fresh_roster(world: World) -> str:
    """A workbook of sponsors of A that waits for its confirmation."""
    return wait_for(
        world, book(包保=[["包保类别", "包保人", "包保项目"], ["包保领导", f"包{secrets.token_hex(4)}", "改造"]])
    )


def fresh_members(world: World) -> str:
    """A workbook of members of A's area that waits for its confirmation: a site that is new to it."""
    said = f"片区点位{secrets.token_hex(4)}"
    with world.wall.open(world.a.ref.id) as session:
        name = session.scalars(select(Unit.name).where(Unit.id == UUID(world.a.ids["area_id"]))).one()
        unit = UUID(world.a.ids["unit_id"])
        add_site(session, None, today=TODAY, name=said, unit_id=unit, types=["produce_market"])
        session.commit()
    return wait_for(world, book(片区=[["片区", "成员类型", "成员"], [name, "点位", said]]))


def wait_for(world: World, data: bytes) -> str:
    """Keep a workbook of A as the page of an import keeps it."""
    digest = sha256(data).hexdigest()
    folder = world.files / str(world.a.ref.id) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / digest).write_bytes(data)
    return digest


def keep_upload(app: Flask, wall: Wall, made: Filled) -> None:
    """A workbook waiting for its confirmation, kept by the page that keeps them, and a link that was used up."""
    admin = made.actors["administrator"]
    with wall.open(made.ref.id) as session:
        guest = add_person_with_post(
            session, None, name="待邀请的人", unit_id=UUID(made.ids["unit_id"]), role="inspector", title="", today=BEGAN
        )
        used = invite(session, admin, guest.id, now())
        session.commit()
        made.ids["guest_id"] = str(guest.id)
    with wall.platform() as platform:
        accept_invitation(platform, used, login=f"guest-{made.ref.slug}", name="来人", password=PASSWORD, now=now())
        platform.commit()
    with wall.open(made.ref.id) as session:
        offer_reset(session, admin, UUID(made.ids["guest_id"]), now())
        session.commit()
    made.ids["token"] = used


def seat(world: World, ref: TenantRef, role: str, name: str) -> Asker:
    """An asker with a post at the root of a tenant, a login and a machine's key."""
    with world.wall.open(ref.id) as session:
        wish = {"name": f"发问{role}", "unit_id": root_unit(session).id, "role": role, "title": role}
        person = add_person_with_post(session, None, **wish, today=BEGAN, until=term_of(role))
        token = make_api_token(session, None, ref.slug, person.id, name="路由测试")
        session.commit()
        person_id = person.id
    asker = log_in(world, name, lambda platform, user: join(platform, ref.id, user, person_id))
    asker.ref, asker.token, asker.person_id = ref, token, person_id
    return asker


def seat_operator(world: World) -> Asker:
    """The installation's operator, who has no seat in any tenant."""
    return log_in(world, OPERATOR, lambda _platform, _user: None)


def log_in(world: World, name: str, settle: Callable[[ScopedSession, AppUser], None]) -> Asker:
    """An account with an open login; its browser has the cookie."""
    with world.wall.platform() as platform:
        user = create_user(
            platform, login=f"{name}-{secrets.token_hex(4)}", name=name, password=PASSWORD, is_operator=name == OPERATOR
        )
        platform.flush()
        settle(platform, user)
        cookie = open_login(platform, user, device="路由测试", now=now())
        platform.commit()
        user_id, login = user.id, user.login
    asker = Asker(name, None, world.app.test_client(), cookie, user_id=user_id, login=login)
    asker.fresh()
    row = world.super.execute("SELECT csrf FROM login_session WHERE user_id = %s", [user_id]).fetchone()
    assert row
    asker.csrf = row[0]
    return asker


def fill_by_hand(world: World) -> None:
    """Rows of B that no page makes, or that carry marks beside codes that are looked up."""
    b = world.b

    def mark(name: str) -> str:
        return f"CANARY_{name}_x{secrets.token_hex(3)}"

    with world.wall.open(b.ref.id) as session:
        person = b.actors["administrator"].person_id
        session.add(
            Definition(
                sha256=mark("definition_sha256"),
                kind=mark("definition_kind"),
                campaign=mark("definition_campaign"),
                code=mark("definition_code"),
                body=mark("definition_body"),
            )
        )
        session.add(
            Idempotency(
                person_id=person,
                key=mark("idempotency_key"),
                request_sha256=b"x",
                status=200,
                body=f'"{mark("idempotency_body")}"',
            )
        )
        session.add(Serial(series=mark("serial_series"), last=7))
        project = {"person_id": person, "project": mark("sponsorship_project"), "valid_from": BEGAN}
        session.add(Sponsorship(kind="project_lead", **project))
        session.add(
            Audit(verb=mark("audit_verb"), object_kind=mark("audit_object_kind"), object_id=mark("audit_object_id"))
        )
        record(session, b.actors["administrator"], "site.change", "site", b.ids["site_id"], name="x")
        session.commit()
    with world.wall.platform() as platform:
        platform.add(PlatformEvent(verb=mark("platform_event_verb")))
        platform.add(Throttle(key=mark("throttle_key"), window_start=now(), tries=1))
        platform.commit()


def reseal(world: World) -> None:
    """Give B's publications the seals of what they say now, in order, so that they still hold."""
    for reader in (world.b.ref.id, world.city.id, world.province.id):
        with world.wall.open(reader) as session:
            chosen = select(Publication).where(Publication.tenant_id == world.b.ref.id, Publication.reader_id == reader)
            before = None
            for row in session.scalars(chosen.order_by(Publication.sequence)).all():
                figures = figures_of(session, row)
                session.expunge_all()  # nothing of this may be written by the app role
                row.previous_sha256 = before
                before = seal_of(row, figures)
                world.super.execute(
                    "UPDATE publication SET sha256 = %s, previous_sha256 = %s WHERE id = %s",
                    [before, row.previous_sha256, row.id],
                )


def note_marks(world: World) -> None:
    """Remember what is B's, and who may see which part of it."""
    b = world.b.ref.id
    everything = set(canaries.ids_of(world.super, b))
    for table in sorted({t.name for t in canaries.Base.metadata.sorted_tables}):
        where = canaries.where_theirs(canaries.Base.metadata.tables[table], b)
        if where:
            everything |= canaries.marks_in(world.super, table, where)
    everything.add(world.b.ref.slug)
    # Both districts run the same catalogues and belong to the same city: what A's rows say too is no secret of B's.
    shared = set(canaries.ids_of(world.super, world.a.ref.id))
    for table in ("definition", "enabled_campaign", "sheet", "publication"):
        shared |= canaries.marks_in(world.super, table, f"tenant_id = {world.a.ref.id}")
    world.b_marks = everything - shared
    for reader, found in ((world.city.id, world.to_city), (world.province.id, world.to_province)):
        sent = f"tenant_id = {b} AND reader_id = {reader}"
        for table in ("publication_grant", "publication", "published_figure"):
            found |= canaries.marks_in(world.super, table, sent)
        found.add(world.b.ref.slug)
    world.to_operator = canaries.marks_in(world.super, "tenant", f"id = {b}") | {world.b.ref.slug}
    administrators = (
        "id IN (SELECT h.person_id FROM holding h JOIN post p ON p.tenant_id = h.tenant_id AND p.id = h.post_id "
        f"WHERE p.role = 'administrator' AND h.tenant_id = {b})"
    )
    names = world.super.execute(f"SELECT name FROM person WHERE tenant_id = {b} AND {administrators}").fetchall()
    world.to_operator |= set().union(*(canaries.hunt(row[0]) for row in names))


def fresh_person(world: World, *, account: bool = False) -> tuple[str, str]:
    """A new person of A with one post: his id and his holding's."""
    with world.session() as session:
        person = add_person_with_post(
            session,
            None,
            name=f"新人{secrets.token_hex(4)}",
            unit_id=UUID(world.a.ids["unit_id"]),
            role="inspector",
            title="网格员",
            today=BEGAN,
        )
        session.flush()
        holding = session.scalars(select(Holding.id).where(Holding.person_id == person.id)).one()
        session.commit()
        person_id = person.id
    if account:
        with world.wall.platform() as platform:
            user = create_user(platform, login=f"x{secrets.token_hex(6)}", name="新人", password=None)
            platform.flush()
            join(platform, world.a.ref.id, user, person_id)
            platform.commit()
    return str(person_id), str(holding)


def fresh_link(world: World, purpose: str) -> str:
    """A link of A that nobody used yet."""
    admin = world.a.actors["administrator"]
    person_id = UUID(fresh_person(world, account=purpose == "reset")[0])
    with world.session() as session:
        made = (offer_reset if purpose == "reset" else invite)(session, admin, person_id, now())
        session.commit()
    return made


def fresh_token(world: World) -> str:
    """The id of a new machine's key of A."""
    with world.session() as session:
        make_api_token(session, None, world.a.ref.slug, UUID(world.a.ids["person_id"]), name="一次性")
        session.flush()
        made = session.scalars(select(ApiToken.id).order_by(ApiToken.created_at.desc(), ApiToken.id.desc())).first()
        session.commit()
    return str(made)


def fresh_grant(world: World) -> str:
    """A grant of A that stands."""
    with world.session() as session:
        made = give_grant(session, None, world.city, "sanitary_city", "totals", TODAY, issuer=world.a.ref)
        session.commit()
        return str(made.id)


def campaigns_of(world: World) -> list[Campaign]:
    """What A runs now."""
    with world.session() as session:
        return enabled(session, installed())


def fresh_finding(world: World, state: str) -> tuple[str, int]:
    """A finding of A in a state, with its version; made by a new visit when none is left.

    A dispatched one is one that nobody touched yet: steps such as ``take`` raise the version and keep the state.
    """
    with world.session() as session:
        chosen = select(Finding).where(Finding.state == state, Finding.hidden.is_(False))
        if state == "dispatched":
            chosen = chosen.where(Finding.version == 1)
        found = session.scalars(chosen.order_by(Finding.opened_at, Finding.number)).first()
        if found is None and state == "dispatched":
            made = submit(
                session,
                world.a.actors["inspector"],
                campaigns=enabled(session, installed()),
                visit_id=new_id(),
                site_id=UUID(world.a.ids["site_id"]),
                answers=ANSWERS,
            )
            found = made.findings[0]
        elif found is None:
            found = led_to(session, world, state)
        session.commit()
        return str(found.id), found.version


def led_to(session: ScopedSession, world: World, state: str) -> Finding:
    """A dispatched finding led to a later state."""
    # One that a visit raised: a leader's instruction closes only after the report back, a restricted one by other people.
    ordinary = (Finding.state == "dispatched", Finding.source == "visit", Finding.restricted.is_(False))
    found = session.scalars(select(Finding).where(*ordinary).order_by(Finding.opened_at.desc()).limit(1)).one()
    liaison = answerer_of(session, world.a, found.id)
    photo = world.a.ids["photo_id"]
    found = act(session, liaison, found.id, "answer", version=found.version, note="已改", photos=[photo])
    if state == "closed":
        found = act(
            session, world.a.actors["hq_office"], found.id, "close", version=found.version, outcome="fixed", note=""
        )
    return found


def let_run(world: World, *, but: str = "") -> None:
    """Let all campaigns run in A, but one that is suspended."""
    with world.session() as session:
        for campaign in installed().campaigns.values():
            enable(session, None, campaign, today=TODAY)
        if but:
            suspend(session, None, but, today=TODAY)
        session.commit()


def of_old_password(world: World) -> dict[str, str]:
    """Everybody's password is the one of the tests again; an account of its own says what that looks like."""
    ids = [asker.user_id for asker in world.askers.values() if asker.user_id]
    world.super.execute(
        "UPDATE app_user SET password_hash = (SELECT password_hash FROM app_user WHERE id = %s) WHERE id = ANY(%s)",
        [world.askers["their_office"].user_id, ids],
    )
    return {}


def of_unconfirmed(world: World) -> dict[str, str]:
    """A's departments wait for their confirmation again."""
    world.super.execute("UPDATE unit_role SET confirmed = false WHERE tenant_id = %s", [world.a.ref.id])
    return {}
