"""No route shows one district another's rows (串看测试): every route of the map, every kind of asker, every kind of id.

The map is read from the application, so a new route - a plugin's too - is asked as soon as it is there, and one without
a recipe makes the test fail with its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from core.databases import Urls
from core.work.accounts import open_login
from tenants.accounts import AppUser
from tenants.db import now
from tests.routes import canaries
from tests.routes.recipes import (
    COMMON,
    SECRET,
    WRITES,
    Sent,
    query_of,
    value_of,
)
from tests.routes.world import ASKERS, NOBODY, OPERATOR, Asker, World, build, tear_down

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
ASKED_HEADERS = {"X-Request-Id", "Date", "Content-Length"}
VOLATILE = re.compile(r"[0-9a-f]{32}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)|\b\d\d:\d\d:\d\d\b")
RAW = re.compile(r"built-in method|bound method|object at 0x|Undefined|Traceback \(most")  # Python showing through
OPERATORS_WORK = {"account_token", "audit", "person", "post", "holding"}  # an administrator invited into B by right
ENDS_LOGIN = {"account.log_out", "account.change_password", "account.end_logins"}


@pytest.fixture(scope="module")
def world(server: Urls, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = build(server, template, tmp_path_factory.mktemp("files"))
    yield made
    tear_down(made)


@dataclass(frozen=True)
class Call:
    """One request: a route, a method, and whose things its address and its body name (一次请求)."""

    rule: Rule
    method: str
    path: str
    echoes: tuple[str, ...]
    sides: tuple[tuple[str, str], ...]
    body: str = "own"
    query: str = ""

    def __str__(self) -> str:
        sides = ", ".join(f"{name}={side}" for name, side in self.sides)
        return (
            f"{self.method} {self.rule.rule} [{sides}; body={self.body}{'; query=' + self.query if self.query else ''}]"
        )


def is_known(rule: Rule) -> bool:
    """Whether the recipes know a route; test_every_route_has_a_recipe fails for one that they do not."""
    changing = set(methods_of(rule)) & set(CHANGING)
    return all(name in SECRET or name in COMMON for name in rule.arguments) and (
        not changing or rule.endpoint in WRITES
    )


def rules_of(world: World) -> list[Rule]:
    """Every route with a recipe, in a fixed order; those that end the asker's own login come last."""
    found = [rule for rule in world.app.url_map.iter_rules() if is_known(rule)]
    return sorted(found, key=lambda rule: (rule.endpoint in ENDS_LOGIN, rule.rule, rule.endpoint))


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def variables_of(rule: Rule) -> list[str]:
    """The variables of an address, the tenant's first."""
    return sorted(rule.arguments, key=lambda name: (name != "slug", name))


def patterns(rule: Rule) -> Iterator[dict[str, str]]:
    """Whose things each variable names: all own, all another's, all unknown, and one of them foreign at a time."""
    names = variables_of(rule)
    for side in ("own", "other", "unknown") if names else ("own",):
        yield dict.fromkeys(names, side)
    if "slug" in names:
        for name in names:
            if name == "slug":
                continue
            for side in ("other", "unknown"):
                yield dict.fromkeys(names, "own") | {name: side}


def call_of(
    world: World, asker: Asker, rule: Rule, method: str, sides: dict[str, str], body: str = "own", query: str = ""
) -> Call:
    own = WRITES[rule.endpoint].fresh(world) if method in CHANGING and set(sides.values()) <= {"own"} else {}
    values = {
        name: own[name] if name in own else value_of(world, asker, name, side, rule) for name, side in sides.items()
    }
    _domain, path = rule.build(values) or ("", "")
    assert path, f"{rule.rule}: no address from {values}"
    return Call(rule, method, path, tuple(values.values()), tuple(sides.items()), body, query)


