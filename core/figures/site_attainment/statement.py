"""The statement that judges places with all that a page says of them (达标判定): any number at once, never one after another.

For each form that is due at a place: its latest self-check, its latest verified visit, since when it ever attained, and the
open verified findings that stand against it. The tails below add these up by place, or count the places.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.figures.site_attainment.ground import Ground

# A visit belongs where the phone finished it, when that can be believed; else where it arrived.
_AT = "CASE WHEN v.arrival = 'undated' THEN v.submitted_at ELSE coalesce(v.finished_at, v.submitted_at) END"
_STANDS_NOW = "v.replaced_at IS NULL"
# A correction keeps the moment of what it corrects, so on a past day the one that was not yet made is told by its original.
_STOOD = """v.submitted_at < :until AND (v.replaced_at IS NULL OR v.replaced_at >= :until)
    AND NOT EXISTS (SELECT FROM visit w WHERE w.tenant_id = :tenant AND w.id = v.replaces_id AND w.replaced_at >= :until)"""
_STATE_THEN = """(SELECT e.to_state FROM finding_event e
    WHERE e.tenant_id = :tenant AND e.finding_id = f.id AND e.at < :until ORDER BY e.version DESC LIMIT 1)"""
_AGAIN = """(SELECT max(e.at) FROM finding_event e WHERE e.tenant_id = :tenant AND e.finding_id = f.id AND e.at < :until
    AND e.from_state = ANY(:over_states) AND e.to_state = ANY(:open_states))"""

_PLACES_NOW = """
SELECT s.id, s.name, s.pinyin, s.code, s.unit_id FROM site s WHERE s.tenant_id = :tenant AND s.state = 'active' {narrowed}"""
_PLACES_THEN = """
SELECT s.id, s.name, s.pinyin, s.code, coalesce(m.unit_id, s.unit_id) AS unit_id FROM site s
LEFT JOIN unnest(CAST(:moved AS uuid[]), CAST(:moved_to AS uuid[])) AS m(site_id, unit_id) ON m.site_id = s.id
WHERE s.tenant_id = :tenant AND (s.state = 'active' OR s.id = ANY(:used_then)) AND s.id <> ALL(:unused_then) {narrowed}"""

# The open findings of the places, each with the moment from which it counts.
_WAITING = """
  SELECT x.* FROM (
    SELECT f.id, f.site_id, f.visit_id, f.basis, {state} AS state,
      CASE WHEN f.reopened + f.relapsed > 0 THEN greatest(f.opened_at, {again}) ELSE f.opened_at END AS since
    FROM finding f JOIN place p ON p.id = f.site_id
    WHERE f.tenant_id = :tenant AND NOT f.hidden AND NOT f.restricted {opened}) x
  WHERE x.state = ANY(:open_states)"""

# What failed a key item: of few places visit by visit, of a whole district out of the index of what failed.
_FAILED_FEW = """
  SELECT DISTINCT m.visit_id, m.n FROM made m
  JOIN keyed k ON k.form_sha256 = m.form_sha256
  JOIN item_result r ON r.tenant_id = :tenant AND r.visit_id = m.visit_id AND r.campaign = m.campaign AND r.form = m.form
    AND r.item = k.item AND r.outcome = 'fail' AND NOT r.hidden
  WHERE m.enough"""
_FAILED_ALL = """
  SELECT DISTINCT m.visit_id, m.n FROM item_result r
  JOIN made m ON m.visit_id = r.visit_id AND m.campaign = r.campaign AND m.form = r.form AND m.enough
  JOIN keyed k ON k.form_sha256 = m.form_sha256 AND k.item = r.item
  WHERE r.tenant_id = :tenant AND r.item = ANY(:codes) AND r.outcome = 'fail' AND NOT r.hidden"""

# Forms and campaigns go by their numbers: texts of a language are slow to compare.
_JUDGED = """
WITH wanted AS MATERIALIZED (
  SELECT dense_rank() OVER (ORDER BY campaign, form)::int AS n, dense_rank() OVER (ORDER BY campaign)::int AS c, campaign, form, site_type
  FROM unnest(CAST(:campaigns AS text[]), CAST(:forms AS text[]), CAST(:types AS text[])) AS w(campaign, form, site_type)),
asked AS MATERIALIZED (SELECT DISTINCT n, c, campaign, form FROM wanted),
keyed AS MATERIALIZED (
  SELECT * FROM unnest(CAST(:key_forms AS text[]), CAST(:key_items AS text[])) AS k(form_sha256, item)),
