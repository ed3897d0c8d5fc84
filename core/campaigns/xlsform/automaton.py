"""Runs a pattern that has been read (正则自动机): states walked along the value once, never back."""

from __future__ import annotations

from dataclasses import dataclass

MAX_VALUE = 2000

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Among:
    """One character in, or not in, some ranges of code points."""

    ranges: Ranges
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """``^`` or ``$``."""

    sign: str


@dataclass(frozen=True, slots=True)
class Row:
    """Parts one after another."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several rows."""

    rows: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """A part repeated; ``most`` None is without end."""

    part: Part
    fewest: int
    most: int | None


Part = Among | Edge | Row | Either | Again

#: (among, next) steps over a character, (edge, next) stands at an edge, (None, nexts) forks; state 0 is the end
State = tuple[Among | Edge | None, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Automaton:
    """The states of a pattern and the first one."""

    states: tuple[State, ...]
    first: int

    def matches(self, value: str) -> bool:
        """Whether the whole value fits; a value over 2000 characters never does."""
        if len(value) > MAX_VALUE:
            return False
        now = self._spread({self.first}, start=True, end=not value)
        for place, character in enumerate(value):
            code = ord(character)
            reached = {self.states[at][1][0] for at in now if self._steps(at, code)}
            now = self._spread(reached, start=False, end=place == len(value) - 1)
            if not now:
                return False
        return 0 in now

    def _steps(self, at: int, code: int) -> bool:
        among = self.states[at][0]
        return isinstance(among, Among) and any(low <= code <= high for low, high in among.ranges) != among.negated

    def _spread(self, reached: set[int], *, start: bool, end: bool) -> set[int]:
        """All states that can be had without another character."""
        seen, waiting = set(reached), list(reached)
        while waiting:
            sign, following = self.states[waiting.pop()]
            if isinstance(sign, Among) or (isinstance(sign, Edge) and not (start if sign.sign == "^" else end)):
                continue
            fresh = [one for one in following if one not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        return seen


def build(part: Part) -> Automaton:
    """The automaton of a pattern that has been read."""
    states: list[State] = [(None, ())]
    first = _lay(part, 0, states)
    return Automaton(tuple(states), first)


def count_states(part: Part) -> int:
    """How many states a part takes at most."""
    match part:
        case Row(parts):
            return sum(map(count_states, parts))
        case Either(rows):
            return 1 + sum(map(count_states, rows))
        case Again(inner, fewest, most):
            forks = 1 if most is None else most - fewest
            return max(count_states(inner), 1) * max(fewest + 1 if most is None else most, 1) + forks
        case _:
            return 1


def _lay(part: Part, after: int, states: list[State]) -> int:
    """Lay the states of a part before the state ``after``, and tell where it begins."""
    match part:
        case Row(parts):
            for one in reversed(parts):
                after = _lay(one, after, states)
            return after
        case Either(rows):
            states.append((None, tuple(_lay(row, after, states) for row in rows)))
        case Again(inner, fewest, most):
            return _lay_again(inner, fewest, most, after, states)
        case _:
            states.append((part, (after,)))
    return len(states) - 1


def _lay_again(inner: Part, fewest: int, most: int | None, after: int, states: list[State]) -> int:
    at = after
    if most is None:
        states.append((None, ()))
        at = len(states) - 1
        states[at] = (None, (_lay(inner, at, states), after))
    else:
        for _ in range(most - fewest):
            begin = _lay(inner, at, states)
            states.append((None, (begin, after)))
            at = len(states) - 1
    for _ in range(fewest):
        at = _lay(inner, at, states)
    return at
