"""What of ``docs/tasks.md`` is written from code: the tables of states and steps.

``python -m tests.work.task_page`` writes those parts anew; a test compares them.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.work.tasks.moves import ASKED, MOVES, NOT_ASKED, PARTIES, STAYS
from core.work.tasks.states import DONE_STATES, OPEN_STATES, STATES, VERIFIED_STATES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tasks.md"
WHEN = {ASKED: " while an extension is asked for", NOT_ASKED: " while none is asked for", "": ""}


def write_states() -> str:
    """Every state as a line."""
    lines = ["| state | word | counts as |", "|---|---|---|"]
    for code, (word, _) in STATES.items():
        kinds = (("open", OPEN_STATES), ("done", DONE_STATES), ("verified", VERIFIED_STATES))
        counts = ", ".join(name for name, states in kinds if code in states)
        lines.append(f"| `{code}` | {word} | {counts or '-'} |")
    return "\n".join(lines) + "\n"


def write_steps() -> str:
    """Every step as a line."""
    lines = ["| step | word | from | to | by | needs | takes |", "|---|---|---|---|---|---|---|"]
    for move in MOVES.values():
        by = ", ".join(PARTIES[party][1] for party in move.by)
        starts = ", ".join(f"`{code}`" for code in move.from_states) + WHEN[move.when]
        ends = "stays" if move.to_state == STAYS else f"`{move.to_state}`"
        cells = (f"`{move.verb}`", move.title_zh, starts, ends, by, _fields(move.needs), _fields(move.takes))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _fields(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


def renew(page: str) -> str:
    """The page with its written parts as the code says them."""
    for name, write in (("states", write_states), ("steps", write_steps)):
        begin, end = f"<!-- {name} from code -->\n", f"<!-- end of {name} -->"
        page = re.sub(f"{begin}.*?{end}", lambda _, b=begin, e=end, w=write: f"{b}{w()}{e}", page, flags=re.DOTALL)
    return page


if __name__ == "__main__":
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
