"""How all places of a district stand at once (全区达标): the rule of the one statement, with nothing in it but what counting needs.

What a page shows of a place (days, points, which visit, which finding) is left out: the sheets are summed up by place and form
to the moments of the latest and the first that attained, so that 20 000 places are counted in one pass. A test holds both
statements to the same plain reading of the rule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.figures.site_attainment.ground import Ground
from core.figures.site_attainment.scope import After, Scope
from core.figures.site_attainment.statement import Parts, parts_of
from tenants.scope import ScopedSession

ROOM = "32MB"  # for one sort or hash of this statement; what the server gives each is meant for pages (ours)

_SUMMED = """
WITH wanted AS MATERIALIZED (
  SELECT * FROM unnest(CAST(:campaigns AS text[]), CAST(:forms AS text[]), CAST(:types AS text[])) AS w(campaign, form, site_type)),
asked AS MATERIALIZED (SELECT DISTINCT campaign, form FROM wanted),
keyed AS MATERIALIZED (
  SELECT * FROM unnest(CAST(:key_forms AS text[]), CAST(:key_items AS text[])) AS k(form_sha256, item)),
place AS MATERIALIZED ({places}),
broken AS MATERIALIZED (
  SELECT DISTINCT r.visit_id, r.campaign, r.form, k.form_sha256 FROM item_result r JOIN keyed k ON k.item = r.item
  WHERE r.tenant_id = :tenant AND r.item = ANY(:codes) AND r.outcome = 'fail' AND NOT r.hidden),
summed AS MATERIALIZED (
  SELECT site_id, campaign, form, min(at) FILTER (WHERE ok) AS first_at,
    max(at) FILTER (WHERE by_others AND ok) AS v_good, max(at) FILTER (WHERE by_others AND NOT ok) AS v_bad,
    max(at) FILTER (WHERE NOT by_others AND ok) AS s_good, max(at) FILTER (WHERE NOT by_others AND NOT ok) AS s_bad
  FROM (
    (SELECT v.site_id, s.campaign, s.form, v.basis = 'verified' AS by_others, {at} AS at, {ok} AS ok, false AS is_due
    FROM visit v JOIN sheet s ON s.tenant_id = :tenant AND s.visit_id = v.id AND NOT s.hidden AND s.possible > 0 {near}
    WHERE v.tenant_id = :tenant AND NOT v.hidden AND {stands}
    OFFSET 0)
    UNION ALL
    SELECT k.site_id, w.campaign, w.form, NULL, NULL, NULL, true FROM place p
    JOIN site_kind k ON k.tenant_id = :tenant AND k.site_id = p.id AND k.valid_from <= :on AND (k.valid_to IS NULL OR k.valid_to > :on)
    JOIN wanted w ON w.site_type = k.site_type) m
  GROUP BY site_id, campaign, form HAVING bool_or(is_due)),
paired AS MATERIALIZED (
  SELECT m.site_id, m.campaign, m.form, m.first_at, greatest(m.v_good, m.v_bad) AS v_at, greatest(m.s_good, m.s_bad) AS s_at,
    CASE WHEN m.v_good = m.v_bad THEN {v_tie} WHEN m.v_good IS NULL AND m.v_bad IS NULL THEN NULL
      ELSE coalesce(m.v_good > m.v_bad, m.v_bad IS NULL) END AS v_ok,
    CASE WHEN m.s_good = m.s_bad THEN {s_tie} ELSE coalesce(m.s_good > m.s_bad, m.s_good IS NOT NULL) END AS s_ok
  FROM summed m),"""

# Points are enough, no group vetoes, no key item failed; the visit alone is asked first, few have failed any.
_OK = """s.earned::bigint * 100 >= s.possible::bigint * :percent AND s.vetoes = '[]'
      AND NOT (s.visit_id IN (SELECT b.visit_id FROM broken b)
        AND (s.visit_id, s.campaign, s.form, s.form_sha256) IN (SELECT * FROM broken))"""

# Which visit a moment belongs to: of several at the very same one the last by id, as the other statement orders them.
_AT_MOMENT = """FROM visit v JOIN sheet s ON s.tenant_id = :tenant AND s.visit_id = v.id AND NOT s.hidden AND s.possible > 0
      WHERE v.tenant_id = :tenant AND v.site_id = {of}.site_id AND v.basis = '{basis}' AND NOT v.hidden AND {stands}
        AND s.campaign = {of}.campaign AND s.form = {of}.form AND {at} = {moment}
      ORDER BY v.id DESC LIMIT 1"""

_STANDING = """
waiting AS MATERIALIZED ({waiting}),
charged AS MATERIALIZED (
  SELECT w.*, g.campaign, a.form FROM waiting w
  JOIN finding_campaign g ON g.tenant_id = :tenant AND g.finding_id = w.id
  LEFT JOIN finding_item i ON i.tenant_id = :tenant AND i.finding_id = w.id AND i.campaign = g.campaign
  LEFT JOIN asked a ON a.campaign = i.campaign AND a.form = i.form
  WHERE g.campaign IN (SELECT campaign FROM asked)),
