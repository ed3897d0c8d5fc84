"""What of ``docs/whistles.md`` is written from code: the diagram and the table of moves.

``python -m tests.work.whistle_page`` writes those parts anew; a test compares them.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.work.whistling.whistle_steps import MOVES, PARTIES, STAGES, STATES, draw

PAGE = Path(__file__).resolve().parents[2] / "docs" / "whistles.md"


def write_diagram() -> str:
    """The states and moves as a Mermaid diagram."""
    return f"```mermaid\n{draw()}```\n"


def write_moves() -> str:
    """Every move as a line of a table."""
    lines = ["| move | word | who | allowed in | called unit is | needs |", "|---|---|---|---|---|---|"]
    for move in MOVES.values():
        states = ", ".join(f"`{state}`" for state in STATES if state in move.leads)
        stages = ", ".join(stage for stage in STAGES if stage in move.stages) or "-"
        needs = ", ".join(word for word, on in (("note", move.needs_note), ("photo if any", move.takes_photo)) if on)
        who = f"{PARTIES[move.by]} ({move.by})" + (", not a helper" if move.another else "")
        who += ", when asked (商请)" if move.requested else ""
        lines.append(f"| `{move.verb}` | {move.title_zh} | {who} | {states} | {stages} | {needs or '-'} |")
    return "\n".join(lines) + "\n"


PARTS = {"diagram": write_diagram, "moves": write_moves}


def renew(page: str) -> str:
    """The page with the parts between its marks written anew."""
    for name, write in PARTS.items():
        start, end = f"<!-- {name} from code -->\n", f"<!-- end of {name} -->"
        made = write()
        page, found = re.subn(
            re.escape(start) + ".*?" + re.escape(end), lambda _, m=made: start + m + end, page, flags=re.DOTALL
        )
        assert found == 1, f"{PAGE.name} has {found} places for {name}"
    return page


if __name__ == "__main__":
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
