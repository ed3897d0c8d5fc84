"""Errors as ``application/problem+json`` (接口差错, RFC 9457): one shape for every refusal under ``/api/``.

A 404 is the same byte for byte whether a thing does not exist, is another tenant's or out of reach: no path, no id and no
token in it. The request's number stands in the header ``X-Request-Id`` only.
"""

from __future__ import annotations

import logging
from typing import Any

import orjson
from flask import Response, g
from flask_babel import get_locale, gettext
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from core.api.fields import Body, ListOf, Part, Text, Whole
from core.errors import N_, Conflict, Fault, LoginNeeded, NotFound, SanchengError, Stale

LOG = logging.getLogger("sancheng.api")
MEDIA = "application/problem+json"
VARY = "Authorization, Cookie, Accept-Language"
KINDS = "urn:sancheng:problem:"


class UnreadableJson(SanchengError):
    """The body is no JSON."""

    status = 400
    code = "unreadable"
    title = N_("请求体不是合法的 JSON")


class WrongMedia(SanchengError):
    """The body is of a kind that this address does not take."""

    status = 415
    code = "wrong_media"
    title = N_("请求体的类型不对")


class VersionNeeded(SanchengError):
    """A changing request that must say which version it has seen."""

    status = 428
    code = "version_needed"
    title = N_("请求要带 If-Match，写明看到的版本")


class FaultBody(Body):
    """One fault in one place (一处差错)."""

    message = Text(required=True)
    field = Text(required=True)
    row = Whole(allow_none=True)
    value = Text()
    where = Text()
    remedy = Text()


class Problem(Body):
    """What went wrong and what to do about it (差错说明)."""

    type = Text(required=True)
    title = Text(required=True)
    status = Whole(required=True)
    detail = Text()
    code = Text(required=True)
    faults = ListOf(Part(FaultBody))
    state = Text(metadata={"description": "of a finding whose state does not allow the step: the state that it is in"})
    allowed = ListOf(Text(), metadata={"description": "the steps that the asker may take instead"})
    waits_for = Text(metadata={"description": "the party that is waited for now"})


# What the framework itself refuses, by status.
HTTP = {
    400: ("bad_request", N_("请求有误")),
    404: (NotFound.code, NotFound.title),
    405: ("method_not_allowed", N_("这个地址不支持这种请求方法")),
    408: ("timeout", N_("请求超时")),
    413: ("too_large", N_("内容过大")),
    414: ("address_too_long", N_("地址过长")),
    415: (WrongMedia.code, WrongMedia.title),
    431: ("headers_too_large", N_("请求头过大")),
}
BROKEN = ("broken", N_("系统出错了，已记录；请带上请求编号联系管理员"))


def say(text: str, params: dict[str, Any]) -> str:
    """A source text in the reader's language, placeholders filled."""
    said: str = gettext(text)
    words = {name: gettext(value) if isinstance(value, str) and value else value for name, value in params.items()}
    return said.format(**words) if words else said


def answer(
    status: int, code: str, title: str, detail: str = "", faults: list[dict[str, Any]] | None = None, **more: Any
) -> Response:
    """The problem as a response; ``more`` are members that this kind of problem has beside the usual ones."""
    body: dict[str, Any] = {"type": f"{KINDS}{code}", "title": title, "status": status, "code": code} | more
    if detail and detail != title:
        body["detail"] = detail
    if faults:
        body["faults"] = faults
    made = Response(orjson.dumps(body), status=status, content_type=MEDIA)
    made.headers["Vary"] = VARY
    made.headers["Content-Language"] = str(get_locale() or "zh").split("_")[0]
    return made


def say_fault(fault: Fault) -> dict[str, Any]:
    """One fault in the reader's language; what is empty is left out."""
    said: dict[str, Any] = {"message": say(fault.message, fault.params), "field": fault.field}
    if fault.row is not None:
        said["row"] = fault.row
    if fault.value:
        said["value"] = fault.value
    if fault.where:
        said["where"] = fault.where
    if fault.remedy:
        said["remedy"] = say(fault.remedy, fault.params)
    return said


def on_known(error: SanchengError) -> Response:
    """A refusal of ours."""
    title = gettext(error.title)
    if isinstance(error, NotFound):
        return answer(404, NotFound.code, gettext(NotFound.title))
    faults = [say_fault(fault) for fault in error.faults]
    said = answer(error.status, error.code, title, say(error.message, error.params), faults, **_standing(error))
    if isinstance(error, Stale) and "version" in error.params:
        said.headers["ETag"] = f'"v{error.params["version"]}"'
    if isinstance(error, LoginNeeded):
        said.headers["WWW-Authenticate"] = 'Bearer realm="sancheng"'
    return said


def _standing(error: SanchengError) -> dict[str, Any]:
    """Where a finding stands that does not allow a step: its state, what is allowed now, and who is waited for."""
    known = error.params
    if not isinstance(error, Conflict) or not {"state_code", "allowed", "waits_for"} <= known.keys():
        return {}
    return {"state": known["state_code"], "allowed": known["allowed"], "waits_for": known["waits_for"]}


def on_http(error: HTTPException) -> Response:
    """A refusal of the framework's: unknown address, wrong method, body too large."""
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # type: ignore[return-value]  # a routing redirect is its own response
    status = error.code or 500
    code, title = HTTP.get(status, BROKEN if status >= 500 else HTTP[400])
    said = answer(status, code, gettext(title))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        said.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return said


def on_unknown(error: Exception) -> Response:
    """Something of ours broke: logged with the request's number, shown without detail."""
    LOG.error("request %s failed", g.get("request_id", ""), exc_info=error)
    return answer(500, BROKEN[0], gettext(BROKEN[1]))


def refuse(error: Exception) -> Response:
    """Say an error by its family."""
    if isinstance(error, SanchengError):
        return on_known(error)
    return on_http(error) if isinstance(error, HTTPException) else on_unknown(error)
