"""The further questions of a visit's forms on its page (检查页附加题): what survey-visit.js draws, and what was typed into them.

One hidden field ``entries.<sha256>`` a form carries its entries as JSON; drafts keep it like any other field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from flask_babel import get_locale
from werkzeug.datastructures import MultiDict

from core.campaigns.xlsform.shapes import in_language, shape_survey
from core.errors import Fault
from core.request import actor, now, today
from core.web.errors import say_fault
from core.web.forms.pictured import picture_addresses
from core.web.forms.survey_words import survey_words
from core.web.paging import bad_argument
from core.web.words import by_locale
from core.work.calendar import ZONE
from core.work.inspection.visit_plan import VisitPlan

ENTRIES = "entries."


@dataclass(frozen=True, slots=True)
class Amiss:
    """What is wrong in one place of a form (一处错误): the form's code, the place such as ``stalls[2].name``, and what is said."""

    form: str
    place: str
    said: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page carries (附加题): the titles of the forms that ask more, their entries as JSON by hash, and all as one JSON."""

    titles: tuple[str, ...]
    carried: Mapping[str, str]
    data: str


def read_entries(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was said to the further questions, by form. Raises InvalidInput when it is no JSON."""
    found: dict[str, Any] = {}
    for name, said in form.items():
        if not name.startswith(ENTRIES) or not said.strip():
            continue
        try:
            found[name.removeprefix(ENTRIES)[:64]] = orjson.loads(said)
        except orjson.JSONDecodeError:
            raise bad_argument(name[:40], said[:60]) from None
    return {sha256: said for sha256, said in found.items() if said}


def amiss(fault: Fault) -> Amiss | None:
    """Where a fault about the entries belongs; None for any other fault."""
    start = f"{ENTRIES}{fault.where}."
    if not fault.where or not fault.field.startswith(start):
        return None
    return Amiss(fault.where, fault.field.removeprefix(start), say_fault(replace(fault, field="", where="")))


def ask_more(
    plan: VisitPlan, entries: Mapping[str, Any], wrong: Sequence[Amiss], view_url: str, *, is_correction: bool = False
) -> Asked | None:
    """What the page needs to ask the further questions of a plan's forms; None when they ask none.

    ``view_url`` is where a photo is seen, with SHA256 in the place of its reference. A correction begins with what was said
    and with no defaults.
    """
    forms = [planned.form for planned in plan.forms if planned.form.survey is not None]
    if not forms:
        return None
    moment = now().astimezone(ZONE).isoformat(timespec="seconds")
    said = {
        "forms": [in_language(shape_survey(form), str(get_locale())) for form in forms],
        "entries": {
            form.sha256: entries.get(form.sha256) or {} for form in forms if is_correction or entries.get(form.sha256)
        },
        "asked": {
            code: sorted({item.planned.form.sha256 for item in one.items}) for code, one in plan.questions.items()
        },
        "faults": [{"form": one.form, "place": one.place, "text": one.said} for one in wrong],
        "words": survey_words(),
        "locale": str(get_locale()),
        "pictures": dict(picture_addresses(forms)),
        "photo": view_url,
        "meta": {"today": today().isoformat(), "start": moment, "end": moment, "username": actor().name},
    }
    carried = {form.sha256: orjson.dumps(entries.get(form.sha256) or {}).decode() for form in forms}
    titles = tuple(by_locale(form.title_zh, form.title_en) for form in forms)
    return Asked(titles, carried, orjson.dumps(said).decode())
