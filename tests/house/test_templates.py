"""No page is given a value under the name of a function that templates call (模板变量名): the call would be a fault of 500."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from core import app as core_app

CORE = Path(core_app.__file__).parent
GLOBALS = re.compile(r"jinja_env\.globals \|= \{(.*?)\}", re.DOTALL)


def test_no_argument_hides_a_function_of_all_templates() -> None:
    found = GLOBALS.search((CORE / "web" / "shell.py").read_text(encoding="utf-8"))
    assert found
    names = set(re.findall(r'"(\w+)":', found[1])) | {"url_for", "gettext"}
    assert "counted" in names
    hidden = [
        f"{path.relative_to(CORE)}:{call.lineno} {word.arg}"
        for path in sorted((CORE / "web").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "render_template"
        for word in call.keywords
        if word.arg in names
    ]
    assert hidden == []


def test_no_template_sets_such_a_name() -> None:
    said = [
        str(path.relative_to(CORE))
        for path in sorted((CORE / "web" / "templates").rglob("*.html"))
        if re.search(r"\{%-?\s*(set|for)\s+counted\b", path.read_text(encoding="utf-8"))
    ]
    assert said == []
