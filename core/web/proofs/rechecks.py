"""Re-inspections on the pages (回头看): mine, all of them, and the samples with their draw, results and proof."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from core import request as asked
from core.errors import N_, Conflict, Fault, InvalidInput
from core.request import actor, db, house, now, require, require_any, today
from core.settings import ZONE
from core.web.errors import fault_map, say
from core.web.exports import stream_csv
from core.web.form_fields import day_of
from core.web.ledger.finding_words import say_title
from core.web.paging import bad_argument, cut, read_cursor, read_id
from core.web.places.site_words import unit_options
from core.web.proofs.proof_words import RECHECK_STATES, recheck_tone, say_recheck
from core.web.words import by_locale
from core.work.calendar import load_calendar, local_day
from core.work.loop.sight import sees_finding
from core.work.proofs.recheck_people import lookers
from core.work.proofs.recheck_samples import draw_again, get_sample, list_samples, results_of
from core.work.proofs.rechecks import LARGEST_PAGE, STATES, Filter, RecheckRow, list_rechecks
from core.work.proofs.sampling import Wanted, draw, next_seed, preview, rank_of
from core.work.roles import CHECK, DIRECT, SEE, VISIT
from core.work.tables import Finding, RecheckSample
from core.work.tenant_settings import Sampling, read_setting
from tenants.access import may, root_unit
from tenants.scope import ScopedSession

blueprint = Blueprint("rechecks", __name__, url_prefix="/t/<slug>/rechecks")
blueprint.before_request(asked.enter)

SHOWN = 500  # drawn findings listed on a preview; the count says how many there are


def _read_filter() -> Filter:
    said = request.args
    view, state, unit = said.get("view", ""), said.get("state", ""), said.get("unit", "")
    if state and state not in STATES:
        raise bad_argument("state", state)
    mine = view == "mine" or (not view and {VISIT, CHECK} & actor().verbs != set() and not actor().has(DIRECT))
    return Filter(mine=mine, state=state, unit_id=read_id(unit, "unit") if unit else None)


def key_of(row: RecheckRow) -> tuple[int, date, UUID]:
    """A row's place in the list."""
    return int(row.recheck.state != "due"), row.recheck.due_on, row.recheck.id


def _after() -> tuple[int, date, UUID] | None:
    keys = read_cursor(3)
    if keys is None:
        return None
    try:
        return int(keys[0]), date.fromisoformat(keys[1]), UUID(keys[2])
    except ValueError:
        raise bad_argument("cursor", request.args.get("cursor", "")) from None


@blueprint.get("")
@require_any(SEE)
def show_list() -> str:
    """Re-inspections, what is due first."""
    wanted = _read_filter()
    page = cut(list_rechecks(db(), actor(), wanted, now=now(), after=_after()), key_of)
    return render_template(
        "rechecks/list.html",
        page=page,
        wanted=wanted,
        states=[(code, gettext(word)) for code, (word, _) in RECHECK_STATES.items()],
        units=unit_options(db(), actor(), today()),
        may_draw=_may_draw(),
        say_recheck=say_recheck,
        say_title=say_title,
        tone=recheck_tone,
        today=today(),
    )


@blueprint.get("/export.csv")
@require(SEE)
def export() -> Response:
    """The same list as CSV."""
    wanted, who, moment = _read_filter(), actor(), now()

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        after: tuple[int, date, UUID] | None = None
        while True:
            found = list_rechecks(session, who, wanted, now=moment, after=after, size=LARGEST_PAGE)
            yield from (_line(row) for row in found[:LARGEST_PAGE])
            if len(found) <= LARGEST_PAGE:
                return
            after = key_of(found[LARGEST_PAGE - 1])

    head = (N_("编号"), N_("问题"), N_("点位"), N_("复查人"), N_("复查期限"), N_("结果"), N_("复查时间"), N_("说明"))
    return stream_csv(f"rechecks-{today().isoformat()}.csv", [gettext(text) for text in head], rows)


def _line(row: RecheckRow) -> Sequence[object]:
    one, done = row.recheck, row.recheck.done_at
    at = done.astimezone(ZONE).isoformat(timespec="seconds") if done else ""
    return (
        *(row.finding.number, by_locale(row.finding.title, row.finding.title_en), row.place, row.person),
        *(one.due_on, say_recheck(one.state), at, one.note),
    )


