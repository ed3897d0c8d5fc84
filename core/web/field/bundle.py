"""What a phone takes along, as JSON (随身资料包): forms and questions once, shared between sites by their hashes.

Texts stand in both languages as ``[zh, en]``. ``plans`` say what is asked at sites of some types; ``stops`` is where rounds
put the places that a team is sent to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from core.campaigns import Campaign, Form
from core.campaigns.scoring import attrs_read
from core.campaigns.xlsform.shapes import shape_survey
from core.request import actor, db, house, login, now, tenant
from core.web.field.words import LANGUAGES, both
from core.web.forms.pictured import picture_addresses
from core.web.intake.report_words import usual_categories
from core.work.field.packing import Pack, PackedSite, Point, pack, pack_site, search_sites, standing_at
from core.work.forms.fielding import fielded
from core.work.inspection.visit_limits import fails_at, kinds_of, limits_of
from core.work.inspection.visit_plan import PlannedQuestion, VisitPlan, plan
from core.work.intake.patrols import DUTIES
from core.work.loop.step_input import SEVERITIES
from core.work.roles import REPORT, VISIT
from core.work.rounds.merging import TodayStop
from core.work.tables import Finding

VERSION = 1  # of this shape: a phone with another one asks anew


class Shelf:
    """Forms, questions and plans as they are gathered, each once (共用题库)."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self.campaigns = campaigns
        self.forms: dict[str, Any] = {}
        self.laid: dict[str, Form] = {}
        self.questions: dict[str, Any] = {}
        self.plans: dict[str, Any] = {}
        self._known: dict[Any, tuple[str, VisitPlan]] = {}

    def plan_of(self, types: tuple[str, ...], attrs: Mapping[str, Any]) -> tuple[str, VisitPlan]:
        """The key of the plan for a site of some types, put on the shelf at its first use."""
        read = attrs_read(attrs)
        asked = (types, tuple(sorted(read.items(), key=str)))
        if asked not in self._known:
            due = plan(types, self.campaigns)
            body = {
                "forms": [self._form(one) for one in due.forms],
                "groups": [
                    {"title": [group.title_zh, group.title_en]}
                    | {"questions": [self._question(one, read) for one in group.questions]}
                    for group in due.groups
                ],
            }
            key = _digest(body)
            self.plans[key] = body
            self._known[asked] = key, due
        return self._known[asked]

    def _form(self, one: Any) -> str:
        form, campaign = one.form, one.campaign
        survey = shape_survey(form)
        self.forms[form.sha256] = {
            "campaign": campaign.key,
            "campaign_title": [campaign.title_zh, campaign.title_en],
            "code": form.code,
            "title": [form.title_zh, form.title_en],
        } | ({} if survey is None else {"survey": survey})
        self.laid[form.sha256] = form
        return str(form.sha256)

    def pictures(self) -> dict[str, Any]:
        """The addresses of the illustrations by image name, item and question; a pair where the languages differ."""
        zh, en = (picture_addresses(self.laid.values(), locale=language) for language in LANGUAGES)
        return {key: url if en.get(key, url) == url else [url, en[key]] for key, url in zh.items()}

    def body(self) -> dict[str, Any]:
        """What is on the shelf."""
        kept = {"plans": self.plans, "questions": self.questions, "forms": self.forms}
        return kept | {"pictures": self.pictures()}

    def _question(self, one: PlannedQuestion, attrs: Mapping[str, Any]) -> str:
        body = shape_question(one, attrs)
        key = _digest(body)
        self.questions[key] = body
        return key


