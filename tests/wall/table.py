"""The whole table of probes (探针表), in order of their numbers, and its page in the docs."""

from __future__ import annotations

from tests.wall import forging, granting, hiding, lingering, reading, writing
from tests.wall.probes import PROBES, Probe

ROOMS = (reading, writing, forging, lingering, hiding, granting)

TABLE: list[Probe] = sorted(PROBES.values(), key=lambda probe: int(probe.id[1:]))


def as_markdown() -> str:
    """The table as the docs show it."""
    head = "| no. | layer | what the attacker does | what holds it | leaks with the policies gone |\n|---|---|---|---|---|\n"
    lines = (
        f"| {p.id} | {p.layer} | **{p.name}.** {p.story} | {p.holds} | {f'no: {p.still}' if p.still else 'yes'} |\n"
        for p in TABLE
    )
    return head + "".join(lines)
