"""Nobody learns of a secret round before its release (泄密探测): with it and without it, every route answers the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.databases import Urls
from tests.conftest import WHOLE, Once
from tests.routes.recipes import WRITES
from tests.routes.secrecy import (
    MEMBER,
    NOBODY,
    STREET,
    UNIT,
    WORD,
    Probe,
    hidden_ids,
    let_out,
    names_of,
    opens_cleared,
    put_away,
    walk_secretly,
)
from tests.routes.walk import CHANGING, call_of, compare, methods_of, rules_of, send, variables_of
from tests.routes.world import World, standing

ALWAYS = (UNIT, "administrator", "hq_office")
ALSO = (
    STREET,
    MEMBER,
    "leader",
    "inspector",
    "grid_worker",
    "assessor",
    "discipline",
    "city_bureau",
    "city_administrator",
    NOBODY,
)
ASKING = ALWAYS + (ALSO if WHOLE else ())


@pytest.fixture(scope="module")
def probe(server: Urls, once: Once) -> Iterator[Probe]:
    with (
        standing(server, once) as world,
        pytest.MonkeyPatch.context() as patch,
        put_away(world, server, patch, ASKING) as made,
    ):
        yield made


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Where two walks were answered differently, with the place."""
    found = []
    for call, text in before.items():
        other = after[call]
        if text != other:
            pairs = zip(text + " ", other + " ", strict=False)
            place = next((n for n, (x, y) in enumerate(pairs) if x != y), min(len(text), len(other)))
            near = [one[max(0, place - 90) : place + 90] for one in (text, other)]
            found.append(f"{call}: …{near[0]!r} and …{near[1]!r}")
    return found


def test_a_secret_round_changes_no_answer_until_it_is_released(probe: Probe) -> None:
    """Two walks over everything that can be read, then a third that shows it all."""
    without = {name: probe.ask(name) for name in ASKING}
    probe.back()
    walk_secretly(probe)
    probe.run_jobs()
    canaries = {one for ids in hidden_ids(probe.world).values() for one in ids} | {WORD}
    faults = []
    for name in ASKING:
        answers = probe.ask(name)
        assert len(answers) > (100 if name != "administrator" or WHOLE else 1)
        faults += [f"{name}: {one}" for one in differences(without[name], answers)]
        faults += [
            f"{name}: {call} shows {sorted(seen)[:3]}"
            for call, text in answers.items()
            if (seen := {one for one in canaries if one in text})
        ]
    assert not faults, f"{len(faults)} leaks\n" + "\n".join(faults[:40])
    ids = hidden_ids(probe.world)
    let_out(probe)
    assert hidden_ids(probe.world) == {}
    check_shown(probe, ids)


def check_shown(probe: Probe, ids: dict[str, set[str]]) -> None:
    """After the release the rooms where they stand show findings, visits, rounds and words to those who may read them."""
    rooms = ("/findings", "/visits", "/rounds", "/audit")
    seen: dict[str, set[str]] = {}
    for name in (UNIT, "administrator", "hq_office"):
        text = "\n".join(probe.ask(name, rooms).values())
        seen[name] = {table for table, known in ids.items() if any(one in text for one in known)}
        seen[name] |= {WORD} if WORD in text else set()
    assert {"finding", WORD} <= seen[UNIT]
    assert {"finding", "visit", WORD} <= seen["hq_office"]
    assert {"finding", "visit", "round"} & seen["administrator"]


def test_a_hidden_thing_is_answered_like_none(probe: Probe) -> None:
    """Whoever guesses or keeps an id gets, letter for letter, what an unknown one gets, also where he writes."""
    probe.back()
    walk_secretly(probe)
    names = names_of(probe.world)
    assert {"visit_id", "finding_id", "photo_id", "round_id"} <= set(names)
    world = replace(probe.world, b=replace(probe.world.b, ids=probe.world.b.ids | names), bodies={})
    faults, asked = [], 0
    for name in (UNIT, "hq_office", "administrator") if WHOLE else (UNIT, "hq_office"):
        who = world.askers[name]
        for rule in rules_of(world):
            if name == "hq_office" and opens_cleared(world, rule.endpoint):
                continue
            for method in methods_of(rule):
                for named in set(variables_of(rule)) & set(names):
                    own = dict.fromkeys(variables_of(rule), "own")
                    pair = [call_of(world, who, rule, method, own | {named: side}) for side in ("other", "unknown")]
                    answer, sent = send(world, who, pair[0])
                    faults += compare(world, who, (pair[0], answer, sent), pair[1])
                    asked += 1
                faults += bodies(world, who.name, rule, method, names) if WHOLE else []
    assert not faults, f"{len(faults)} of {asked}\n" + "\n".join(faults[:40])
    assert asked > 40


def bodies(world: World, name: str, rule: object, method: str, names: dict[str, str]) -> list[str]:
    """A body that names hidden things, and one that names none that exist."""
    if method not in CHANGING or not set(WRITES[rule.endpoint].ids) & set(names):
        return []
    who, own = world.askers[name], dict.fromkeys(variables_of(rule), "own")
    pair = [call_of(world, who, rule, method, own, body=side) for side in ("other", "unknown")]
    answer, sent = send(world, who, pair[0])
    return compare(world, who, (pair[0], answer, sent), pair[1])
