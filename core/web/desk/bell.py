"""The number beside the bell (待办数): what waits for the reader, counted anew after each of his own steps.

Who is never waited for has a bell too: of his unread notes. So has a leader while nothing waits for his word.
Counting every kind of duty reads more than most pages do. The reader's browser therefore keeps the last count for a
moment; his next step drops it, and the pages that list his duties always count afresh.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from core import request as asked
from core.work.desk.inbox import kinds_of
from core.work.desk.waiting import todo_count
from core.work.papers.notes import unread_count
from core.work.roles import ANSWER, CHECK, DIRECT, PUBLISH, VISIT

HANDS = frozenset({ANSWER, CHECK, DIRECT, PUBLISH, VISIT})  # whose day is made of duties: none is a count too
KEPT = timedelta(seconds=30)  # what others do to one's list may show so much later (ours)
BELL_COOKIE = "sancheng_waiting"
AFRESH = frozenset({"today.show", "inbox.show", "inbox.show_kind", "inbox.show_notes"})
READS = frozenset({"inbox.follow"})  # safe to ask for again, but notes count as read by it
NOTED = "n"  # after the reader's word: the count that was kept is one of notes


@dataclass(frozen=True, slots=True)
class Bell:
    """What the bell says (铃铛): the number of duties, or of unread notes."""

    count: int
    of_duties: bool


def read_bell() -> Bell | None:
    """The actor's bell; None on the pages of a broken request, or of nobody."""
    if "actor" not in g or "session" not in g:
        return None
    kept = None if request.endpoint in AFRESH else _read()
    if kept is not None:
        return kept
    try:
        g.bell = _count()
    except SQLAlchemyError:
        return None  # the page that says what broke must not break on the same session
    found: Bell = g.bell
    return found


def _count() -> Bell:
    session, who, at = asked.db(), asked.actor(), asked.now()
    duties = todo_count(session, who, at) if kinds_of(who) else 0
    if duties or HANDS & who.verbs:
        return Bell(duties, True)
    return Bell(unread_count(session, who, at), False)


def keep(response: Response) -> Response:
    """Let the browser keep a count that was just made, and forget it after a step of the reader's own."""
    if "actor" not in g or asked.login() is None:
        return response
    path = f"/t/{asked.tenant().slug}/"
    if request.method not in asked.SAFE or request.endpoint in READS:
        if BELL_COOKIE in request.cookies:
            response.delete_cookie(BELL_COOKIE, path=path)
    elif "bell" in g:
        what = "" if g.bell.of_duties else NOTED
        said = f"{g.bell.count}.{int(asked.now().timestamp())}.{_reader()}{what}"
        secure = asked.house().settings.secure_cookies
        response.set_cookie(BELL_COOKIE, said, max_age=KEPT, path=path, httponly=True, samesite="Lax", secure=secure)
    return response


def _read() -> Bell | None:
    """The count that this reader's browser kept for this tenant, while it is young; anything else is no count."""
    count, _, rest = request.cookies.get(BELL_COOKIE, "").partition(".")
    at, _, said = rest.partition(".")
    reader = said.removesuffix(NOTED)
    if not (count.isdecimal() and at.isdecimal() and len(count) < 8 and len(at) < 12) or reader != _reader():
        return None
    age = asked.now().timestamp() - int(at)
    return Bell(int(count), said == reader) if -1 <= age < KEPT.total_seconds() else None


def _reader() -> str:
    """Who reads where, in a word that means nothing elsewhere: another login's count is not taken for one's own."""
    known = asked.login()
    said = f"{asked.tenant().slug} {asked.actor().person_id} {known.csrf if known else ''}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]
