"""What a visit's site was on its day (当时的点位): its types, and the attributes that points depend on.

A road that is measured anew, or a place that gets another type, changes no visit that was made before: whatever scores an old
visit again reads this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.campaigns.scoring import attrs_read
from core.work.tables import Site, Visit


def site_then(site: Site, types: Iterable[str]) -> dict[str, Any]:
    """What a visit that is sent now keeps of its site."""
    return {"types": sorted(types), "attrs": attrs_read(site.attrs)}


def attrs_then(visit: Visit, site: Site) -> Mapping[str, Any]:
    """The attributes that a visit is scored by; today's for one from before they were kept."""
    return site.attrs if visit.site_then is None else dict(visit.site_then["attrs"])
