"""What the night does about cards (期满提出): once a period is over and ranked, its cards are put forward and the desk is told.

They stay proposals: a named person confirms and shows them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from core.campaigns.registry import Registry
from core.errors import N_
from core.figures.card_days import CATCH_UP
from core.figures.card_periods import forward_period
from core.figures.periods import ONE_DAY, Period, containing, day_of
from core.work.calendar import local_day
from core.work.marks.card_lists import has_cards
from core.work.marks.card_schemes import Kept
from core.work.marks.card_versions import ACTIVE, in_force_since, rules_on
from core.work.marks.ranking_days import last_kept
from core.work.papers.notes import tell
from core.work.roles import PUBLISH
from core.work.tables import CardScheme
from tenants.scope import ScopedSession

KIND = "card_period"
SOME = N_("{scheme}：{since} 至 {until} 的牌已按规则提出 {n} 张，请核对、确认后公示")
NONE = N_("{scheme}：{since} 至 {until} 已期满，按规则没有牌")


def propose_due(session: ScopedSession, registry: Registry, *, now: datetime) -> int:
    """Put the cards of every period forward that is over and ranked, once each; gives how many periods.

    A night that was missed is caught up, at most :data:`CATCH_UP` back; periods that ended before the scheme was in force,
    and those that somebody took in hand already, are left to people.
    """
    rows = session.scalars(select(CardScheme.id).where(CardScheme.state == ACTIVE).order_by(CardScheme.id)).all()
    return sum(_propose_scheme(session, registry, scheme_id, now) for scheme_id in rows)


def _propose_scheme(session: ScopedSession, registry: Registry, scheme_id: object, now: datetime) -> int:
    row = session.scalars(
        select(CardScheme).where(CardScheme.id == scheme_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()
    done = 0
    for period in _due(session, row, day_of(now)):
        if not has_cards(session, row.id, period.kind, period.start):
            _propose(session, registry, row, period, now)
            done += 1
        row.proposed_to = period.end
    session.flush()
    return done


def _due(session: ScopedSession, row: CardScheme, today: date) -> list[Period]:
    """The periods that ended since the last one that was put forward and are ranked to their end, oldest first."""
    since = in_force_since(session, row) or local_day(row.created_at)
    first = max(row.proposed_to + ONE_DAY if row.proposed_to else since, today - CATCH_UP)
    last = min(last_kept(session, row.id) or first - ONE_DAY, today - ONE_DAY)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    ended = [containing(rules_on(session, row, day).scheme.period, day) for day in days]
    return [period for period, day in zip(ended, days, strict=True) if period.end == day]


def _propose(session: ScopedSession, registry: Registry, row: CardScheme, period: Period, now: datetime) -> None:
    scheme = rules_on(session, row, period.end).scheme
    kept = Kept(row, scheme, "", may_edit=False, may_publish=False)
    made = forward_period(session, None, registry, kept, period, now=now)
    days = {"since": period.start.isoformat(), "until": period.end.isoformat()}
    names = {"scheme": scheme.title, "scheme_en": scheme.title_en or scheme.title}
    tell(
        session,
        unit_ids=[row.unit_id],
        verb=PUBLISH,
        kind=KIND,
        text=SOME if made.added else NONE,
        params={**names, **days, "n": made.added, "period": period.key},
        object_kind=KIND,
        object_id=row.id,
        now=now,
    )
