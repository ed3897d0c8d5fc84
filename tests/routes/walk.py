"""How the route tests ask (问遍全部路由): every request of an asker, what it shows, and how its twin is answered.

A request names one's own things, another tenant's or unknown ones in its address, its body or its question. One that
names another's has a twin that names unknown things instead: both must be answered alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from urllib.parse import quote

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from core.work.accounts import open_login
from core.work.actors import resolve_actor
from tenants.accounts import AppUser
from tenants.db import now
from tests.conftest import WHOLE
from tests.routes import canaries
from tests.routes.recipes import COMMON, SECRET, WRITES, Sent, query_of, value_of
from tests.routes.world import CITY_ROLES, NOBODY, OPERATOR, PROVINCE, TODAY, Asker, World

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
ASKED_HEADERS = {"X-Request-Id", "Date", "Content-Length"}
# What differs between two askings by itself; a fresh project of one's own has the next number (another's carries its mark).
VOLATILE = re.compile(
    r"[0-9a-f]{32}|\bXM-\d{4}-\d{4,}\b|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)|\b\d\d:\d\d:\d\d\b"
)
RAW = re.compile(r"built-in method|bound method|object at 0x|Undefined|Traceback \(most")  # Python showing through
OPERATORS_WORK = {"account_token", "audit", "person", "post", "holding"}  # an administrator invited into B by right
ENDS_LOGIN = {"account.log_out", "account.change_password", "account.end_logins"}
# One file asks for each group, so that files take about as long as each other.
GROUPS: dict[str, tuple[str, ...]] = {
    "offices": ("administrator", "hq_office", "leader"),
    "field": ("inspector", "grid_worker", "liaison"),
    "discipline": ("assessor", "discipline", "discipline_liaison"),
    "outsiders": (*(f"city_{role}" for role in CITY_ROLES), PROVINCE, OPERATOR, NOBODY),
}
# All that these may do is done by others who ask; they walk when everything is asked for.
SHARING = frozenset({"inspector", "grid_worker", "assessor", "discipline_liaison"})
UNASKED = ("/api/", "/t/<slug>/audit")  # what somebody asked the audit trail for is written into his own trail
FIRST = frozenset({"hq_office", "city_administrator"})
IN_A_TENANT = ("/t/", "/c/", "/api/")  # addresses under which no tries are counted


def asking(group: str) -> list[str]:
    """Who of a group walks: everybody where everything is asked for, else those that no others stand for."""
    return [name for name in GROUPS[group] if WHOLE or name not in SHARING]


# Everybody who walks, those who may do most before the others.
WALKING = sorted((name for group in GROUPS for name in asking(group)), key=lambda name: name not in FIRST)


class Wish(NamedTuple):
    """What is to be asked (待问): a route, a method, and whose things its address, its body or its question name."""

    rule: Rule
    method: str
    sides: dict[str, str]
    body: str = "own"
    query: str = ""


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


@cache
def _rules(app: Flask) -> tuple[Rule, ...]:
    found = [rule for rule in app.url_map.iter_rules() if is_known(rule)]
    return tuple(sorted(found, key=lambda rule: (rule.endpoint in ENDS_LOGIN, rule.rule, rule.endpoint)))


def rules_of(world: World) -> list[Rule]:
    """Every route with a recipe, in a fixed order; those that end the asker's own login come last."""
    return list(_rules(world.app))


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


def is_own_again(sides: dict[str, str]) -> bool:
    """Whether an address that names another's things is the own one, letter for letter: catalogue codes are nobody's."""
    foreign = {name for name, side in sides.items() if side == "other"}
    return bool(foreign) and not foreign & SECRET.keys()


def call_of(
    world: World, asker: Asker, rule: Rule, method: str, sides: dict[str, str], body: str = "own", query: str = ""
) -> Call:
    wanted = method in CHANGING and set(sides.values()) <= {"own"} and not is_shut(world, asker, rule)
    own = WRITES[rule.endpoint].fresh(world) if wanted else {}
    values = {
        name: own[name] if name in own else value_of(world, asker, name, side, rule) for name, side in sides.items()
    }
    _domain, path = rule.build(values) or ("", "")
    assert path, f"{rule.rule}: no address from {values}"
    return Call(rule, method, path, tuple(values.values()), tuple(sides.items()), body, query)


def is_shut(world: World, asker: Asker, rule: Rule) -> bool:
    """Whether a route refuses an asker before it reads what his request names: nothing then needs to be made for it.

    Told by the guard that stands before the view; a route without one is open to everybody who reaches it.
    """
    if asker.ref is None:
        return "slug" in rule.arguments and WRITES[rule.endpoint].role != asker.name
    guard: frozenset[str] | None = getattr(world.app.view_functions[rule.endpoint], "verbs", None)
    return guard is not None and not guard & verbs_of_asker(world, asker)


def verbs_of_asker(world: World, asker: Asker) -> frozenset[str]:
    """What an asker may do anywhere in his tenant."""
    if asker.name not in world.verbs:
        assert asker.ref
        assert asker.person_id
        with world.wall.open(asker.ref.id) as session:
            actor = resolve_actor(session, asker.ref, asker.person_id, TODAY)
        assert actor
        world.verbs[asker.name] = actor.verbs
    return world.verbs[asker.name]


def body_of(world: World, asker: Asker, call: Call) -> Sent:
    """What a request carries. One that is turned away at the door carries what the last one carried.

    (A seat is asked for before anything is read; an own address, or another thing in an own tenant, gets its own body.)
    """
    if call.method not in CHANGING:
        return Sent()
    kept = (call.rule.endpoint, call.body)
    elsewhere = dict(call.sides).get("slug", "own") != "own"
    if (elsewhere or is_shut(world, asker, call.rule)) and kept in world.bodies:
        return world.bodies[kept]
    sent = WRITES[call.rule.endpoint].body(world, call.body)
    if not any(isinstance(value, tuple) for value in (sent.form or {}).values()):  # a file can be read once only
        world.bodies[kept] = sent
    return sent


