"""What of ``docs/ledger.md`` is written from code: the diagram of states, the tables of states, steps, parties and fields.

``python -m tests.work.ledger_page`` writes those parts anew; a test compares them.
"""

from __future__ import annotations

import re
from pathlib import Path

from core.work.desk.finding_filters import GROUPS
from core.work.loop.parties import PARTIES, PERMISSIONS, RESUMES, STAYS, Transition
from core.work.loop.states import NONE, OUTCOMES, REJECT_REASONS, RETURN_REASONS, RUNS, STANDS, STATES, SYSTEM
from core.work.loop.transitions import TRANSITIONS
from core.work.roles import ROLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"
CLOCK = {RUNS: "runs", STANDS: "stands", NONE: "-"}
FIRST = (
    "reported",
    "dispatched",
    "closed",
)  # where a finding begins: to be accepted, routed at once, fixed on the spot


def write_diagram() -> str:
    """The states and the steps between them; steps that lead nowhere else or from almost everywhere stand in the table alone."""
    lines = ["```mermaid", "stateDiagram-v2", "  direction LR"]
    lines += [f"  [*] --> {state}" for state in FIRST]
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in TRANSITIONS.values():
        if step.to_state in (STAYS, RESUMES) or len(step.from_states) > 6:
            continue
        for state in STATES:
            if state in step.from_states:
                arrows.setdefault((state, step.to_state), []).append(step.verb)
    lines += [f"  {start} --> {end}: {', '.join(verbs)}" for (start, end), verbs in arrows.items()]
    return "\n".join([*lines, "```"]) + "\n"


def write_states() -> str:
    """Every state as a line."""
    lines = ["| state | word | waits for | clock of the unit |", "|---|---|---|---|"]
    for state in STATES.values():
        who = PARTIES[state.waits_for][1] if state.waits_for else "nobody"
        lines.append(f"| `{state.code}` | {state.title_zh} | {who} | {CLOCK[state.clock]} |")
    return "\n".join(lines) + "\n"


def write_steps() -> str:
    """Every step as a line: verb x from x to x by x needs x takes."""
    lines = ["| step | word | from | to | by | needs | takes |", "|---|---|---|---|---|---|---|"]
    for step in TRANSITIONS.values():
        by = ", ".join(PARTIES[party][1] for party in step.by)
        ends = f"{_end(step)}{' (time limit anew)' if step.new_deadline else ''}"
        only = f" (source `{step.source}` only)" if step.source else ""
        cells = (
            f"`{step.verb}`{only}",
            step.title_zh,
            _starts(step),
            ends,
            by,
            _fields(step.needs),
            _fields(step.takes),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _starts(step: Transition) -> str:
    """The states that a step can begin in; those of nearly all steps by what they are not."""
    missing = [state for state in STATES if state not in step.from_states]
    if not missing:
        return "any"
    if len(missing) < 7:
        return "any but " + ", ".join(f"`{state}`" for state in missing)
    return ", ".join(f"`{state}`" for state in STATES if state in step.from_states)


def _end(step: Transition) -> str:
    return {STAYS: "(stays)", RESUMES: "(back to where it was)"}.get(step.to_state, f"`{step.to_state}`")


def _fields(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "-"


def write_parties() -> str:
    """Every party with the verb that makes one belong to it, and the roles that carry the verb."""
    lines = ["| party | word | verb | roles |", "|---|---|---|---|"]
    for party, (zh, en) in PARTIES.items():
        verb = PERMISSIONS[party]
        roles = ", ".join(role.code for role in ROLES.values() if verb in role.verbs) or "-"
        lines.append(
            f"| {en} | {zh} | {f'`{verb}`' if verb else '-'} | {roles if party != SYSTEM else 'jobs and switches'} |"
        )
    return "\n".join(lines) + "\n"


def write_words() -> str:
    """The closed lists of words that steps take."""
    lists = {
        "outcome": {o.code: (o.title_zh, "" if not o.needs_note else "with a note") for o in OUTCOMES.values()},
        "reason of `return`": RETURN_REASONS,
        "reason of `reject`": REJECT_REASONS,
    }
    lines = ["| field | codes |", "|---|---|"]
    for name, words in lists.items():
        said = ", ".join(
            f"`{code}` {zh}{f' ({en})' if name == 'outcome' and en else ''}" for code, (zh, en) in words.items()
        )
        lines.append(f"| {name} | {said} |")
    groups = ", ".join(f"`{key}` {title}" for key, (title, _) in GROUPS.items())
    return "\n".join([*lines, f"| `group` of the lists | {groups} |"]) + "\n"


PARTS = {
    "diagram": write_diagram,
    "states": write_states,
    "parties": write_parties,
    "steps": write_steps,
    "words": write_words,
}


def renew(page: str) -> str:
    """The page with the parts between its marks written anew."""
    for name, write in PARTS.items():
        start, end = f"<!-- {name} from code -->\n", f"<!-- end of {name} -->"
        made = write()
        page, found = re.subn(
            re.escape(start) + ".*?" + re.escape(end),
            lambda _, made=made, start=start, end=end: start + made + end,
            page,
            flags=re.DOTALL,
        )
        if found != 1:
            raise SystemExit(f"docs/ledger.md: {name!r} stands {found} times between its marks, not once")
    return page


if __name__ == "__main__":
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
