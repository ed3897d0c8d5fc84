"""A form as a phone shows it (手机预览): every question in its order, conditions at work, nothing sent."""

from __future__ import annotations

from flask import render_template
from flask_babel import get_locale

from core.campaigns import Campaign, Form
from core.campaigns.xlsform.model import Field, Group, Include, Part, Repeat, Survey
from core.campaigns.xlsform.scored import survey_of
from core.web.forms.words import say_title, words_of


def show_preview(campaign: Campaign, form: Form) -> str:
    """The page that stands in the phone's frame."""
    survey = survey_of(form, words_of(campaign))
    language = str(get_locale())
    return render_template(
        "forms/preview.html",
        form=form,
        campaign=campaign,
        parts=_laid_out(survey),
        choices=survey.choices,
        say=lambda text: text.said(language) if text else "",
        say_title=say_title,
        kind_of=_kind_of,
    )


def _laid_out(survey: Survey) -> tuple[Part, ...]:
    """The survey's parts with common blocks in their places."""
    blocks = {one.code: one.children for one in survey.blocks}
    return tuple(
        inner
        for part in survey.children
        for inner in (blocks.get(part.block, ()) if isinstance(part, Include) else (part,))
    )


def _kind_of(part: Field | Group | Repeat | Include) -> str:
    """Which control a part is: group, repeat, or the field's type."""
    if isinstance(part, Field):
        return part.type
    return "repeat" if isinstance(part, Repeat) else "group" if isinstance(part, Group) else "include"
