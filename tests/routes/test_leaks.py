"""No route shows one district another's rows (串看测试): every route of the map, every kind of asker, every kind of id.

The map is read from the application, so a new route - a plugin's too - is asked as soon as it is there, and one without
a recipe makes the test fail with its name. Here stands what every walk needs, and what a write leaves behind; the walks
themselves are in ``test_leaks_to_*.py``, one file for each group of askers, so that they can run beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.databases import Urls
from core.work.roles import ROLES
from tests.conftest import Once
from tests.routes import canaries, walk
from tests.routes.recipes import COMMON, SECRET, WRITES
from tests.routes.walk import (
    CHANGING,
    ENDS_LOGIN,
    GROUPS,
    SHARING,
    call_of,
    methods_of,
    renew,
    rules_of,
    send,
    variables_of,
)
from tests.routes.world import ASKERS, NOBODY, PROVINCE, Asker, World, standing


@pytest.fixture(scope="module")
def world(server: Urls, once: Once) -> Iterator[World]:
    with standing(server, once) as made:
        yield made


def test_everybody_asks_once() -> None:
    """Each kind of asker is in one group; a new role is named here until somebody lets it ask."""
    asking = [name for group in GROUPS.values() for name in group]
    assert sorted(asking) == sorted(ASKERS)


def test_others_stand_for_those_who_do_not_always_ask() -> None:
    """Whoever is left out of the shorter walk may do nothing that somebody in it may not do, too."""
    walking = frozenset().union(*(role.verbs for code, role in ROLES.items() if code not in SHARING))
    for code in SHARING:
        assert ROLES[code].verbs <= walking, code


def test_every_route_has_a_recipe(world: World) -> None:
    """Each variable says what it stands for, each changing route has a body: else the route is named here."""
    missing = []
    for rule in sorted(world.app.url_map.iter_rules(), key=lambda rule: rule.rule):
        missing += [
            f"{rule.rule}: the variable <{name}> is neither in SECRET nor in COMMON"
            for name in rule.arguments
            if name not in SECRET and name not in COMMON
        ]
        if set(methods_of(rule)) & set(CHANGING) and rule.endpoint not in WRITES:
            missing.append(f"{rule.rule} ({rule.endpoint}): no body in WRITES")
    known = {rule.endpoint for rule in world.app.url_map.iter_rules()}
    missing += [f"{endpoint}: in WRITES, but there is no such route" for endpoint in WRITES if endpoint not in known]
    assert not missing, "tests/routes/recipes.py lacks:\n" + "\n".join(missing)


def asked_by(world: World, name: str) -> set[tuple[object, ...]]:
    """All that somebody asks, told apart by what he names."""
    wishes = walk.wishes_for(world, world.askers[name])
    return {(w.rule.rule, w.rule.endpoint, w.method, *sorted(w.sides.items()), w.body, w.query) for w in wishes}


def test_the_shorter_walk_leaves_nothing_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody asks every route in every way for what is another's; for his own things somebody of his tenant who may."""
    rules = list(world.app.url_map.iter_rules())
    routes = {(rule.rule, rule.endpoint, method) for rule in rules for method in methods_of(rule)}
    short = {name: asked_by(world, name) for name in walk.WALKING}
    tenants: dict[object, list[Asker]] = {}
    for who in (world.askers[name] for name in walk.WALKING):
        assert {one[:3] for one in short[who.name]} == routes, who.name
        tenants.setdefault(who.ref.id if who.ref else who.name, []).append(who)
    for rule in rules:
        guard = getattr(world.app.view_functions[rule.endpoint], "verbs", frozenset())
        for beside in tenants.values():
            own = [who for who in beside if walk.asks_first(world, who, rule)]
            may = [who for who in beside if who.ref and guard & walk.verbs_of_asker(world, who)]
            assert own, rule.rule
            assert not may or any(who in may for who in own), rule.rule
    monkeypatch.setattr(walk, "WHOLE", True)
    for beside in tenants.values():
        whole = {who.name: asked_by(world, who.name) for who in beside}
        assert set().union(*whole.values()) == set().union(*(short[name] for name in whole))
        for name, wishes in whole.items():
            assert {one for one in wishes if "other" in [side for _, side in one[3:-2]]} <= short[name], name


def test_every_text_column_of_the_other_tenant_carries_a_mark(world: World) -> None:
    assert canaries.lacking(world.super, world.b.ref.id) == []