@blueprint.get("/samples")
@require_any(DIRECT, CHECK)
def show_samples() -> str:
    """The samples that were drawn, newest first, with their relapse rates."""
    keys = read_cursor(2)
    try:
        after = (datetime.fromisoformat(keys[0]), UUID(keys[1])) if keys else None
    except ValueError:
        raise bad_argument("cursor", request.args.get("cursor", "")) from None
    page = cut(list_samples(db(), after=after), lambda s: (s.created_at.isoformat(), s.id))
    results = results_of(db(), [one.id for one in page.rows])
    return render_template("rechecks/samples.html", page=page, results=results, may_draw=_may_draw())


@blueprint.get("/samples/<uuid:sample_id>")
@require_any(DIRECT, CHECK)
def show_sample(sample_id: UUID) -> str:
    """One sample: what was drawn, what came of it, and the same draw once more."""
    sample = get_sample(db(), sample_id)
    page = cut(list_rechecks(db(), actor(), Filter(sample_id=sample_id), now=now(), after=_after()), key_of)
    return render_template(
        "rechecks/sample.html",
        sample=sample,
        results=results_of(db(), [sample.id])[sample.id],
        again=draw_again(db(), sample),
        page=page,
        say_recheck=say_recheck,
        say_title=say_title,
        tone=recheck_tone,
        today=today(),
    )


@blueprint.get("/samples/<uuid:sample_id>/export.csv")
@require_any(DIRECT, CHECK)
def export_sample(sample_id: UUID) -> Response:
    """The whole population of a sample by rank, so that anybody can draw it again."""
    who, moment = actor(), now()
    get_sample(db(), sample_id)

    def rows(session: ScopedSession) -> Iterator[Sequence[object]]:
        sample = get_sample(session, sample_id)
        again = draw_again(session, sample)
        found = _every(session, sample, moment)
        for rank, one in enumerate(again.ranked, 1):
            yield _sample_line(rank, one, sample, again.drawn, found)

    def _every(session: ScopedSession, sample: RecheckSample, at: datetime) -> Mapping[UUID, Any]:
        ids = [UUID(one) for one in sample.body.get("population", ())]
        seen = select(Finding.id, Finding.number).where(Finding.id.in_(ids), sees_finding(who, local_day(at)))
        numbers = dict(session.execute(seen).all())
        rechecks = list_rechecks(session, who, Filter(sample_id=sample.id), now=at, size=len(ids) + 1)
        return {one: (numbers[one], None) for one in numbers} | {
            row.finding.id: (row.finding.number, row) for row in rechecks
        }

    head = (N_("名次"), N_("编号"), N_("是否抽中"), N_("复查人"), N_("复查期限"), N_("结果"), N_("标识"), N_("排序值"))
    return stream_csv(f"sample-{sample_id}.csv", [gettext(text) for text in head], rows)


def _sample_line(
    rank: int, one: UUID, sample: RecheckSample, drawn: frozenset[UUID], found: Mapping[UUID, Any]
) -> Sequence[object]:
    number, row = found.get(one, ("", None))
    recheck = row.recheck if row else None
    return (
        *(rank, number, gettext("是") if one in drawn else gettext("否"), row.person if row else ""),
        *(recheck.due_on if recheck else "", say_recheck(recheck.state) if recheck else ""),
        *(one, rank_of(sample.seed, one).hex()),
    )


@blueprint.get("/draw")
@require(DIRECT)
def ask_draw() -> str:
    """The form of a draw; with days and a rate in the address also its preview. Nothing is written."""
    return _form(request.args)


@blueprint.post("/draw")
@require(DIRECT)
def take_draw() -> AnyResponse | tuple[str, int]:
    """Draw what the preview showed, by the same seed."""
    said = request.form
    try:
        wanted = _wanted(said, said.get("seed", ""))
        due_on = day_of(said, "due_on") or today()  # which is refused as too early
        _refuse_chosen_seed(wanted)
        sample = draw(db(), actor(), wanted, title=said.get("title", ""), due_on=due_on, now=now())
    except (InvalidInput, Conflict) as error:
        return _form(said, error), error.status
    flash(gettext("已抽取 %(n)s 件，任务已分给复查人", n=sample.drawn), "success")
    return redirect(url_for("rechecks.show_sample", sample_id=sample.id), 303)


