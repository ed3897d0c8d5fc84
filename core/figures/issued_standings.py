"""Where each district stands, as a bureau above it publishes it (上级公布名次): one sealed row to each, its own and nobody else's.

The bureau (of a city, a province, the nation) issues its league table of a campaign and period; every district that it knows gets its place, the size of the
league, its interval and the ranks that the intervals allow. An issue is never changed: when the table changed, those whose
place changed get a new issue that names the old one and gives the reason, and the others none.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.errors import N_, Conflict, Fault, InvalidInput
from core.figures.comparison import ComparisonRow, check_compare, compare, league_of
from core.figures.periods import Period
from core.figures.seals import Break, plain
from core.figures.tables import Standing
from core.work.journal import record
from tenants.access import Actor, TenantRef
from tenants.db import new_id
from tenants.scope import ScopedSession

SAID = (
    *("reader_slug", "city_slug", "campaign", "edition", "edition_sha256", "period_kind", "period_start", "period_end"),
    *("rank", "size", "unranked", "percent", "interval_low", "interval_high", "best", "worst", "visits", "rests_on"),
    "is_demo",
)
HEADER = (
    *SAID,
    *("sequence", "reader_name", "city_name", "title_zh", "title_en", "previous_rank"),
    *("previous_sha256", "corrects_sha256", "reason", "issued_by", "issued_at"),
)
METHOD_ZH = N_(
    "同一创建项目、同一版本的区县按占已评估分的数值排（两位小数，相同并列）；检查不足 {visits} 次的不排。区间由各区县发布，重叠的不可区分。"
)


@dataclass(frozen=True, slots=True)
class Issue:
    """What the city would issue to one district (拟公布); ``old`` is the issue that it corrects, ``is_new`` whether it differs."""

    row: Standing
    old: Standing | None

    @property
    def is_new(self) -> bool:
        """Whether the district has not been told this yet."""
        return self.old is None or said_of(self.old) != said_of(self.row)


def prepare(
    session: ScopedSession, actor: Actor, campaign: str, period: Period, *, now: datetime, reason: str = ""
) -> list[Issue]:
    """What would be issued now, in the order of the table; nothing is written. Raises Forbidden."""
    check_compare(actor)
    rows = compare(session, actor, campaign, period)
    last = latest_issued(session, campaign, period)
    sizes = Counter(league_of(one) for one in rows if one.rank)
    return [_issue(actor, one, sizes[league_of(one)], period, last.get(one.tenant_id), now, reason) for one in rows]


def issue(
    session: ScopedSession, actor: Actor, campaign: str, period: Period, *, now: datetime, reason: str = ""
) -> list[Standing]:
    """Issue the table to the districts that were not told it yet.

    Raises Forbidden; InvalidInput when nobody published, when nothing changed, and for a correction without a reason;
    Conflict when somebody else issued at the same moment.
    """
    said = reason.strip()
    new = [one for one in prepare(session, actor, campaign, period, now=now, reason=said) if one.is_new]
    _refuse(new, said)
    for one in new:
        _seal(session, actor, one.row)
    return [one.row for one in new]


def _refuse(new: list[Issue], reason: str) -> None:
    if not new:
        remedy = N_("有区县发布或更正之后再公布")
        raise InvalidInput(faults=[Fault(N_("各区县都已经收到现在的名次"), field="period", remedy=remedy)])
    if not any(one.row.rests_on for one in new):
        remedy = N_("请等区县发布之后再公布")
        raise InvalidInput(faults=[Fault(N_("这一期还没有区县发布"), field="period", remedy=remedy)])
    if not reason and any(one.old for one in new):
        remedy = N_("请写明更正原因；原来公布的保留不变")
        raise InvalidInput(faults=[Fault(N_("有区县已经收到过这一期的名次，再次公布是更正"), "reason", remedy=remedy)])


def _issue(
    actor: Actor,
    one: ComparisonRow,
    size: int,
    period: Period,
    old: Standing | None,
    now: datetime,
    reason: str,
) -> Issue:
    city: TenantRef = actor.tenant
    same = ("campaign", "title_zh", "title_en", "edition", "edition_sha256", "unranked", "visits", "is_demo")
    told = ("rank", "previous_rank", "percent", "interval_low", "interval_high", "best", "worst")
    row = Standing(
        id=new_id(),
        reader_id=one.tenant_id,
        tenant_id=city.id,
        reader_slug=one.district_slug,
        reader_name=one.district_name,
        city_slug=city.slug,
        city_name=city.name,
        period_kind=period.kind,
        period_start=period.start,
        period_end=period.end,
        size=size,
        rests_on=one.sha256,
        corrects_sha256=old.sha256 if old else None,
        reason=reason if old else "",
        issued_by=actor.name,
        issued_at=now,
        **{name: getattr(one, name) for name in (*same, *told)},
    )
    return Issue(row, old)


def _seal(session: ScopedSession, actor: Actor, row: Standing) -> None:
    mine = (Standing.reader_id == row.reader_id, Standing.tenant_id == row.tenant_id)
    columns = (Standing.sequence, Standing.sha256)
    last = session.execute(select(*columns).where(*mine).order_by(Standing.sequence.desc()).limit(1)).first()
    row.sequence, row.previous_sha256 = (last[0] + 1, last[1]) if last else (1, None)
    row.sha256 = seal_of(row)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(N_("刚刚有人公布了名次，请刷新后重试")) from error
    said = {"reader": row.reader_slug, "campaign": row.campaign, "sequence": row.sequence, "sha256": row.sha256}
    period = Period(row.period_kind, row.period_start, row.period_end).key
    record(session, actor, "standing.issue", "standing", row.id, **said, period=period, corrects=row.corrects_sha256)


def seal_of(row: Standing) -> str:
    """The SHA-256 of an issue with its number and the seal before it."""
    return hashlib.sha256(_text(row, HEADER).encode()).hexdigest()


def said_of(row: Standing) -> str:
    """What an issue says, without its number, author and moment."""
    return _text(row, SAID)


def _text(row: Standing, columns: Iterable[str]) -> str:
    body = {name: plain(getattr(row, name)) for name in columns}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def latest_issued(session: ScopedSession, campaign: str, period: Period) -> dict[int, Standing]:
    """The last issue to each district for a period, by the district."""
    query = select(Standing).where(
        Standing.tenant_id == session.tenant_id,
        Standing.campaign == campaign,
        Standing.period_kind == period.kind,
        Standing.period_start == period.start,
    )
    return {one.reader_id: one for one in session.scalars(query.order_by(Standing.sequence))}


def received_standings(session: ScopedSession, campaign: str | None = None) -> list[Standing]:
    """Every issue that this district received, newest first, corrected ones among them."""
    query = select(Standing).where(Standing.reader_id == session.tenant_id, Standing.tenant_id != session.tenant_id)
    if campaign is not None:
        query = query.where(Standing.campaign == campaign)
    return list(
        session.scalars(query.order_by(Standing.issued_at.desc(), Standing.sequence.desc(), Standing.tenant_id))
    )


def standings_in(session: ScopedSession, campaign: str, period: Period) -> list[Standing]:
    """The standing of a period as each bureau above last published it, the smallest table first; none when none did."""
    wanted = (period.kind, period.start)
    last: dict[int, Standing] = {}
    for one in received_standings(session, campaign):
        if (one.period_kind, one.period_start) == wanted:
            last.setdefault(one.tenant_id, one)
    return sorted(last.values(), key=lambda one: (one.size, one.city_slug))


def verify_standings(session: ScopedSession) -> list[Break]:
    """Recompute the seal and the chain of every issue that this tenant sent or received."""
    rows = session.scalars(select(Standing).order_by(Standing.reader_id, Standing.tenant_id, Standing.sequence))
    found: list[Break] = []
    last: Standing | None = None
    for row in rows:
        before = last if last and (last.reader_id, last.tenant_id) == (row.reader_id, row.tenant_id) else None
        if seal_of(row) != row.sha256:
            found.append(Break(row.city_slug, row.reader_slug, row.sequence, N_("内容与封签不符")))
        if (row.sequence, row.previous_sha256) != (
            before.sequence + 1 if before else 1,
            before.sha256 if before else None,
        ):
            found.append(Break(row.city_slug, row.reader_slug, row.sequence, N_("与前一份的封签不衔接")))
        last = row
    return found
