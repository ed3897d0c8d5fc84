"""A form as a phone shows it (手机预览): every question in its order, conditions at work, nothing sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from flask import render_template
from flask_babel import get_locale, gettext

from core.campaigns import Campaign, Form
from core.campaigns.xlsform.scored import survey_of
from core.campaigns.xlsform.shapes import in_language, shape_survey
from core.request import actor, now, today
from core.web.forms.pictured import picture_addresses
from core.web.forms.survey_words import survey_words
from core.web.forms.words import say_title, words_of
from core.work.calendar import ZONE


def show_preview(campaign: Campaign, form: Form) -> str:
    """The page that stands in the phone's frame."""
    said = orjson.dumps(_data(campaign, form)).decode()
    return render_template("forms/preview.html", form=form, campaign=campaign, survey=said, say_title=say_title)


def _data(campaign: Campaign, form: Form) -> dict[str, Any]:
    """What survey-preview.js draws; a form that asks its items in the usual way is drawn like any other."""
    whole = replace(form, survey=survey_of(form, words_of(campaign)))
    moment = now().astimezone(ZONE).isoformat(timespec="seconds")
    return {
        "shape": in_language(shape_survey(whole), str(get_locale())),
        "words": survey_words(),
        "locale": str(get_locale()),
        "pictures": dict(picture_addresses([form])),
        "tally": gettext("{n} 项"),
        "meta": {"today": today().isoformat(), "start": moment, "end": moment, "username": actor().name},
    }
