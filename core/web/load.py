"""The load meter on a page (基层负担): what a week asked of each community, what was asked twice, and the ceiling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from core.campaigns.xlsform.own_questions import is_own
from core.errors import N_
from core.figures.load import MEASURES, Load, weigh
from core.figures.load_twice import Repeated, compare_forms, find_repeated
from core.figures.model import percent
from core.figures.periods import Period, containing, last_periods, parse_period
from core.request import actor, db, house, now, require_any, tenant, today
from core.web import district
from core.web.exports import Rows, stream_csv
from core.web.paging import bad_argument
from core.web.places.site_words import campaign_titles, say_types
from core.web.running import running
from core.web.scores.periods import say_period
from core.web.words import by_locale, listed
from core.web.workbook_answers import send_xlsx
from core.work.forms.fielding import own_questions
from core.work.roles import ADMINISTER, DIRECT, LEAD
from core.work.tenant_settings import Ceiling, may_set, read_setting
from tenants.scope import ScopedSession

blueprint = Blueprint("load", __name__, url_prefix="/t/<slug>/load")
blueprint.before_request(district.enter)

READERS = (ADMINISTER, DIRECT, LEAD)
WEEKS = 13  # a quarter is offered (ours)
FIRST = 30  # as many communities are shown before one asks for all (ours)
LABELS = {
    "fields": N_("填写项"),
    "photos": N_("照片"),
    "visits": N_("检查"),
    "returns": N_("报送"),
    "deadlines": N_("到期事项"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a week, and whether only communities above the ceiling."""

    week: Period
    over: bool
    text: str
    whole: bool

    def keep(self, loads: Sequence[Load]) -> list[Load]:
        """The lines that are asked for."""
        found = [one for one in loads if one.over] if self.over else list(loads)
        return [one for one in found if self.text in one.name or self.text in one.above]


def read_asked() -> Asked:
    """The filter of this request's address; last week is shown first, for this one is not over. Raises InvalidInput."""
    key = request.args.get("week", "").strip()
    week = parse_period(key) if key else containing("week", today()).previous
    if week.kind != "week":
        raise bad_argument("week", key)
    if week.start > today():
        raise bad_argument("week", key)
    args = request.args
    return Asked(week, args.get("over") == "1", args.get("q", "").strip()[:40], args.get("all") == "1")


@blueprint.get("")
@require_any(*READERS)
def show() -> str:
    """Every community's week, the heaviest first; what was asked twice; which checklists meet at a place."""
    found, session = read_asked(), db()
    ceiling = read_setting(session, Ceiling)
    loads = weigh(session, actor(), found.week, ceiling)
    kept = found.keep(loads)
    words = house().registry.vocabulary
    titles = campaign_titles(session)

    def say_campaigns(keys: Sequence[str]) -> str:
        return listed(titles.get(key, key) for key in keys)

    def say_question(code: str) -> str:
        known = words.questions.get(code) or (own_questions(session).get(code) if is_own(code) else None)
        return by_locale(known.text_zh, known.text_en) if known else code

    def say_category(code: str) -> str:
        known = words.categories.get(code)
        return by_locale(known.name_zh, known.name_en) if known else code

    return render_template(
        "load/show.html",
        asked=found,
        loads=kept if found.whole else kept[:FIRST],
        kept=len(kept),
        communities=len(loads),
        over=sum(bool(one.over) for one in loads),
        totals={name: sum(getattr(one, name) for one in loads) for name in (*MEASURES, "again")},
        mean=_mean(loads),
        ceiling=ceiling,
        measures=[(name, gettext(LABELS[name]), getattr(ceiling, name)) for name in MEASURES],
        weeks=[(one.key, say_period(one)) for one in reversed(last_periods("week", today(), WEEKS))],
        said_week=say_period(found.week),
        places=_by_place(find_repeated(session, actor(), found.week)),
        overlaps=compare_forms(running()),
        may_set=may_set(session, actor(), now()),
        percent=percent,
        say_campaigns=say_campaigns,
        say_question=say_question,
        say_category=say_category,
        say_types=say_types,
    )


def _by_place(found: Sequence[Repeated]) -> list[list[Repeated]]:
    """What was answered again, place by place, the place with the most questions first."""
    places: dict[UUID, list[Repeated]] = {}
    for one in found:
        places.setdefault(one.site_id, []).append(one)
    return sorted(places.values(), key=lambda rows: (-len(rows), rows[0].site_name))


def _mean(loads: Sequence[Load]) -> Decimal | None:
    """Fields a community, with one decimal; None where there is none."""
    if not loads:
        return None
    return (Decimal(sum(one.fields for one in loads)) / len(loads)).quantize(Decimal("0.1"))


@blueprint.get("/export.csv")
@require_any(*READERS)
def export() -> Response:
    """The same lines as CSV."""
    found = read_asked()
    return stream_csv(f"load-{tenant().slug}-{found.week.key}.csv", _header(), _reader(found))


@blueprint.get("/export.xlsx")
@require_any(*READERS)
def export_workbook() -> Response:
    """The same lines as a workbook."""
    found = read_asked()
    return send_xlsx(f"load-{tenant().slug}-{found.week.key}.xlsx", gettext("基层负担"), _header(), _reader(found))


def _header() -> list[str]:
    heads = (
        N_("街道（镇）"),
        N_("社区（村）"),
        *LABELS.values(),
        N_("其中他人来查"),
        N_("重复填写"),
        N_("超出上限的项"),
    )
    return [gettext(text) for text in heads]


def _reader(found: Asked) -> Callable[[ScopedSession], Rows]:
    who = actor()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        for one in found.keep(weigh(session, who, found.week, read_setting(session, Ceiling))):
            over = listed(gettext(LABELS[name]) for name in one.over)
            numbers = [getattr(one, name) for name in MEASURES]
            yield [one.above, one.name, *numbers, one.received, one.again, over]

    return rows
