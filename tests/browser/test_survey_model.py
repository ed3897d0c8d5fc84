"""Forms filled in, in the real browser and in Python (浏览器里的填报核对): the same is kept, hidden and found fault with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page

from core.assets import ROOT
from core.campaigns import Form
from core.campaigns.xlsform.filling import check_answers
from core.campaigns.xlsform.keys import keys
from core.campaigns.xlsform.model import Field
from core.campaigns.xlsform.shapes import shape_survey
from core.web.forms.survey_words import TEXTS
from tests.browser.running import SCRIPTS, script_page
from tests.browser.test_formula import TOO_NEW
from tests.campaigns.xlsform.wild_surveys import Wild

pytestmark = pytest.mark.browser
HOST = "http://survey.test"
NOW = "2026-11-22T07:30:00.000+08:00"
MADE = 400
WORK = """
async ([cases, now]) => {
  const { settle } = await import('/survey-model.js');
  return cases.map(({ shape, data, answers, language }) => {
    const { data: kept, hidden, faults } = settle(shape, data, answers, { now, language });
    return { kept, hidden: [...hidden].sort(), faults };
  });
}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with script_page(HOST) as opened:
        yield opened


def in_python(form: Form, data: dict[str, Any], answers: dict[str, Any], language: str) -> dict[str, Any]:
    """What the server makes of it, faults in the form's own words or in those of the type."""
    survey = form.survey
    assert survey is not None
    found = keys(survey)
    items = {
        found[one.path]: answers.get(one.part.scoring.question)
        for one in survey.walk()
        if isinstance(one.part, Field) and one.part.scoring is not None
    }
    given = data | {key: raw for key, raw in items.items() if raw}
    filled = check_answers(survey, given, now=datetime.fromisoformat(NOW), language=language)
    return {
        "kept": filled.data,
        "hidden": sorted(filled.hidden),
        "faults": [(one.field, one.message, {k: str(v) for k, v in one.params.items()}) for one in filled.faults],
    }


def in_words(found: dict[str, Any], language: str) -> dict[str, Any]:
    """The browser's faults as the server would say them."""
    faults = []
    for one in found["faults"]:
        own = one["said"] and one["said"][1 if language == "en" else 0]
        faults.append((one["place"], own or TEXTS[f"survey.{one['kind']}"], one["params"]))
    return found | {"faults": faults}


def differ(page: Page, cases: list[dict[str, Any]], forms: list[Form]) -> list[tuple[int, str, Any, Any]]:
    """Case, what, Python's and the browser's, where the two are not the same."""
    answered = page.evaluate(WORK, [cases, NOW])
    wrong = []
    for number, (case, form, theirs) in enumerate(zip(cases, forms, answered, strict=True)):
        ours = in_python(form, case["data"], case["answers"], case["language"])
        said = in_words(theirs, case["language"])
        wrong += [(number, what, ours[what], said[what]) for what in ours if ours[what] != said[what]]
    return wrong


def make(seed: int) -> tuple[Form, dict[str, Any]]:
    wild = Wild(seed)
    form = wild.form()
    assert form.survey is not None
    language = "en" if seed % 5 == 0 else "zh"
    shape = shape_survey(form)
    return form, {"shape": shape, "data": wild.data(form.survey), "answers": wild.answers(), "language": language}


def test_forms_made_at_random_come_out_the_same(page: Page) -> None:
    made = [make(seed) for seed in range(MADE)]
    forms, cases = [form for form, _ in made], [case for _, case in made]
    wrong = differ(page, cases, forms)
    assert wrong[:3] == []
    ours = [in_python(form, case["data"], case["answers"], case["language"]) for form, case in made]
    assert sum(bool(one["hidden"]) for one in ours) > MADE / 3
    kinds = {message for one in ours for _, message, _ in one["faults"]}
    assert {
        TEXTS[f"survey.{kind}"] for kind in ("missing", "constraint", "choice", "count", "rows", "strange")
    } <= kinds


def test_the_words_are_those_of_the_server(page: Page) -> None:
    """Each kind of fault that the scripts name is a text of the server's own, with its remedy."""
    kinds = page.evaluate("""async () => {
      const source = await (await fetch('/survey-typed.js')).text();
      return [...source.matchAll(/new Misfit\\('(\\w+)'/g)].map(([, kind]) => kind).concat(['moment']);
    }""")
    typed = (ROOT / "core" / "campaigns" / "xlsform" / "typed.py").read_text("utf-8")
    assert len(set(kinds)) >= 10
    for kind in set(kinds):
        assert f'"{TEXTS[f"survey.{kind}"]}"' in typed
        assert f'"{TEXTS[f"survey.fix.{kind}"]}"' in typed
    filling = (ROOT / "core" / "campaigns" / "xlsform" / "filling.py").read_text("utf-8")
    for kind in ("missing", "constraint", "choice", "count", "rows", "strange"):
        assert f'"{TEXTS[f"survey.{kind}"]}"' in filling
        assert f'"{TEXTS[f"survey.fix.{kind}"]}"' in filling


def test_the_scripts_run_on_a_phone_of_2020() -> None:
    scripts = sorted(SCRIPTS.glob("survey*.js"))
    assert len(scripts) >= 6
    found = {path.name: TOO_NEW.findall(path.read_text("utf-8")) for path in scripts}
    assert {name: words for name, words in found.items() if words} == {}
    assert all(len(path.read_text("utf-8").splitlines()) <= 300 for path in scripts)
