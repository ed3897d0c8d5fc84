"""Cuts the text of a formula into words and signs (切词), each with its place counted from 1."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.campaigns.xlsform.faults import BadFormula

MAX_LENGTH = 2000

#: letters that may begin a name: those of XML names without punctuation, full-width forms and joiners
_START = "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u2070-\u218f\u2c00-\u2fef"
_START += "\u3040-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\U00010000-\U000effff"
_NAME = f"[{_START}][{_START}0-9.\u00b7\u0300-\u036f\u203f-\u2040-]*"

_TOKEN = re.compile(
    rf"(?P<space>[ \t\r\n]+)|(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)|(?P<word>{_NAME}(?::{_NAME})?)"
    rf"|(?P<text>\"[^\"]*\"|'[^']*'|[“”][^\"“”]*[\"“”]|[‘’][^'‘’]*['‘’])|\$\{{(?P<name>[^}}]*)\}}|(?P<sign><=|>=|!=|//|::|\.\.|[-+*/=<>(),|.@\[\]])"
)
_WHOLE_NAME = re.compile(_NAME)
_REFERENCE = re.compile(rf"\$\{{({_NAME})\}}")


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign: ``kind`` is number, word, text, name, sign or end."""

    kind: str
    text: str
    position: int

    def is_sign(self, *signs: str) -> bool:
        """Whether this is one of the signs."""
        return self.kind == "sign" and self.text in signs


def cut(text: str) -> list[Token]:
    """The tokens of a formula and an end; BadFormula where a character belongs to none."""
    if len(text) > MAX_LENGTH:
        raise BadFormula("too_long", MAX_LENGTH + 1, text)
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _stray(text, at)
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(_token(kind, match, text))
        at = match.end()
    return [*found, Token("end", "", len(text) + 1)]


def _token(kind: str, match: re.Match[str], text: str) -> Token:
    said, position = match.group(kind), match.start() + 1
    if kind == "name":
        if said.startswith("last-saved#"):
            raise BadFormula("last_saved", position, text, match.group())
        if _WHOLE_NAME.fullmatch(said) is None:
            raise BadFormula("bad_name", position, text, said)
    return Token(kind, said[1:-1] if kind == "text" else said, position)


def _stray(text: str, at: int) -> BadFormula:
    """Why the character at ``at`` (from 0) begins nothing."""
    character = text[at]
    if text.startswith("${", at):
        return BadFormula("open_name", at + 1, text, "${")
    if character in "\"'“”‘’":
        return BadFormula("open_text", at + 1, text, character)
    code = ord(character)
    if _is_unseen(code):
        return BadFormula("unseen", at + 1, text, f"U+{code:04X}")
    full = 0xFF01 <= code <= 0xFF5E or 0x2018 <= code <= 0x201F or 0x3001 <= code <= 0x303F
    return BadFormula("full_width" if full else "bad_character", at + 1, text, character)


def _is_unseen(code: int) -> bool:
    controls = code < 0x20 or 0x7F <= code <= 0xA0 or code in {0xAD, 0x3000, 0xFEFF}
    return controls or 0x2000 <= code <= 0x200F or 0x2028 <= code <= 0x202F or 0x2060 <= code <= 0x206F


def quoted_reference(text: str) -> str | None:
    """The name when a quoted text is nothing but ``${name}`` (as in jr:choice-name), else None."""
    match = _REFERENCE.fullmatch(text)
    return match.group(1) if match else None


def find_reference(text: str) -> tuple[int, str] | None:
    """Where (from 0) the first ``${name}`` stands inside a quoted text, and itself."""
    match = _REFERENCE.search(text)
    return (match.start(), match.group()) if match else None


def is_name(text: str) -> bool:
    """Whether a text can name a question."""
    return _WHOLE_NAME.fullmatch(text) is not None
