"""The words of the inbox (待办用词): how each kind is called, the next step on its button, and the page where it is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from flask import url_for
from flask_babel import gettext

from core.errors import N_
from core.periods import parse_period
from core.web.ledger.finding_words import say_verb
from core.web.papers.notice_words import say_kind
from core.web.papers.notice_words import say_verb as say_notice_verb
from core.web.proofs.proof_words import say_doubt
from core.web.scores.periods import say_period
from core.web.whistling.whistle_words import say_verb as say_whistle_verb
from core.work.desk.inbox_rows import Duty
from core.work.statistics.grid import DUE, MISSING
from core.work.statistics.steps import RETURNED, REVIEWED, SUBMITTED
from core.work.tasks.moves import MOVES

# In the order of the page.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "whistle": N_("吹哨叫到我们的"),
        "word": N_("等批示的吹哨"),
        "answer": N_("待整改"),
        "assist": N_("待协办"),
        "notice": N_("待签收答复的文书"),
        "desk": N_("待受理、派遣、审批"),
        "check": N_("待核查"),
        "notice_check": N_("待核查的文书答复"),
        "recheck": N_("待回头看"),
        "sweep": N_("举一反三待排查"),
        "cosign": N_("待属地会签"),
        "handed": N_("外部已答复，待确认"),
        "doubt": N_("待核实的销号疑点"),
        "objection": N_("待裁决的申诉"),
        "cards": N_("待确认公示的亮牌"),
        "appeal": N_("待裁决的亮牌申诉"),
        "task_accept": N_("待接收的任务"),
        "task_doing": N_("临近期限和逾期的任务"),
        "task_returned": N_("退回的任务"),
        "task_extension": N_("待批的任务延期"),
        "task_verify": N_("待核验的任务"),
        "split_accept": N_("待接收的分工"),
        "split_returned": N_("退回待调整的分工"),
        "numbers": N_("待报的统计"),
        "numbers_back": N_("退回待改的统计"),
        "numbers_check": N_("待审核锁定的统计"),
    }
)
OBJECTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "finding": ("finding.show", "finding_id"),
        "handed": ("finding.show", "finding_id"),
        "notice": ("notice.show", "notice_id"),
        "whistle": ("whistle.show", "whistle_id"),
        "recheck": ("recheck.show", "recheck_id"),
        "sweep": ("sweeps.show", "sweep_id"),
        "doubt": ("doubts.show_list", "doubt"),
        "card": ("card.show", "card_id"),
        "appeal": ("appeal.show", "appeal_id"),
        "task": ("task.show", "task_id"),
        "split": ("split.show", "split_id"),
    }
)
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "confirm_handed": N_("确认"),
        "recheck": N_("去复查"),
        "sweep": N_("去排查"),
        "end_sweep": N_("去结束"),
        "settle": N_("去核实"),
        "uphold": N_("裁决"),
        "decide_appeal": N_("裁决"),
        "give_cards": N_("去办理"),
        "hand_in": N_("去填报"),
        "mend": N_("去修改"),
        "review": N_("去审核"),
        "lock": N_("去锁定"),
        "accept_share": N_("去接收"),
        "split_again": N_("去调整"),
    }
)
ANCHORS: Mapping[str, str] = MappingProxyType({"handed": "hand-on", "task": "act"})


def _lead_to_entry(duty: Duty) -> str:
    """The entry page with just the rows that are asked for: of the unit, in the period."""
    unit = {"unit": str(duty.unit_id)} if duty.unit_id else {"owner": str(duty.id)}
    return url_for("statistics.show", period=duty.code, timeliness=MISSING if duty.late else DUE, **unit)


def _lead_to_value(duty: Duty) -> str:
    """The entry page with the one row that came back."""
    return url_for("statistics.show", period=duty.code, unit=duty.unit_id, state=RETURNED, q=duty.number)


def _lead_to_review(duty: Duty) -> str:
    """The review page with just the rows that wait for the step."""
    state = SUBMITTED if duty.step == "review" else REVIEWED
    return url_for("statistic_reviews.show", owner=duty.id, period=duty.code, state=state)


OF_STATISTICS: Mapping[str, Callable[[Duty], str]] = MappingProxyType(
    {"numbers": _lead_to_entry, "number": _lead_to_value, "judging": _lead_to_review}
)


def say_step(duty: Duty) -> str:
    """The next step, on the button."""
    if duty.about == "notice":
        return say_notice_verb(duty.step)
    if duty.about == "whistle":
        return say_whistle_verb(duty.step)
    if duty.about == "task":
        return gettext(MOVES[duty.step].title_zh)
    if duty.about in OF_STATISTICS or duty.step in STEPS:
        return gettext(STEPS[duty.step])
    return say_verb(duty.step) if duty.step else ""


def say_code(duty: Duty) -> str:
    """What kind of paper or of doubt it is; '' where the kind of duty says it all."""
    if not duty.code or duty.about in ("cards", "split_row"):
        return ""
    if duty.about in OF_STATISTICS:
        return say_period(parse_period(duty.code))
    return say_doubt(duty.code) if duty.about == "doubt" else say_kind(duty.code)


def lead_on(duty: Duty) -> str:
    """The page where the step is taken, with its form open."""
    if duty.about == "cards":
        return url_for("cards.show", scheme=duty.id, on=duty.code)
    if duty.about in OF_STATISTICS:
        return OF_STATISTICS[duty.about](duty)
    if duty.about == "split_row":
        return url_for("split_row.show", split_id=duty.code, row_id=duty.id)
    endpoint, name = OBJECTS[duty.about]
    step = {"do": duty.step} if duty.about == "finding" and duty.step else {}
    anchor = {"_anchor": ANCHORS[duty.about]} if duty.about in ANCHORS else {}
    return url_for(endpoint, **{name: duty.id}, **step, **anchor)  # type: ignore[arg-type]  # an id is put into the address
