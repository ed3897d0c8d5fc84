"""Errors as pages (差错页): the same family as everywhere, said in the reader's language.

A 404 is the same byte for byte, whether the thing does not exist or is another tenant's: no path and no id in it.
"""

from __future__ import annotations

import logging
from urllib.parse import quote, urlsplit

from flask import Flask, Response, g, redirect, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from core.errors import Fault, LoginNeeded, NotFound, SanchengError
from core.request import speak

LOG = logging.getLogger("sancheng.web")
PAGES = frozenset({400, 403, 404, 405, 409, 412, 413, 422, 429, 500})


def say(error: SanchengError) -> str:
    """The error's message in the reader's language, placeholders filled."""
    said = gettext(error.message)
    return said.format(**error.params) if error.params else said


def say_fault(fault: Fault) -> str:
    """One fault in the reader's language: row, field, what is wrong, the value and the remedy."""
    said = gettext(fault.message).format(**fault.params) if fault.params else gettext(fault.message)
    cure = (
        gettext(fault.remedy).format(**fault.params)
        if fault.remedy and fault.params
        else gettext(fault.remedy)
        if fault.remedy
        else ""
    )
    row = gettext("第%(row)s行", row=fault.row) if fault.row else ""
    place = " ".join(p for p in (fault.where, row, gettext(fault.field) if fault.field else "") if p)
    value = gettext("（%(value)s）", value=fault.value) if fault.value else ""
    head = place + gettext("：") if place else ""
    tail = gettext("。") + cure if cure else ""
    return f"{head}{said}{value}{tail}"


def fault_map(error: SanchengError) -> dict[str, str]:
    """Field -> message, to show faults beside their fields when a form is given back with its values."""
    return {fault.field: say_fault(fault) for fault in error.faults if fault.field}


def page(status: int, message: str = "", faults: list[str] | None = None) -> Response:
    """The error page of a status."""
    known = status if status in PAGES else 500 if status >= 500 else 400
    if known == 404:
        g.pop("actor", None)  # the page must not differ by how far the reader got
        body = render_template("errors/404.html")
    else:
        body = render_template(f"errors/{known}.html", message=message, faults=faults or [])
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def session_over() -> Response:
    """A form sent after the login expired: nothing is lost, the draft is on the device, and login leads back to it."""
    came = urlsplit(request.referrer or "")
    back = came.path if came.netloc == request.host else "/"
    body = render_template("errors/session.html", login_url=f"/login?next={quote(back)}")
    return Response(body, status=401, content_type="text/html; charset=utf-8")


def on_known(error: SanchengError) -> AnyResponse:
    """A refusal of ours."""
    if isinstance(error, LoginNeeded) and request.method == "GET":
        here = request.full_path.rstrip("?")
        return redirect(f"/login?next={quote(here)}")
    if isinstance(error, LoginNeeded):
        return session_over()
    if isinstance(error, NotFound):
        return page(404)
    return page(error.status, say(error), [say_fault(fault) for fault in error.faults])


def on_http(error: HTTPException) -> AnyResponse:
    """A refusal of the framework's: unknown address, wrong method, body too large."""
    status = error.code or 500
    if status in {301, 302, 303, 307, 308}:
        return error.get_response()  # type: ignore[return-value]  # a routing redirect is its own response
    answer = page(status)
    if status == 405 and getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]  # only a 405 has them
    return answer


def on_unknown(error: Exception) -> AnyResponse:
    """Something of ours broke: logged with the request's number, shown without detail."""
    LOG.error("request %s failed", g.get("request_id", ""), exc_info=error)
    return page(500)


def refuse(error: Exception) -> AnyResponse:
    """Say an error as a page, by its family."""
    if isinstance(error, SanchengError):
        return on_known(error)
    return on_http(error) if isinstance(error, HTTPException) else on_unknown(error)


def attach(app: Flask) -> None:
    """Say errors as pages everywhere but where another face speaks."""
    speak(app, "/", refuse)