against AS MATERIALIZED (
  SELECT d.site_id, d.campaign, d.form, max(w.since) AS since
  FROM paired d
  JOIN charged w ON w.site_id = d.site_id AND w.campaign = d.campaign AND (w.form IS NULL OR w.form = d.form) AND w.basis = 'verified'
  WHERE d.v_at IS NULL OR NOT d.v_ok OR (w.since > d.v_at AND (w.visit_id IS NULL OR NOT {is_own}))
  GROUP BY d.site_id, d.campaign, d.form),
judged AS (
  SELECT d.site_id, d.campaign, d.v_at IS NULL AND d.s_at IS NULL AS is_unchecked,
    coalesce(d.v_ok, false) AND a.site_id IS NULL AS is_verified,
    d.s_ok AND a.site_id IS NULL AND (d.v_at IS NULL OR d.v_ok OR d.v_at < d.s_at) AS is_self_met,
    coalesce(d.first_at < a.since, false) OR coalesce(NOT d.v_ok AND d.first_at < d.v_at
      AND NOT (d.s_ok AND a.site_id IS NULL AND d.v_at < d.s_at), false) AS is_relapsed
  FROM paired d LEFT JOIN against a ON a.site_id = d.site_id AND a.campaign = d.campaign AND a.form = d.form),
burden AS MATERIALIZED (SELECT site_id, campaign, bool_or(state = ANY(:worked_on)) AS worked_on FROM charged GROUP BY site_id, campaign),
standing AS MATERIALIZED (
  SELECT j.site_id, j.campaign, j.is_self_met, j.is_verified,
    CASE WHEN j.is_relapsed THEN 'relapsed' WHEN j.is_verified THEN 'verified' WHEN j.is_met THEN 'met'
      WHEN j.is_unchecked THEN 'unchecked' WHEN coalesce(w.worked_on, false) THEN 'rectifying' ELSE 'not_met' END AS state
  FROM (
    SELECT site_id, campaign, bool_and(is_verified) AS is_verified, bool_and(is_verified OR is_self_met) AS is_met,
      bool_and(is_self_met) AS is_self_met, bool_or(is_relapsed) AS is_relapsed, bool_and(is_unchecked) AS is_unchecked
    FROM judged GROUP BY site_id, campaign) j
  LEFT JOIN burden w ON w.site_id = j.site_id AND w.campaign = j.campaign)"""

_KEYS = """
SELECT t.site_id, t.campaign, t.state FROM standing t JOIN place p ON p.id = t.site_id
WHERE true {filtered} {order}"""
_BY_NAME = "ORDER BY p.pinyin, p.id, t.campaign"


def count_statement(ground: Ground, narrowed: str, tail: str, *, whole: bool) -> str:
    """The statement up to its tail; ``whole``: no list of places narrows it, so visits need not be compared with one."""
    parts = parts_of(ground, narrowed)
    ok, near = _OK, "" if whole else "JOIN place p ON p.id = v.site_id"
    ties = {
        "v_tie": f"(SELECT {ok} {_moment(parts, 'm', 'verified', 'm.v_good')})",
        "s_tie": f"(SELECT {ok} {_moment(parts, 'm', 'self', 'm.s_good')})",
    }
    own = f"""EXISTS (SELECT FROM (SELECT v.id, v.replaces_id {_moment(parts, "d", "verified", "d.v_at")}) o
      WHERE w.visit_id IN (o.id, o.replaces_id))"""
    summed = _SUMMED.format(places=parts.places, at=parts.at, stands=parts.stands, near=near, ok=ok, **ties)
    return summed + _STANDING.format(waiting=parts.waiting, is_own=own) + tail


def _moment(parts: Parts, of: str, basis: str, moment: str) -> str:
    return _AT_MOMENT.format(of=of, basis=basis, moment=moment, stands=parts.stands, at=parts.at)


def run_counting(
    session: ScopedSession, ground: Ground, scope: Scope, tail: str, bound: Mapping[str, Any] | None = None
) -> Any:
    """Run the statement with one of its tails over the places of a scope; the rows as they come."""
    narrowed, own = scope.narrowed()
    session.execute(text("SELECT set_config('work_mem', :room, true)"), {"room": ROOM})
    statement = count_statement(ground, narrowed, tail, whole=scope.sites is None)
    return session.execute(text(statement), ground.params() | own | dict(bound or {}))


def list_states(
    session: ScopedSession,
    ground: Ground,
    scope: Scope,
    *,
    states: Collection[str] = (),
    after: After | None = None,
    limit: int | None = None,
) -> list[tuple[UUID, str, str]]:
    """Site, campaign and state of all places of a scope (达标状态), by name when so many are asked for, else in no order.

    ``states`` of some states only, ``after`` a row of the list. Two statements, however many places there are.
    """
    filtered, bound = scope.filters(states, after)
    order = _BY_NAME
    if limit is not None:
        order, bound["limit"] = f"{_BY_NAME} LIMIT :limit", limit
    elif after is None:
        order = ""
    tail = _KEYS.format(filtered=filtered, order=order)
    return [(site, campaign, state) for site, campaign, state in run_counting(session, ground, scope, tail, bound)]