def send(world: World, asker: Asker, call: Call) -> tuple[TestResponse, Sent]:
    """Ask as a browser does on pages, as a machine with a key does under ``/api/``."""
    asker.fresh()
    world.super.execute("DELETE FROM throttle WHERE key NOT LIKE 'CANARY%'")  # one machine asks for everybody
    sent = WRITES[call.rule.endpoint].body(world, call.body) if call.method in CHANGING else Sent()
    headers = dict(sent.headers or {})
    arguments: dict[str, object] = {"method": call.method}
    if call.path.startswith("/api/") and asker.token:
        headers["Authorization"] = f"Bearer {asker.token}"
    else:
        headers["X-CSRF-Token"] = asker.csrf
    if sent.json is not None:
        arguments["json"] = sent.json
    elif sent.data is not None:
        arguments |= {"data": sent.data, "content_type": sent.content_type}
    elif sent.form is not None and call.method in CHANGING:
        arguments["data"] = {"csrf_token": asker.csrf} | dict(sent.form)
    if call.query:
        arguments["query_string"] = query_of(world, call.query)
    answer = asker.client.open(call.path, headers=headers, **arguments)
    answer.get_data()  # streams are read here, while their tables stand
    return answer, sent


def words_in(sent: object) -> list[str]:
    """Every text that a request carried."""
    if isinstance(sent, dict):
        return [word for value in sent.values() for word in words_in(value)]
    if isinstance(sent, list | tuple):
        return [word for value in sent for word in words_in(value)]
    return [sent] if isinstance(sent, str) else []


def said_by(world: World, call: Call, sent: Sent) -> set[str]:
    """The words that the asker himself sent, as they may come back."""
    query = query_of(world, call.query).values() if call.query else ()
    words = {*call.echoes, *query, *words_in(sent.form), *words_in(sent.json)}
    return {word for word in words | {quote(word) for word in words} if len(word) > 6}


def plain(world: World, call: Call, answer: TestResponse, sent: Sent) -> str:
    """An answer without what the asker said himself, for comparing two of them."""
    headers = sorted(f"{k}: {v}" for k, v in answer.headers if k not in ASKED_HEADERS and k != "Set-Cookie")
    text = "\n".join([str(answer.status_code), *headers, canaries.readable(answer.data)])
    for word in sorted(said_by(world, call, sent), key=len, reverse=True):
        text = text.replace(word, "<said>")
    return text


def seen(world: World, asker: Asker, call: Call, answer: TestResponse, sent: Sent) -> set[str]:
    """What of B's is in an answer, beyond what the asker sent himself and what he may see."""
    text = canaries.readable(answer.data) + "\n" + "\n".join(f"{k}: {v}" for k, v in answer.headers)
    return (canaries.hunt(text) & world.b_marks) - world.allowed(asker) - said_by(world, call, sent)


def calls_for(world: World, asker: Asker) -> Iterator[tuple[Call, Call | None]]:
    """Every request of an asker; one that names another's things comes with its twin that names unknown ones."""
    for rule in rules_of(world):
        for method in methods_of(rule):
            for sides in patterns(rule):
                if "unknown" in sides.values():
                    continue
                yield call_of(world, asker, rule, method, sides), twin_of(world, asker, rule, method, sides)
            own = dict.fromkeys(variables_of(rule), "own")
            if method in CHANGING and WRITES[rule.endpoint].ids:
                pair = [call_of(world, asker, rule, method, own, body=side) for side in ("other", "unknown")]
                yield pair[0], pair[1]
            if method == "GET" and "slug" in rule.arguments and not rule.rule.startswith(("/api/", "/t/<slug>/audit")):
                # (what somebody asked the audit trail for is written into his own trail)
                pair = [call_of(world, asker, rule, method, own, query=side) for side in ("other", "unknown")]
                yield pair[0], pair[1]


def twin_of(world: World, asker: Asker, rule: Rule, method: str, sides: dict[str, str]) -> Call | None:
    """The same request with unknown things in place of another tenant's; None when all are the asker's own."""
    if "other" not in sides.values() or not (set(sides) & set(SECRET)):
        return None
    return call_of(
        world, asker, rule, method, {n: "unknown" if s == "other" and n in SECRET else s for n, s in sides.items()}
    )


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


def test_every_text_column_of_the_other_tenant_carries_a_mark(world: World) -> None:
    assert canaries.lacking(world.super, world.b.ref.id) == []


