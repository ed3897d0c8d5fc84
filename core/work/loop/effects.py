"""What each step of a finding does beside changing its state (办理效果): clocks, counts, parts, outcomes.

One function a verb, named in EFFECTS; a verb without one changes the state, and what ALWAYS says. Conditions that a state
alone cannot say are judged in these functions, before anything is written.
"""

from __future__ import annotations

from core.errors import N_, Conflict, Fault, InvalidInput
from core.work.loop import clocks
from core.work.loop.effects_correct import correct
from core.work.loop.effects_owner import (
    arbitrate,
    ask_help,
    assign,
    decline_help,
    dispatch,
    drop_help,
    finish_help,
    give_back,
    take,
    transfer,
)
from core.work.loop.effects_time import ask_extension, ask_parking, grant, park
from core.work.loop.parts import finish_part, open_helpers, settle_lead
from core.work.loop.states import DISMISSED
from core.work.loop.step import Change, Effect, Step
from core.work.roles import LEAD

ALWAYS: dict[str, Change] = {
    "unpark": {"review_on": None, "accept_by": None},
    "unmerge": {"merged_into": None, "resume_state": None},
    "release": {"resume_state": None},
}


def carry_out(step: Step) -> tuple[Change, Change]:
    """Judge and carry out what a step does: the columns of the finding that change, and the facts for its history.

    Parts are changed here already, in the same transaction; the guarded UPDATE that follows decides whether all of it stands.
    Raises Conflict and InvalidInput with the remedy.
    """
    changed: Change = {"state": step.to_state}
    if step.transition.new_deadline:
        changed |= clocks.start(step.calendar, step.now, step.limit())
    else:
        changed |= clocks.pass_over(step.calendar, step.finding, step.to_state, step.now)
    changed |= ALWAYS.get(step.transition.verb, {})
    effect = EFFECTS.get(step.transition.verb)
    more, facts = effect(step) if effect else ({}, {})
    said = {} if step.given.days is None else {"days": step.given.days}  # a time limit that was said by hand
    return changed | more, said | facts


def _answer(step: Step) -> tuple[Change, Change]:
    waiting = open_helpers(step.session, step.finding)
    if waiting:
        message = N_("还有 {count} 个协办单位没有完成：{units}；完成后再提交")
        raise Conflict(message, count=len(waiting), units="、".join(waiting))
    settle_lead(step.session, step.finding, "done", step.now)
    return {"answered_at": step.now, "accept_by": None, "asked_days": None, "reported_back_at": None}, {}


def _cosign(step: Step) -> tuple[Change, Change]:
    return {}, {"unit": finish_place(step)}


def finish_place(step: Step) -> str:
    """Sign for the territorial unit; gives it."""
    return str(finish_part(step.session, step.actor, step.finding, None, step.now, kind="place").unit_id)


def _close(step: Step) -> tuple[Change, Change]:
    if step.finding.source == "leader" and step.finding.reported_back_at is None:
        raise Conflict(N_("领导交办的问题须先回报交办领导，再销号"))
    return {"closed_at": step.now, "outcome": step.given.outcome}, {"outcome": step.given.outcome}


def _send_back(step: Step) -> tuple[Change, Change]:
    """Not good enough: what was reported back was about this answer, the next one asks for a report of its own."""
    settle_lead(step.session, step.finding, "open")
    return {"answered_at": None, "reported_back_at": None}, {}


def _reopen(step: Step) -> tuple[Change, Change]:
    settle_lead(step.session, step.finding, "open")
    cleared = {"answered_at": None, "closed_at": None, "outcome": None, "reported_back_at": None, "accept_by": None}
    relapsed = {"relapsed": step.finding.relapsed + 1} if step.transition.verb == "relapse" else {}
    return cleared | relapsed | {"reopened": step.finding.reopened + 1}, {}


def _see_again(step: Step) -> tuple[Change, Change]:
    return {"seen_again": step.finding.seen_again + 1}, {}


def _instruct(step: Step) -> tuple[Change, Change]:
    """A leader's own words, or what the office files of a paper (批示留存): then it names the leader."""
    given, actor = step.given, step.actor
    if not given.leader and not (actor and actor.has(LEAD)):
        remedy = N_("请填写批示领导的职务或姓名")
        raise InvalidInput(faults=[Fault(N_("没有写明是哪位领导的批示"), "leader", remedy=remedy)])
    said_on = given.said_on.isoformat() if given.said_on else None
    return {}, {"leader": given.leader or None, "said_on": said_on}


def _report_back(step: Step) -> tuple[Change, Change]:
    return {"reported_back_at": step.now}, {}


def _merge(step: Step) -> tuple[Change, Change]:
    target = step.given.target
    if target is None or target.id == step.finding.id or target.state in DISMISSED:
        remedy = N_("请选一件办理中的问题")
        number = (target.number if target else "") or ""
        raise InvalidInput(faults=[Fault(N_("不能并入这个问题"), "target", value=number, remedy=remedy)])
    if (target.restricted, target.hidden) != (step.finding.restricted, step.finding.hidden):
        raise Conflict(N_("可见范围不同的问题不能并案"))
    return (
        {"merged_into": target.id, "resume_state": step.finding.state},
        {"target": {"id": str(target.id), "number": target.number}},
    )


def _restore(step: Step) -> tuple[Change, Change]:
    wanted = clocks.accept_by(step.calendar, step.now, 2 * clocks.DAY)
    return {"accept_by": wanted, "stopped_at": None, "answered_at": None, "reported_back_at": None}, {}


def _hold(step: Step) -> tuple[Change, Change]:
    return {"resume_state": step.finding.state}, {}


EFFECTS: dict[str, Effect] = {
    "dispatch": dispatch,
    "take": take,
    "assign": assign,
    "return": give_back,
    "arbitrate": arbitrate,
    "transfer": transfer,
    "assist": ask_help,
    "finish_part": finish_help,
    "decline_part": decline_help,
    "drop_part": drop_help,
    "ask_extension": ask_extension,
    "grant": grant,
    "ask_parking": ask_parking,
    "park": park,
    "answer": _answer,
    "cosign": _cosign,
    "instruct": _instruct,
    "seen_again": _see_again,
    "report_back": _report_back,
    "close": _close,
    "send_back": _send_back,
    "reopen": _reopen,
    "relapse": _reopen,
    "merge": _merge,
    "restore": _restore,
    "correct": correct,
    "hold": _hold,
}
