"""What a step of a whistle must be (吹哨办理核对): by the right person, at the version that was seen, with what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Conflict, Fault, Forbidden, InvalidInput, Stale
from core.work.calendar import ZONE, local_day
from core.work.inspection.photos import find_files
from core.work.tables import File, Whistle, WhistleCall, WhistleEvent
from core.work.whistling.whistle_notes import leaders_of
from core.work.whistling.whistle_sight import progress_of
from core.work.whistling.whistle_steps import (
    CLOCK,
    ESCALATE,
    MOVES,
    PARTIES,
    RESPONDER,
    STATES,
    Move,
    Standing,
    fits,
    possible,
)
from core.work.wording import read_text, shown

Calls = Mapping[UUID, WhistleCall]


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with a step (办理内容), checked: which call, the note, the photo, the leader it goes to."""

    unit_id: UUID | None
    note: str
    photo: File | None
    leader_id: UUID | None


def find_move(verb: str) -> Move:
    """The move that somebody names; the clock's own are nobody's. Raises InvalidInput."""
    move = MOVES.get(verb)
    if move is None or move.by == CLOCK:
        params = {"verbs": ", ".join(known.verb for known in MOVES.values() if known.by != CLOCK)}
        fault = Fault(N_("没有这种办理"), "verb", None, shown(verb), "", N_("可用：{verbs}"), params)
        raise InvalidInput(faults=[fault])
    return move


def check_person(move: Move, standing: Standing, whistle: Whistle, calls: Calls) -> None:
    """Raise Forbidden unless the move is his, saying whose it is and what may be done now."""
    if standing.permits(move):
        return
    if move.another and standing.calls:
        raise Forbidden(N_("您属于应哨单位或替应哨单位办理过，须由吹哨单位的其他人“{verb}”"), verb=move.title_zh)
    raise Forbidden(
        N_("“{verb}”由{who}办理；现在可以办理：{allowed}"),
        verb=move.title_zh,
        who=PARTIES[move.by],
        **_say_possible(whistle, calls),
    )


def _say_possible(whistle: Whistle, calls: Calls) -> dict[str, Any]:
    """What may be done now and by whom: in words, and as verbs for a face that translates them."""
    moves = possible(whistle.state, {unit: progress_of(call) for unit, call in calls.items()})
    words = "、".join(f"{move.title_zh}（{PARTIES[move.by]}）" for move in moves) or N_("无")
    return {"allowed": words, "verbs": tuple(move.verb for move in moves)}


def choose_call(move: Move, standing: Standing, calls: Calls, unit_id: UUID | None) -> UUID:
    """The call that a responder's step is for: the named one, or the only one that it can be."""
    if unit_id is not None:
        if unit_id not in standing.responds:
            raise Forbidden(N_("您不能替这个应哨单位办理“{verb}”"), verb=move.title_zh)
        return unit_id
    fitting = sorted(unit for unit in standing.responds if progress_of(calls[unit]).lets(move))
    if len(fitting) > 1:
        raise InvalidInput(faults=[Fault(N_("缺少应哨单位"), "unit_id", remedy=N_("请说明替哪个应哨单位办理"))])
    return fitting[0] if fitting else min(standing.responds)


def check_version(session: Session, whistle: Whistle, version: int, unit: UUID | None) -> None:
    """Raise Stale naming the winner, unless all that happened since were other called units' own steps."""
    if version == whistle.version:
        return
    events = session.scalars(
        select(WhistleEvent).where(WhistleEvent.whistle_id == whistle.id).order_by(WhistleEvent.version)
    ).all()
    since = [event for event in events if event.version > version]
    others = [e for e in since if e.verb in MOVES and MOVES[e.verb].by == RESPONDER and e.unit_id != unit]
    if unit is not None and since and len(others) == len(since):
        return
    won = next((event for event in reversed(since) if event not in others), events[-1])
    raise Stale(
        N_("{who}已于 {when} 更新：现在是“{state}”（第 {version} 版）。请刷新后再办理"),
        who=" ".join(filter(None, (won.unit_name, won.person_name))) or N_("系统"),
        when=won.at.astimezone(ZONE).strftime("%m-%d %H:%M:%S"),
        state=STATES[whistle.state].title_zh,
        state_code=whistle.state,
        version=whistle.version,
    )


def check_given(session: Session, whistle: Whistle, move: Move, given: Given, photo: str, now: datetime) -> Given:
    """What the step needs and got. Raises InvalidInput with every fault."""
    faults: list[Fault] = []
    note = read_text(given.note, "note", faults)
    if move.needs_note and not note and not faults:
        faults.append(Fault(N_("缺少说明"), "note", remedy=N_("请写明情况")))
    file = find_files(session, [photo]).get(photo) if photo and move.takes_photo else None
    if photo and move.takes_photo and file is None:
        faults.append(Fault(N_("没有这张照片"), "photo", None, shown(photo), "", N_("请先上传照片")))
    leader = given.leader_id if move.verb == ESCALATE else None
    if leader and leader not in {one.person_id for one in leaders_of(session, whistle.caller_unit_id, local_day(now))}:
        faults.append(Fault(N_("不能提级给这个人"), "leader_id", remedy=N_("请从上级领导中选择，或不选")))
    if faults:
        raise InvalidInput(faults=faults)
    return Given(given.unit_id, note, file, leader)


def check_state(move: Move, whistle: Whistle, calls: Calls, unit: UUID | None) -> None:
    """Raise Conflict unless the state, and the called unit's own progress, lets the move be taken now."""
    if fits(move, whistle.state, progress_of(calls[unit]) if unit else None):
        return
    if move.requested and unit and not calls[unit].requested:
        raise Forbidden(N_("这个单位归指挥部调度，应当到场，不能“{verb}”"), verb=move.title_zh)
    raise Conflict(
        N_("吹哨目前是“{state}”，不能办理“{verb}”；现在可以办理：{allowed}"),
        state=STATES[whistle.state].title_zh,
        verb=move.title_zh,
        **_say_possible(whistle, calls),
    )