@pytest.mark.parametrize("asker", ASKERS)
def test_nobody_sees_the_other_tenants_rows(world: World, asker: str) -> None:
    """No mark, no id, no hash of B's comes to anybody of A; B's things are answered like things that do not exist."""
    who = world.askers[asker]
    before = canaries.digest(world.super, world.b.ref.id)
    faults: list[str] = []
    asked = 0
    for call, twin in calls_for(world, who):
        asked += 1
        answer, sent = send(world, who, call)
        leaked = seen(world, who, call, answer, sent)
        if leaked:
            faults.append(f"{call}: {answer.status_code} shows {sorted(leaked)[:5]} of {len(leaked)}")
        if answer.status_code >= 500:
            faults.append(f"{call}: {answer.status_code}")
        raw = RAW.search(canaries.readable(answer.data)) if "html" in answer.content_type else None
        if raw:
            text = canaries.readable(answer.data)
            faults.append(f"{call}: shows {text[max(0, raw.start() - 40) : raw.end() + 40]!r}")
        if twin is not None:
            faults += compare(world, who, (call, answer, sent), twin)
        renew(world, who, call)
    assert not faults, f"{asker}: {len(faults)} of {asked} requests\n" + "\n".join(faults[:40])
    assert asked > 150
    after = canaries.digest(world.super, world.b.ref.id)
    changed = [table for table in before if before[table] != after[table]]
    if asker == OPERATOR:
        changed = [table for table in changed if table not in OPERATORS_WORK]
    assert not changed, f"rows of the other tenant were changed in {changed}"


def compare(world: World, who: Asker, one: tuple[Call, TestResponse, Sent], twin: Call) -> list[str]:
    """B's thing and no thing at all must be answered alike, a 404 byte for byte."""
    call, answer, sent = one
    if who.name == OPERATOR and "tenant" in call.rule.arguments:
        return []  # the operator's list of tenants is his own
    known, sent_twin = send(world, who, twin)
    if known.status_code >= 500:
        return [f"{twin}: {known.status_code}"]
    if answer.status_code == 404 == known.status_code:
        kept = [
            sorted(x for x in a.headers.to_wsgi_list() if x[0] not in {"X-Request-Id", "Date"}) for a in (answer, known)
        ]
        if answer.data != known.data or kept[0] != kept[1]:
            return [f"{call}: its 404 differs from the unknown's"]
        return []
    first, second = plain(world, call, answer, sent), plain(world, twin, known, sent_twin)
    first, second = (VOLATILE.sub("<then>", canaries.IDS.sub("<id>", text)) for text in (first, second))
    if first != second:
        place = next(n for n, (x, y) in enumerate(zip(first + " ", second + " ", strict=False)) if x != y)
        near = [text[max(0, place - 60) : place + 80] for text in (first, second)]
        said = f"{answer.status_code} differs from the unknown's {known.status_code}"
        return [f"{call}: {said}: …{near[0]!r} and …{near[1]!r}"]
    return []


def renew(world: World, who: Asker, call: Call) -> None:
    """Log in again where a request ended the login, so that the next one is asked by the same person."""
    if who.user_id is None or call.rule.endpoint not in ENDS_LOGIN:
        return
    with world.wall.platform() as platform:
        user = platform.get_one(AppUser, who.user_id)
        who.cookie = open_login(platform, user, device="路由测试", now=now())
        platform.commit()
    row = world.super.execute(
        "SELECT csrf FROM login_session WHERE user_id = %s ORDER BY created_at DESC LIMIT 1", [who.user_id]
    ).fetchone()
    assert row
    who.csrf = row[0]
    who.fresh()


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


def test_the_city_sees_what_was_sent_to_it_and_only_that(world: World) -> None:
    """The comparison shows B's published words: the exception is used, not merely allowed."""
    who = world.askers["city_bureau"]
    shown: set[str] = set()
    for rule in rules_of(world):
        if "GET" in methods_of(rule) and rule.rule.startswith(("/c/", "/api/v1/c/")):
            answer, _ = send(world, who, call_of(world, who, rule, "GET", dict.fromkeys(variables_of(rule), "own")))
            shown |= canaries.hunt(canaries.readable(answer.data))
    assert any(mark.startswith("CANARY_PUBLICATION_DISTRICT_NAME") for mark in shown), sorted(shown)[:20]
    assert shown & world.b_marks <= world.to_city
    assert world.to_city & world.b_marks


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
