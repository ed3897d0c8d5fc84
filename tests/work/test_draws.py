"""Sealed draws (密封抽样): nobody chooses, the commitment binds, and anybody recomputes it with a script of his own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.cli import main
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.work.rounds.drawing import commit, draw, list_draws, opened, reveal
from core.work.rounds.sealed_sample import commitment, sample
from core.work.tables import Audit, Draw, DrawSeed
from tenants.db import new_id
from tenants.scope import Wall
from tests.factory import District, add_actor, add_site, bare_district

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs" / "draw.md"


class Stage:
    """A district with sites in two strata (抽样现场)."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.district: District = bare_district(wall)
        self.office = add_actor(wall, self.district.ref, "hq_office", self.district.root)
        self.liaison = add_actor(wall, self.district.ref, "liaison", self.district.street)
        with self.district.session(wall) as session:
            self.frame = {
                kind: [add_site(session, self.district.communities[0], kind) for _ in range(many)]
                for kind, many in (("produce_market", 5), ("public_toilet", 9))
            }
            session.commit()

    def cleared(self):
        return self.wall.open(self.district.ref.id, cleared=True)

    def commit(self, **said) -> UUID:
        with self.cleared() as session:
            given = {"frame": self.frame, "sizes": {"produce_market": 2, "public_toilet": 3}, "now": NOW} | said
            row = commit(session, self.office, **given)
            session.commit()
            return row.id


@pytest.fixture(scope="module")
def stage(wall: Wall) -> Stage:
    return Stage(wall)


def script() -> str:
    """The script of the page, as printed there."""
    found = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found.group(1)


def test_the_script_of_the_page_is_short_and_stands_alone() -> None:
    lines = [line for line in script().splitlines() if line.strip()]
    assert len(lines) <= 20
    assert "core" not in script()


def test_a_draw_is_committed_drawn_revealed_and_recomputed_by_a_stranger(stage: Stage, tmp_path: Path) -> None:
    made = stage.commit()
    with stage.district.session(stage.wall) as session:
        row = session.get_one(Draw, (session.tenant_id, made))
        assert re.fullmatch("[0-9a-f]{64}", row.commitment)
        assert opened(session, made) is None, "before the reveal the page knows the commitment alone"
        assert session.scalars(select(DrawSeed)).all() == []
        published = row.commitment
    with stage.cleared() as session:
        first = draw(session, stage.office, made, now=NOW)
        assert draw(session, stage.office, made, now=NOW) == first, "asked twice, drawn once"
        assert {stratum: len(ids) for stratum, ids in first.items()} == {"produce_market": 2, "public_toilet": 3}
        assert all(set(ids) <= set(stage.frame[stratum]) for stratum, ids in first.items())
        reveal(session, stage.office, made, now=NOW)
        session.commit()
    with stage.district.session(stage.wall) as session:
        shown = opened(session, made)
        assert shown is not None
        assert shown.holds
        assert {s: [UUID(one) for one in ids] for s, ids in shown.drawn.items()} == first
        file = tmp_path / "draw.json"
        file.write_text(json.dumps(shown.as_json(), ensure_ascii=False), encoding="utf-8")
    ran = subprocess.run([sys.executable, "-I", "-c", script(), str(file)], capture_output=True, text=True, check=True)
    assert sorted(ran.stdout.splitlines()) == [
        "commitment fits",
        "produce_market 2 of 5 fits",
        "public_toilet 3 of 9 fits",
    ]
    good = CliRunner().invoke(main, ["draw", "check", str(file), "--commitment", published, "--json"])
    assert good.exit_code == 0, good.output
    assert json.loads(good.stdout)["sealed"]


@pytest.mark.parametrize("part", ["seed", "frame", "sizes", "outside", "drawn"])
def test_whatever_was_changed_afterwards_is_found(stage: Stage, tmp_path: Path, part: str) -> None:
    made = stage.commit()
    with stage.cleared() as session:
        reveal(session, stage.office, made, now=NOW)
        session.commit()
        said = opened(session, made).as_json()
    if part == "frame":
        said["frame"]["public_toilet"].pop(0)
    elif part == "sizes":
        said["sizes"]["public_toilet"] = 4
    elif part == "drawn":
        said["drawn"]["public_toilet"].reverse()
    else:
        said[part] = "0" * 64
    file = tmp_path / "draw.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    told = CliRunner().invoke(main, ["draw", "check", str(file)])
    assert told.exit_code == 1
    ran = subprocess.run([sys.executable, "-I", "-c", script(), str(file)], capture_output=True, text=True, check=True)
    assert "DIFFERS" in ran.stdout


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seed": 1}', "\x00", '{"frame": {"a": 3}}'])
def test_what_is_no_draw_is_refused_in_words(tmp_path: Path, text: str) -> None:
    file = tmp_path / "draw.json"
    file.write_text(text, encoding="utf-8")
    told = CliRunner().invoke(main, ["draw", "check", str(file)])
    assert told.exit_code == 1
    assert "draw.json" in told.output


