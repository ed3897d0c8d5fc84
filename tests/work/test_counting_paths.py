"""Every way of writing keeps the day counts (写入路径): random acts over all of them, then the kept counts against a recount."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from core.errors import SanchengError
from core.figures.day_counts import day_lines
from core.work.calendar import local_day, seed_calendar
from core.work.counting.marking import mark_findings, mark_visit
from core.work.counting.recounting import differences, recount
from core.work.inspection.visit_corrections import correct
from core.work.intake.reporting import report
from core.work.loop.ledger import act, act_by_system
from core.work.loop.transitions import TRANSITIONS
from core.work.organisation.chart_editing import add_seat, send_unit
from core.work.organisation.reorganising import approve, edit_draft, propose
from core.work.tables import Finding, Visit
from tenants.db import new_id
from tenants.scope import ScopedSession, Wall
from tests.work.intake import Street, street
from tests.work.market import ALL_GOOD, ANSWERS, THURSDAY, campaigns, send
from tests.work.secret_stage import Stage, let_out, plan, walk

ACTS = 140
LONGEST = 800
KINDS = ("visit", "visit", "correction", "report", "step", "step", "step", "step", "repair", "system", "secret")
CATEGORIES = ("ENV-LITTER", "ENV-TOILET", "ENV-ADS")
CORE = Path(__file__).parents[2] / "core"
WRITES = re.compile(
    r"(?:insert|update|delete|Lot)\((?:Visit|Finding|Sheet|ItemResult)[),]|(?<![\w.])(?:Visit|Finding|Sheet|ItemResult)\(\n"
    r"|(?:INSERT INTO|UPDATE|DELETE FROM) (?:visit|finding|sheet|item_result)\b"
)
# Who writes what is counted, and where that is marked. A new name here needs a mark and an act above.
WRITERS = {
    "work/inspection/visit_rows.py": "itself",
    "work/inspection/visit_corrections.py": "enter_results, for the day and unit are those of the old version",
    "work/inspection/visit_findings.py": "itself",
    "work/inspection/visit_amending.py": "nothing counted: the visit that a finding names",
    "work/intake/report_rows.py": "itself",
    "work/loop/ledger.py": "itself",
    "work/rounds/releasing.py": "itself: the days of the round's visits, and those on which its findings count",
}


@dataclass
class Life:
    """A district and what is done in it (写入现场): one act after the other, each committed or refused."""

    wall: Wall
    place: Street
    chance: random.Random
    now: datetime = THURSDAY

    def act(self, session: ScopedSession) -> str:
        """One random act; gives what it was."""
        kind = self.chance.choice(KINDS)
        self.now += timedelta(hours=self.chance.choice((0, 1, 9, 26)))
        getattr(self, f"_{kind}")(session)
        return kind

    def _visit(self, session: ScopedSession) -> None:
        photos = {"toilet_clean": [self.place.photos[0]]}
        said: dict[str, Any] = {"photos": photos} if self.chance.random() < 0.3 else {}
        if self.chance.random() < 0.3:
            said["basis"] = "self"
        if said.get("photos"):
            said["fixed"] = {"toilet_clean": [self.place.photos[1]]}
        again = session.scalars(select(Finding).where(Finding.question == "illegal_posters")).first()
        if again is not None and self.chance.random() < 0.5:
            said["again"] = {"illegal_posters": str(again.id)}
        send(session, self.place.town, self.chance.choice((ANSWERS, ALL_GOOD)), now=self.now, **said)

    def _correction(self, session: ScopedSession) -> None:
        visit = self._any(session.scalars(select(Visit.id).where(Visit.replaced_at.is_(None))))
        given = {"campaigns": campaigns(), "new_visit_id": new_id(), "reason": "看错了", "now": self.now}
        correct(session, self.place.office, visit, answers=self.chance.choice((ANSWERS, ALL_GOOD)), **given)

    def _report(self, session: ScopedSession) -> None:
        restricted = self.chance.random() < 0.2
        place = {"site_id": self.chance.choice((self.place.market, self.place.kiosk))}
        given = {"source": "snapshot", "category": self.chance.choice(CATEGORIES), "now": self.now} | place
        target = self.chance.random() < 0.2 and self._any(session.scalars(select(Finding.id)))
        merged = {"merge_into": target} if target else {}
        who = self.place.conduct if restricted else self.place.office
        report(session, who, **given, **merged, restricted=restricted)

    def _step(self, session: ScopedSession) -> None:
        finding = self._finding(session)
        here = [verb for verb, step in TRANSITIONS.items() if finding.state in step.from_states and verb != "move"]
        verb = self._any(here)
        who = self.chance.choice(
            (self.place.office, self.place.town.liaison, self.place.town.leader, self.place.conduct)
        )
        act(session, who, finding.id, verb, version=finding.version, now=self.now, **self._given(session, verb))

    def _repair(self, session: ScopedSession) -> None:
        """Category, class, site: whatever a correction moves from one sum to another."""
        finding = self._finding(session)
        changes = self.chance.choice(
            (
                {"category": self.chance.choice(CATEGORIES)},
                {"restricted": "yes"},
                {"restricted": "no"},
                {"site_id": str(self.place.kiosk)},
                {"site_id": str(self.place.market)},
                {"severity": "serious"},
            )
        )
        who = self.place.conduct if "restricted" in changes else self.place.office
        given = {"note": "记错了", "changes": changes, "version": finding.version, "now": self.now}
        act(session, who, finding.id, "correct", **given)

    def _system(self, session: ScopedSession) -> None:
        verb = self.chance.choice(("take", "unpark", "hold", "release", "cancel", "note", "recompute", "relapse"))
        act_by_system(session, self._finding(session).id, verb, now=self.now, note="系统")

    def _secret(self, _session: ScopedSession) -> None:
        """A secret round that is walked and, as chance will have it, released: in cleared sessions of its own."""
        there = Stage(self.wall, self.place.town, Path())
        round_id = plan(there)
        with there.cleared() as session:
            walk(session, there, round_id, self.chance.choice((ANSWERS, ALL_GOOD)), now=self.now)
            session.commit()
        if self.chance.random() < 0.6:
            let_out(there, round_id, now=self.now + timedelta(hours=self.chance.choice((1, 30))))

    def _given(self, session: ScopedSession, verb: str) -> dict[str, Any]:
        departments = self.place.district.departments
        return {
            "note": "写明理由",
            "photos": [self.place.photos[2]],
            "outcome": self.chance.choice(("fixed", "cannot_fix", "not_a_problem")),
            "reason": {"reject": "out_of_scope", "return": "not_our_duty"}.get(verb),
            "unit_id": departments["sanitation"],
            "days": 1,
            "review_on": local_day(self.now) + timedelta(days=30),
            "target_id": self._any(session.scalars(select(Finding.id))),
            "changes": {"title": f"改名{self.chance.random()}"},
        }

    def _finding(self, session: ScopedSession) -> Finding:
        listed = session.scalars(select(Finding).order_by(Finding.id)).all()
        if not listed:
            raise SanchengError("还没有问题")
        return self.chance.choice(listed)

    def _any(self, listed: Iterable[Any]) -> Any:
        found = list(listed)
        return self.chance.choice(found) if found else new_id()

    def differing(self) -> list[str]:
        """What differs after all marks are counted."""
        with self.place.district.session(self.wall) as session:
            while recount(session):
                session.commit()
            return [one.said for one in differences(session)]


@pytest.fixture
def life(wall: Wall, tmp_path: Path) -> Life:
    place = street(wall, tmp_path)
    with place.district.session(wall) as session:
        seed_calendar(session, [2026, 2027])
        session.commit()
    return Life(wall, place, random.Random(11))


def _try(life: Life, done: Counter[str], acting: Callable[[ScopedSession], str]) -> None:
    with life.place.district.session(life.wall) as session:
        try:
            done[acting(session)] += 1
            session.commit()
        except SanchengError:
            session.rollback()
            done["refused"] += 1


def _unseen(life: Life, done: Counter[str]) -> list[str]:
    """What this life has not shown yet: ids are made anew in each run, so chance decides how soon it does."""
    with life.place.district.session(life.wall) as session:
        seen = {
            "acts of every kind": min(done[kind] for kind in set(KINDS)) >= 2,
            "five states": len(set(session.scalars(select(Finding.state)))) >= 5,
            "a corrected visit": session.scalars(select(Visit.id).where(Visit.replaced_at.is_not(None))).first(),
            "a restricted finding": session.scalars(select(Finding.id).where(Finding.restricted)).first(),
        }
    return [name for name, shown in seen.items() if not shown]


def test_no_way_of_writing_forgets_its_mark(life: Life) -> None:
    """Some hundred acts of every kind; now and then everything is counted, and nothing may differ from a full recount."""
    done = Counter[str]()
    number = 0
    while number < ACTS or (_unseen(life, done) and number < LONGEST):
        _try(life, done, life.act)
        number += 1
        if number % 20 == 0:
            assert life.differing() == [], done
    assert _unseen(life, done) == []
    with life.place.district.session(life.wall) as session:
        first, last = local_day(THURSDAY), local_day(life.now)
        lines = day_lines(session, first, last, campaign="civilized_city")
        stand = select(Visit.id).where(Visit.replaced_at.is_(None), Visit.basis == "verified")
        assert sum(one.visits for one in lines) == len(session.scalars(stand).all())


def test_a_reorganisation_leaves_the_stamps_and_so_the_counts(life: Life) -> None:
    done = Counter[str]()
    for _ in range(12):
        _try(life, done, life.act)
    district, on = life.place.district, local_day(life.now) + timedelta(days=1)
    with district.session(life.wall) as session:
        row = propose(session, None, title="拆分", grove="administration", effective_on=on, today=on, now=life.now)

        def split(made: Any, standing: Any) -> None:
            keys = [
                add_seat(made, name=name, kind="community", parent=str(district.street)).key
                for name in ("甲社区", "乙社区")
            ]
            send_unit(made, standing[district.communities[0]], keys, heir=keys[0])

        row = edit_draft(session, None, row.id, split, version=row.version, today=on)
        approve(session, None, row.id, version=row.version, today=on, now=life.now)
        session.commit()
        before = day_lines(session, local_day(THURSDAY), on, campaign="civilized_city", units=[district.street])
    assert life.differing() == []
    with district.session(life.wall) as session:
        again = day_lines(session, local_day(THURSDAY), on, campaign="civilized_city", units=[district.street])
    assert again == before
    assert before


def test_what_is_released_is_counted_when_its_release_marks_it(life: Life) -> None:
    """Whoever un-hides rows has to mark (core.work.rounds.releasing does), and the check says when he forgot."""
    with life.place.district.session(life.wall) as session:
        made = send(session, life.place.town)
        session.commit()
    tenant = {"t": life.place.ref.id}
    hide = "UPDATE {} SET hidden = {} WHERE tenant_id = :t"

    def turn(said: str) -> None:
        with life.wall.open(life.place.ref.id, cleared=True) as session:
            for table in ("visit", "finding"):
                session.execute(text(hide.format(table, said)), tenant)
            session.commit()

    turn("true")
    assert life.differing() == []
    turn("false")
    assert life.differing(), "released without a mark"
    with life.place.district.session(life.wall) as session:
        visit = session.get_one(Visit, (life.place.ref.id, made.visit.id))
        findings: list[Finding] = list(session.scalars(select(Finding)))
        mark_visit(session, visit)
        mark_findings(session, life.place.ref.id, findings)
        session.commit()
    assert life.differing() == []


def test_every_writer_of_what_is_counted_is_known() -> None:
    found: set[str] = set()
    for path in CORE.rglob("*.py"):
        name = path.relative_to(CORE).as_posix()
        if not name.startswith(("work/tables/", "work/counting/", "bench/", "web/")) and WRITES.search(
            path.read_text()
        ):
            found.add(name)
    assert found == set(WRITERS)
    unhiding = {
        path.name
        for path in CORE.rglob("*.py")
        if re.search(r"hidden\s*=\s*False\)|SET hidden|app_release", path.read_text())
    }
    # A draw's seed is counted nowhere; what releases rows of secret rounds marks their days (core/work/counting/marking.py).
    assert unhiding == {"releasing.py", "drawing.py"}