place AS MATERIALIZED ({places}),
due AS MATERIALIZED (
  SELECT DISTINCT k.site_id, w.n, w.c FROM place p
  JOIN site_kind k ON k.tenant_id = :tenant AND k.site_id = p.id AND k.valid_from <= :on AND (k.valid_to IS NULL OR k.valid_to > :on)
  JOIN wanted w ON w.site_type = k.site_type),
made AS MATERIALIZED (
  SELECT v.site_id, a.n, s.basis = 'verified' AS by_others, s.visit_id, s.campaign, s.form, s.form_sha256, s.earned, s.possible,
    s.vetoes <> '[]' AS vetoed, v.day, v.replaces_id, {at} AS at,
    s.earned::bigint * 100 >= s.possible::bigint * :percent AND s.vetoes = '[]' AS enough
  FROM place p
  JOIN visit v ON v.tenant_id = :tenant AND v.site_id = p.id AND NOT v.hidden AND {stands}
  JOIN sheet s ON s.tenant_id = :tenant AND s.visit_id = v.id AND NOT s.hidden AND s.possible > 0
  JOIN asked a ON a.campaign = s.campaign AND a.form = s.form),
failed AS MATERIALIZED ({failed}),
scored AS MATERIALIZED (
  SELECT m.site_id, m.n, m.by_others, m.visit_id, m.earned, m.possible, m.vetoed, m.day, m.replaces_id, m.at,
    x.visit_id IS NOT NULL AS key_failed, m.enough AND x.visit_id IS NULL AS attains
  FROM made m LEFT JOIN failed x ON x.visit_id = m.visit_id AND x.n = m.n),
latest AS MATERIALIZED (
  SELECT DISTINCT ON (site_id, n, by_others) * FROM scored ORDER BY site_id, n, by_others, at DESC, visit_id DESC),
first AS MATERIALIZED (
  SELECT site_id, n, min(at) AS at FROM scored WHERE attains GROUP BY site_id, n),
waiting AS MATERIALIZED ({waiting}),
charged AS MATERIALIZED (
  SELECT w.*, b.c, a.n FROM waiting w
  JOIN finding_campaign g ON g.tenant_id = :tenant AND g.finding_id = w.id
  JOIN (SELECT DISTINCT c, campaign FROM asked) b ON b.campaign = g.campaign
  LEFT JOIN finding_item i ON i.tenant_id = :tenant AND i.finding_id = w.id AND i.campaign = g.campaign
  LEFT JOIN asked a ON a.campaign = i.campaign AND a.form = i.form),
paired AS MATERIALIZED (
  SELECT d.site_id, d.n, d.c, o.at AS first_at,
    v.visit_id AS v_id, v.day AS v_day, v.at AS v_at, v.attains AS v_ok, v.replaces_id AS v_before,
    v.earned AS v_earned, v.possible AS v_possible, v.key_failed AS v_key, v.vetoed AS v_veto,
    s.visit_id AS s_id, s.day AS s_day, s.at AS s_at, s.attains AS s_ok,
    s.earned AS s_earned, s.possible AS s_possible, s.key_failed AS s_key, s.vetoed AS s_veto
  FROM due d
  LEFT JOIN latest v ON v.site_id = d.site_id AND v.n = d.n AND v.by_others
  LEFT JOIN latest s ON s.site_id = d.site_id AND s.n = d.n AND NOT s.by_others
  LEFT JOIN first o ON o.site_id = d.site_id AND o.n = d.n),
against AS MATERIALIZED (
  SELECT d.site_id, d.n, max(w.since) AS since, (array_agg(w.id ORDER BY w.since DESC, w.id))[1] AS finding_id
  FROM paired d
  JOIN charged w ON w.site_id = d.site_id AND w.c = d.c AND (w.n IS NULL OR w.n = d.n) AND w.basis = 'verified'
  WHERE d.v_at IS NULL OR NOT d.v_ok
    OR (w.since > d.v_at AND w.visit_id IS DISTINCT FROM d.v_id AND (d.v_before IS NULL OR w.visit_id IS DISTINCT FROM d.v_before))
  GROUP BY d.site_id, d.n),
judged AS MATERIALIZED (
  SELECT d.*, a.since, a.finding_id,
    coalesce(d.v_ok, false) AND a.site_id IS NULL AS is_verified,
    coalesce(d.s_ok, false) AND a.site_id IS NULL AND (d.v_at IS NULL OR d.v_ok OR d.v_at < d.s_at) AS is_self_met,
    coalesce(d.first_at < a.since, false) OR coalesce(NOT d.v_ok AND d.first_at < d.v_at
      AND NOT (coalesce(d.s_ok, false) AND a.site_id IS NULL AND d.v_at < d.s_at), false) AS is_relapsed
  FROM paired d LEFT JOIN against a ON a.site_id = d.site_id AND a.n = d.n)"""

_STANDING = """,
burden AS MATERIALIZED (
  SELECT site_id, c, count(DISTINCT id) AS open_findings, bool_or(state = ANY(:worked_on)) AS worked_on
  FROM charged GROUP BY site_id, c),
