"""What axe-core finds on an open page (无障碍检查): WCAG 2.0 to 2.2, levels A and AA, and its best practices.

axe-core (MPL-2.0) is fetched by the lock file into ``tests/.assets`` (``python -m core.assets --tests``, part of
``make setup``); it is a tool of the tests and no part of the product.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Page

from core.assets import ROOT, TOOLS, has_tools, plan
from tests.browser.running import REQUIRED

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Rule -> why it is not asked for. Whoever adds one says what stands instead.
LEFT_OUT: dict[str, str] = {}

RUN = """async (options) => {
  const found = await axe.run(document, options);
  return found.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ target, html, any, all, none }) => ({
    target: target.flat().join(' '), html: html.slice(0, 160), why: [...any, ...all, ...none].map((one) => one.message)[0] || '',
  })) }));
}"""


def need_axe() -> None:
    """Skip with the remedy where axe-core was not fetched; fail instead where a browser is required."""
    if has_tools(TOOLS, plan(ROOT)):
        return
    lacking = "axe-core is not in tests/.assets; run: make setup (it needs npm and the package registry)"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(lacking)
    pytest.skip(lacking)


@cache
def script() -> str:
    """The library as one text; where it was not fetched, the test that asks is skipped or fails with the remedy."""
    need_axe()
    return (TOOLS / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, *, whole: bool = True, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe finds on the page that is open, a line each with the rule, the place and the reason.

    A part of a page (not `whole`) is not asked for what a page as a whole must have; `rules` asks about these only.
    """
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(script())
    off = {rule: {"enabled": False} for rule in (*LEFT_OUT, *(() if whole else PAGE_RULES))}
    wanted = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(TAGS)}
    options: dict[str, Any] = {"runOnly": wanted, "rules": {} if rules else off}
    options |= {"resultTypes": ["violations"], "iframes": False, "preload": False}
    found = page.evaluate(RUN, options)
    return [
        f"axe {one['id']} ({one['help']}): {node['target']}: {node['why']}: {node['html']}"
        for one in found
        for node in one["nodes"][:3]
    ]


# What a part put into a page by htmx cannot have by itself.
PAGE_RULES = ("document-title", "html-has-lang", "landmark-one-main", "page-has-heading-one", "region", "bypass")
