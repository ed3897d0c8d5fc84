"""Who answers for a site (点位责任人): the accountable post with its holders by campaign, and the sponsors of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from core.web.duties.coverage import WORDS, say_posts
from core.web.duties.sponsor_reading import Beside, sponsors_beside
from core.web.places.site_words import campaign_titles
from core.work.duties.coverage import Place, answer_site
from core.work.places.site_lists import SiteRow
from tenants.scope import ScopedSession


@dataclass(frozen=True, slots=True)
class Accountable:
    """Who answers in some campaigns (责任岗): their titles (none: in all of them), the state in words, post and holders."""

    campaigns: Sequence[str]
    word: str
    tone: str
    seats: Sequence[tuple[UUID, str, str]]


@dataclass(frozen=True, slots=True)
class SitePeople:
    """Everybody who answers for a site today (点位责任人)."""

    accountable: Sequence[Accountable]
    beside: Beside


def read_people(session: ScopedSession, site: SiteRow, on: date) -> SitePeople:
    """The accountable posts of a site, campaigns with the same answer together, and its sponsors, nearest first."""
    place = Place(site.id, site.name, "", site.code, site.unit_id)
    answers, posts = answer_site(session, place, on)
    titles = campaign_titles(session) if len(set(answers.values())) > 1 else {}
    found = []
    for answer in dict.fromkeys(answers.values()):
        named = [titles.get(key, key) for key, one in answers.items() if one == answer] if titles else []
        found.append(Accountable(named, *WORDS[answer.state], say_posts(answer, posts)))
    return SitePeople(found, sponsors_beside(session, unit_id=site.unit_id, site_id=site.id, on=on))
