"""The arithmetic of a sealed draw (密封抽样算法), so plain that anybody can write it again in twenty lines (docs/draw.md).

The commitment is SHA-256 of one line of JSON: seed, frame, sizes and the name of the outside number, keys sorted, no
spaces, UTF-8. In each stratum the sites with the smallest ``SHA-256("<seed>:<outside value>:<stratum>:<site id>")`` are drawn, as
many as the stratum's size. Both are ours; a hash's order is a simple random sample without replacement.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

METHOD = "sancheng-draw-1"


def commitment(seed: str, frame: Mapping[str, Sequence[str]], sizes: Mapping[str, int], outside: str = "") -> str:
    """The hexadecimal SHA-256 that is published before (承诺值): ``frame`` maps a stratum to its site ids.

    The order of sites within a stratum does not matter: they are sorted first.
    """
    said = {
        "frame": {stratum: sorted(ids) for stratum, ids in frame.items()},
        "method": METHOD,
        "outside": outside,
        "seed": seed,
        "sizes": dict(sizes),
    }
    line = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(line.encode()).hexdigest()


def rank(seed: str, outside_value: str, stratum: str, site: str) -> bytes:
    """A site's place in the draw of its stratum."""
    return hashlib.sha256(f"{seed}:{outside_value}:{stratum}:{site}".encode()).digest()


def sample(
    seed: str, outside_value: str, frame: Mapping[str, Sequence[str]], sizes: Mapping[str, int]
) -> dict[str, list[str]]:
    """What is drawn, by stratum, in the order of the draw; the strata in the order of their names."""
    return {
        stratum: sorted(frame[stratum], key=lambda site: rank(seed, outside_value, stratum, site))[
            : sizes.get(stratum, 0)
        ]
        for stratum in sorted(frame)
    }
