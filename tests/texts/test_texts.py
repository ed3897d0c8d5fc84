"""Every text is Chinese in the source and English in the catalogue (双语测试): what is missing is named, place by place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jinja2
import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from jinja2 import nodes

ROOT = Path(__file__).parents[2]
PO = ROOT / "core" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "lazy_gettext": None,
    "N_": None,
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
}
CHINESE = re.compile(r"[\u3001\u3002\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff5e]")
RUNS = re.compile(f"{CHINESE.pattern}+")
PLACES = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
# What is Chinese on purpose, in a template outside `_()`.
TEMPLATES_KEPT = {
    "errors/404.html": "the same bytes for everyone, in both languages",
    "_switches.html": "languages name themselves",
    "notices/print.html": "an official paper is Chinese in every language of the pages",
}
STRINGS_KEPT = {
    "中文": "a language names itself",
    "三城 Sancheng": "the product's name in the API's description",
}


@cache
def catalogue() -> Catalog:
    """The English catalogue as it is in the repository."""
    assert PO.exists(), f"there is no English catalogue at {PO.relative_to(ROOT)}"
    with PO.open("rb") as file:
        return read_po(file, locale="en")


@cache
def used() -> dict[str, list[str]]:
    """Every source text with the places that use it, found as pybabel finds it (babel.cfg)."""
    methods = re.findall(r"^\[(\w+): ([^\]]+)\]", (ROOT / "babel.cfg").read_text(), re.MULTILINE)
    found: dict[str, list[str]] = {}
    for folder in ("core", "tenants", "plugins"):
        rows = extract_from_dir(
            ROOT / folder,
            [(pattern.removeprefix(f"{folder}/"), kind) for kind, pattern in methods if pattern.startswith(folder)],
            keywords=KEYWORDS,
        )
        for name, line, message, _comments, _context in rows:
            texts = message if isinstance(message, tuple) else (message,)
            for text in texts[:1]:
                if text:
                    found.setdefault(text, []).append(f"{folder}/{name}:{line}")
    return found


def test_the_extraction_finds_templates_and_code() -> None:
    """The search itself works: without this an empty search would prove everything."""
    places = [place for listed in used().values() for place in listed]
    assert sum(".html:" in place for place in places) > 300
    assert sum(".py:" in place for place in places) > 300
    assert "提交检查" in used()
    assert "没有找到" in used()


def test_every_text_has_an_english_one() -> None:
    known = catalogue()
    missing = [
        f"{text!r}  ({places[0]})"
        for text, places in sorted(used().items(), key=lambda pair: pair[1])
        if CHINESE.search(text) and not (known.get(text) and known.get(text).string)
    ]
    assert not missing, f"{len(missing)} of {len(used())} texts have no English:\n" + "\n".join(missing)


def test_source_texts_are_chinese() -> None:
    """A source text without any Chinese is either no text or written in the wrong language."""
    words = re.compile(r"[A-Za-z]{4,}")
    wrong = [
        f"{text!r}  ({places[0]})" for text, places in used().items() if words.search(text) and not CHINESE.search(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_english_texts_are_english_and_have_the_same_places() -> None:
    faults = []
    for message in catalogue():
        if not message.id or not message.string:
            continue
        source, said = str(message.id), str(message.string)
        foreign = [run for run in RUNS.findall(said) if run not in source]
        if foreign and source not in STRINGS_KEPT:  # a column's title or an example may be quoted as it is
            faults.append(f"{source!r}: Chinese in its English {said!r}")
        one, other = (sorted(a or b for a, b in PLACES.findall(text)) for text in (source, said))
        if one != other:
            faults.append(f"{source!r} has {one}, its English {said!r} has {other}")
        if ("%%" in source) != ("%%" in said) and "%(" in source:
            faults.append(f"{source!r}: a literal per cent sign is written %% in both")
    assert not faults, "\n".join(faults)


def test_the_catalogue_is_clean() -> None:
    """No fuzzy guesses, no obsolete entries, nothing that no code says any more."""
    text = PO.read_text(encoding="utf-8") if PO.exists() else ""
    known = catalogue()
    faults = [f"fuzzy: {m.id!r}" for m in known if m.fuzzy and m.id]
    faults += [f"obsolete: {line}" for line in text.splitlines() if line.startswith("#~ msgid")]
    faults += [f"unused: {m.id!r}" for m in known if m.id and str(m.id) not in used()]
    assert not faults, "\n".join(faults[:80])


def test_the_compiled_catalogue_says_the_same() -> None:
    """Where the program is installed from a checkout the .mo is compiled: it must not lag behind the .po."""
    compiled = PO.with_suffix(".mo")
    if not compiled.exists():
        pytest.skip("the catalogue is not compiled yet; `make setup` does it")
    with compiled.open("rb") as file:
        found = {str(m.id): str(m.string) for m in read_mo(file) if m.id}
    wanted = {str(m.id): str(m.string) for m in catalogue() if m.id and m.string}
    late = [text for text in wanted if found.get(text) != wanted[text]]
    assert not late, f"run `make setup`: {len(late)} texts are compiled otherwise, such as {late[:3]}"


# ---- templates ----


def templates() -> list[Path]:
    """Every page template of the product."""
    folder = ROOT / "core" / "web" / "templates"
    return sorted(folder.rglob("*.html"))


def literals(source: str) -> Iterator[tuple[int, str]]:
    """The texts of a template that no `_()` stands around: its HTML, and strings in its expressions."""
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"])
    tree = environment.parse(source)
    spoken = {
        id(inner)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}
        for inner in call.find_all(nodes.Const)
    }
    for data in tree.find_all(nodes.TemplateData):
        yield data.lineno, data.data
    for constant in tree.find_all(nodes.Const):
        if isinstance(constant.value, str) and id(constant) not in spoken:
            yield constant.lineno, constant.value


@pytest.mark.parametrize(
    "path", templates(), ids=lambda path: str(path.relative_to(ROOT / "core" / "web" / "templates"))
)
def test_no_chinese_in_a_template_outside_gettext(path: Path) -> None:
    name = path.relative_to(ROOT / "core" / "web" / "templates").as_posix()
    if name in TEMPLATES_KEPT:
        assert CHINESE.search(path.read_text(encoding="utf-8")), f"{name}: no exception is needed any more"
        return
    source = path.read_text(encoding="utf-8")
    found = [f"line {line}: {text.strip()[:60]!r}" for line, text in literals(source) if CHINESE.search(text)]
    assert not found, f"{name}:\n" + "\n".join(found)


def test_scripts_speak_no_language() -> None:
    """What a script says comes from the page's attributes, where `_()` stands around it."""
    folder = ROOT / "core" / "web" / "static" / "js"
    found = []
    for path in sorted(folder.glob("*.js")):
        source = re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [f"{path.name}: {line.strip()[:80]}" for line in source.splitlines() if CHINESE.search(line)]
    assert not found, "\n".join(found)


