"""A secret round in a full district (暗访现场), and how the same question is asked with it and without it.

The district is put away as a database. From there it is asked twice: as it stands, and after a lively secret round was walked
in it. Ids, moments and chance are then the same in both, so every answer must be, letter for letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from core import request as asked
from core.campaigns.registry import installed
from core.databases import Urls, clone, connect, drop_database
from core.jobs.turns import TURNS, take_turn
from core.work.enabling import enabled
from core.work.field.sending import Ask, take
from core.work.inspection.photos import store
from core.work.inspection.visit_corrections import correct
from core.work.inspection.visits import Submitted, submit
from core.work.places.sites import add_site
from core.work.rounds.clearance import find_round
from core.work.rounds.drawing import commit
from core.work.rounds.lines import add_line
from core.work.rounds.planning import Wish, close_round, create, open_round
from core.work.rounds.releasing import Released, release
from core.work.rounds.sealing import note_read
from core.work.rounds.stops import add_sites
from core.work.rounds.teams import add_team
from core.work.tables import Round, Site
from tenants.access import Actor
from tenants.db import Base, SecretRow, new_id, now
from tenants.models import Unit, UnitRole
from tenants.scope import ScopedSession
from tests.conftest import WHOLE
from tests.routes.recipes import NEVER
from tests.routes.walk import Call, call_of, is_known, methods_of, plain, send, variables_of
from tests.routes.world import BEGAN, NOBODY, TODAY, Asker, World, database_of, seat
from tests.work.market import ALL_GOOD, ANSWERS
from tests.work.pictures import jpeg

WORD = "密访金丝雀"  # in every text that somebody wrote for the secret round
MEMBER, UNIT, STREET = "member", "unit_liaison", "street_leader"
RANDOM = frozenset({"sha256"})  # an address that is made anew for each request
# What a page makes anew each time it is asked: the id under which a form will be sent, its seal, when a workbook was made.
ANEW = re.compile(r'name="(?:id|seal|visit_id)" value="[^"]*"|W3CDTF">[^<]*<')


@dataclass
class Probe:
    """The district with its askers and all that they ask (探针)."""

    world: World
    server: Urls
    kept: str
    moment: datetime
    draw_id: UUID
    calls: dict[str, list[Call]] = field(default_factory=dict)
    round_id: UUID | None = None

    @property
    def office(self) -> Actor:
        """The HQ office as it stands in the rounds room."""
        return replace(self.world.a.actors["hq_office"], cleared=True)

    @property
    def member(self) -> Actor:
        """The inspector who is in the round, as he stands in the field room."""
        person = self.world.askers[MEMBER].person_id
        assert person
        return replace(self.world.a.actors["inspector"], person_id=person, cleared=True)

    def cleared(self) -> ScopedSession:
        """The session of the two rooms that may know."""
        return self.world.wall.open(self.world.a.ref.id, cleared=True)

    def back(self) -> None:
        """Put the district back to how it was put away."""
        name = database_of(self.world)
        self.world.super.close()
        self.world.wall.dispose()
        drop_database(self.server.superuser, name)
        clone(self.server.superuser, self.kept, name)
        self.world.super = connect(self.world.urls.superuser, database=name)

    def run_jobs(self) -> None:
        """Everything that runs by itself, day and night: reminders, escalations, counts, ranks, calendars."""
        for name in TURNS:
            take_turn(self.world.wall, self.world.a.ref.id, name, self.moment)

    def ask(self, name: str, rooms: tuple[str, ...] = ("",)) -> dict[str, str]:
        """What every route that can be read (or that lies in some rooms) answers an asker, by what was asked."""
        asker, found = self.world.askers[name], {}
        asker.client = self.world.app.test_client()  # nothing of another walk in its browser
        for call in self.calls[name]:
            if not any(room in call.rule.rule for room in rooms):
                continue
            answer, sent = send(self.world, asker, call)
            found[str(call) + call.query] = ANEW.sub("<anew>", plain(self.world, call, answer, sent))
        return found


@contextmanager
def put_away(world: World, server: Urls, patch: pytest.MonkeyPatch, asking: Iterable[str]) -> Iterator[Probe]:
    """The district, settled, with time standing still, put away for the two walks of those who ask."""
    moment = now() + timedelta(minutes=1)
    patch.setattr(asked, "clock", lambda: moment)
    seat_more(world)
    with world.wall.open(world.a.ref.id, cleared=True) as session:
        site = session.scalars(select(Site.id).where(Site.id == UUID(world.a.ids["site_id"]))).one()
        office = replace(world.a.actors["hq_office"], cleared=True)
        frame, sizes = {"市场": [site]}, {"市场": 1}
        drawn = commit(session, office, frame=frame, sizes=sizes, now=moment - timedelta(hours=6)).id
        session.commit()
    world.a.ids.setdefault("draw_id", str(drawn))
    probe = Probe(world, server, f"{database_of(world)}_kept", moment, drawn)
    probe.run_jobs()
    probe.run_jobs()
    for name in asking:
        probe.calls[name] = list(calls_of(world, world.askers[name]))
    world.super.close()
    world.wall.dispose()
    clone(server.superuser, database_of(world), probe.kept)
    world.super = connect(world.urls.superuser, database=database_of(world))
    try:
        yield probe
    finally:
        drop_database(server.superuser, probe.kept)


def seat_more(world: World) -> None:
    """Those who are inspected, and the inspector who is in the round."""
    world.askers[MEMBER] = seat(world, world.a.ref, "inspector", MEMBER)
    with world.session() as session:
        office = session.scalars(select(UnitRole.unit_id).where(UnitRole.role == "sanitation")).one()
        street = session.scalars(select(Unit.id).where(Unit.kind == "subdistrict").order_by(Unit.id)).first()
        second = world.a.ids["site_id"]
        add_site(
            session,
            world.a.actors["administrator"],
            today=BEGAN,
            name="二号市场",
            unit_id=session.get_one(Site, (world.a.ref.id, UUID(second))).unit_id,
            types=("produce_market",),
        )
        session.commit()
    world.askers[UNIT] = seat_at(world, "liaison", UNIT, office)
    world.askers[STREET] = seat_at(world, "leader", STREET, street)


def seat_at(world: World, role: str, name: str, unit: UUID | None) -> Asker:
    """An asker whose post is moved to a unit below."""
    asker = seat(world, world.a.ref, role, name)
    world.super.execute(
        "UPDATE post SET unit_id = %s WHERE tenant_id = %s AND id IN"
        " (SELECT post_id FROM holding WHERE tenant_id = %s AND person_id = %s)",
        [unit, world.a.ref.id, world.a.ref.id, asker.person_id],
    )
    return asker


def opens_cleared(world: World, endpoint: str) -> bool:
    """Whether a route lies in a room that may open a cleared session."""
    room = endpoint.rpartition(".")[0]
    return asked.enter_cleared in world.app.before_request_funcs.get(room, ())


def calls_of(world: World, asker: Asker) -> Iterator[Call]:
    """Everything that an asker can read: each route as it is and, where everything is asked, with all its filters.

    The administrator reads the trail, and everything where everything is asked: the office sees all else that he does.
    """
    knows = asker.name in ("hq_office", MEMBER)
    for rule in sorted(world.app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        names = variables_of(rule)
        if "GET" not in methods_of(rule) or not is_known(rule) or RANDOM & set(names):
            continue
        if knows and opens_cleared(world, rule.endpoint):
            continue  # there they may see it
        if not WHOLE and asker.name == "administrator" and "audit" not in rule.rule:
            continue
        own = dict.fromkeys(names, "own")
        yield call_of(world, asker, rule, "GET", own)
        if WHOLE and "slug" in names and not rule.rule.startswith("/t/<slug>/audit"):
            yield call_of(world, asker, rule, "GET", own, query="own")


def walk_secretly(probe: Probe) -> list[Submitted]:
    """A lively secret round: planned, drawn, photographed, walked twice, put right on the spot, seen again, corrected, looked at."""
    then = probe.moment - timedelta(hours=3)
    with probe.cleared() as session:
        plan_round(probe, session, then)
        session.commit()
    with probe.cleared() as session:
        sent = walk_sites(probe, session, then)
        session.commit()
    with probe.cleared() as session:
        given = {"campaigns": enabled(session, installed()), "new_visit_id": new_id(), "now": then}
        correct(session, probe.member, sent[1].visit.id, answers=ALL_GOOD, reason=f"{WORD}看错了", **given)
        row = find_round(session, probe.office, _id(probe), TODAY)
        note_read(session, probe.office, row, "rounds.show", now=then)
        session.commit()
    return sent


def plan_round(probe: Probe, session: ScopedSession, then: datetime) -> None:
    """The round with its line, stops and team, open."""
    office, root = probe.office, probe.office.root
    assert root
    wish = Wish("ten_day_secret", f"{WORD}轮次", root, TODAY, TODAY + timedelta(days=9), criteria=f"{WORD}标准")
    made = create(session, office, wish, now=then)
    probe.round_id = made.id
    made.draw_id = probe.draw_id
    session.flush()
    team = add_team(
        session, office, made.id, version=made.version, name=f"{WORD}组", members=[probe.member.person_id], now=then
    )
    line = add_line(session, office, made.id, version=made.version, name=f"{WORD}线路", team_id=team.id, now=then)
    sites = list(session.scalars(select(Site.id).where(Site.state == "active").order_by(Site.id)))
    add_sites(session, office, made.id, version=made.version, sites=sites, line_id=line.id, now=then)
    open_round(session, office, made.id, version=made.version, now=then)


def walk_sites(probe: Probe, session: ScopedSession, then: datetime) -> list[Submitted]:
    """Three visits: two of the market that everybody knows, one of another."""
    files, member, made = probe.world.files, probe.member, []
    shots = [
        str(store(session, member, jpeg((64, 64), seed=n), files=files, sealed_for=_id(probe), now=then).id)
        for n in range(3)
    ]
    first, second = UUID(probe.world.a.ids["site_id"]), _second(session)
    common = {"campaigns": enabled(session, installed()), "round_id": _id(probe), "note": f"{WORD}备注"}
    said = {"photos": {"toilet_clean": shots[:1]}, "fixed": {"toilet_clean": shots[1:2]}}
    said |= {"notes": {"illegal_posters": f"{WORD}小广告"}, "severities": {"illegal_posters": "serious"}}
    for number, (site, answers, more) in enumerate(
        ((first, ANSWERS, said), (second, ANSWERS, {}), (first, ANSWERS, {}))
    ):
        moment = then + timedelta(minutes=number)
        given = {"visit_id": new_id(), "site_id": site, "answers": answers, "now": moment}
        if number == 2:
            again = next(one for one in made[0].findings if one.question == "illegal_posters")
            given["again"] = {"illegal_posters": str(again.id)}
        made.append(submit(session, member, **common, **given, **more))
    assert any(one.key_item for done in made for one in done.findings)
    report_beside(probe, session, first, shots[2], then)
    return made


def report_beside(probe: Probe, session: ScopedSession, site: UUID, shot: str, then: datetime) -> None:
    """What the member sees beside the forms, reported from his phone for the round: one to do, one put right at once."""
    after = store(
        session, probe.member, jpeg((64, 64), seed=9), files=probe.world.files, sealed_for=_id(probe), now=then
    )
    who = {
        "kind": "report",
        "person_id": str(probe.member.person_id),
        "site_id": str(site),
        "round_id": str(_id(probe)),
    }
    said = {"category": "ENV-LITTER", "detail": f"{WORD}散落垃圾", "photos": [shot], "taken_at": then.isoformat()}
    ask = Ask(session, probe.member, enabled(session, installed()), then)
    for more in ({}, {"fixed": [str(after.id)]}):
        came = take(ask, who | said | more | {"id": str(new_id())})
        assert came.said["number"] == ""


def _second(session: ScopedSession) -> UUID:
    return session.scalars(select(Site.id).where(Site.name == "二号市场")).one()


def _id(probe: Probe) -> UUID:
    assert probe.round_id
    return probe.round_id


def let_out(probe: Probe) -> Released:
    """Close and release it."""
    with probe.cleared() as session:
        row = session.get_one(Round, (probe.world.a.ref.id, _id(probe)))
        row = close_round(session, probe.office, row.id, version=row.version, now=probe.moment)
        done = release(session, probe.office, row.id, version=row.version, now=probe.moment)
        session.commit()
        return done


def hidden_ids(world: World) -> dict[str, set[str]]:
    """The ids of all hidden rows of A, by table."""
    found: dict[str, set[str]] = {}
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, SecretRow) and "id" in mapper.columns:
            table = mapper.local_table.name
            rows = world.super.execute(f"SELECT id::text FROM {table} WHERE hidden AND tenant_id = {world.a.ref.id}")
            found[table] = {row[0] for row in rows}
    return {table: ids for table, ids in found.items() if ids}


def names_of(world: World) -> dict[str, str]:
    """One hidden thing for each variable of an address that can name one."""
    ids = hidden_ids(world)
    named = {"visit_id": "visit", "finding_id": "finding", "photo_id": "file", "ref": "file", "round_id": "round"}
    named |= {"team_id": "round_team", "line_id": "round_line", "event_id": "finding_event", "signal_id": "signal"}
    found = {name: min(ids[table]) for name, table in named.items() if table in ids}
    hashed = f"SELECT original_sha256 FROM file WHERE hidden AND tenant_id = {world.a.ref.id} LIMIT 1"
    row = world.super.execute(hashed).fetchone()
    return found | {"hash": row[0] if row else NEVER}


__all__ = [
    "MEMBER",
    "NOBODY",
    "STREET",
    "UNIT",
    "WORD",
    "Probe",
    "hidden_ids",
    "let_out",
    "names_of",
    "put_away",
    "walk_secretly",
]
