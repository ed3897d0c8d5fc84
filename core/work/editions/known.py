"""The editions that a campaign can run here (可用版本): those of its package, and those that were ever frozen in this district."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.campaigns import Campaign, Edition
from core.errors import N_, Fault, InvalidInput, NotFound
from core.work.editions.choices import PRIVATE, SHIPPED
from core.work.editions.in_force import edition_of
from core.work.tables import Definition, EnabledEdition
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Known:
    """One edition with where it comes from (可用版本)."""

    edition: Edition
    source: str

    @property
    def items(self) -> int:
        """How many checklist items it has."""
        return sum(len(form.items) for form in self.edition.forms)


def known_editions(session: ScopedSession, campaign: Campaign) -> Sequence[Known]:
    """Every edition of a campaign that is shipped or was frozen here, by the day it is valid from."""
    frozen = select(Definition.sha256).where(Definition.kind == "edition", Definition.campaign == campaign.key)
    mine = (EnabledEdition.campaign == campaign.key, EnabledEdition.source == PRIVATE)
    private = set(session.scalars(select(EnabledEdition.sha256).where(*mine)))
    hashes = dict.fromkeys([e.sha256 for e in campaign.shipped] + list(session.scalars(frozen)))
    found = [Known(edition_of(session, campaign, sha), PRIVATE if sha in private else SHIPPED) for sha in hashes]
    return sorted(found, key=lambda one: (one.edition.valid_from, one.edition.key, one.edition.sha256))


def known_edition(session: ScopedSession, campaign: Campaign, sha256: str) -> Known:
    """One of them by its hash. Raises NotFound."""
    for one in known_editions(session, campaign):
        if one.edition.sha256 == sha256:
            return one
    raise NotFound(N_("没有找到测评体系版本 {sha256}"), sha256=sha256[:12])


def check_code(session: ScopedSession, campaign: Campaign, edition: Edition) -> None:
    """An edition never changes: a code that stands for another content here is refused. Raises InvalidInput."""
    if any(
        one.edition.key == edition.key and one.edition.sha256 != edition.sha256
        for one in known_editions(session, campaign)
    ):
        remedy = N_("版本不能改动；改过的文件请换一个代码，如 own_2026b")
        raise InvalidInput(
            faults=[Fault(N_("这个代码已经用于另一个版本"), "key", None, edition.key, "edition", remedy)]
        )
