"""Report templates of an edition (报告模板): its own, else those of the edition that it follows, else of another one of the package.

Templates belong to the package, not to the standard: they are no part of an edition's hash. An edition that brings none - a
revision that prints the same report, a district's own from a workbook - uses its campaign's.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from core.campaigns.catalogue import Campaign, Edition
from core.errors import N_, NotFound


def template_of(campaign: Campaign, edition: Edition, name: str) -> Edition | None:
    """The edition of the installed package whose template ``name`` an edition's report is printed by; None: there is none.

    Its own; that of the edition which it follows, step by step; the latest in force that is no later than it; the first one.
    """
    return next((one for one in _candidates(campaign, edition) if name in one.reports), None)


def read_report(campaign: Campaign, edition: Edition, name: str) -> bytes:
    """A report template; NotFound when neither the edition nor its campaign has one of that name."""
    found = template_of(campaign, edition, name) if campaign.package else None
    if found is None:
        raise NotFound(N_("没有报告模板 {name}"), name=name)
    return (files(campaign.package) / found.key / "reports" / name).read_bytes()


def _candidates(campaign: Campaign, edition: Edition) -> Iterator[Edition]:
    shipped = {one.key: one for one in campaign.shipped}
    seen: set[str] = set()
    one: Edition | None = edition
    while one is not None and one.key not in seen:
        yield one
        seen.add(one.key)
        one = shipped.get(one.follows)
    plain = [one for one in campaign.shipped if not one.draft]
    yield from (one for one in reversed(plain) if one.valid_from <= edition.valid_from)
    yield from plain
    yield from campaign.shipped
