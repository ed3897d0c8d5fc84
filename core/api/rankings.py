"""Rankings (排名) over the API: units by their share of assessed points now, and the daily ranks of the schemes as kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from core import request as asked
from core.api.cards import schemes_within_reach
from core.api.fields import Body, Day, Flag, Id, ListOf, Mapping, Moment, Number, OneOf, Part, Text, Whole
from core.api.figures import ScoreQuery, cut_off, period_asked, place_asked
from core.api.forms import one_in_force
from core.api.replies import ListQuery, a_day, cursor_of, cut_list, read_cursor, reply_list
from core.api.rooms import READING, Room
from core.figures.comparison import BARRED, LOW_VOLUME, NOTHING_ASSESSED, RANKED
from core.figures.intervals import MINIMUM_CLUSTERS, REPLICATES, wilson
from core.figures.leagues import MINIMUM_VISITS, Ranked, unit_league
from core.work.marks.card_rules import BY_VALUE, FINDINGS, MEASURES, METHODS
from core.work.marks.rank_lists import UNRANKED, RankFilter, list_places, place_of
from core.work.roles import SEE
from core.work.tables import RankDay

KINDS = ("subdistrict", "community", "village")  # never departments against places: they are another league
room = Room("rankings", __name__, description="Rankings (排名) of units within one campaign and period.")


class RankShape(Body):
    """One unit in the ranking (名次); ``unranked`` says why it has none."""

    rank = Whole(required=True, allow_none=True)
    unranked = Text(required=True, validate=OneOf((RANKED, LOW_VOLUME, NOTHING_ASSESSED, BARRED)))
    unit_id = Id(required=True)
    name = Text(required=True)
    kind = Text(required=True)
    percent_of_assessed = Number(
        required=True, allow_none=True, metadata={"description": "null under the minimum volume: n alone is shown"}
    )
    interval_low = Number(required=True, allow_none=True, metadata={"description": "95 %, in per cent"})
    interval_high = Number(required=True, allow_none=True)
    best_rank = Whole(required=True, allow_none=True, metadata={"description": "the best that the intervals allow"})
    worst_rank = Whole(required=True, allow_none=True)
    same_as_above = Flag(required=True, metadata={"description": "cannot be told from the unit above it"})
    previous_rank = Whole(required=True, allow_none=True)
    coverage = Number(required=True, allow_none=True)
    earned = Number(required=True, allow_none=True)
    assessed = Number(required=True, allow_none=True)
    total = Number(required=True)
    visits = Whole(required=True)
    sites = Whole(required=True)
    found_per_site = Number(required=True, allow_none=True)
    found_per_10000 = Number(required=True, allow_none=True, metadata={"description": "per 10 000 locked residents"})


class MethodShape(Body):
    """How the league is made (排名方法): the procedure, its draws, and the volumes under which nothing is said."""

    rank_by = Text(required=True)
    interval = Text(required=True)
    confidence = Whole(required=True)
    replicates = Whole(required=True)
    minimum_visits = Whole(required=True)
    minimum_sites = Whole(required=True)


class RankList(Body):
    """Units, the best first (排名列表)."""

    items = ListOf(Part(RankShape), required=True)
    method = Part(MethodShape, required=True)
    next_cursor = Text(required=True, allow_none=True)


class RankQuery(ListQuery, ScoreQuery):
    """Which campaign, period and kind of unit (排名条件)."""

    campaign = Text(required=True)
    kind = Text(load_default="subdistrict", validate=OneOf(KINDS))
    unit_id = Id(metadata={"description": "only units under this one"})


@room.get("/rankings")
@asked.require(SEE)
@room.arguments(RankQuery, location="query")
@room.response(200, RankList)
@room.refuses(*READING)
def list_ranks(query: dict[str, Any]) -> Response:
    """Rank the units of a kind within reach, by their share of assessed points"""
    campaign = one_in_force(query["campaign"], period_asked(query).start)
    rows = unit_league(
        asked.db(),
        asked.actor(),
        campaign,
        campaign.edition,
        period_asked(query),
        tenant=asked.tenant().slug,
        kind=query["kind"],
        under=place_asked(query),
        cut_off=cut_off(query),
    )
    return cut_list(rows, query, shape_rank, beside={"method": LEAGUE_METHOD})


LEAGUE_METHOD = {
    "rank_by": "percent_of_assessed",
    "interval": "cluster bootstrap over sites",
    "confidence": 95,
    "replicates": REPLICATES,
    "minimum_visits": MINIMUM_VISITS,
    "minimum_sites": MINIMUM_CLUSTERS,
}


def shape_rank(one: Ranked) -> dict[str, Any]:
    """A unit in the ranking as JSON; of too few visits only how many."""
    score, shown = one.row.score, one.unranked != LOW_VOLUME
    unit = {"unit_id": one.row.unit_id, "name": one.row.name, "kind": one.row.kind}
    place = {"rank": one.rank, "unranked": one.unranked, "previous_rank": one.before}
    told = {"best_rank": one.best, "worst_rank": one.worst, "same_as_above": one.same_as_above}
    points = {name: getattr(score, name) if shown else None for name in ("coverage", "earned", "assessed")}
    volume = {"total": score.total, "visits": score.visits, "sites": score.sites}
    counts = {"found_per_site": one.found_per_site, "found_per_10000": one.found_per_residents}
    value = {"percent_of_assessed": one.share, "interval_low": one.low, "interval_high": one.high}
    return unit | place | told | value | points | volume | counts


class RankDayShape(Body):
    """One subject's place on one day in one league (逐日排名), as kept; corrected: an earlier computation said otherwise.

    The value is numerator / denominator; counts are the day's facts that it came from, n the volume behind it.
    """

    day = Day(required=True)
    scheme_id = Id(required=True)
    scheme = Text(required=True)
    league = Text(required=True)
    rank = Whole(required=True, allow_none=True)
    unranked = Text(required=True, metadata={"description": "why there is no rank; empty where there is one"})
    subject_id = Id(required=True)
    subject_kind = Text(required=True)
    subject_name = Text(required=True)
    numerator = Whole(required=True)
    denominator = Whole(required=True)
    n = Whole(required=True)
    interval_low = Number(required=True, allow_none=True, metadata={"description": "95 % (Wilson), of a rate of cases"})
    interval_high = Number(required=True, allow_none=True)
    measure = Text(required=True)
    direction = Text(required=True)
    method = Text(required=True, validate=OneOf(METHODS), metadata={"description": "what was ranked by"})
    counts = Mapping(required=True)
    revision = Whole(required=True)
    corrected = Flag(required=True)
    computed_at = Moment(required=True)


class RankDayList(Body):
    """Places on days (逐日排名清单)."""

    items = ListOf(Part(RankDayShape), required=True)
    next_cursor = Text(required=True, allow_none=True)


class RankDayQuery(ListQuery):
    """Which places (排名筛选); the newest day first, in each league the best place first."""

    scheme_id = ListOf(Id(), load_default=[], metadata={"description": "repeat for several"})
    league = ListOf(Text(), load_default=[], metadata={"description": "a league's key in its scheme"})
    subject_id = ListOf(Id(), load_default=[], metadata={"description": "units or sites"})
    since = Day(metadata={"description": "this day or later"})
    until = Day(metadata={"description": "this day or before"})


@room.get("/rankings/days")
@asked.require(SEE)
@room.arguments(RankDayQuery, location="query")
@room.response(200, RankDayList)
@room.refuses(*READING)
def list_days(query: dict[str, Any]) -> Response:
    """List the daily ranks that were kept for the schemes within reach, the newest day first"""
    names = schemes_within_reach(query["scheme_id"])
    wanted = RankFilter(tuple(names), query["league"], query["subject_id"], query.get("since"), query.get("until"))
    said, size = read_cursor(query["cursor"], [a_day, UUID, _a_league, _a_rank, UUID]), query["page_size"]
    after = (said[0], said[1], said[2], said[3], said[4]) if said else None
    rows = list_places(asked.db(), wanted, after=after, limit=size + 1)
    last = rows[size - 1] if len(rows) > size else None
    shaped = (shape_day(row, names[row.scheme_id]) for row in rows[:size])
    return reply_list(shaped, cursor_of(*place_of(last)) if last else None)


def _a_league(value: Any) -> str:
    """A league's key from a cursor."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    return value


def _a_rank(value: Any) -> int:
    """A rank from a cursor."""
    if not isinstance(value, int) or not 0 <= value <= UNRANKED:
        raise ValueError(value)
    return value


def shape_day(row: RankDay, scheme: str) -> dict[str, Any]:
    """A place on a day as JSON."""
    facts = {name: row.facts[name] for name in ("unranked", "n", "measure", "direction", "counts")}
    measure = MEASURES[row.facts["measure"]]
    cases = wilson(row.numerator, row.denominator) if measure.is_rate and measure.basis == FINDINGS else None
    low, high = cases or (None, None)
    own = facts | {"scheme": scheme, "corrected": row.revision > 1, "interval_low": low, "interval_high": high}
    own |= {"method": row.facts.get("method", BY_VALUE)}
    return RankDayShape.arrange({name: getattr(row, name) for name in RankDayShape.names() if name not in own} | own)
