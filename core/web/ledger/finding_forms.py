"""The forms of a finding's steps (办理表单): which of the allowed steps to offer, and what each asks for, from the one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from core.request import actor, db, now, today
from core.web.ledger.finding_places import near_sites, site_text
from core.web.ledger.finding_words import category_options, say_reason, say_severity
from core.web.ledger.step_words import CHANGE_LABELS, LABELS, OWN_LABELS
from core.work.desk.finding_detail import Detail
from core.work.desk.findings import FindingRow
from core.work.intake.duplicates import candidates_for
from core.work.intake.sources import LEADER as ORDERED
from core.work.loop.parties import Transition
from core.work.loop.states import LEADER, OUTCOMES, REJECT_REASONS, RETURN_REASONS
from core.work.loop.step_input import SEVERITIES
from core.work.organisation.unit_people import people_of
from core.work.organisation.units import tree

# Steps that are judged together stand in one form, so that what was typed serves either.
TOGETHER = (
    ("finish_part", "decline_part"),
    ("close", "send_back"),
    ("grant", "refuse"),
    ("park", "refuse_parking"),
    ("confirm_stable", "relapse"),
)
# What a person most likely came for, offered open; then what is a click away, in this order; then what is rare.
FIRST = (
    *("arbitrate", "grant", "park", "dispatch", "take", "answer", "finish_part", "report_back", "close", "cosign"),
    "unpark",
)
SECOND = (
    *("accept", "start", "return", "reject", "assign", "ask_extension", "ask_parking", "assist", "instruct"),
    *("confirm_stable", "reopen", "unmerge", "restore"),
)
RARE = ("drop_part", "transfer", "correct", "merge", "cancel")
FIELDS = (
    *(
        "leader",
        "said_on",
        "reason",
        "outcome",
        "photos",
        "target",
        "unit",
        "person",
        "days",
        "review_on",
        "due_on",
        "severity",
        "changes",
        "note",
    ),
    "precedent",
)
SILENT = {"assist": ("person",)}  # whom the helping unit sends is the helping unit's business


@dataclass(frozen=True, slots=True)
class Asking:
    """One field of a form: its name, its label, whether every step of the form needs it, and which do when not all."""

    name: str
    label: str
    required: bool
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one step, or of those that are judged together."""

    steps: tuple[Transition, ...]
    fields: tuple[Asking, ...]

    @property
    def key(self) -> str:
        """The verb that names it in an address."""
        return self.steps[0].verb

    @property
    def verbs(self) -> tuple[str, ...]:
        """The verbs of its buttons."""
        return tuple(step.verb for step in self.steps)

    @property
    def title(self) -> str:
        """Its steps by name."""
        return " / ".join(gettext(step.title_zh) for step in self.steps)

    @property
    def needed(self) -> tuple[Asking, ...]:
        """The fields shown at once: those that some step needs, and all when there are any such."""
        return self.fields if any(one.required or one.hint for one in self.fields) else ()

    @property
    def optional(self) -> tuple[Asking, ...]:
        """The fields that are folded: all of a form that needs none."""
        return () if self.needed else self.fields


def read_forms(found: Detail) -> list[Form]:
    """The forms of the allowed steps, likeliest first, rare ones last."""
    return forms_of(step for step in found.allowed if _makes_sense(step.verb, found))


def forms_of(steps: Iterable[Transition]) -> list[Form]:
    """The forms of some steps."""
    given = {step.verb: step for step in steps}
    order = [verb for verb in (*FIRST, *SECOND, *RARE) if verb in given]
    order += [verb for verb in given if verb not in order and not any(verb in pair for pair in TOGETHER)]
    forms, seen = [], set()
    for verb in (*order, *given):
        if verb in seen:
            continue
        pair = next((pair for pair in TOGETHER if verb in pair), (verb,))
        steps_here = tuple(given[one] for one in pair if one in given)
        seen.update(step.verb for step in steps_here)
        forms.append(Form(steps_here, tuple(_asking(name, steps_here) for name in FIELDS if _has(name, steps_here))))
    return forms


def _makes_sense(verb: str, found: Detail) -> bool:
    """Leave out what the state allows and the facts do not: dropping no helper, reporting back twice.

    A desk files a leader's written instruction where a leader gave the order; a leader instructs anywhere.
    """
    helpers = any(part.kind == "assist" for part in found.row.parts)
    if verb == "report_back":
        return found.finding.reported_back_at is None
    if verb == "instruct":
        return LEADER in found.standing.parties or found.finding.source == ORDERED
    if verb == "cosign":
        return any(part.kind == "place" and part.state == "informed" for part in found.row.parts)
    return helpers or verb != "drop_part"


def _has(name: str, steps: Sequence[Transition]) -> bool:
    return any(name in step.fields and name not in SILENT.get(step.verb, ()) for step in steps)


def _asking(name: str, steps: Sequence[Transition]) -> Asking:
    needing = [step for step in steps if _needs(step, name)]
    label = next((OWN_LABELS[step.verb, name] for step in steps if (step.verb, name) in OWN_LABELS), LABELS[name])
    every = len(needing) == len(steps)
    said = gettext("、").join(gettext(step.title_zh) for step in needing)
    hint = gettext("%(steps)s时必填", steps=said) if needing and not every else ""
    return Asking(name, gettext(label), every, hint)


def _needs(step: Transition, name: str) -> bool:
    return name in step.needs


def choose(forms: Sequence[Form], wanted: str) -> Form | None:
    """The form to show: the one that was asked for, else the first when it is what the state waits for."""
    named = next((form for form in forms if wanted in form.verbs), None)
    if named is not None or not forms:
        return named
    return forms[0] if forms[0].key in FIRST else None


def read_choices(form: Form, row: FindingRow | None, found: Detail | None = None) -> Mapping[str, Any]:
    """What can be chosen in the fields of a form; for one finding, or for many (``row`` None)."""
    names, session = {one.name for one in form.fields}, db()
    choices: dict[str, Any] = {
        "outcome": [
            (o.code, gettext(o.title_zh), gettext("须写明理由") if o.needs_note else "") for o in OUTCOMES.values()
        ],
        "severity": [(code, say_severity(code)) for code in SEVERITIES],
        "reason": [(code, say_reason(form.key, code)) for code in _reasons(form.key)],
        "change_labels": {name: gettext(label) for name, label in CHANGE_LABELS.items()},
        "most": found.finding.asked_days if found and form.key == "grant" else None,
    }
    if "unit" in names:
        helpers = [(p.unit_id, p.unit_name) for p in row.parts if p.kind == "assist"] if row else []
        own = form.key in ("drop_part", "finish_part")
        choices["unit"] = helpers if own else [(n.id, "\u3000" * n.depth + n.name) for n in tree(session, today())]
    if "person" in names:
        lead = row.lead if row else None
        people = people_of(session, lead.unit_id, today()) if lead else []
        choices["person"] = [(one.id, f"{one.name} · {one.title}") for one in people]
    if "changes" in names:
        choices["category"] = category_options()
    if "changes" in names and found:
        finding = found.finding
        choices["site"] = near_sites(session, actor(), finding, today())
        choices["site_now"] = site_text(session, finding)
        choices["place_unit"] = [(n.id, "\u3000" * n.depth + n.name) for n in tree(session, today())]
    if "target" in names and found:
        near = candidates_for(session, actor(), found.finding, now=now())
        choices["target"] = [(c.finding.number, f"{c.finding.title} · {c.place}") for c in near if c.finding.number]
    return choices


def _reasons(verb: str) -> Iterable[str]:
    return {"return": RETURN_REASONS, "reject": REJECT_REASONS}.get(verb, {})
