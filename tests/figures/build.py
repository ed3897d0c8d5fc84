"""Builds districts with visits and findings for the figures' tests: scored by the campaigns, written into the tables."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from core.campaigns import Campaign, installed, parse_answer, score_form, score_item
from core.work.counting.marking import mark_findings, mark_visit
from core.work.tables import Finding, FindingCampaign, FindingItem, ItemResult, Recheck, Sheet, Site, Visit
from tenants.access import Actor
from tenants.db import new_id
from tenants.models import Person
from tenants.scope import ScopedSession, Wall
from tests.factory import District, add_actor, add_site, bare_district

CAMPAIGNS: dict[str, Campaign] = dict(installed().campaigns)
CIVILIZED = CAMPAIGNS["civilized_city"]
SANITARY = CAMPAIGNS["sanitary_city"]
FOOD = CAMPAIGNS["food_safety_city"]
WORDS = installed().vocabulary


@dataclass
class Made:
    """A district with an HQ officer, an inspector and a site of any type on request."""

    district: District
    office: Actor
    inspector: UUID
    campaigns: tuple[Campaign, ...]
    sites: dict[tuple[str, UUID], UUID] = field(default_factory=dict)


def make(wall: Wall, *campaigns: Campaign, name: str = "测试区", upper_id: int | None = None) -> Made:
    enabled = {c.key: (c.edition.key, c.edition.sha256) for c in campaigns}
    district = bare_district(wall, name=name, campaigns=enabled, upper_id=upper_id)
    office = add_actor(wall, district.ref, "hq_office", district.root)
    with district.session(wall) as session:
        person = Person(name="检查员甲")
        session.add(person)
        session.commit()
        return Made(district, office, person.id, campaigns)


def site_of(session: ScopedSession, made: Made, unit: UUID, *types: str) -> UUID:
    key = ("+".join(types), unit)
    if key not in made.sites:
        made.sites[key] = add_site(session, unit, *types, name=f"{types[0]}点位")
    return made.sites[key]


def visit(
    session: ScopedSession,
    made: Made,
    types: Iterable[str],
    answers: Mapping[str, Any],
    *,
    day: date,
    unit: UUID | None = None,
    basis: str = "verified",
    forms: Iterable[str] = (),
    hidden: bool = False,
) -> UUID:
    """One visit; ``answers`` by question code, questions not named are not applicable. Gives the visit's id."""
    unit = unit or made.district.communities[0]
    site = site_of(session, made, unit, *types)
    stamp = {"day": day, "unit_id": unit, "site_id": site, "basis": basis, "hidden": hidden}
    row = Visit(id=new_id(), person_id=made.inspector, body_sha256=sha256(b"x").digest(), **stamp)
    rows: list[Any] = []
    for campaign in made.campaigns:
        for form in campaign.edition.forms_for(types):
            if not forms or form.code in set(forms):
                rows += form_rows(row.id, campaign, form, answers, stamp)
    session.add(row)
    session.flush()
    session.add_all(rows)
    session.flush()
    mark_visit(session, row)
    return row.id


def form_rows(
    visit_id: UUID, campaign: Campaign, form: Any, answers: Mapping[str, Any], stamp: Mapping[str, Any]
) -> list[Any]:
    results = {}
    for item in form.items:
        question = WORDS.questions[item.question]
        raw = answers.get(item.code, answers.get(item.question, {"na": True}))
        results[item.code] = score_item(item, question, parse_answer(question, raw), {})
    total = score_form(form, results)
    rows: list[Any] = [
        Sheet(
            visit_id=visit_id,
            campaign=campaign.key,
            form=form.code,
            form_sha256=form.sha256,
            edition=campaign.edition.key,
            edition_sha256=campaign.edition.sha256,
            earned=int(total.earned * 100),
            possible=int(total.possible * 100),
            vetoes=list(total.veto),
            **stamp,
        )
    ]
    for item in form.items:
        one = results[item.code]
        rows.append(
            ItemResult(
                visit_id=visit_id,
                campaign=campaign.key,
                form=form.code,
                item=item.code,
                question=item.question,
                outcome=one.outcome,
                earned=int(one.earned * 100),
                possible=int(one.possible * 100),
                n=one.n,
                m=one.m,
                **stamp,
            )
        )
    return rows


