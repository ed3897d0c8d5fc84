"""A second edition at work (影子版本): the shipped draft of a revision is scored beside the one in force."""

from __future__ import annotations

from core.demo.playing import Play
from core.work.editions.choices import SHADOW
from core.work.editions.switching import choose_edition

CAMPAIGN = "sanitary_city"


def run_shadow(play: Play) -> None:
    """Let the district try the draft from the first day of the demo's last month on; nothing is ranked or published by it."""
    campaign = play.registry.campaigns.get(CAMPAIGN)
    if campaign is None or not campaign.others or CAMPAIGN not in play.stage.part.campaigns:
        return
    first = play.today.replace(day=1)
    choose_edition(play.session, None, campaign, campaign.others[-1], role=SHADOW, day=first, today=first)
