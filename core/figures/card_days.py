"""Daily ranks (逐日排名): computed from the records as of the end of a day, and kept; missed days are caught up once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from core.campaigns.registry import Registry
from core.errors import N_, Conflict
from core.figures.card_findings import Window, finding_counts
from core.figures.card_scores import COUNTS, checklist_counts, share_counts
from core.figures.card_subjects import subjects_of
from core.figures.periods import ONE_DAY, Period, containing, day_of
from core.figures.task_figures.card_tasks import task_counts
from core.work.enabling import enabled
from core.work.journal import record
from core.work.marks.card_proposing import Subject
from core.work.marks.card_reading import read_scheme
from core.work.marks.card_rules import FINDINGS, PROGRESS, WHOLE_PERIOD, League, Scheme
from core.work.marks.card_rules import ONE_DAY as THE_DAY
from core.work.marks.card_schemes import ACTIVE, Kept
from core.work.marks.card_versions import rules_on
from core.work.marks.ranking_days import Placed, keep_day, last_kept, place
from core.work.permits import require
from core.work.roles import PUBLISH
from core.work.tables import CardScheme
from tenants.access import Actor
from tenants.scope import ScopedSession

CATCH_UP = timedelta(days=62)  # further back nothing is computed by itself (ours: two months of outage)


def stand(
    session: ScopedSession,
    registry: Registry,
    unit_id: UUID,
    scheme: Scheme,
    day: date,
    *,
    cut_off: datetime | None = None,
) -> list[Placed]:
    """The places in every league on a day, as of its end or of an earlier ``cut_off``; nothing is kept."""
    window = window_of(scheme, day, cut_off)
    found: list[Placed] = []
    for league in scheme.leagues:
        subjects = subjects_of(session, league, unit_id, day)
        counts = _counts(session, registry, scheme, league, [one.id for one in subjects], window)
        found += place(scheme, league.key, _with(subjects, counts))
    return found


def compute_day(session: ScopedSession, registry: Registry, row: CardScheme, day: date, *, now: datetime) -> int:
    """Compute a day that is over and keep it; gives its revision: the same facts write nothing, others correct the day.

    The rules are those of that day, whatever the scheme says now. Raises Conflict for a day that is not over.
    """
    if day >= day_of(now):
        raise Conflict(N_("{day} 还没有结束，结束后再计算名次"), day=day.isoformat())
    rules = rules_on(session, row, day)
    places = stand(session, registry, row.unit_id, rules.scheme, day)
    return keep_day(session, row, day, places, now, version=rules.version)


def recompute_day(
    session: ScopedSession, actor: Actor, registry: Registry, kept: Kept, day: date, *, now: datetime
) -> int:
    """The same by hand, for whoever gives the cards of the scheme. Raises Forbidden."""
    require(session, actor, PUBLISH, kept.row.unit_id, day_of(now))
    revision = compute_day(session, registry, kept.row, day, now=now)
    record(
        session, actor, "rank.compute", "card_scheme", kept.row.id, name=kept.row.name, day=str(day), version=revision
    )
    return revision


def close_days(session: ScopedSession, registry: Registry, *, now: datetime) -> dict[UUID, int]:
    """Compute every day that is over and not kept yet, for each scheme in force; gives how many days each got.

    A run that was missed is caught up; a run too many computes nothing. For the nightly job.
    """
    rows = session.scalars(select(CardScheme).where(CardScheme.state == ACTIVE).order_by(CardScheme.id)).all()
    done = {}
    for row in rows:
        session.execute(select(CardScheme.id).where(CardScheme.id == row.id).with_for_update())
        days = _missing(session, row, day_of(now))
        done[row.id] = sum(compute_day(session, registry, row, day, now=now) > 0 for day in days)
    return done


def window_of(scheme: Scheme, day: date, cut_off: datetime | None = None) -> Window:
    """What the rank of a day looks back on: its period so far, the day alone, or so many days up to it."""
    end = Period("day", day, day).bounds[1]
    if scheme.window == THE_DAY:
        first = day
    elif scheme.window == WHOLE_PERIOD:
        first = containing(scheme.period, day).start
    else:
        first = day - timedelta(days=int(scheme.window) - 1)
    return Window(first, Period("day", first, first).bounds[0], min(end, cut_off or end), day)


def _missing(session: ScopedSession, row: CardScheme, today: date) -> Sequence[date]:
    last = last_kept(session, row.id)
    yesterday = today - ONE_DAY
    # the first night computes the period before as well, so that its cards can be given at once
    first = last + ONE_DAY if last else containing(read_scheme(row.body, kept=True).period, yesterday).previous.start
    first = max(first, today - CATCH_UP)
    return [first + n * ONE_DAY for n in range((yesterday - first).days + 1)]


def _counts(
    session: ScopedSession,
    registry: Registry,
    scheme: Scheme,
    league: League,
    ids: Sequence[UUID],
    window: Window,
) -> Mapping[UUID, Mapping[str, int]]:
    if scheme.source == FINDINGS:
        chosen = {"campaign": scheme.campaign, "categories": scheme.categories}
        return finding_counts(session, league, ids, window, **chosen)
    if scheme.measure.code == "checklist":
        return checklist_counts(session, league, scheme.campaign, ids, window)
    if scheme.source == PROGRESS:
        return task_counts(session, scheme.campaign, ids, window.last, window.cut_off)
    campaign = next((one for one in enabled(session, registry) if one.key == scheme.campaign), None)
    if campaign is None:  # suspended meanwhile: nothing is assessed, nobody has a place
        return {one: dict.fromkeys(COUNTS, 0) for one in ids}
    return share_counts(session, campaign, ids, window)


def _with(
    subjects: Sequence[Subject], counts: Mapping[UUID, Mapping[str, int]]
) -> list[tuple[Subject, Mapping[str, int]]]:
    return [(one, counts[one.id]) for one in subjects]
