"""The whole table of probes (探针表) in order of their numbers, and what of ``docs/wall.md`` is written from code.

``python -m tests.wall.table`` writes those parts anew; a test compares them.
"""

from __future__ import annotations

import re
from pathlib import Path

from tenants.db import Base
from tests.wall import forging, granting, hiding, lingering, policies, reading, writing
from tests.wall.probes import PROBES, Probe
from tests.wall.reading import PREDICATE

ROOMS = (reading, writing, forging, lingering, hiding, granting)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "wall.md"

TABLE: list[Probe] = sorted(PROBES.values(), key=lambda probe: int(probe.id[1:]))


def write_probes() -> str:
    """Every probe as a line."""
    head = "| no. | layer | what the attacker does | what holds it | leaks with the policies gone |\n|---|---|---|---|---|\n"
    lines = (
        f"| {p.id} | {p.layer} | **{p.name}.** {p.story} | {p.holds} | {f'no: {p.still}' if p.still else 'yes'} |\n"
        for p in TABLE
    )
    return head + "".join(lines)


def write_count() -> str:
    """How many probes there are, and how many of them leak when something is taken away."""
    still = [probe for probe in TABLE if probe.still]
    orm = [probe for probe in still if probe.still == PREDICATE]
    return (
        f"{len(TABLE)} probes, 0 leaks on the wall. With the policies gone {len(TABLE) - len(still)} leak, and {len(orm)} more once the\n"
        f"ORM's own predicate is gone too; the other {len(still) - len(orm)} do not stand on policies, and the table says on what.\n"
    )


def write_tables() -> str:
    """Every table with its class and the app role's rights."""
    lines = (
        f"| `{table.name}` | {policies.wall_of(table)} | {', '.join(table.info['rights'])} |\n"
        for table in sorted(Base.metadata.sorted_tables, key=lambda t: (policies.wall_of(t), t.name))
    )
    return "| table | class | the app role may |\n|---|---|---|\n" + "".join(lines)


PARTS = {"count": write_count, "tables": write_tables, "probes": write_probes}


def renew(page: str) -> str:
    """The page with the parts between its marks written anew."""
    for name, write in PARTS.items():
        start, end = f"<!-- {name} from code -->\n", f"<!-- end of {name} -->"
        page, found = re.subn(
            re.escape(start) + ".*?" + re.escape(end),
            lambda _: start + write() + end,
            page,
            flags=re.DOTALL,
        )
        assert found == 1, f"{PAGE.name} has {found} places for {name}"
    return page


if __name__ == "__main__":
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
