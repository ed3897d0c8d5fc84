"""Formulas of forms in the real browser (浏览器里的表达式): every shared vector, and hundreds made at random, as in Python."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.running import SCRIPTS, script_page
from tests.campaigns.xlsform.shared import NOW, VECTORS, work_out
from tests.campaigns.xlsform.wild import Maker

pytestmark = pytest.mark.browser
HOST = "http://formula.test"
WORK = """
async ([vectors, now]) => {
  const { BadFormula, NOT_A_NUMBER, Nodeset, Rational, evaluate, holds, names, parse, toText } = await import('/formula.js');
  const plain = (value) => {
    if (value instanceof Nodeset) return { nodes: value.nodes.map(plain) };
    if (value === NOT_A_NUMBER) return { number: 'NaN' };
    if (!(value instanceof Rational)) return value;
    return { number: value.d === BigInt(1) ? `${value.n}` : `${value.n}/${value.d}` };
  };
  const work = (vector) => {
    let node;
    try {
      node = parse(vector.expression, vector.column || 'relevant');
    } catch (bad) {
      if (!(bad instanceof BadFormula)) throw bad;
      return { error_at: bad.position, reason: bad.reason, found: bad.found };
    }
    const context = () => {
      let drawn = 0;
      const chance = () => {
        drawn += 1;
        return vector.chance[(drawn - 1) % vector.chance.length];
      };
      return { now, ...vector, chance };
    };
    const value = evaluate(node, context());
    return { result: plain(value), text: toText(value), holds: holds(node, context()), names: names(node) };
  };
  return vectors.map(work);
}
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with script_page(HOST) as opened:
        yield opened


def differ(page: Page, vectors: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
    """Formula, Python's answer and the browser's, where the two are not the same."""
    answered = page.evaluate(WORK, [vectors, NOW])
    pairs = [(vector, work_out(vector), found) for vector, found in zip(vectors, answered, strict=True)]
    return [(vector["expression"], ours, theirs) for vector, ours, theirs in pairs if ours != theirs]


def test_every_vector_in_the_browser(page: Page) -> None:
    answered = page.evaluate(WORK, [VECTORS, NOW])
    wrong = [
        (vector["expression"], key, vector[key], found.get(key))
        for vector, found in zip(VECTORS, answered, strict=True)
        for key in ("result", "text", "error_at", "reason")
        if key in vector and found.get(key) != vector[key]
    ]
    assert wrong == []
    assert differ(page, VECTORS) == []


def test_formulas_made_at_random_come_out_the_same(page: Page) -> None:
    maker = Maker(5)
    assert differ(page, [maker.vector() for _ in range(1200)]) == []


def test_all_calendars_agree(page: Page) -> None:
    """Days all over ten thousand years, there and back, by Python's calendar and by our own in the browser."""
    chosen = random.Random(9)
    days = (
        [chosen.randrange(-719400, 2933200) for _ in range(1500)]
        + list(range(-25600, -25200))
        + list(range(19700, 20900))
    )
    said = [f"format-date({day}, '%Y-%n-%e %a') = '' or number(date({day})) = {day}" for day in days]
    shown = [f"format-date({day}, '%Y-%n-%e %a %y%m%d')" for day in days]
    assert differ(page, [{"expression": text} for text in said + shown]) == []


def test_the_browsers_own_clock_and_chance(page: Page) -> None:
    found = page.evaluate(
        """async () => {
          const { evaluate, parse, spellNow, toText } = await import('/formula.js');
          const now = spellNow(new Date(Date.UTC(2026, 10, 21, 16, 30, 5, 7)), 480);
          const say = (text) => toText(evaluate(parse(text, 'calculation'), { now }));
          return { now, today: say('today()'), one: say('uuid()'), two: say('uuid()'), some: say('random()'),
                   day: spellNow(new Date(0), -210) };
        }"""
    )
    assert found["now"] == "2026-11-22T00:30:05.007+08:00"
    assert found["today"] == "2026-11-22"
    assert found["day"] == "1969-12-31T20:30:00.000-03:30"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", found["one"])
    assert found["one"] != found["two"]
    assert 0 <= float(found["some"]) < 1


def test_a_moment_without_its_offset_is_refused_here_too(page: Page) -> None:
    said = page.evaluate(
        """async () => {
          const { evaluate, parse } = await import('/formula.js');
          return ['2026-11-22T07:30:00', '2026-11-22', 'x', '2026-11-22T07:30:00+99:00'].map((now) => {
            try { return evaluate(parse('1'), { now }) && 'taken'; } catch (error) { return error.name; }
          });
        }"""
    )
    assert said == ["RangeError"] * 4


#: what a phone of 2020 (Chrome 80, Safari 14, the X5 of WeChat) does not know
TOO_NEW = re.compile(
    r"\.at\(|replaceAll|hasOwn\(|\(\?<[=!]|\?\?=|\|\|=|&&=|structuredClone|findLast|toSorted|\bawait\b"
    r"|^\s*#\w|static \{|\d_\d|^  \w+ = |\.any\(|Array\.fromAsync|groupBy|/[a-z]*[dv][a-z]*[;,)]",
    re.MULTILINE,
)


def test_the_scripts_run_on_a_phone_of_2020() -> None:
    scripts = sorted(SCRIPTS.glob("formula*.js"))
    assert len(scripts) >= 8
    found = {path.name: TOO_NEW.findall(path.read_text("utf-8")) for path in scripts}
    assert {name: words for name, words in found.items() if words} == {}
    assert {
        path.name: len(path.read_text("utf-8").splitlines()) for path in scripts if path.stat().st_size > 16000
    } == {}
