"""Reads a formula of a form (表达式) into nodes; everything that cannot be read is a BadFormula with its place."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from core.campaigns.xlsform.faults import BadFormula
from core.campaigns.xlsform.nodes import Call, Chain, Column, Current, Minus, Name, Node, Number, Text
from core.campaigns.xlsform.patterns import BadPattern, compile_pattern
from core.campaigns.xlsform.signatures import DATE_SIGNS, ELSEWHERE, SIGNATURES, TIME_SIGNS, Signature
from core.campaigns.xlsform.tokens import Token, cut, find_reference, is_name, quoted_reference

MAX_DEPTH = 60
MAX_DIGITS = 300

#: from the loosest binding to the tightest
LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"=", "!="}),
    frozenset({"<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "div", "mod"}),
)
_SIGNS = frozenset({"=", "!=", "<", "<=", ">", ">=", "+", "-", "*"})
_WORDS = frozenset({"and", "or", "div", "mod"})


@lru_cache(maxsize=4096)
def parse(text: str, column: str = "relevant") -> Node:
    """The formula as frozen nodes.

    ``column`` is the column of the survey sheet where it stands: bare names are columns of the choices sheet in
    ``choice_filter`` alone; random(), uuid() and once() are allowed in ``calculation`` and ``default`` alone (ours:
    a condition that changes by itself cannot be checked again). Raises BadFormula.
    """
    return _Parser(text, column).whole()


class _Parser:
    """Recursive descent over the tokens; binding is settled afterwards, over the flat run of operands."""

    def __init__(self, text: str, column: str) -> None:
        self.text, self.column = text, column
        self.tokens = cut(text)
        self.index = 0
        self.depth = 0

    def whole(self) -> Node:
        if self.here.kind == "end":
            raise self._fault("empty")
        node = self._expression()
        if self.here.kind != "end":
            raise self._fault(self._why_surplus(), found=self.here.text)
        return node

    @property
    def here(self) -> Token:
        return self.tokens[self.index]

    @property
    def next(self) -> Token:
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    def _take(self) -> Token:
        token = self.here
        self.index += 1
        return token

    def _fault(self, reason: str, at: Token | None = None, found: str = "") -> BadFormula:
        return BadFormula(reason, (at or self.here).position, self.text, found)

    def _why_surplus(self) -> str:
        signs = {"|": "union", "[": "filter", "/": "path", "//": "path", "::": "path"}
        return signs.get(self.here.text, "surplus") if self.here.kind == "sign" else "surplus"

    def _expression(self) -> Node:
        operands, operators = [self._signed()], []
        while self._is_operator():
            operators.append(self._take().text)
            operands.append(self._signed())
        for level in reversed(LEVELS):
            operands, operators = _bind(operands, operators, level)
        return operands[0]

    def _is_operator(self) -> bool:
        return self.here.is_sign(*_SIGNS) or (self.here.kind == "word" and self.here.text in _WORDS)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._fault("too_deep")

    def _signed(self) -> Node:
        signs = 0
        while self.here.is_sign("-"):
            self._deeper()
            self._take()
            signs += 1
        node = self._operand()
        self.depth -= signs
        for _ in range(signs):
            node = Minus(node)
        return node

    def _operand(self) -> Node:
        token = self.here
        match token.kind:
            case "number":
                return self._number()
            case "text":
                return self._quoted()
            case "name":
                self._take()
                return Name(token.text)
            case "word":
                return self._word()
            case "sign":
                return self._sign()
        raise self._fault("operand")

    def _number(self) -> Node:
        token = self._take()
        if len(token.text) > MAX_DIGITS:
            raise self._fault("long_number", token)
        return Number(Fraction(token.text if token.text[-1] != "." else token.text[:-1]))

    def _quoted(self) -> Node:
        token = self._take()
        found = find_reference(token.text)
        if found:
            raise BadFormula("quoted_name", token.position + 1 + found[0], self.text, found[1])
        return Text(token.text)

    def _sign(self) -> Node:
        token = self.here
        if token.text == ".":
            self._take()
            if self.here.is_sign("/", "//"):
                raise self._fault("path", token, "./")
            return Current()
        if token.text == "..":
            return self._sibling(token)
        if token.text == "(":
            return self._bracket()
        paths = token.text in {"/", "//", "@", "*"}
        raise self._fault("path" if paths else "operand", token, token.text)

    def _bracket(self) -> Node:
        self._deeper()
        self._take()
        node = self._expression()
        self._close()
        self.depth -= 1
        return node

    def _close(self) -> None:
        if not self.here.is_sign(")"):
            missing = self.here.kind == "end" or self.here.is_sign(",")
            raise self._fault("open_bracket" if missing else self._why_surplus(), found=self.here.text)
        self._take()

    def _sibling(self, start: Token) -> Node:
        """``../name`` from here on; a longer path is refused."""
        self._take()
        if not self.here.is_sign("/", "//"):
            raise self._fault("parent", start, "..")
        if self._take().text == "//" or self.here.kind != "word" or not is_name(self.here.text):
            raise self._fault("path", start, "../")
        name = self._take().text
        if self.here.is_sign("/", "//", "::", "("):
            raise self._fault("path", start, f"../{name}")
        return Name(name)

    def _word(self) -> Node:
        token = self._take()
        if self.here.is_sign("("):
            if token.text == "current":
                return self._current(token)
            return self._call(token)
        if self.here.is_sign("/", "//", "::"):
            raise self._fault("path", token, token.text)
        if token.text in _WORDS:
            raise self._fault("operand", token, token.text)
        if self.column == "choice_filter" and is_name(token.text):
            return Column(token.text)
        raise self._fault("bare_name", token, token.text)

    def _current(self, start: Token) -> Node:
        """``current()/.`` and ``current()/../name``, the long ways of writing ``.`` and ``${name}``."""
        self._take()
        if not self.here.is_sign(")") or not self.next.is_sign("/"):
            raise self._fault("unsupported_function", start, start.text)
        self.index += 2
        if self.here.is_sign("..") and self.next.is_sign("/"):
            return self._sibling(start)
        if self.here.is_sign(".") and not self.next.is_sign("/", "//"):
            self._take()
            return Current()
        raise self._fault("path", start, "current()/")

    def _call(self, start: Token) -> Node:
        signature = SIGNATURES.get(start.text)
        if signature is None:
            reason = "unsupported_function" if start.text in ELSEWHERE else "unknown_function"
            raise self._fault(reason, start, start.text)
        if signature.chance and self.column not in {"calculation", "default"}:
            raise self._fault("chance", start, start.text)
        self._deeper()
        self._take()
        if start.text == "position":
            return self._position(start)
        args = self._arguments(start, signature)
        self.depth -= 1
        odd = start.text == "indexed-repeat" and len(args) % 2 == 0
        if odd or not signature.fewest <= len(args) <= signature.most:
            raise self._fault("arguments", start, start.text)
        return Call(start.text, tuple(args))

    def _position(self, start: Token) -> Node:
        """``position(..)``: the only place of ``..``; the innermost repeat counts."""
        if not self.here.is_sign("..") or not self.next.is_sign(")"):
            raise self._fault("arguments", start, start.text)
        self.index += 2
        self.depth -= 1
        return Call("position", ())

    def _arguments(self, start: Token, signature: Signature) -> list[Node]:
        args: list[Node] = []
        if not self.here.is_sign(")"):
            args.append(self._argument(start, signature, 0))
            while self.here.is_sign(","):
                self._take()
                args.append(self._argument(start, signature, len(args)))
        self._close()
        return args

    def _argument(self, start: Token, signature: Signature, number: int) -> Node:
        first = self.here
        use = signature.literals.get(number)
        if use:
            return self._literal(start, use)
        node = self._expression()
        if number in signature.references and not isinstance(node, Name):
            raise self._fault("reference", first, start.text)
        whole = not isinstance(node, Number) or node.value.denominator == 1
        if start.text == "pow" and number == 1 and not whole:
            raise self._fault("whole_power", first)
        return node

    def _literal(self, start: Token, use: str) -> Node:
        """A quoted text that is checked here: a pattern, a date format, or the question of jr:choice-name."""
        token = self._take() if self.here.kind in {"text", "name"} else self.here
        if token.kind == "name" and use == "question":
            return Name(token.text)
        if token.kind != "text" or not (self.here.is_sign(",", ")") or self.here.kind == "end"):
            raise self._fault("literal", token, start.text)
        if use == "question":
            name = quoted_reference(token.text) or token.text
            if not is_name(name):
                raise self._fault("reference", token, start.text)
            return Name(name)
        if use == "pattern":
            self._check_pattern(token)
        else:
            self._check_format(token, DATE_SIGNS if use == "date" else TIME_SIGNS)
        return Text(token.text)

    def _check_pattern(self, token: Token) -> None:
        try:
            compile_pattern(token.text)
        except BadPattern as bad:
            raise BadFormula(bad.reason, token.position + 1 + bad.index, self.text, bad.found) from bad

    def _check_format(self, token: Token, signs: frozenset[str]) -> None:
        at = token.text.find("%")
        while at >= 0:
            sign = token.text[at + 1 : at + 2]
            if sign not in signs:
                raise BadFormula("date_sign", token.position + 1 + at, self.text, f"%{sign}")
            at = token.text.find("%", at + 2)


def _bind(operands: list[Node], operators: list[str], level: frozenset[str]) -> tuple[list[Node], list[str]]:
    """Join the operands that stand on both sides of a level's operators, from left to right."""
    kept: list[Node] = []
    left: list[str] = []
    rest: list[tuple[str, Node]] = []
    head = operands[0]
    for operator, operand in zip(operators, operands[1:], strict=True):
        if operator in level:
            rest.append((operator, operand))
            continue
        kept.append(Chain(head, tuple(rest)) if rest else head)
        left.append(operator)
        head, rest = operand, []
    kept.append(Chain(head, tuple(rest)) if rest else head)
    return kept, left