def test_the_hunt_finds_what_is_there(world: World) -> None:
    """The other tenant's own people do see their marks: otherwise the hunt would prove nothing."""
    found: set[str] = set()
    for name in ("theirs", "their_office"):
        who = world.askers[name]
        for rule in rules_of(world):
            if "GET" not in methods_of(rule) or rule.endpoint in ENDS_LOGIN:
                continue
            sides = dict.fromkeys(variables_of(rule), "other")
            answer, _sent = send(world, who, call_of(world, who, rule, "GET", sides))
            assert answer.status_code < 500, f"{rule.rule}: {answer.status_code}"
            found |= canaries.hunt(canaries.readable(answer.data)) & world.b_marks
    columns = {mark.rpartition("_X")[0].lower() for mark in found if mark.startswith("CANARY_")}
    wanted = "unit_name person_name post_title site_name site_address finding_title finding_event_note visit_note "
    wanted += "calendar_day_name api_token_name unit_code person_phone finding_number audit_person_name"
    lost = {f"canary_{name}" for name in wanted.split()} - columns
    assert not lost, f"B's own people do not see {lost}; seen: {sorted(columns)}"


@pytest.mark.parametrize("asker", ["city_bureau", PROVINCE])
def test_a_bureau_sees_what_was_sent_to_it_and_only_that(world: World, asker: str) -> None:
    """The comparison shows B's published words: the exception is used, not merely allowed."""
    who = world.askers[asker]
    sent, elsewhere = world.to_city, world.to_province
    if asker == PROVINCE:
        sent, elsewhere = elsewhere, sent
    shown: set[str] = set()
    for rule in rules_of(world):
        if "GET" in methods_of(rule) and rule.rule.startswith(("/c/", "/api/v1/c/")):
            answer, _ = send(world, who, call_of(world, who, rule, "GET", dict.fromkeys(variables_of(rule), "own")))
            shown |= canaries.hunt(canaries.readable(answer.data))
    assert any(mark.startswith("CANARY_PUBLICATION_DISTRICT_NAME") for mark in shown), sorted(shown)[:20]
    assert shown & world.b_marks <= sent
    assert sent & world.b_marks
    assert elsewhere - sent
    assert not shown & (elsewhere - sent)


# ---- writes ----

TRAILS = {"audit": "person_id", "platform_event": "user_id"}


@pytest.mark.parametrize("endpoint", sorted(WRITES))
def test_every_write_is_recorded(world: World, endpoint: str) -> None:
    """Each changing route succeeds for somebody, and leaves who, when and what in a table that nobody can change."""
    recipe = WRITES[endpoint]
    rules = [rule for rule in rules_of(world) if rule.endpoint == endpoint]
    if not rules:
        pytest.fail(f"{endpoint}: in WRITES, but there is no such route")
    who = world.askers[recipe.role]
    if endpoint in ENDS_LOGIN:
        who = replace(who, client=world.app.test_client())
    method = next(m for m in methods_of(rules[0]) if m in CHANGING)
    call = call_of(world, who, rules[0], method, dict.fromkeys(variables_of(rules[0]), "own"))
    before = newest(world)
    answer, _sent = send(world, who, call)
    renew(world, world.askers[recipe.role], call)
    assert answer.status_code < 400, f"{call}: {answer.status_code} {answer.get_data(as_text=True)[:900]}"
    if not recipe.records:
        assert recipe.why
        return
    lines = newest(world) - before
    assert lines, f"{call}: {answer.status_code} left no line in {sorted(TRAILS)}"
    persons = {line[2] for line in lines}
    known = {str(who.person_id), str(who.user_id)} - {"None"}
    if who.name != NOBODY:
        assert persons & known, f"{call}: the line does not say who: {lines}"
    assert all(line[3] for line in lines), "a line without a verb"


def newest(world: World) -> set[tuple[str, str, str, str]]:
    """Every line of both trails: table, id, who, verb."""
    found = set()
    for table, who in TRAILS.items():
        rows = world.super.execute(
            f"SELECT id::text, coalesce({who}::text, ''), verb FROM {table} WHERE at IS NOT NULL"
        )
        found |= {(table, *row) for row in rows.fetchall()}
    return found


def test_the_trails_can_only_grow(world: World) -> None:
    """The app role may read and insert there, nothing else."""
    for table in TRAILS:
        rows = world.super.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants WHERE grantee = 'sancheng_app' AND table_name = %s",
            [table],
        ).fetchall()
        assert {row[0] for row in rows} == {"SELECT", "INSERT"}, table


def test_a_wrong_method_is_refused_alike(world: World) -> None:
    """405 with Allow on every address, and nothing else happens."""
    who = world.askers["administrator"]
    for rule in rules_of(world):
        if rule.endpoint == "static":
            continue
        call = call_of(world, who, rule, methods_of(rule)[0], dict.fromkeys(variables_of(rule), "own"))
        taken = {m for other in rules_of(world) if other.rule == rule.rule for m in methods_of(other)}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - taken:
            who.fresh()
            headers = {"Authorization": f"Bearer {who.token}"} if call.path.startswith("/api/") else {}
            answer = who.client.open(call.path, method=method, headers=headers | {"X-CSRF-Token": who.csrf})
            # an address of another route may fit too: then it is that one's answer
            assert answer.status_code < 500, f"{method} {rule.rule}: {answer.status_code}"
            assert answer.status_code != 405 or taken & set(answer.headers["Allow"].split(", ")), (
                f"{method} {rule.rule}"
            )
