"""The same comparison by hand-written SQL over the raw rows (手写查询): indicators by districts by months, no figure read.

What the catalogue binds an indicator to becomes rows of a table of its own: which items, which forms, which numbers. Then
one statement a kind of number, over all districts at once, as the superuser and without policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg

from core.campaigns import Campaign
from core.figures.terms import FindingTerm, FormTerm, ItemTerm, RecheckTerm, plan_indicator
from core.work.loop.states import PARKED, STANDS, STATES
from core.work.loop.transitions import CLOSED_STATES, DISMISSED

Key = tuple[int, str, date]
CENT = Decimal("0.01")
AT_REST = (PARKED, *(state.code for state in STATES.values() if state.clock == STANDS))
ITEMS = """
SELECT tenant_id, code, month, sum(visits), sum(passed), avg(score), sum(n), sum(m) FROM (
  SELECT tenant_id, code, month, site_type, count(*) AS visits, sum(passed) AS passed,
    avg(100 * earned::numeric / nullif(possible, 0)) AS score, sum(n) AS n, sum(m) AS m FROM (
    SELECT r.tenant_id, w.code, date_trunc('month', r.day)::date AS month, r.visit_id, k.site_type,
      min((r.outcome = 'pass')::int) AS passed, sum(r.earned) AS earned, sum(r.possible) AS possible,
      sum(CASE WHEN r.m IS NULL THEN (r.outcome = 'pass')::int ELSE r.n END) AS n, sum(coalesce(r.m, 1)) AS m
    FROM item_result r
    JOIN unnest(%(codes)s::text[], %(items)s::text[]) AS w(code, item) ON w.item = r.item
    JOIN visit v ON v.tenant_id = r.tenant_id AND v.id = r.visit_id AND v.replaced_at IS NULL
    JOIN site_kind k ON k.tenant_id = r.tenant_id AND k.site_id = r.site_id
    WHERE r.tenant_id = ANY(%(tenants)s) AND r.campaign = %(campaign)s AND r.basis = 'verified' AND r.outcome <> 'na'
      AND r.day BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2, 3, 4, 5) visit
  GROUP BY 1, 2, 3, 4) stratum
GROUP BY 1, 2, 3
"""
FORMS = """
SELECT tenant_id, code, month, sum(visits), 0, avg(score), 0, 0 FROM (
  SELECT s.tenant_id, w.code, date_trunc('month', s.day)::date AS month, k.site_type, count(*) AS visits,
    avg(100 * s.earned::numeric / s.possible) AS score
  FROM sheet s
  JOIN unnest(%(codes)s::text[], %(items)s::text[]) AS w(code, form) ON w.form = s.form
  JOIN visit v ON v.tenant_id = s.tenant_id AND v.id = s.visit_id AND v.replaced_at IS NULL
  JOIN site_kind k ON k.tenant_id = s.tenant_id AND k.site_id = s.site_id
  WHERE s.tenant_id = ANY(%(tenants)s) AND s.campaign = %(campaign)s AND s.basis = 'verified' AND s.possible > 0
    AND s.day BETWEEN %(first)s AND %(last)s
  GROUP BY 1, 2, 3, 4) stratum
GROUP BY 1, 2, 3
"""
# Due in the month by the deadline, and of them closed by then; what was dismissed, parked or stands still was not due.
FINDINGS = """
SELECT f.tenant_id, date_trunc('month', timezone('Asia/Shanghai', f.due_at))::date,
  count(*) FILTER (WHERE f.state = ANY(%(closed)s) AND f.closed_at <= f.due_at),
  count(*) FILTER (WHERE f.state <> ALL(%(not_due)s))
FROM finding f
JOIN finding_campaign c ON c.tenant_id = f.tenant_id AND c.finding_id = f.id AND c.campaign = %(campaign)s
WHERE f.tenant_id = ANY(%(tenants)s) AND f.basis = 'verified' AND NOT f.restricted
  AND timezone('Asia/Shanghai', f.due_at)::date BETWEEN %(first)s AND %(last)s
GROUP BY 1, 2
"""
# Looked at again in the month, each finding once, and of them those that had relapsed.
RECHECKS = """
SELECT tenant_id, month, count(*) FILTER (WHERE relapsed), count(*) FROM (
  SELECT r.tenant_id, r.finding_id, bool_or(r.state = 'relapsed') AS relapsed,
    date_trunc('month', timezone('Asia/Shanghai', r.done_at))::date AS month
  FROM recheck r
  JOIN finding f ON f.tenant_id = r.tenant_id AND f.id = r.finding_id AND f.basis = 'verified' AND NOT f.restricted
  JOIN finding_campaign c ON c.tenant_id = f.tenant_id AND c.finding_id = f.id AND c.campaign = %(campaign)s
  WHERE r.tenant_id = ANY(%(tenants)s) AND r.state IN ('stable', 'relapsed') AND f.state <> ALL(%(dismissed)s)
    AND timezone('Asia/Shanghai', r.done_at)::date BETWEEN %(first)s AND %(last)s
  GROUP BY 1, 2, 4) once
GROUP BY 1, 2
"""
LEDGER = ((FindingTerm, FINDINGS), (RecheckTerm, RECHECKS))
COLUMN = {"visits": 3, "passed": 4, "n": 6, "m": 7}
MEAN = 5


def compare_raw(
    plain: psycopg.Connection[Any],
    campaign: Campaign,
    codes: Sequence[str],
    tenants: Sequence[int],
    first: date,
    last: date,
) -> dict[Key, Decimal]:
    """Each district's rate of each indicator in each month, four decimals, half up."""
    plans = {
        code: plan_indicator(campaign.edition, campaign.key, campaign.edition.indicator(code), {}) for code in codes
    }
    given = {"tenants": list(tenants), "campaign": campaign.key, "first": first, "last": last}
    found: dict[Key, Decimal] = {}
    for kind, statement in ((ItemTerm, ITEMS), (FormTerm, FORMS)):
        pairs = [
            (code, item)
            for code, plan in plans.items()
            if isinstance(plan.numerator, kind)
            for item in _bound(plan.numerator)
        ]
        rows = plain.execute(statement, given | {"codes": [c for c, _ in pairs], "items": [i for _, i in pairs]})
        for row in rows:
            plan = plans[row[1]]
            if plan.numerator.measure == "percent":
                found[row[0], row[1], row[2]] = rate(Decimal(row[MEAN]), Decimal(1))
            else:
                top, bottom = (row[COLUMN[term.measure]] for term in (plan.numerator, plan.denominator))
                found[row[0], row[1], row[2]] = rate(Decimal(top), Decimal(bottom))
    given |= {
        "closed": sorted(CLOSED_STATES),
        "dismissed": sorted(DISMISSED),
        "not_due": sorted({*DISMISSED, *AT_REST}),
    }
    for sort, statement in LEDGER:
        for code in (one for one, plan in plans.items() if isinstance(plan.numerator, sort)):
            for tenant, month, top, bottom in plain.execute(statement, given):
                if bottom:
                    found[tenant, code, month] = rate(Decimal(top), Decimal(bottom))
    plain.rollback()
    return found


def _bound(term: ItemTerm | FormTerm) -> list[str]:
    return sorted({item for _, item in term.selection}) if isinstance(term, ItemTerm) else sorted(term.forms)


def rate(top: Decimal, bottom: Decimal) -> Decimal:
    """A numerator over its denominator with two decimals more than a percentage shows."""
    return (top / bottom).quantize(CENT / 100, ROUND_HALF_UP)
