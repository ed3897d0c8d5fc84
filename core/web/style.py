"""The sample sheet (样式页): every component in both themes, for those who build pages."""

from __future__ import annotations

from flask import Blueprint, render_template

from core.request import now

blueprint = Blueprint("style", __name__)


@blueprint.get("/style")
def show() -> str:
    """Show every component."""
    return render_template("style.html", now=now())
