"""What comes in from phones (现场上传): visits, findings and shifts, each once, by the same rooms as everything else.

A phone sends an entry until it is answered. The id was made on the phone: the same entry again is answered alike, another
body under the same id is a conflict, which the phone shows with what can be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.campaigns import Campaign
from core.errors import N_, Fault, Forbidden, InvalidInput
from core.work.field.reading import Reader
from core.work.field.shifts import begin_shift, finish_shift, keep_track
from core.work.inspection import visits
from core.work.intake.report_input import ReportBody
from core.work.intake.reporting import enter, own_campaigns
from core.work.intake.sources import PATROL, SNAPSHOT
from core.work.roles import REPORT, VISIT
from tenants.access import Actor

VISITED, REPORTED = "visit", "report"
STARTED, WALKED, ENDED = "patrol_start", "patrol_track", "patrol_end"
KINDS = (VISITED, REPORTED, STARTED, WALKED, ENDED)


@dataclass(frozen=True, slots=True)
class Came:
    """What became of an entry (上传结果): kept by the phone for a while, and shown there."""

    kind: str
    id: str
    replayed: bool
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who sends, when, and under which campaigns (上传环境); ``device_now`` is the phone's clock at the moment of sending."""

    session: Session
    actor: Actor
    campaigns: Sequence[Campaign]
    now: datetime
    device_now: datetime | None = None


def take(ask: Ask, body: Any) -> Came:
    """Take one entry. Raises InvalidInput with every fault, NotFound, Forbidden (not his, or not his verb), Conflict."""
    reader = Reader(body)
    kind = reader.text("kind")
    if reader.need_uuid("person_id") != ask.actor.person_id:
        raise Forbidden(N_("这一条是另一个人填的，由他本人登录后发送"))
    if kind not in KINDS:
        raise InvalidInput(faults=[Fault(N_("没有这种内容"), "kind", remedy=N_("请刷新页面后重新发送"))])
    if not ask.actor.has(VISIT if kind == VISITED else REPORT):
        raise Forbidden
    return _TAKEN[kind](ask, reader)


def _take_visit(ask: Ask, reader: Reader) -> Came:
    moments: dict[str, Any] = {name: reader.moment(name) for name in ("started_at", "finished_at")}
    maps: dict[str, Any] = {
        name: reader.mapping(name) for name in ("answers", "photos", "notes", "severities", "fixed", "again", "entries")
    }
    visit_id, site_id = reader.need_uuid("id"), reader.need_uuid("site_id")
    note, forms = reader.text("note"), [str(one) for one in reader.listed("forms")]
    round_id = reader.uuid("round_id")
    reader.settle()
    done = visits.submit(
        ask.session,
        ask.actor,
        campaigns=ask.campaigns,
        visit_id=visit_id,
        site_id=site_id,
        note=note,
        forms=forms,
        round_id=round_id,
        device_now=ask.device_now,
        now=ask.now,
        **maps,
        **moments,
    )
    kept = done.visit.summary
    said = {
        "day": done.visit.day.isoformat(),
        "arrival": done.visit.arrival,
        "findings": [one["number"] or "" for one in kept["findings"]],
        "again": len(kept.get("again", ())),
        "not_asked": len(kept.get("not_asked", ())),
        "sheets": [{name: one[name] for name in ("campaign", "form", "earned", "possible")} for one in kept["sheets"]],
    }
    return Came(VISITED, str(done.visit.id), done.replayed, said)


def _take_report(ask: Ask, reader: Reader) -> Came:
    key = reader.need_uuid("id")
    is_fixed = reader.has("fixed")
    photos = [str(one) for one in reader.listed("photos")]
    fixed = [str(one) for one in reader.listed("fixed")]
    patrol_id, taken_at = reader.uuid("patrol_id"), reader.moment("taken_at")
    said: dict[str, Any] = {name: reader.text(name) for name in ("category", "title", "detail", "place")}
    said |= {name: reader.uuid(name) for name in ("site_id", "unit_id", "round_id")}
    said |= {name: reader.degrees(name) for name in ("longitude", "latitude")}
    severity = reader.text("severity") or "ordinary"
    reader.settle()
    body = ReportBody(
        source=PATROL if patrol_id else SNAPSHOT,
        severity=severity,
        photos=tuple(photos),
        fixed=tuple(fixed) if is_fixed else None,
        patrol_id=patrol_id,
        taken_at=taken_at,
        campaigns=own_campaigns(ask.actor),
        **said,
    )
    done = enter(ask.session, ask.actor, body, key, ask.now, device_now=ask.device_now)
    finding = done.finding
    told = {"number": finding.number or "", "state": finding.state, "outcome": finding.outcome or ""}
    return Came(REPORTED, str(finding.id), done.replayed, told)


def _take_start(ask: Ask, reader: Reader) -> Came:
    patrol_id, unit_id = reader.need_uuid("id"), reader.need_uuid("unit_id")
    route, members = reader.text("route"), reader.mapping("members")
    started = reader.moment("started_at")
    reader.settle()
    patrol, is_new = begin_shift(
        ask.session,
        ask.actor,
        patrol_id,
        unit_id=unit_id,
        route=route,
        members=members,
        started_at=_put_right(ask, started),
        now=ask.now,
    )
    return Came(STARTED, str(patrol.id), not is_new)


def _take_track(ask: Ask, reader: Reader) -> Came:
    key, patrol_id, points = reader.need_uuid("id"), reader.need_uuid("patrol_id"), reader.listed("points")
    reader.settle()
    added = keep_track(ask.session, ask.actor, patrol_id, points, now=ask.now)
    return Came(WALKED, str(key), not added, {"points": added})


def _take_end(ask: Ask, reader: Reader) -> Came:
    key, patrol_id, note = reader.need_uuid("id"), reader.need_uuid("patrol_id"), reader.text("note")
    ended = reader.moment("ended_at")
    reader.settle()
    is_new = finish_shift(ask.session, ask.actor, patrol_id, note=note, ended_at=_put_right(ask, ended), now=ask.now)
    return Came(ENDED, str(key), not is_new)


def _put_right(ask: Ask, moment: datetime | None) -> datetime:
    """A moment of the phone's by the server's clock, never in the future."""
    if moment is None:
        return ask.now
    skew = ask.device_now - ask.now if ask.device_now is not None else ask.now - ask.now
    return min(moment - skew, ask.now)


_TAKEN = {
    VISITED: _take_visit,
    REPORTED: _take_report,
    STARTED: _take_start,
    WALKED: _take_track,
    ENDED: _take_end,
}
