"""How a day is counted (日计数口径), as statements of the database: one for a kind of count, for marked days or for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from core.work.loop.states import CLOSED_STATES

KEY = ("day", "unit_id", "kind", "campaign", "code", "basis", "possible")
COLUMNS = ("visits", "passed", "earned", "n", "m", "raw")
NEVER = "('rejected', 'cancelled', 'merged')"  # findings that were none, or another one
_CLOSED = ", ".join(f"'{state}'" for state in sorted(CLOSED_STATES))
_DAY = "CAST(timezone('Asia/Shanghai', {}) AS date)"

_VISITS = "(SELECT v.id, v.day, v.unit_id, v.basis FROM visit v WHERE v.tenant_id = :tenant AND v.replaced_at IS NULL AND NOT v.hidden)"
_PASSED = "CASE WHEN r.outcome = 'pass' THEN 1 ELSE 0 END"
_ITEMS = f"""
SELECT CAST(:tenant AS integer) AS tenant_id, x.day, x.unit_id, 'item' AS kind, r.campaign, r.item AS code, r.basis, r.possible,
  count(*) AS visits, sum({_PASSED}) AS passed, sum(r.earned) AS earned,
  sum(CASE WHEN r.m IS NULL THEN {_PASSED} ELSE r.n END) AS n, sum(coalesce(r.m, 1)) AS m, sum(coalesce(r.n, 0)) AS raw
FROM {_VISITS} x {{chosen}} JOIN item_result r ON r.tenant_id = :tenant AND r.visit_id = x.id AND r.outcome <> 'na'
GROUP BY x.day, x.unit_id, r.campaign, r.item, r.basis, r.possible
"""  # noqa: S608 - our own statements
_FORMS = f"""
SELECT CAST(:tenant AS integer), x.day, x.unit_id, 'form', s.campaign, s.form, s.basis, s.possible,
  count(*), 0, sum(s.earned), 0, 0, 0
FROM {_VISITS} x {{chosen}} JOIN sheet s ON s.tenant_id = :tenant AND s.visit_id = x.id
GROUP BY x.day, x.unit_id, s.campaign, s.form, s.basis, s.possible
"""  # noqa: S608 - our own statements

_BY_VISIT = f"""
SELECT CAST(:tenant AS integer), w.day, w.unit_id, 'visit', w.campaign, '', w.basis, 0,
  count(*), sum(CASE WHEN w.answered = w.passed THEN 1 ELSE 0 END), 0, sum(w.passed), sum(w.answered), 0
FROM (SELECT x.day, x.unit_id, x.basis, r.campaign, x.id, sum(CASE WHEN r.outcome <> 'na' THEN 1 ELSE 0 END) AS answered,
        sum({_PASSED}) AS passed
      FROM {_VISITS} x {{chosen}} JOIN item_result r ON r.tenant_id = :tenant AND r.visit_id = x.id
      GROUP BY x.day, x.unit_id, x.basis, r.campaign, x.id) w
GROUP BY w.day, w.unit_id, w.campaign, w.basis
"""  # noqa: S608 - our own statements


def _findings(kind: str, moment: str, states: str) -> str:
    """Findings of a kind by the day of a moment; the sums are everybody's, so those that named roles alone see are left out."""
    return f"""
SELECT CAST(:tenant AS integer), x.day, x.unit_id, '{kind}', '', x.category, x.basis, 0, 0, 0, 0, count(*), 0, 0
FROM (SELECT {_DAY.format(moment)} AS day, f.unit_id, f.category, f.basis FROM finding f
      WHERE f.tenant_id = :tenant AND NOT f.hidden AND NOT f.restricted AND f.{moment} IS NOT NULL AND f.state {states}) x {{chosen}}
GROUP BY x.day, x.unit_id, x.category, x.basis
"""  # noqa: S608 - our own statements


_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "item": _ITEMS,
        "form": _FORMS,
        "visit": _BY_VISIT,
        "opened": _findings("opened", "opened_at", f"NOT IN {NEVER}"),
        "closed": _findings("closed", "closed_at", f"IN ({_CLOSED})"),
    }
)


def all_kinds(chosen: str = "") -> Iterator[str]:
    """The statements; ``chosen`` joins what narrows ``x``, which has a day and a unit."""
    for kind in _KINDS:
        yield one_kind(kind, chosen)


def one_kind(kind: str, chosen: str = "") -> str:
    """The statement of one kind of count, narrowed in the same way."""
    return _KINDS[kind].format(chosen=chosen)


_OF = ", ".join(f"{{side}}.{name} AS {{side}}_{name}" for name in COLUMNS)
_COALESCED = ", ".join(f"coalesce(kept.{name}, counted.{name}) AS {name}" for name in KEY)
_SAME_KEY = " AND ".join(f"kept.{name} = counted.{name}" for name in KEY)
_DIFFERS = "(" + ", ".join(f"kept.{n}" for n in COLUMNS) + ") IS DISTINCT FROM ("
_DIFFERS += ", ".join(f"counted.{n}" for n in COLUMNS) + ")"
_UNMARKED = (
    "NOT EXISTS (SELECT FROM day_mark k WHERE k.tenant_id = :tenant AND k.day = {0}.day AND k.unit_id = {0}.unit_id)"
)
COUNT = f"""
WITH counted AS (SELECT * FROM ({" UNION ALL ".join(f"({one})" for one in all_kinds())}) c WHERE {_UNMARKED.format("c")}),
kept AS (SELECT * FROM day_count d WHERE d.tenant_id = :tenant AND {_UNMARKED.format("d")})
SELECT {_COALESCED}, {_OF.format(side="kept")}, {_OF.format(side="counted")}
FROM kept FULL JOIN counted ON {_SAME_KEY} WHERE {_DIFFERS} ORDER BY 1, 3, 5, 2
"""  # noqa: S608 - our own statements
"""What is kept against what a full recount says, key by key, where they differ; marked days are left out."""
