"""A secret that is shown once (一次性显示): a link or a key that the next page of the same browser shows, then forgets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request, session

from core.request import now
from core.work.invitations import INVITATION_DAYS, RESET_HOURS

NOTE = "shown_once"
LASTS = {"invite": timedelta(days=INVITATION_DAYS), "reset": timedelta(hours=RESET_HOURS)}


def keep_link(purpose: str, token: str, owner: UUID | str) -> None:
    """Keep an invitation's or a reset's link for the page about its owner."""
    link = f"{request.host_url}{purpose}/{token}"
    keep(purpose, link, owner, now() + LASTS[purpose])


def keep(purpose: str, text: str, owner: UUID | str, expires: datetime | None) -> None:
    """Keep any such text; it travels in the browser's own signed, http-only note."""
    session[NOTE] = {
        "purpose": purpose,
        "text": text,
        "owner": str(owner),
        "expires": expires.isoformat() if expires else "",
    }


def take(owner: UUID | str) -> dict[str, Any] | None:
    """What was kept for this owner, or None; it is gone afterwards."""
    found: dict[str, Any] | None = session.get(NOTE)
    if found is None or found.get("owner") != str(owner):
        return None
    session.pop(NOTE)
    expires = datetime.fromisoformat(found["expires"]) if found["expires"] else None
    return {"purpose": found["purpose"], "text": found["text"], "expires": expires}
