"""The number beside the bell (待办数): what waits for the reader, counted anew after each of his own steps.

Counting every kind of duty reads more than most pages do. The reader's browser therefore keeps the last count for a
moment; his next step drops it, and the pages that list his duties always count afresh.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from flask import Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from core import request as asked
from core.work.desk.waiting import todo_count
from core.work.roles import ANSWER, CHECK, DIRECT, PUBLISH, VISIT

HANDS = frozenset({ANSWER, CHECK, DIRECT, PUBLISH, VISIT})  # whoever holds none of these is never waited for
KEPT = timedelta(seconds=30)  # what others do to one's list may show so much later (ours)
BELL_COOKIE = "sancheng_waiting"
AFRESH = frozenset({"today.show", "inbox.show"})


def count_todo() -> int | None:
    """What waits for the actor; None where nothing can, and on the pages of a broken request."""
    if "actor" not in g or "session" not in g or not HANDS & asked.actor().verbs:
        return None
    kept = None if request.endpoint in AFRESH else _read()
    if kept is not None:
        return kept
    try:
        g.waiting = todo_count(asked.db(), asked.actor(), asked.now())
    except SQLAlchemyError:
        return None  # the page that says what broke must not break on the same session
    found: int = g.waiting
    return found


def keep(response: Response) -> Response:
    """Let the browser keep a count that was just made, and forget it after a step of the reader's own."""
    if "actor" not in g or asked.login() is None:
        return response
    path = f"/t/{asked.tenant().slug}/"
    if request.method not in asked.SAFE:
        if BELL_COOKIE in request.cookies:
            response.delete_cookie(BELL_COOKIE, path=path)
    elif "waiting" in g:
        said = f"{g.waiting}.{int(asked.now().timestamp())}.{_reader()}"
        secure = asked.house().settings.secure_cookies
        response.set_cookie(BELL_COOKIE, said, max_age=KEPT, path=path, httponly=True, samesite="Lax", secure=secure)
    return response


def _read() -> int | None:
    """The count that this reader's browser kept for this tenant, while it is young; anything else is no count."""
    count, _, rest = request.cookies.get(BELL_COOKIE, "").partition(".")
    at, _, reader = rest.partition(".")
    if not (count.isdecimal() and at.isdecimal() and len(count) < 8 and len(at) < 12) or reader != _reader():
        return None
    age = asked.now().timestamp() - int(at)
    return int(count) if -1 <= age < KEPT.total_seconds() else None


def _reader() -> str:
    """Who reads where, in a word that means nothing elsewhere: another login's count is not taken for one's own."""
    known = asked.login()
    said = f"{asked.tenant().slug} {asked.actor().person_id} {known.csrf if known else ''}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]
