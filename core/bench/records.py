"""A district's year of records (测试记录): sites, visits, item results and findings, the results computed by the database.

Outcomes are a hash of visit and item against a share of the district's own, so that the same ids give the same records.
Answers are not laid: no figure reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from core.bench.plan import FormItem, Size, form_items
from core.campaigns import Campaign
from core.work.divisions import STATED
from core.work.places.grams import index_sites
from core.work.tables import Site, SiteKind, Visit
from tenants.db import new_id
from tenants.models import Person
from tenants.scope import ScopedSession

SITES_A_FORM = 5
INSPECTOR = "演示检查员"
MORNING = time(2, tzinfo=UTC)  # ten o'clock where the districts are
Places = list[tuple[str, UUID, UUID]]  # form, site, unit


def lay_records(
    session: ScopedSession,
    campaign: Campaign,
    size: Size,
    places: Sequence[UUID],
    office: UUID,
    *,
    results: int,
    findings: int,
) -> dict[str, tuple[int, float]]:
    """Lay about ``results`` item results and at most ``findings`` findings; gives rows and seconds by kind."""
    items = list(form_items(campaign))
    forms = {one.form: one.site_type for one in items}
    person = Person(name=INSPECTOR)
    session.add(person)
    session.flush()
    began = perf_counter()
    sites = _sites(session, forms, places)
    visits = _visits(session, size, sites, person.id, results * len(forms) // len(items))
    values = _values(session, campaign, items) | {"office": office, "most": findings}
    if not visits:
        return {}
    laid = {"visits": (visits, perf_counter() - began)}
    laid["results"] = _timed(session, [RESULTS, SHEETS], values)
    if findings:
        laid["findings"] = _timed(session, [FINDINGS, *BESIDE], values)
    return laid


def _timed(session: ScopedSession, statements: Sequence[str], values: dict[str, Any]) -> tuple[int, float]:
    """Execute some statements; gives the rows of the first, and the seconds of all."""
    began = perf_counter()
    rows = [_run(session, statement, values) for statement in statements]
    return rows[0], perf_counter() - began


def _sites(session: ScopedSession, forms: dict[str, str], places: Sequence[UUID]) -> Places:
    """Some sites a form, spread over the communities."""
    names = [name for name in forms for _ in range(SITES_A_FORM)]
    found = [(form, new_id(), places[n * 7919 % len(places)]) for n, form in enumerate(names)]
    tenant = {"tenant_id": session.tenant_id}
    rows = [
        tenant | {"id": site, "unit_id": unit, "name": f"点位{n:04d}", "pinyin": f"dianwei{n:04d}"}
        for n, (_, site, unit) in enumerate(found)
    ]
    session.execute(insert(Site), rows)
    kinds = [{"site_id": site, "site_type": forms[form], "valid_from": STATED} for form, site, _ in found]
    session.execute(insert(SiteKind), [tenant | kind for kind in kinds])
    index_sites(session, [site for _, site, _ in found])
    return found


def _visits(session: ScopedSession, size: Size, sites: Places, person: UUID, count: int) -> int:
    """Visits spread evenly over the months, each of the next site's form."""
    first, last = size.periods[0].start, size.periods[-1].end
    days = (last - first).days + 1
    rows = []
    for number in range(count):
        form, site, unit = sites[number % len(sites)]
        day = first + timedelta(days=number * days // count)
        at = datetime.combine(day, MORNING)
        rows.append(
            {"tenant_id": session.tenant_id, "id": new_id(), "site_id": site, "unit_id": unit, "person_id": person}
            | {"basis": "verified", "day": day, "submitted_at": at, "body_sha256": b"", "summary": {"form": form}}
        )
    if rows:
        session.execute(insert(Visit), rows)
    return len(rows)


def _values(session: ScopedSession, campaign: Campaign, items: Sequence[FormItem]) -> dict[str, Any]:
    """The form's items as arrays, and what else the statements name."""
    names = ("form", "item", "question", "category", "title", "points")
    edition = campaign.edition
    return {f"{name}s": [getattr(one, name) for one in items] for name in names} | {
        "tenant": session.tenant_id,
        "campaign": campaign.key,
        "edition": edition.key,
        "sha256": edition.sha256,
        "lost": 4 + session.tenant_id * 7919 % 23,  # of a hundred items of this district that do not pass
        "whole": [form.code for form in edition.forms],
        "hashes": [form.sha256 for form in edition.forms],
    }


def _run(session: ScopedSession, statement: str, values: dict[str, Any]) -> int:
    """Execute one statement with those of the values that it names; gives its rows."""
    made = session.connection().exec_driver_sql(statement, {k: v for k, v in values.items() if f"%({k})s" in statement})
    return int(made.rowcount)


RESULTS = """
INSERT INTO item_result (tenant_id, visit_id, campaign, form, item, question, day, unit_id, site_id, basis, outcome,
  earned, possible, n, m, hidden)
SELECT v.tenant_id, v.id, %(campaign)s, i.form, i.item, i.question, v.day, v.unit_id, v.site_id, v.basis,
  CASE WHEN drawn.x < %(lost)s THEN 'fail' ELSE 'pass' END,
  CASE WHEN drawn.x < %(lost)s THEN i.points / 2 ELSE i.points END, i.points, NULL, NULL, false
FROM visit v
JOIN unnest(%(forms)s::text[], %(items)s::text[], %(questions)s::text[], %(pointss)s::int[])
  AS i(form, item, question, points) ON i.form = v.summary->>'form'
CROSS JOIN LATERAL (SELECT abs(hashtext(v.id::text || i.item)::bigint) %% 100 AS x) drawn
WHERE v.tenant_id = %(tenant)s
"""
SHEETS = """
INSERT INTO sheet (tenant_id, visit_id, campaign, form, form_sha256, edition, edition_sha256, day, unit_id, site_id,
  basis, earned, possible, vetoes, hidden)
SELECT r.tenant_id, r.visit_id, r.campaign, r.form, f.sha256, %(edition)s, %(sha256)s, r.day, r.unit_id, r.site_id,
  r.basis, sum(r.earned), sum(r.possible), '[]', false
FROM item_result r JOIN unnest(%(whole)s::text[], %(hashes)s::text[]) AS f(form, sha256) ON f.form = r.form
WHERE r.tenant_id = %(tenant)s
GROUP BY r.tenant_id, r.visit_id, r.campaign, r.form, f.sha256, r.day, r.unit_id, r.site_id, r.basis
"""
FINDINGS = """
INSERT INTO finding (tenant_id, id, number, site_id, unit_id, visit_id, source, question, category, title, title_en,
  detail, state, version, key_item, working_days, opened_at, due_at, answered_at, closed_at, outcome, reopened,
  clock_from, clock_seconds, limit_seconds, changed_at, hidden)
SELECT r.tenant_id, gen_random_uuid(), to_char(r.day, 'YYYY') || '-' || lpad((row_number() OVER ())::text, 6, '0'),
  r.site_id, r.unit_id, r.visit_id, 'visit', r.question, i.category, i.title, '', '', s.state,
  CASE s.state WHEN 'closed' THEN 2 ELSE 1 END, false, 3, s.at, s.at + interval '3 days',
  CASE s.state WHEN 'closed' THEN s.at + interval '20 hours' END,
  CASE s.state WHEN 'closed' THEN s.at + interval '30 hours' END, CASE s.state WHEN 'closed' THEN 'fixed' END, 0,
  s.at, 259200, 259200, s.at + interval '30 hours', false
FROM (SELECT * FROM item_result WHERE tenant_id = %(tenant)s AND outcome = 'fail'
      ORDER BY hashtext(visit_id::text || item) LIMIT %(most)s) r
JOIN unnest(%(items)s::text[], %(categorys)s::text[], %(titles)s::text[]) AS i(item, category, title) ON i.item = r.item
CROSS JOIN LATERAL (SELECT CASE WHEN hashtext(r.visit_id::text) %% 10 = 0 THEN 'dispatched' ELSE 'closed' END AS state,
  (r.day + time '02:00') AT TIME ZONE 'UTC' AS at) s
"""
BESIDE = (
    """
INSERT INTO part (tenant_id, finding_id, kind, unit_id, "leading", state, asked, hidden)
SELECT tenant_id, id, 'line', %(office)s, true, CASE state WHEN 'closed' THEN 'done' ELSE 'open' END, '', false
FROM finding WHERE tenant_id = %(tenant)s
UNION ALL SELECT tenant_id, id, 'place', unit_id, false, 'informed', '', false FROM finding WHERE tenant_id = %(tenant)s
""",
    """
INSERT INTO finding_campaign (tenant_id, finding_id, campaign, hidden)
SELECT tenant_id, id, %(campaign)s, false FROM finding WHERE tenant_id = %(tenant)s
""",
    """
INSERT INTO finding_event (tenant_id, finding_id, version, id, at, verb, from_state, to_state, person_name, unit_name,
  note, detail, hidden)
SELECT tenant_id, id, 1, gen_random_uuid(), opened_at, 'open', NULL, 'dispatched', '', '', '',
  jsonb_build_object('due_at', due_at), false FROM finding WHERE tenant_id = %(tenant)s
UNION ALL SELECT tenant_id, id, 2, gen_random_uuid(), closed_at, 'close', 'answered', 'closed', '', '', '', '{}', false
FROM finding WHERE tenant_id = %(tenant)s AND state = 'closed'
""",
)
