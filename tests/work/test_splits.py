"""Splits: points that add up or a refusal that says by how much, whose clause it is, answers, and what a new issue keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import func, select

from core.campaigns.lineage import lineage_of
from core.campaigns.registry import installed
from core.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound, Stale
from core.work.papers.notes import list_notes
from core.work.splits.answering import accept, accept_all, send_back
from core.work.splits.carrying import REASONS, carry, code_map
from core.work.splits.checking import Ground, faults_of
from core.work.splits.comparing import ADDED, CHANGED, REMOVED, compare
from core.work.splits.editing import RowWish, save_cells, save_row, share_out
from core.work.splits.issuing import faults_of_split
from core.work.splits.making import Start, add_row, drop_split, remove_row
from core.work.splits.points import all_to_first, hundredths, read_hundredths, say_hundredths, split_evenly
from core.work.splits.portions import Portion, one_lead, portion_of, portions_of, read_cell, shared_out
from core.work.splits.reading import Line, list_splits, read_table, split_in_force, tallies_of
from core.work.splits.states import ACCEPTED, ASSIST, DRAFT, ISSUED, LEAD, REPLACED, RETURNED
from core.work.tables import Audit, SplitEvent, SplitRow, SplitShare
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.work.splitting import DAY, KEY, NOW, Stage, set_up

SEED = 20261121


@pytest.fixture
def stage(wall: Wall) -> Stage:
    return set_up(wall)


@pytest.fixture
def session(wall: Wall, stage: Stage) -> Iterator[ScopedSession]:
    with stage.district.session(wall) as opened:
        yield opened


def line_of(points: int, *shares: tuple[str, int], code: str = "X-1") -> Line:
    """A clause in memory: its points and its shares by role."""
    row = SplitRow(id=new_id(), split_id=new_id(), code=code, title=code, points=points)
    made = [SplitShare(id=new_id(), row_id=row.id, unit_id=new_id(), role=r, points=p, state=DRAFT) for r, p in shares]
    return Line(row, tuple(made))


def ground_of(*lines: Line) -> Ground:
    return Ground({share.unit_id for line in lines for share in line.shares})


# ---- arithmetic ----


def test_an_even_split_always_sums_and_the_lead_has_the_rest() -> None:
    random = Random(SEED)
    for _ in range(3000):
        total, count = random.randrange(0, 200_001), random.randrange(1, 61)
        parts = split_evenly(total, count)
        assert sum(parts) == total
        assert len(parts) == count
        assert parts[0] - parts[-1] == total % count
        assert len(set(parts[1:])) <= 1
        assert sum(all_to_first(total, count)) == total
    assert split_evenly(100, 3) == [34, 33, 33]
    assert split_evenly(100, 0) == all_to_first(100, 0) == []


def test_the_check_accepts_exactly_what_sums_and_names_sum_and_gap() -> None:
    random = Random(SEED + 1)
    refused = 0
    for _ in range(2000):
        total = random.randrange(0, 3000)
        parts = [random.randrange(0, 1200) for _ in range(random.randrange(1, 6))]
        if random.random() < 0.4:
            parts = split_evenly(total, len(parts))
        line = line_of(total, *((ASSIST if n else LEAD, part) for n, part in enumerate(parts)))
        faults = faults_of(line, ground_of(line))
        assert bool(faults) is (sum(parts) != total)
        if faults:
            refused += 1
            assert faults[0].field == "X-1"
            said = faults[0].params
            assert said["sum"] == say_hundredths(sum(parts))
            assert said["points"] == say_hundredths(total)
            assert said["gap"] == say_hundredths(abs(total - sum(parts)))
            assert ("还差" in faults[0].message) is (sum(parts) < total)
    assert refused > 500


def test_a_clause_has_exactly_one_lead() -> None:
    for roles, wrong in (((LEAD, ASSIST), False), ((ASSIST, ASSIST), True), ((LEAD, LEAD), True), ((), True)):
        line = line_of(200, *((role, 200 // len(roles)) for role in roles))
        assert bool(faults_of(line, ground_of(line))) is wrong
    gone = line_of(100, (LEAD, 100))
    assert [one.message for one in faults_of(gone, Ground(set()))] == ["单位已不存在"]


def test_sharing_out_random_clauses_keeps_units_and_points() -> None:
    random = Random(SEED + 2)
    for _ in range(500):
        portions = [
            Portion(new_id(), random.choice((LEAD, ASSIST)), random.randrange(900))
            for _ in range(random.randrange(1, 9))
        ]
        for how in ("even", "lead"):
            total = random.randrange(5000)
            found = shared_out(total, portions, how)
            assert sum(one.points for one in found) == total
            assert {one.unit_id for one in found} == {one.unit_id for one in portions}
            assert [one.role for one in found].count(LEAD) == 1


@pytest.mark.parametrize(
    ("said", "points"), [("3", 300), ("３．５", 350), ("3.50分", 350), ("0", 0), (".5", 50), (" 12.25 ", 1225)]
)
def test_points_are_read_as_people_write_them(said: str, points: int) -> None:
    faults: list[Fault] = []
    assert read_hundredths(said, "x", faults) == points
    assert not faults


@pytest.mark.parametrize("said", ["三分", "-1", "1.005", "1e3", "", "NaN", "1,5", "99999999"])
def test_what_is_no_number_of_points_is_refused_with_a_remedy(said: str) -> None:
    faults: list[Fault] = []
    read_hundredths(said, "x", faults)
    assert [one.field for one in faults] == ["x"]
    assert faults[0].remedy


def test_a_cell_says_role_and_points() -> None:
    unit, faults = new_id(), []  # type: ignore[var-annotated]  # of faults
    old = Portion(unit, LEAD, 300)
    read = lambda text, before=None: read_cell(text, before, unit, "c", faults)  # noqa: E731 - one line a case
    assert read("") is None
    assert read("-", old) is None
    assert read("2") == Portion(unit, ASSIST, 200)
    assert read("2", old) == Portion(unit, LEAD, 200)
    assert read("●1.5") == read("*1.5") == read("主1.5") == read("牵头1.5") == Portion(unit, LEAD, 150)
    assert read("○", old) == Portion(unit, ASSIST, 300)
    assert not faults
    read("x3")
    assert faults
    two = [Portion(new_id(), LEAD), Portion(new_id(), LEAD)]
    assert [one.role for one in one_lead(two, two[1].unit_id)] == [ASSIST, LEAD]


def test_carrying_over_never_loses_points_silently() -> None:
    """Whatever became of the codes: each share of the old table is carried as it was, or stands in the list."""
    random = Random(SEED + 3)
    for _ in range(400):
        old = [
            line_of(
                random.randrange(1, 900),
                *((ASSIST, random.randrange(300)) for _ in range(random.randrange(4))),
                code=f"O-{n}",
            )
            for n in range(random.randrange(1, 12))
        ]
        fresh = {
            f"{kind}-{n}": random.randrange(1, 900) for n in range(12) for kind in ("O", "N") if random.random() < 0.6
        }
        codes = {}
        for line in old:
            drawn = random.random()
            if drawn < 0.3:
                codes[line.row.code] = (f"N-{random.randrange(12)}", "")
            elif drawn < 0.6:
                codes[line.row.code] = ("", random.choice(("split", "merged", "dropped", "uncertain")))
        found = carry(old, codes, fresh)
        had = sum(line.shared for line in old)
        carried = sum(line.shared for line in found.lines.values())
        assert carried + sum(one.points for one in found.left) == had
        shares = sum(len(line.shares) for line in found.lines.values()) + sum(len(one.shares) for one in found.left)
        assert shares == sum(len(line.shares) for line in old)
        for code, was, now in found.moved:
            assert (was, now) == (found.lines[code].row.points, fresh[code])
        assert set(found.lines) <= set(fresh)


def test_the_lineage_of_the_shipped_editions_carries_what_is_the_same() -> None:
    """From the edition in force to the shipped revision: every clause is carried to its successor or listed with a reason."""
    campaign = installed().campaigns[KEY]
    old, new = campaign.edition, campaign.others[-1]
    lines = [line_of(hundredths(one.points), (LEAD, hundredths(one.points)), code=one.code) for one in old.indicators]
    points = {one.code: hundredths(one.points) for one in new.indicators if one.points > 0}
    found = carry(lines, code_map(old, new), points)
    assert sum(line.shared for line in found.lines.values()) + sum(one.points for one in found.left) == hundredths(
        old.points
    )
    assert len(found.lines) > 20
    kinds = {change.kind for change in lineage_of(old, new).changes}
    assert bool(found.left) is bool(kinds & {"split", "merged", "dropped"})
    assert all(one.why in REASONS for one in found.left)
    same = carry(lines, code_map(old, old), {one.code: hundredths(one.points) for one in old.indicators})
    assert (len(same.lines), same.left, same.moved) == (len(lines), (), ())


# ---- a table's life ----


def test_a_table_is_made_from_the_edition_in_one_go(stage: Stage, session: ScopedSession) -> None:
    split = stage.make(session)
    table = read_table(session, stage.people["office"], split.id, DAY)
    edition = stage.campaign.edition
    assert [line.row.code for line in table.lines] == [one.code for one in edition.indicators if one.points > 0]
    assert sum(line.row.points for line in table.lines) == hundredths(edition.points)
    by_code = {line.row.code: line.row for line in table.lines}
    owner = next(one for one in edition.indicators if one.lead_role == "health_bureau")
    assert by_code[owner.code].owner_unit_id == stage.district.departments["health_bureau"]
    assert split.issue == 1
    assert "第1版" in split.title
    with pytest.raises(Conflict, match="第 1 版还在拟订"):
        stage.make(session)
    drop_split(session, stage.people["office"], split.id, now=NOW)
    other = replace(stage, people={"office": stage.people["sanitation"]})
    with pytest.raises(Forbidden):
        other.make(session)


def test_prefilled_clauses_are_led_by_their_owner_with_all_points(stage: Stage, session: ScopedSession) -> None:
    split = stage.make(session, Start(prefill=True))
    lines = read_table(session, stage.people["office"], split.id, DAY).lines
    for line in lines:
        assert bool(line.shares) is (line.row.owner_unit_id is not None)
        assert line.complete or not line.shares
    assert sum(1 for line in lines if line.complete) > 20


def test_it_is_issued_only_when_all_adds_up(stage: Stage, session: ScopedSession) -> None:
    split = stage.make(session)
    with pytest.raises(InvalidInput) as refused:
        stage.issue(session, split)
    assert len(refused.value.faults) == len(read_table(session, stage.people["office"], split.id, DAY).lines)
    stage.fill(session, split)
    line = stage.line(session, split)
    save_cells(
        session, stage.people["office"], split.id, {line.row.id: {stage.city: "1"}}, {line.row.id: line.mark}, now=NOW
    )
    with pytest.raises(InvalidInput) as short:
        stage.issue(session, split)
    [fault] = short.value.faults
    assert fault.field == line.row.code
    assert fault.params["gap"] == say_hundredths(line.row.points // 2 - 100)
    assert split.state == DRAFT
    share_out(session, stage.people["office"], split.id, [line.row.id], "even", now=NOW)
    stage.issue(session, split)
    assert split.state == ISSUED
    assert {share.state for share in stage.line(session, split).shares} == {ISSUED}
    assert split_in_force(session, KEY, DAY) is split
    assert split_in_force(session, KEY, DAY - timedelta(days=1)) is None
    told = list_notes(session, stage.people["sanitation"], now=NOW)
    assert [note.kind for note in told] == ["split_issued"]
    assert not list_notes(session, stage.people["street"], now=NOW)
    assert session.scalar(select(func.count()).select_from(Audit).where(Audit.verb == "split.issue")) == 1


def test_a_unit_accepts_or_returns_and_the_group_answers(stage: Stage, session: ScopedSession) -> None:
    split, office = stage.make(session), stage.people["office"]
    stage.fill(session, split)
    line = stage.line(session, split)
    owned = RowWish(owner_unit_id=stage.group, amount=Decimal(30), measure="处", due_on=DAY + timedelta(days=30))
    save_row(session, office, split.id, line.row.id, owned, portions_of(line), mark=line.mark, now=NOW)
    stage.issue(session, split)
    line = stage.line(session, split)
    lead, helper = line.of(stage.sanitation), line.of(stage.city)
    assert lead
    assert helper
    with pytest.raises(Forbidden):
        accept(session, stage.people["office"], lead.id, version=lead.version, now=NOW)
    with pytest.raises(NotFound):
        accept(session, stage.people["street"], lead.id, version=lead.version, now=NOW)
    with pytest.raises(Stale):
        accept(session, stage.people["sanitation"], lead.id, version=9, now=NOW)
    accept(session, stage.people["sanitation"], lead.id, version=lead.version, now=NOW)
    with pytest.raises(Conflict):
        accept(session, stage.people["sanitation"], lead.id, version=lead.version, now=NOW)
    with pytest.raises(InvalidInput):
        send_back(session, stage.people["city"], helper.id, version=helper.version, reason=" ", now=NOW)
    send_back(session, stage.people["city"], helper.id, version=helper.version, reason="不是本单位职责", now=NOW)
    for told in ("office", "group"):
        assert "不是本单位职责" in str(list_notes(session, stage.people[told], now=NOW)[0].params)
    # The group answers: what does not add up is refused whole, what adds up is issued anew; acceptance stays.
    line = stage.line(session, split)
    wish = replace(owned, owner_unit_id=None)
    less = [portion_of(lead)]
    with pytest.raises(InvalidInput) as gap:
        save_row(session, stage.people["group"], split.id, line.row.id, wish, less, mark=line.mark, now=NOW)
    assert gap.value.faults[0].params["gap"] == say_hundredths(helper.points)
    assert stage.line(session, split).mark == line.mark
    other = [portion_of(lead), Portion(stage.district.street, ASSIST, helper.points)]
    with pytest.raises(Forbidden):
        save_row(session, stage.people["city"], split.id, line.row.id, wish, other, mark=line.mark, now=NOW)
    save_row(session, stage.people["group"], split.id, line.row.id, wish, other, mark=line.mark, now=NOW)
    line = stage.line(session, split)
    assert line.row.owner_unit_id == stage.group  # the group does not hand its clause away
    assert {share.unit_id: share.state for share in line.shares} == {
        stage.sanitation: ACCEPTED,
        stage.district.street: ISSUED,
    }
    assert [note.kind for note in list_notes(session, stage.people["street"], now=NOW)] == ["split_issued"]
    with pytest.raises(Conflict):  # nothing has come back any more
        save_row(session, office, split.id, line.row.id, wish, other, mark=line.mark, now=NOW)
    assert accept_all(session, stage.people["sanitation"], split.id, now=NOW) > 5
    verbs = set(session.scalars(select(SplitEvent.verb).where(SplitEvent.split_id == split.id)))
    assert {"create", "change", "issue", "accept", "return", "reissue"} <= verbs


def test_a_new_issue_replaces_the_old_one_and_keeps_what_stays(stage: Stage, session: ScopedSession) -> None:
    first, office = stage.make(session), stage.people["office"]
    stage.fill(session, first)
    stage.issue(session, first)
    accept_all(session, stage.people["sanitation"], first.id, now=NOW)
    second = stage.make(session)
    was, lines = (read_table(session, office, one.id, DAY).lines for one in (first, second))
    assert [[portion_of(s) for s in line.shares] for line in was] == [
        [portion_of(s) for s in line.shares] for line in lines
    ]
    moved = lines[0]
    share_out(session, office, second.id, [moved.row.id], "lead", now=NOW)
    add_row(session, office, second.id, code="自-1", title="垃圾分类宣传", points=0, now=NOW)
    own = stage.line(session, second, -1)
    save_cells(session, office, second.id, {own.row.id: {stage.city: "0"}}, {own.row.id: own.mark}, now=NOW)
    stage.issue(session, second, DAY + timedelta(days=10))
    assert (first.state, first.valid_to, second.replaces_id) == (REPLACED, DAY + timedelta(days=10), first.id)
    assert split_in_force(session, KEY, DAY) is first
    assert split_in_force(session, KEY, DAY + timedelta(days=10)) is second
    after = read_table(session, office, second.id, DAY).lines
    assert {share.state for share in after[0].shares} == {ISSUED}
    kept = after[2].of(stage.sanitation)
    assert kept
    assert (kept.state, kept.answered_by) == (ACCEPTED, stage.people["sanitation"].name)
    differences = compare(was, after, code_map(stage.campaign.edition, stage.campaign.edition))
    assert [(one.kind, one.code) for one in differences] == [(CHANGED, moved.row.code), (ADDED, "自-1")]
    backwards = compare(after, was, code_map(stage.campaign.edition, stage.campaign.edition))
    assert [one.kind for one in backwards] == [CHANGED, REMOVED]
    third = stage.make(session)
    assert stage.line(session, third, -1).row.code == "自-1"  # own clauses go on
    assert stage.line(session, third, -1).shares
    remove_row(session, office, stage.campaign, third.id, stage.line(session, third, -1).row.id, now=NOW)
    with pytest.raises(Forbidden):
        remove_row(session, office, stage.campaign, third.id, stage.line(session, third).row.id, now=NOW)
    drop_split(session, office, third.id, now=NOW)
    assert [one.issue for one in list_splits(session, stage.people["city"], DAY, campaigns=[KEY])] == [2, 1]
    assert [one.issue for one in list_splits(session, office, DAY, campaigns=[KEY])] == [3, 2, 1]


def test_who_reads_what(stage: Stage, session: ScopedSession) -> None:
    split, office = stage.make(session), stage.people["office"]
    stage.fill(session, split)
    line, second = stage.line(session, split), stage.line(session, split, 1)
    save_row(
        session, stage.people["office"], split.id, line.row.id, RowWish(owner_unit_id=stage.group),
        portions_of(line), mark=line.mark, now=NOW,
    )  # fmt: skip
    for key in ("inspector", "leader", "street", "assessor"):
        with pytest.raises(NotFound):
            read_table(session, stage.people[key], split.id, DAY)
    mine = read_table(session, stage.people["group"], split.id, DAY)
    assert [one.row.code for one in mine.lines] == [line.row.code]
    assert mine.edits(mine.lines[0])
    stage.issue(session, split)
    seen = {key: len(read_table(session, actor, split.id, DAY).lines) for key, actor in stage.people.items()}
    assert seen["office"] == seen["leader"] == seen["sanitation"] > 20
    owned = {
        one.row.code for one in read_table(session, office, split.id, DAY).lines if one.row.owner_unit_id == stage.city
    }
    assert (seen["city"], seen["group"], seen["street"]) == (len(owned | {line.row.code, second.row.code}), 1, 0)
    tally = tallies_of(session, [split])[split.id]
    assert tally.waiting == tally.shares == tally.rows + 2


def test_a_cell_that_somebody_overtook_or_that_is_wrong_changes_nothing(stage: Stage, session: ScopedSession) -> None:
    split, office = stage.make(session), stage.people["office"]
    one, two = stage.line(session, split), stage.line(session, split, 1)
    typed = {one.row.id: {stage.city: "1"}, two.row.id: {stage.city: "zwei"}}
    with pytest.raises(InvalidInput) as refused:
        save_cells(session, office, split.id, typed, {one.row.id: one.mark, two.row.id: two.mark}, now=NOW)
    assert refused.value.faults[0].field == f"c.{two.row.id}.{stage.city}"
    assert not stage.line(session, split).shares
    old = one.mark
    save_cells(session, office, split.id, {one.row.id: {stage.city: "1"}}, {one.row.id: old}, now=NOW)
    with pytest.raises(Stale, match=one.row.code):
        save_cells(session, office, split.id, {one.row.id: {stage.city: "2"}}, {one.row.id: old}, now=NOW)
    line = stage.line(session, split)
    stranger = [replace(portions_of(line)[0], person_id=stage.people["street"].person_id)]
    with pytest.raises(InvalidInput) as person:
        save_row(session, office, split.id, line.row.id, RowWish(), stranger, mark=line.mark, now=NOW)
    assert person.value.faults[0].field == f"person.{stage.city}"
    wish = RowWish(amount=Decimal(3), measure="石")
    with pytest.raises(InvalidInput) as foreign:
        save_row(session, office, split.id, line.row.id, wish, portions_of(line), mark=line.mark, now=NOW)
    assert foreign.value.faults[0].field == "measure"
    assert len(faults_of_split(session, split.id, DAY)) > 20
    assert RETURNED not in {share.state for share in line.shares}
