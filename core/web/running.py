"""The campaigns that run here (在用的创建项目) as pages find them: one that is suspended or unknown is not found."""

from __future__ import annotations

from datetime import date

from core.campaigns import Campaign
from core.errors import NotFound
from core.request import db, house, today
from core.web.words import by_locale
from core.work.enabling import enabled


def running(day: date | None = None) -> list[Campaign]:
    """The campaigns in force, each with the one edition that this district runs on a day: today, or a period's first."""
    return enabled(db(), house().registry, day=day or today())


def running_one(key: str, day: date | None = None) -> Campaign:
    """One campaign in force, likewise. Raises NotFound for a suspended or unknown one alike."""
    found = next((one for one in running(day) if one.key == key), None)
    if found is None:
        raise NotFound
    return found


def title_of(campaign: Campaign) -> str:
    """A campaign's title in the reader's language."""
    return by_locale(campaign.title_zh, campaign.title_en)
