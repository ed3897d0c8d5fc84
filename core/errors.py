"""One family of errors (差错) for all rooms: what went wrong, where, and what to do about it.

Every face turns these into its own shape: a page shows them beside the field, the API answers
``application/problem+json`` (RFC 9457), the command line prints them and exits with 1 or 2.
Source texts are Chinese with ``{name}`` placeholders; the face translates the template first and fills it afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any


def N_(text: str) -> str:  # noqa: N802 - the gettext world's own name for "mark, do not translate yet"
    """Mark a source text for the catalogue without translating it here."""
    return text


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in one place: field, row, value and remedy (差错).

    ``field`` is a dotted path or a column title, ``row`` a 1-based workbook row or None, ``where`` a file or sheet.
    """

    message: str
    field: str = ""
    row: int | None = None
    value: str = ""
    where: str = ""
    remedy: str = ""
    params: dict[str, Any] = attribute(default_factory=dict)

    def text(self) -> str:
        """The fault as one Chinese line, for logs and the command line."""
        place = " ".join(p for p in (self.where, f"第{self.row}行" if self.row else "", self.field) if p)
        said = self.message.format(**self.params) if self.params else self.message
        shown = f"（{self.value}）" if self.value else ""
        cure = (self.remedy.format(**self.params) if self.params else self.remedy) if self.remedy else ""
        return (
            f"{place}：{said}{shown}{'。' + cure if cure else ''}"
            if place
            else f"{said}{shown}{'。' + cure if cure else ''}"
        )


class SanchengError(Exception):
    """The family's root. ``status`` is the HTTP status, ``code`` a stable machine word."""

    status = 500
    code = "error"
    title = N_("出错了")

    def __init__(self, message: str = "", *, faults: Sequence[Fault] = (), **params: Any) -> None:
        self.message = message or self.title
        self.params = params
        self.faults = tuple(faults)
        super().__init__(self.text())

    def text(self) -> str:
        """The message as one Chinese line, placeholders filled."""
        head = self.message.format(**self.params) if self.params else self.message
        return "；".join([head, *(f.text() for f in self.faults)]) if self.faults else head


class InvalidInput(SanchengError):
    """Input that cannot be accepted; ``faults`` name field, row, value and remedy."""

    status = 422
    code = "invalid"
    title = N_("提交的内容有误")


class NotFound(SanchengError):
    """No such thing, or not yours: the two answers are the same byte for byte."""

    status = 404
    code = "not_found"
    title = N_("没有找到")


class LoginNeeded(SanchengError):
    """Nobody is logged in, or the login has expired."""

    status = 401
    code = "login_needed"
    title = N_("请先登录；登录可能已经过期")


class ForgedForm(SanchengError):
    """A form that did not come from our own page, or from a login that has ended."""

    status = 400
    code = "forged_form"
    title = N_("这个页面已经过期，请刷新后重试")


class Forbidden(SanchengError):
    """The thing is yours to see, but this act is not yours to do."""

    status = 403
    code = "forbidden"
    title = N_("没有这项权限")


class Conflict(SanchengError):
    """Another body under the same id, or a state that forbids the act."""

    status = 409
    code = "conflict"
    title = N_("与已有的记录冲突")


class Stale(SanchengError):
    """Somebody was faster: the expected version is no longer the current one."""

    status = 412
    code = "stale"
    title = N_("别人刚刚更新过")


class Throttled(SanchengError):
    """Too many tries in a short time."""

    status = 429
    code = "throttled"
    title = N_("尝试次数过多，请稍后再试")


class TooLarge(SanchengError):
    """A file or body over the limit."""

    status = 413
    code = "too_large"
    title = N_("内容过大")