def test_an_outside_number_is_mixed_in_once(stage: Stage) -> None:
    made = stage.commit(outside="双色球 2026134 期")
    with stage.cleared() as session:
        with pytest.raises(InvalidInput):
            draw(session, stage.office, made, now=NOW)
        assert opened(session, made) is None
        first = draw(session, stage.office, made, outside_value="03 08 11 19 22 30+07", now=NOW)
        assert draw(session, stage.office, made, now=NOW) == first
        with pytest.raises(Conflict):
            draw(session, stage.office, made, outside_value="01", now=NOW)
        row = session.get_one(Draw, (session.tenant_id, made))
        row.outside_value = "04"
        session.flush()
        assert draw(session, stage.office, made, now=NOW) != first, "the number decides"
        session.rollback()
    with stage.cleared() as session, pytest.raises(InvalidInput):
        draw(session, stage.office, stage.commit(), outside_value="1", now=NOW)


def test_who_may_not_and_who_is_not_cleared(stage: Stage) -> None:
    made = stage.commit()
    with stage.cleared() as session:
        for act in (commit, draw, reveal):
            given = {"frame": stage.frame, "sizes": {"public_toilet": 1}} if act is commit else {"draw_id": made}
            with pytest.raises(Forbidden):
                act(session, stage.liaison, **given, now=NOW)
    with stage.district.session(stage.wall) as session, pytest.raises(NotFound):
        draw(session, stage.office, made, now=NOW)
    with stage.cleared() as session, pytest.raises(NotFound):
        draw(session, stage.office, new_id(), now=NOW)


def test_a_bad_frame_is_refused_with_every_fault(stage: Stage) -> None:
    one = stage.frame["produce_market"][0]
    with stage.cleared() as session:
        for frame, sizes, count in (
            ({}, {}, 1),
            ({"a": [one]}, {"a": 2}, 1),
            ({"a": [one], "b": [one]}, {"a": 1, "b": -1}, 2),
            ({"a": [one, one]}, {"a": 1}, 1),
            ({"a": [one]}, {"a": 1, "z": 1}, 1),
        ):
            with pytest.raises(InvalidInput) as refused:
                commit(session, stage.office, frame=frame, sizes=sizes, now=NOW)
            assert len(refused.value.faults) == count, refused.value.faults


def test_every_commitment_is_numbered_and_stays(stage: Stage) -> None:
    before = stage.commit()
    after = stage.commit()
    with stage.district.session(stage.wall) as session:
        rows = {row.id: row for row in list_draws(session)}
        numbers = sorted(row.number for row in rows.values())
        assert numbers == [f"2026-{n:03d}" for n in range(1, len(rows) + 1)], "no gap"
        assert rows[before].commitment != rows[after].commitment, "the same frame, another seed"
        lines = session.scalars(select(Audit).where(Audit.object_id == str(before))).all()
        assert [line.verb for line in lines] == ["draw.commit"]
        assert "seed" not in json.dumps(lines[0].detail)


@given(st.permutations(list("abcdefghij")))
def test_the_order_of_the_frame_changes_nothing(listed: list[str]) -> None:
    sizes = {"s": 4}
    assert commitment("k", {"s": listed}, sizes) == commitment("k", {"s": list("abcdefghij")}, sizes)
    assert sample("k", "", {"s": listed}, sizes) == sample("k", "", {"s": list("abcdefghij")}, sizes)


def test_each_place_of_a_stratum_comes_as_often_as_chance_allows() -> None:
    """Chi-square of how often each of 40 and 25 sites is drawn in 4 000 draws; bounds at p = 0.0001 for 39 and 24 degrees of freedom.

    Without replacement the counts vary less than independent ones: the statistic is divided by (N - n) / (N - 1). The seeds are fixed.
    """
    frame = {"甲": [f"a{n}" for n in range(40)], "乙": [f"b{n}" for n in range(25)]}
    sizes, draws = {"甲": 8, "乙": 5}, 4000
    seen = Counter[str]()
    both = Counter[tuple[bool, bool]]()
    for number in range(draws):
        drawn = sample(f"seed-{number}", "", frame, sizes)
        for ids in drawn.values():
            seen.update(ids)
        both[("a0" in drawn["甲"], "b0" in drawn["乙"])] += 1
    for stratum, bound in (("甲", 83.0), ("乙", 60.0)):
        many, size = len(frame[stratum]), sizes[stratum]
        wanted = draws * size / many
        raw = sum((seen[one] - wanted) ** 2 / wanted for one in frame[stratum])
        chi = raw * (many - 1) / (many - size)
        assert 5.0 < chi < bound, (stratum, chi)
    # Strata are drawn apart: one site of each comes together as often as their product says (one degree of freedom).
    wanted = {(x, y): draws * (0.2 if x else 0.8) * (0.2 if y else 0.8) for x in (True, False) for y in (True, False)}
    assert sum((both[key] - value) ** 2 / value for key, value in wanted.items()) < 21.0
