"""Editions of the leak tests (测评体系版本): each district's own one as a shadow, and fresh ones to choose, upload and take back."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from core.campaigns import installed
from core.campaigns.body import seal
from core.work.editions.choices import PRIVATE, SHADOW, choice_on
from core.work.editions.switching import choose_edition, withdraw_edition
from core.work.editions.workbook_template import edition_workbook
from tenants.scope import ScopedSession

KEY = "civilized_city"


def give_edition(session: ScopedSession, name: str, today: date) -> dict[str, str]:
    """A district's own edition, named after it, scored as a shadow from today on; the one before it ends."""
    campaign = installed().campaigns[KEY]
    word = secrets.token_hex(4)
    own = seal(
        replace(campaign.edition, key=f"own_{word}", title_zh=f"{name}自定版{word}", title_en=f"Own edition {word}")
    )
    row = choose_edition(session, None, campaign, own, role=SHADOW, day=today, today=today, source=PRIVATE)
    return {"edition_sha": own.sha256, "choice_id": str(row.id)}


def edition_to_choose(session: ScopedSession, name: str, today: date) -> dict[str, str]:
    """An edition that is known here and that nobody has chosen for today."""
    made = give_edition(session, name, today)
    row = choice_on(session, KEY, today, SHADOW)
    assert row
    withdraw_edition(session, None, row.id, campaign=KEY, today=today)
    return {"edition_sha": made["edition_sha"]}


def edition_upload(folder: Path) -> dict[str, str]:
    """A workbook of an edition that waits for its date where the page keeps it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    campaign = installed().campaigns[KEY]
    data = edition_workbook(campaign, campaign.edition, f"own_{secrets.token_hex(4)}")
    digest = sha256(data).hexdigest()
    (folder / digest).write_bytes(data)
    return {"sha256": digest}