def shape_question(one: PlannedQuestion, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """A question with what passes, which answers open a finding, and the forms that ask it."""
    kind, fails = one.question.answer_type, fails_at(one, attrs)
    limits = limits_of(kind, fails)
    said = {name: getattr(limits, name) for name in ("below", "beyond", "missing")}
    return {
        "code": one.code,
        "type": kind,
        "text": [one.question.text_zh, one.question.text_en],
        "hints": [both(hint.text, **hint.params) for hint in one.hints],
        "key": one.key,
        "items": len(one.items),
        "forms": sorted({item.planned.form.sha256 for item in one.items}),
        "kinds": {str(value): word for value, word in kinds_of(kind, fails).items()},
        "limits": {name: value for name, value in said.items() if value is not None},
    }


def in_hand() -> list[Campaign]:
    """The campaigns whose forms he is given here; a post for one campaign brings that one's only."""
    limits = {duty.campaign for duty in actor().duties if VISIT in duty.verbs}
    found = fielded(db(), house().registry)
    return [one for one in found if None in limits or not limits or one.key in limits]


def make_bundle(near: Point | None) -> bytes:
    """The whole bundle of whoever asks, as bytes that are the same as long as nothing changed."""
    session, who = db(), actor()
    campaigns = in_hand()
    found = pack(session, who, campaigns, now(), near)
    shelf = Shelf(campaigns)
    sites = [_site(one, shelf, found.standing) for one in found.sites]
    body = {
        "version": VERSION,
        **_people(found),
        "sites": sites,
        "sent": [
            {"site": str(one.site_id), "title": one.title, "due_on": one.due_on.isoformat()} for one in found.sent
        ],
        "stops": [_stop(one) for one in found.stops],
        **shelf.body(),
        **_choices(found),
    }
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def make_search(text: str) -> dict[str, Any]:
    """Sites that a text finds, with what is asked there."""
    campaigns = in_hand()
    return _shaped(search_sites(db(), actor(), campaigns, text, now()), campaigns)


def make_site(site_id: UUID) -> dict[str, Any] | None:
    """One site, with what is asked there; None out of reach."""
    campaigns = in_hand()
    found = pack_site(db(), actor(), campaigns, site_id, now())
    return None if found is None else _shaped([found], campaigns)


def me() -> dict[str, Any]:
    """Who asks, for the phone to keep his things apart from those of others."""
    who, known = actor(), login()
    return {
        "person": str(who.person_id),
        "name": who.name,
        "tenant": tenant().name,
        "slug": tenant().slug,
        "locale": known.locale if known is not None else "",
        "may": [verb for verb in (VISIT, REPORT) if who.has(verb)],
    }


def _shaped(found: Sequence[PackedSite], campaigns: Sequence[Campaign]) -> dict[str, Any]:
    shelf = Shelf(campaigns)
    standing = standing_at(db(), actor(), [one.site.id for one in found], now())
    sites = [_site(one, shelf, standing) for one in found]
    return {"sites": sites, **shelf.body()}


def _site(one: PackedSite, shelf: Shelf, standing: Mapping[UUID, Sequence[Finding]]) -> dict[str, Any]:
    site = one.site
    key, due = shelf.plan_of(one.types, site.attrs)
    said: dict[str, Any] = {
        "id": str(site.id),
        "name": site.name,
        "pinyin": site.pinyin,
        "code": site.code or "",
        "address": site.address,
        "unit": one.unit_name,
        "last": one.last.isoformat() if one.last else None,
        "plan": key,
    }
    if site.longitude is not None and site.latitude is not None:
        said["at"] = [float(site.longitude), float(site.latitude)]  # for sorting by distance only
    open_here = _open_here(due, standing.get(site.id, ()))
    return said | ({"open": open_here} if open_here else {})


def _stop(one: TodayStop) -> dict[str, Any]:
    """A place that rounds send him to: for which round a visit is sent in, and the campaigns that are asked, all when none."""
    named = [errand.campaigns for errand in one.errands]
    return {
        "site": str(one.site_id),
        "round": str(one.round_id),
        "title": one.errands[0].title,
        "line": one.errands[0].line,
        "ends_on": min(errand.ends_on for errand in one.errands).isoformat(),
        "left": one.left,
        "secret": one.secret,
        "campaigns": sorted({key for keys in named for key in keys}) if all(named) else [],
    }


def _open_here(due: VisitPlan, rows: Sequence[Finding]) -> dict[str, Any]:
    """By question what is open already: of the question itself, and reported without a form under one of its categories."""
    found: dict[str, Any] = {}
    for code, asked in due.questions.items() if rows else ():
        categories = {one.item.category for one in asked.items}
        same = [_named(one) for one in rows if one.question == code]
        alike = [_named(one) for one in rows if not one.question and one.category in categories]
        if same or alike:
            found[code] = {"same": same, "alike": alike}
    return found


def _named(one: Finding) -> list[str]:
    return [str(one.id), one.number or ""]


def _people(found: Pack) -> dict[str, Any]:
    patrol = found.patrol
    walking = [{"id": str(key), "name": name, "duty": duty} for key, name, duty in found.walking]
    running = patrol and {
        "id": str(patrol.id),
        "route": patrol.route,
        "unit": str(patrol.unit_id),
        "started_at": patrol.started_at.isoformat(),
        "members": walking,
    }
    return {
        "me": me(),
        "patrol": running,
        "people": [{"id": str(key), "name": name, "unit": unit} for key, name, unit in found.people],
    }


def _choices(found: Pack) -> dict[str, Any]:
    """What is chosen from: units, categories (usual ones first), severities, duties on a patrol."""
    known = house().registry.vocabulary.categories
    return {
        "units": [{"id": str(key), "name": name} for key, name in found.units],
        "usual": [code for code in usual_categories(db(), actor()) if code in known],
        "categories": [{"code": code, "name": [one.name_zh, one.name_en]} for code, one in known.items()],
        "severities": [[code, both(zh)] for code, (zh, _en) in SEVERITIES.items()],
        "duties": [[code, both(zh)] for code, (zh, _en) in DUTIES.items()],
    }


def _digest(body: Any) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