standing AS MATERIALIZED (
  SELECT j.*, b.campaign, coalesce(w.open_findings, 0) AS open_findings,
    CASE WHEN j.is_relapsed THEN 'relapsed' WHEN j.is_verified THEN 'verified' WHEN j.is_met THEN 'met'
      WHEN j.is_unchecked THEN 'unchecked' WHEN coalesce(w.worked_on, false) THEN 'rectifying' ELSE 'not_met' END AS state
  FROM (
    SELECT site_id, c, bool_and(is_verified) AS is_verified, bool_and(is_verified OR is_self_met) AS is_met,
      bool_and(is_self_met) AS is_self_met, bool_or(is_relapsed) AS is_relapsed,
      bool_and(v_id IS NULL AND s_id IS NULL) AS is_unchecked, max(v_day) AS verified_day, max(s_day) AS self_day
    FROM judged GROUP BY site_id, c) j
  JOIN (SELECT DISTINCT c, campaign FROM asked) b ON b.c = j.c
  LEFT JOIN burden w ON w.site_id = j.site_id AND w.c = j.c)"""

_LIST = """
SELECT p.id, t.campaign, p.name, p.pinyin, p.code, p.unit_id, t.state, t.is_self_met, t.is_verified,
  t.self_day, t.verified_day, t.open_findings
FROM standing t JOIN place p ON p.id = t.site_id
WHERE true {filtered}
ORDER BY p.pinyin, p.id, t.campaign {limited}"""

_FORMS = """
SELECT j.*, a.campaign, a.form, f.number, f.title, f.title_en FROM judged j JOIN asked a ON a.n = j.n
LEFT JOIN finding f ON f.tenant_id = :tenant AND f.id = j.finding_id
ORDER BY j.site_id, a.campaign, a.form"""

# Of a page by name only the places that can be on it are judged.
_NEXT = """AND EXISTS (SELECT FROM site_kind k JOIN wanted w ON w.site_type = k.site_type
    WHERE k.tenant_id = :tenant AND k.site_id = s.id AND k.valid_from <= :on AND (k.valid_to IS NULL OR k.valid_to > :on))
  {after} ORDER BY s.pinyin, s.id LIMIT :limit + 1"""
AFTER = "AND (s.pinyin, s.id) >= (:after_pinyin, CAST(:after_site AS uuid))"


def next_places(*, is_later: bool) -> str:
    """The condition that keeps as many places as a page has rows, from the last page's end on if there was one."""
    return _NEXT.format(after=AFTER if is_later else "")


def list_statement(
    ground: Ground, narrowed: str = "", filtered: str = "", limited: str = "", *, few: bool = False
) -> str:
    """The places by name, each with its state in each campaign."""
    return _judged(ground, narrowed, few) + _STANDING + _LIST.format(filtered=filtered, limited=limited)


def forms_statement(ground: Ground, narrowed: str) -> str:
    """Form by form what a place's state comes from."""
    return _judged(ground, narrowed, True) + _FORMS


@dataclass(frozen=True, slots=True)
class Parts:
    """What differs between now and a past day (现在与往日): the places, the moment and standing of a visit ``v``, open findings."""

    places: str
    at: str
    stands: str
    waiting: str


def parts_of(ground: Ground, narrowed: str) -> Parts:
    """The parts of both statements; ``narrowed`` goes on with the conditions on ``s``, a site."""
    past = ground.as_of is not None
    waiting = _WAITING.format(
        state=_STATE_THEN if past else "f.state",
        again=_AGAIN,
        opened="AND f.opened_at < :until" if past else "AND f.state = ANY(:open_states)",
    )
    places = (_PLACES_THEN if past else _PLACES_NOW).format(narrowed=narrowed)
    return Parts(places, _AT, _STOOD if past else _STANDS_NOW, waiting)


def _judged(ground: Ground, narrowed: str, few: bool) -> str:
    """The statement up to each form's judgement."""
    parts = parts_of(ground, narrowed)
    return _JUDGED.format(
        places=parts.places,
        failed=_FAILED_FEW if few else _FAILED_ALL,
        at=parts.at,
        stands=parts.stands,
        waiting=parts.waiting,
    )
