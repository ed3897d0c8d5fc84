"""Refusals of the phone's addresses (手机端差错): always JSON, so that the app can say what to do and lose nothing."""

from __future__ import annotations

import logging
from typing import Any

from flask import Response, g, jsonify
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from core.errors import InvalidInput, NotFound, SanchengError
from core.request import sort_out
from core.web.errors import say, say_fault

LOG = logging.getLogger("sancheng.web")


def refuse(error: Exception) -> Response:
    """Say an error as JSON: a stable word, one sentence, and every fault beside its field."""
    known = sort_out(error)
    if isinstance(known, HTTPException):
        known = NotFound() if known.code == 404 else _framework(known)
    if not isinstance(known, SanchengError):
        LOG.error("request %s failed", g.get("request_id", ""), exc_info=known)
        return _answer(500, "error", gettext("出错了"), [])
    if isinstance(known, NotFound):
        return _answer(known.status, known.code, gettext(known.title), [])
    faults = [{"field": one.field, "said": say_fault(one)} for one in known.faults]
    return _answer(known.status, known.code, say(known), faults)


def _framework(error: HTTPException) -> SanchengError:
    """A refusal of the framework's: wrong method, body too large."""
    made = InvalidInput()
    made.status = error.code or 500
    return made


def _answer(status: int, code: str, said: str, faults: list[dict[str, Any]]) -> Response:
    answer = jsonify(status=status, code=code, said=said, faults=faults)
    answer.status_code = status
    return answer