def send(world: World, asker: Asker, call: Call) -> tuple[TestResponse, Sent]:
    """Ask as a browser does on pages, as a machine with a key does under ``/api/``."""
    asker.fresh()
    if not call.path.startswith(IN_A_TENANT):
        world.super.execute("DELETE FROM throttle WHERE key NOT LIKE 'CANARY%'")  # one machine asks for everybody
    sent = body_of(world, asker, call)
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
    assert answer.status_code != 429, f"{call}: throttled, which would hide every other answer"
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


def seen(world: World, asker: Asker, call: Call, text: str, answer: TestResponse, sent: Sent) -> set[str]:
    """What of B's is in an answer, beyond what the asker sent himself and what he may see."""
    text += "\n" + "\n".join(f"{k}: {v}" for k, v in answer.headers)
    found = canaries.hunt(text) & world.b_marks
    return found - world.allowed(asker) - said_by(world, call, sent) if found else found


def wishes_for(world: World, asker: Asker) -> Iterator[Wish]:
    """What an asker asks, before anything is made for it: each route and method with whose things it names."""
    for rule in rules_of(world):
        first = asks_first(world, asker, rule)
        for method in methods_of(rule):
            for sides in patterns(rule):
                if "unknown" in sides.values() or (method == "GET" and is_own_again(sides)):
                    continue
                if first or "other" in sides.values():
                    yield Wish(rule, method, sides)
            own = dict.fromkeys(variables_of(rule), "own")
            if first and method in CHANGING and WRITES[rule.endpoint].ids:
                yield Wish(rule, method, own, body="other")
            if first and method == "GET" and "slug" in rule.arguments and not rule.rule.startswith(UNASKED):
                yield Wish(rule, method, own, query="other")


def calls_for(world: World, asker: Asker) -> Iterator[tuple[Call, Call | None]]:
    """Every request of an asker; one that names another's things comes with its twin that names unknown ones."""
    for rule, method, sides, body, query in wishes_for(world, asker):
        if body == "own" and not query:
            yield call_of(world, asker, rule, method, sides), twin_of(world, asker, rule, method, sides)
            continue
        asked = {"body": body} if not query else {"query": query}
        twin = dict.fromkeys(asked, "unknown")
        pair = [call_of(world, asker, rule, method, sides, **one) for one in (asked, twin)]
        yield pair[0], pair[1]


def asks_first(world: World, asker: Asker, rule: Rule) -> bool:
    """Whether an asker names his own things at a route, too, as everybody does where everything is asked for.

    In the shorter walk the first of his tenant whom the guard lets in does it for all of them; where no guard stands before
    the view, everybody. What is another's is asked for by everybody, everywhere.
    """
    guard = getattr(world.app.view_functions[rule.endpoint], "verbs", None)
    if WHOLE or asker.ref is None or "slug" not in rule.arguments or guard is None:
        return True
    beside = [world.askers[name] for name in WALKING]
    beside = [one for one in beside if one.ref is not None and one.ref.id == asker.ref.id]
    let_in = [one.name for one in beside if guard & verbs_of_asker(world, one)]
    return asker.name == (let_in or [one.name for one in beside])[0]


def reads_more(world: World, name: str, wholly: Collection[str], rule: Rule) -> bool:
    """Whether somebody has to read a route himself where some of his tenant read wholly: it is not open to any of them.

    So do those who read wholly, and everybody where everything is asked for or where no guard stands before the view.
    """
    asker = world.askers[name]
    guard = getattr(world.app.view_functions[rule.endpoint], "verbs", None)
    if WHOLE or asker.ref is None or guard is None or name in wholly:
        return True
    beside = [world.askers[one] for one in wholly]
    beside = [one for one in beside if one.ref is not None and one.ref.id == asker.ref.id]
    shown = any(guard & verbs_of_asker(world, one) for one in beside)
    return not shown and bool(guard & verbs_of_asker(world, asker))


def twin_of(world: World, asker: Asker, rule: Rule, method: str, sides: dict[str, str]) -> Call | None:
    """The same request with unknown things in place of another tenant's; None when all are the asker's own."""
    if "other" not in sides.values() or not (set(sides) & set(SECRET)):
        return None
    return call_of(
        world, asker, rule, method, {n: "unknown" if s == "other" and n in SECRET else s for n, s in sides.items()}
    )


def walk(world: World, asker: str) -> None:
    """No mark, no id, no hash of B's comes to anybody of A; B's things are answered like things that do not exist."""
    who = world.askers[asker]
    before = canaries.digest(world.super, world.b.ref.id)
    faults: list[str] = []
    asked = 0
    for call, twin in calls_for(world, who):
        asked += 1
        answer, sent = send(world, who, call)
        faults += wrong_in(world, who, call, answer, sent)
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


def wrong_in(world: World, who: Asker, call: Call, answer: TestResponse, sent: Sent) -> list[str]:
    """What is wrong with one answer by itself."""
    faults = []
    text = canaries.readable(answer.data)
    leaked = seen(world, who, call, text, answer, sent)
    if leaked:
        faults.append(f"{call}: {answer.status_code} shows {sorted(leaked)[:5]} of {len(leaked)}")
    if answer.status_code >= 500:
        faults.append(f"{call}: {answer.status_code}")
    raw = RAW.search(text) if "html" in answer.content_type else None
    if raw:
        faults.append(f"{call}: shows {text[max(0, raw.start() - 40) : raw.end() + 40]!r}")
    return faults


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
    if first != second:
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
