"""Every text is Chinese in the source and English in the catalogue (双语测试): what is missing is named, place by place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jinja2
import pytest
from babel.messages.catalog import Catalog, Message
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
    "counted": (1, 1),  # our own: singular and plural have the same Chinese source
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
    "meetings/print.html": "minutes are an official paper, too",
    "plates/_public.html": "languages name themselves",
    "plates/print.html": "a plate hangs in the street: Chinese in every language of the pages",
    "notices/_letter.html": "the same paper, before its issue and after",
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


def source_of(message: Message) -> str:
    """The Chinese source of an entry; both ids of a plural entry are the same."""
    return str(message.id[0] if isinstance(message.id, list | tuple) else message.id)


def said_in(message: Message) -> list[str]:
    """The English of an entry: one text, or singular and plural."""
    return [
        str(text) for text in (message.string if isinstance(message.id, list | tuple) else (message.string,)) if text
    ]


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
        if CHINESE.search(text) and not (known.get(text) and said_in(known.get(text)))
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
        if message.id:
            faults += [fault for said in said_in(message) for fault in faults_of(source_of(message), said)]
    assert not faults, "\n".join(faults)


def faults_of(source: str, said: str) -> Iterator[str]:
    """What is wrong with one English text: Chinese in it, other places than its source, a bare per cent sign."""
    foreign = [run for run in RUNS.findall(said) if run not in source]
    if foreign and source not in STRINGS_KEPT:  # a column's title or an example may be quoted as it is
        yield f"{source!r}: Chinese in its English {said!r}"
    one, other = (sorted(a or b for a, b in PLACES.findall(text)) for text in (source, said))
    if one != other:
        yield f"{source!r} has {one}, its English {said!r} has {other}"
    if re.search("[\u2018\u2019\u201c\u201d]", said):
        yield f"{source!r}: quotes in English are straight, the curly ones come full-width from the Chinese font"
    if ("%%" in source) != ("%%" in said) and "%(" in source:
        yield f"{source!r}: a literal per cent sign is written %% in both"


# ---- one finding, two findings ----

# Places that hold a name, a code or an ordinal: what follows is a verb, not something counted.
NAMES = frozenset(
    "bound caller campaign card city code day district first folder from group heir key known line login metres month name names near number owner package "
    "parent path period person place raw remedy rung scheme seen sign since slug source state status subject tenant title to unit "
    "until value verb version was when where who why year".split()
)
LIMITS = frozenset({"least", "limit", "longest", "most", "minimum", "maximum"})  # bounds, set in code and never one
NEVER_ONE = {
    "更正原因最多 %(n)s 个字": "a bound set in code",
    "最多 %(n)s 天": "a bound set in code",
    "最多 %(n)s 天；对方的手机在这期间一直能打开": "a bound set in code",
    "至少一个，最多 %(n)s 个；标“商请”的单位不归指挥部调度，发出的是商请": "a bound set in code",
    "按牵头单位；销号后 %(n)s 天内重新打开或复查反弹的": "a span set in code",
    "检查已过 {days} 天，只能由创建办更正": "a span set in code",
    "这一份已被第 %(n)s 号更正；内容保留不变。": "an ordinal",
    "连续 %(n)s 期%(was)s，加注“%(mark)s”": "a streak has two periods at least (card_reading)",
    "连续 %(n)s 期%(was)s，改亮%(now)s": "a streak has two periods at least (card_reading)",
}
SMALL_WORDS = (
    "a|after|an|and|are|as|at|by|can|for|from|has|have|in|is|it|its|not|now|of|on|or|out|per|than|that|the|this|to|under|until|"
    "was|were|will|with"
)
COUNTED = re.compile(
    rf"(?:%\((\w+)\)s|\{{(\w+)\}})(?: (?!(?:{SMALL_WORDS})\b)[a-z-]+){{0,2}}? "
    rf"(?!(?:{SMALL_WORDS})\b)(?:[a-z-]+s|people|children)\b",
    re.IGNORECASE,
)


def naive_plurals(source: str, said: str) -> list[str]:
    """The places of an English text where a number that may be one stands before a plural."""
    if source in NEVER_ONE:
        return []
    found = [(match[1] or match[2], match[0]) for match in COUNTED.finditer(said)]
    return [f"{source!r}: {words!r} when it is 1" for name, words in found if name not in NAMES | LIMITS]


def test_what_is_counted_has_a_singular() -> None:
    """A number before a plural noun is said through ``counted`` (singular and plural), or the noun stands before the number."""
    faults = []
    for message in catalogue():
        if not message.id:
            continue
        source, said = source_of(message), said_in(message)
        if isinstance(message.id, list | tuple):
            alike = len(said) == 1 or (bool(said) and (said[0] == said[1] and bool(naive_plurals(source, said[1]))))
            faults += [f"{source!r}: {said} are no singular and plural"] * alike
        elif said:
            faults += naive_plurals(source, said[0])
    assert not faults, "\n".join(faults)
    assert set(NEVER_ONE) <= {source_of(message) for message in catalogue() if message.id}, "an exception is out of use"


def test_a_naive_plural_is_found() -> None:
    """The search above, on samples that are wrong and right on purpose."""
    for wrong in (
        "%(n)s working days left",
        "{count} findings",
        "After %(days)s days",
        "%(n)s more open items",
        "%(n)s people",
    ):
        assert naive_plurals("共", wrong), wrong
    for right in (
        "Working days left: %(n)s",
        "%(n)s to do",
        "%(n)s is this",
        "At most {most} characters",
        "%(n)s of its",
    ):
        assert not naive_plurals("共", right), right


# ---- the words of the glossary ----

WORDS = {
    "包保": "Sponsors",
    "包保人": "Sponsor",
    "包保关系": "Sponsorships",
    "一票否决": "Veto",
    "街道": "Subdistrict",
    "责任覆盖": "Coverage",
    "责任人": "Person in charge",
    "点位": "Sites",
    "挂账": "Parked",
}
NEVER_SAID = {"街道": re.compile(r"\b[Ss]treets?\b")}  # a 街道 is a subdistrict; a road is 路 or 街巷


def test_one_word_for_one_thing() -> None:
    """The glossary's words, where a text is nothing but the word; and the words that it must not become."""
    known = {source_of(m): said_in(m) for m in catalogue() if m.id}
    other = {source: known[source] for source, said in WORDS.items() if source in known and known[source] != [said]}
    assert not other
    wrong = [
        f"{source!r}: {text!r}"
        for term, word in NEVER_SAID.items()
        for source, said in known.items()
        for text in said
        if term in source and word.search(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_menu_says_what_the_page_says() -> None:
    """A page that has its menu entry under another name is not found again."""
    menu = (ROOT / "core" / "web" / "menu.py").read_text(encoding="utf-8")
    for word, page in (
        ("责任覆盖", "coverage/show.html"),
        ("包保", "sponsors/list.html"),
        ("回头看", "rechecks/_parts.html"),
    ):
        source = (ROOT / "core" / "web" / "templates" / page).read_text(encoding="utf-8")
        assert f'N_("{word}")' in menu, word
        assert f"_('{word}')" in source, page


def test_the_catalogue_is_clean() -> None:
    """No fuzzy guesses, no obsolete entries, nothing that no code says any more."""
    text = PO.read_text(encoding="utf-8") if PO.exists() else ""
    known = catalogue()
    faults = [f"fuzzy: {m.id!r}" for m in known if m.fuzzy and m.id]
    faults += [f"obsolete: {line}" for line in text.splitlines() if line.startswith("#~ msgid")]
    faults += [f"unused: {m.id!r}" for m in known if m.id and source_of(m) not in used()]
    assert not faults, "\n".join(faults[:80])


def test_the_compiled_catalogue_says_the_same() -> None:
    """Where the program is installed from a checkout the .mo is compiled: it must not lag behind the .po."""
    compiled = PO.with_suffix(".mo")
    if not compiled.exists():
        pytest.skip("the catalogue is not compiled yet; `make setup` does it")
    with compiled.open("rb") as file:
        found = {source_of(m): said_in(m) for m in read_mo(file) if m.id}
    wanted = {source_of(m): said_in(m) for m in catalogue() if m.id and said_in(m)}
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
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext", "counted"}
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

SPEAKING = {"gettext", "_", "N_", "ngettext", "lazy_gettext", "pgettext", "counted"}


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