def _refuse_chosen_seed(wanted: Wanted) -> None:
    """The seed is ours, or that of a sample drawn already (the same form sent twice)."""
    known = db().scalar(select(RecheckSample.id).where(RecheckSample.seed == wanted.seed).limit(1))
    if known is None and wanted.seed != _seed(wanted.closed_from, wanted.closed_to):
        raise Conflict(N_("预览已经过期，请重新预览再抽取"))


def _seed(closed_from: date, closed_to: date) -> str:
    return next_seed(db(), house().settings.secret_key, closed_from, closed_to, now())


def _may_draw() -> bool:
    return may(db(), actor(), DIRECT, root_unit(db()).id, today())


def _wanted(said: MultiDict[str, str], seed: str = "") -> Wanted:
    """The conditions as typed. Raises InvalidInput."""
    start, end, rate = day_of(said, "closed_from"), day_of(said, "closed_to"), said.get("rate_percent", "").strip()
    faults = []
    for name, day in (("closed_from", start), ("closed_to", end)):
        if day is None:
            faults.append(Fault(N_("没有日期"), name, remedy=N_("请填先后两个日期")))
    if not (rate.isascii() and rate.isdigit() and len(rate) < 4):
        faults.append(Fault(N_("抽样比例不对"), "rate_percent", value=rate[:10], remedy=N_("请填 1 到 100")))
    if faults or start is None or end is None:
        raise InvalidInput(faults=faults)
    pool = [read_id(one, "pool") for one in said.getlist("pool")]
    return Wanted(start, end, int(rate), seed or _seed(start, end), pool)


def _form(said: MultiDict[str, str], error: InvalidInput | Conflict | None = None) -> str:
    session, found, wanted, names = db(), None, None, {}
    people = lookers(session, today())
    if said.get("closed_from") or said.get("closed_to"):
        try:
            wanted = _wanted(said)
            found = preview(session, actor(), wanted, now=now())
            chosen = list(found.drawn[:SHOWN])
            names = {f.id: f for f in session.scalars(select(Finding).where(Finding.id.in_(chosen)))}
        except InvalidInput as refused:
            found, error = None, error or refused
    return render_template(
        "rechecks/draw.html",
        said=said,
        values=_values(said),
        found=found,
        wanted=wanted,
        findings=names,
        say_title=say_title,
        shares=_shares(found.people.values(), {key: one.name for key, one in people.items()}) if found else [],
        people=sorted(((str(key), one.name) for key, one in people.items()), key=lambda pair: pair[1]),
        names={key: one.name for key, one in people.items()},
        pool=said.getlist("pool"),
        faults=fault_map(error) if error else {},
        refusal=say(error) if error and not error.faults else "",
        shown=SHOWN,
        may_draw=_may_draw(),
        digest=hashlib.sha256("".join(sorted(map(str, found.population))).encode()).hexdigest() if found else "",
    )


def _values(said: Mapping[str, str]) -> dict[str, str]:
    """What the form starts with: last month's closings at the tenant's rate, to be looked at within its days."""
    usual = read_setting(db(), Sampling)
    due = load_calendar(db(), now()).add_working_days(now(), usual.days)
    first = today().replace(day=1)
    start = {
        "title": gettext("%(day)s 回头看抽样", day=today().isoformat()),
        "closed_from": (first - timedelta(days=1)).replace(day=1).isoformat(),
        "closed_to": today().isoformat(),
        "rate_percent": str(usual.rate_percent),
        "due_on": local_day(due).isoformat(),
    }
    return {name: said.get(name, value) for name, value in start.items()}


def _shares(given: Any, names: Mapping[UUID, str]) -> list[tuple[str, int]]:
    """How many each person would look at, most first; '' stands for those that nobody may look at."""
    counted: dict[str, int] = {}
    for person in given:
        counted[names.get(person, "")] = counted.get(names.get(person, ""), 0) + 1
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