def finding(
    session: ScopedSession,
    made: Made,
    items: Iterable[tuple[Campaign, str]],
    *,
    opened: datetime,
    due: datetime,
    closed: datetime | None = None,
    state: str = "",
    visit_id: UUID | None = None,
    unit: UUID | None = None,
    types: tuple[str, ...] = ("main_road",),
    lost: int = 100,
    basis: str = "",
    place: str = "",
    campaigns: Iterable[Campaign] = (),
    **more: Any,
) -> UUID:
    """One finding, raised by items or given to ``campaigns`` at intake; at a free ``place`` when there is one."""
    unit = unit or made.district.communities[0]
    seen = session.get(Visit, (session.tenant_id, visit_id)) if visit_id else None
    row = Finding(
        id=new_id(),
        number=None,
        site_id=None if place else site_of(session, made, unit, *types),
        place=place,
        unit_id=unit,
        visit_id=visit_id,
        basis=basis or (seen.basis if seen else "verified"),
        category="ENV-LITTER",
        title="路面有垃圾",
        title_en="litter on the road",
        state=state or ("closed" if closed else "dispatched"),
        working_days=1,
        opened_at=opened,
        due_at=due,
        closed_at=closed,
        **more,
    )
    session.add(row)
    session.flush()
    items = list(items)
    for key in {one.key for one, _ in items} | {one.key for one in campaigns}:
        session.add(FindingCampaign(finding_id=row.id, campaign=key))
    for campaign, code in items:
        form = next(f.code for f in campaign.edition.forms if any(i.code == code for i in f.items))
        session.add(FindingItem(finding_id=row.id, campaign=campaign.key, form=form, item=code, lost=lost))
    session.flush()
    mark_findings(session, session.tenant_id, [row])
    return row.id


def recheck(session: ScopedSession, finding_id: UUID, state: str, done: datetime | None) -> None:
    """One re-inspection of a closed finding, done at a moment or still to be done."""
    row = Recheck(id=new_id(), finding_id=finding_id, due_on=date(2026, 10, 31), state=state, done_at=done)
    session.add(row)
    session.flush()


def at(day: date, hour: int = 12) -> datetime:
    """A moment of a day: noon in Asia/Shanghai by default."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=8)


def random_answer(rng: random.Random, question: Any) -> dict[str, Any]:
    if rng.random() < 0.1:
        return {"na": True}
    if question.answer_type == "yes_no":
        return {"yes": rng.random() < 0.8}
    if question.answer_type == "count":
        return {"count": rng.choice([0, 0, 0, 1, 2, 9])}
    if question.answer_type == "rating10":
        return {"rating": rng.randint(4, 10)}
    m = rng.randint(0, 7)
    return {"n": rng.randint(max(0, m - 2), m), "m": m}


def fill(wall: Wall, made: Made, *, first: date, days: int, per_day: int, seed: int = 7) -> None:
    """Synthetic visits over all site types that have a form, and findings for some of the failures."""
    rng = random.Random(seed)
    types = sorted({t for c in made.campaigns for f in c.edition.forms for t in f.site_types})
    with made.district.session(wall) as session:
        for offset in range(days):
            day = first + timedelta(days=offset)
            for n in range(per_day):
                kind = types[(offset * per_day + n) % len(types)]
                unit = rng.choice(made.district.communities)
                wanted = {i.question for c in made.campaigns for f in c.edition.forms_for([kind]) for i in f.items}
                answers = {q: random_answer(rng, WORDS.questions[q]) for q in sorted(wanted)}
                basis = "self" if rng.random() < 0.1 else "verified"
                made_visit = visit(session, made, [kind], answers, day=day, unit=unit, basis=basis)
                if rng.random() < 0.5:
                    _random_finding(session, made, rng, kind, unit, day, made_visit)
        session.commit()


def _random_finding(
    session: ScopedSession, made: Made, rng: random.Random, kind: str, unit: UUID, day: date, visit_id: UUID
) -> None:
    items = [(c, f.items[0].code) for c in made.campaigns for f in c.edition.forms_for([kind])]
    due = at(day + timedelta(days=rng.randint(1, 5)))
    closed = due + timedelta(hours=rng.choice([-20, -2, 3])) if rng.random() < 0.8 else None
    lost = rng.randint(1, 12) * 100
    kept = {"visit_id": visit_id, "unit": unit, "types": (kind,), "lost": lost}
    found = finding(session, made, items, opened=at(day), due=due, closed=closed, **kept)
    if closed and rng.random() < 0.3:
        recheck(session, found, rng.choice(["stable", "stable", "relapsed"]), closed + timedelta(days=2))


def site_name(session: ScopedSession, site_id: UUID) -> str:
    found = session.get(Site, (session.tenant_id, site_id))
    assert found
    return found.name