# ---- code ----

SPEAKING = {"gettext", "_", "N_", "ngettext", "lazy_gettext", "pgettext"}


def faces() -> list[Path]:
    """The code that speaks to people: pages and API."""
    return sorted(path for room in ("web", "api") for path in (ROOT / "core" / room).rglob("*.py"))


def unspoken(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Chinese string literals that neither gettext nor N_ stands around; docstrings are for developers."""
    kept: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                kept.add(id(first.value))
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in SPEAKING:
                kept |= {id(inner) for inner in ast.walk(node) if isinstance(inner, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in kept:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", faces(), ids=lambda path: str(path.relative_to(ROOT / "core")))
def test_no_chinese_in_a_face_outside_gettext(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    described = descriptions(tree)
    found = [
        f"line {line}: {text[:60]!r}"
        for line, text in unspoken(tree)
        if CHINESE.search(text) and text not in STRINGS_KEPT and text not in described
    ]
    assert not found, f"{path.relative_to(ROOT)}:\n" + "\n".join(found)


def descriptions(tree: ast.Module) -> set[str]:
    """Descriptions of the API for machines' authors: English with the Chinese term, like docstrings."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {"description", "metadata"}:
            found |= {c.value for c in ast.walk(node.value) if isinstance(c, ast.Constant) and isinstance(c.value, str)}
    return {text for text in found if re.search(r"[A-Za-z]{3,}", text)}


def test_the_searches_find_what_they_look_for() -> None:
    """Each search above, on a sample that is wrong on purpose."""
    wrong = '<p title="提示">{{ _("好") }} 不好 {{ "坏"|upper }} {{ ui.tag("漏") }}</p>'
    assert [text.strip() for _, text in literals(wrong) if CHINESE.search(text)] == [
        '<p title="提示">',
        "不好",
        "坏",
        "漏",
    ]
    code = 'def f():\n    """文档"""\n    x = gettext("好")\n    y = f"坏{x}"\n    return N_("好"), "漏"\n'
    assert sorted(text for _, text in unspoken(ast.parse(code)) if CHINESE.search(text)) == ["坏", "漏"]
