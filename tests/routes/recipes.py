"""How to fill an address and a form (路由配方): what each variable stands for, and a body for each changing route.

A new route whose variable or body is not here makes the test fail, naming the route; a new page therefore cannot be
forgotten. ``side`` is ``own`` (A's), ``other`` (B's) or ``unknown``.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import update
from werkzeug.routing import Rule

from core.campaigns.registry import installed
from core.figures.due import due_calendar, set_term
from core.figures.grants import give_grant
from core.figures.outside import TOTALS
from core.figures.publishing import publish
from core.web.proofs.link_door import COOKIE, sign_word
from core.work.actors import resolve_actor
from core.work.duties.site_posts import assign_sites
from core.work.intake.patrols import end_patrol
from core.work.organisation.grids import set_grid
from core.work.places.site_settings import MapSettings, PlateSettings
from core.work.places.sites import add_site
from core.work.tables import Finding, HandOn, RoundStop, Sweep
from core.work.tenant_settings import Times, read_kept
from tenants.db import new_id, now
from tests.routes.appealing import free_unit, new_appeal
from tests.routes.assembling import new_meeting
from tests.routes.building import new_project
from tests.routes.carding import DAY, TEXT
from tests.routes.counting import (
    entry_fields,
    handed_in,
    new_entries,
    new_observation,
    new_place,
    new_statistic,
    statistic_fields,
    version_now,
)
from tests.routes.editioning import edition_to_choose, edition_upload, give_edition
from tests.routes.filters import new_filter
from tests.routes.forming import (
    FORMS,
    form_upload,
    form_workbook,
    lay_picture,
    named_picture,
    new_draw,
    new_version,
    picture_form,
)
from tests.routes.importing import give_import, task_rows, versions_of
from tests.routes.intaking import new_merged, new_precedent, new_rule, new_set, new_shift, new_twins, running_shift
from tests.routes.planned import new_work_plan
from tests.routes.plating import OUTLINE, new_plated, version_of
from tests.routes.proving import new_contact, new_doubt, new_item, new_link, new_recheck, new_sweep
from tests.routes.quantifying import new_kind, new_quantity, new_quantity_rows
from tests.routes.ranking import last_month, new_appraisal_rule, new_frozen
from tests.routes.rounding import in_state, new_plan, new_round, staffed, visited
from tests.routes.splitting import new_split, uneven
from tests.routes.tasking import new_task
from tests.routes.world import (
    MONTH,
    NOBODY,
    OPERATOR,
    PASSWORD,
    SILENT,
    TODAY,
    Asker,
    World,
    fresh_draft,
    fresh_entry,
    fresh_finding,
    fresh_grant,
    fresh_link,
    fresh_members,
    fresh_notice,
    fresh_person,
    fresh_post,
    fresh_roster,
    fresh_sponsorship,
    fresh_token,
    fresh_unit,
    fresh_visit,
    fresh_whistle,
    led_to,
    let_run,
    new_card,
    new_member,
    new_scheme,
    of_old_password,
    of_unconfirmed,
    unread_note,
)
from tests.work.market import ANSWERS
from tests.work.pictures import jpeg
from tests.work.test_workbooks import UNITS, book

SIDES = ("own", "other", "unknown")
NEVER = str(UUID(int=0x7000_8000_0000_0000_0000))

# Variables whose values are one tenant's: another's must be answered like one that does not exist.
SECRET: dict[str, str] = {
    "slug": "nirgends",
    "tenant": "nirgends",
    "district": "nirgends",
    **dict.fromkeys(
        ("site_id", "unit_id", "visit_id", "finding_id", "person_id", "holding_id", "grant_id", "publication_id",
         "whistle_id", "called_id", "notice_id", "note_id", "scheme_id", "card_id", "report_id", "entry_id", "photo_id", "token_id", "event_id", "ref",
         "recheck_id", "sample_id", "appeal_id", "run_id", "signal_id", "sweep_id", "contact_id", "hand_on_id",
         "reorganisation_id", "seat_id", "area_id", "member_id",
         "statistic_id", "observation_id", "stat_code",
         "draw_id", "version_id",
         "round_id", "team_id", "line_id", "plan_id",
         "work_plan_id", "plan_line_id",
         "task_id", "import_id", "appraisal_rule_id", "appraisal_id", "appraised_id",
         "project_id", "bill_line_id",
         "quantity_id", "quantity_kind_id",
         "meeting_id", "point_id", "presence_id", "decision_id",
         "split_id", "row_id", "share_id",
         "post_id", "sponsorship_id", "handover_id", "filter_id", "rule_id", "precedent_id", "set_id", "patrol_id"),
        NEVER,
    ),
    "plate": "nirgends-2222222222",
    "receipt": "222222222222",
    "choice_id": NEVER,
    "edition_sha": "0" * 64,
    "sha256": "0" * 64,
    "token": "no-such-link-0000000000000000000000000000000",
}  # fmt: skip
# Variables whose values are the same everywhere: catalogue codes, days and files that ship with the product.
COMMON: dict[str, tuple[str, str]] = {
    "key": ("civilized_city", "no_such_city"),
    "campaign": ("sanitary_city", "no_such_city"),
    "filename": ("css/sancheng.css", "no/such.css"),
    "period": (MONTH.key, "1999-01"),
    "day": (TODAY.isoformat(), "1999-01-01"),
    "verb": ("take", "no_such_verb"),
    "kind": ("month", "no_such_kind"),
    "subject": ("grid", "no_such_subject"),
    "duty": ("answer", "no_such_duty"),
    "code": ("", "NO-SUCH-CODE"),
    "form": ("", "NO-SUCH-CODE"),
    "indicator": ("", "NO-SUCH-CODE"),
    "item": ("", "NO-SUCH-CODE"),
    "basis": ("self", "no_such_basis"),
}


def value_of(world: World, asker: Asker, name: str, side: str, rule: Rule) -> str:
    """What a variable of an address stands for; KeyError when nobody says."""
    if name in COMMON and name not in SECRET:
        own, unknown = COMMON[name]
        if not own:
            own = catalogue_code(world, name, rule)
        return unknown if side == "unknown" else own
    if side == "unknown":
        return SECRET[name]
    if name == "slug":
        own = asker.ref.slug if asker.ref else world.a.ref.slug
        return world.b.ref.slug if side == "other" else own
    if name == "district":
        return world.a.ref.slug if side == "own" else SILENT
    if name == "tenant":
        return (world.a if side == "own" else world.b).ref.slug
    SECRET[name]  # a variable that nobody thought of is a KeyError naming it
    ids = (world.a if side == "own" else world.b).ids
    if name == "sha256":
        return upload_of(world, side)
    if (
        name == "plate" and side == "other"
    ):  # the other's code behind our own slug: what stands behind its own is for anybody
        return f"{world.a.ref.slug}-{ids[name].rpartition('-')[2]}"
    if name == "token" and side == "own" and rule.rule.startswith("/h/"):
        return fresh_guest(world)
    if name == "token" and side == "own":
        return fresh_link(world, "reset" if "reset" in rule.rule else "invite")
    return ids[name]


def catalogue_code(world: World, name: str, rule: Rule) -> str:
    """The first form, indicator or item of the campaign that addresses name."""
    edition = installed().campaigns[COMMON["campaign"][0]].edition
    if name == "indicator" or (
        name == "code" and "/f" not in rule.rule.partition("<campaign>")[2] and "forms" not in rule.rule
    ):
        return edition.indicators[0].code
    return edition.forms[0].items[0].code if name == "item" else edition.forms[0].code


def upload_of(world: World, side: str) -> str:
    """A workbook that waits for its confirmation where the page keeps them; made again when it was taken in."""
    filled = world.a if side == "own" else world.b
    folder = world.files / str(filled.ref.id) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"街道{secrets.token_hex(4)}" if side == "own" else "CANARY_upload_name_xabcdef"
    data = book(单位=[UNITS[0], [name, "", "街道", "", ""]])
    digest = sha256(data).hexdigest()
    (folder / digest).write_bytes(data)
    return digest


@dataclass(frozen=True)
class Sent:
    """What a changing request carries: form fields, JSON or bytes, and headers (请求内容)."""

    form: Mapping[str, Any] | None = None
    json: Any = None
    data: bytes | None = None
    content_type: str | None = None
    headers: Mapping[str, str] | None = None


Body = Callable[[World, str], Sent]


@dataclass(frozen=True)
class Recipe:
    """One changing route (写操作配方): who can do it, with which body, and what its address needs fresh."""

    role: str
    body: Body = lambda _w, _s: Sent(form={})
    fresh: Callable[[World], dict[str, str]] = lambda _w: {}
    records: bool = True
    why: str = ""
    ids: tuple[str, ...] = ()  # which of A's ids the body names


def side_id(world: World, name: str, side: str) -> str:
    """An id of a side for a body."""
    return SECRET[name] if side == "unknown" else (world.a if side == "own" else world.b).ids[name]


def form(**fields: Any) -> Body:
    """A form that names nobody's things."""
    return lambda _w, _s: Sent(form=fields)


def said(json: Any) -> Body:
    """JSON that names nobody's things."""
    return lambda _w, _s: Sent(json=json)


def site_body(world: World, side: str) -> dict[str, Any]:
    return {
        "name": f"新点位{secrets.token_hex(4)}",
        "unit_id": side_id(world, "unit_id", side),
        "types": ["produce_market"],
    }


def visit_form(world: World, side: str) -> Sent:
    let_run(world)
    fields: dict[str, Any] = {"visit_id": str(new_id()), "started_at": f"{TODAY.isoformat()}T01:00:00+00:00"}
    for question, answer in ANSWERS.items():
        for part, value in answer.items():
            fields[f"a.{question}.{part}"] = (
                "1" if value is True and part == "na" else "yes" if value is True else value
            )
            if part == "yes":
                fields[f"a.{question}.yes"] = "1" if value else "0"
    fields["photo.toilet_clean"] = side_id(world, "ref", side)
    return Sent(form=fields)


def paper_form(world: World, side: str) -> Sent:
    """A sheet that the inspector filled yesterday and types in himself."""
    fields = dict(visit_form(world, side).form or {}) | {"site": side_id(world, "site_id", side), "another": "1"}
    walked = {"person": str(world.askers[INSPECTOR].person_id), "day": (TODAY - timedelta(days=1)).isoformat()}
    return Sent(form=fields | walked | {"began": "0930", "ended": "0955"})


def visit_json(world: World, side: str) -> Sent:
    let_run(world)
    body = {"id": str(new_id()), "site_id": side_id(world, "site_id", side), "answers": dict(ANSWERS)}
    return Sent(json=body | {"photos": {"toilet_clean": [side_id(world, "photo_id", side)]}})


def phone_json(world: World, side: str) -> Sent:
    """A visit as the inspector's phone sends it."""
    person = {"kind": "visit", "person_id": str(world.askers[INSPECTOR].person_id)}
    return Sent(json=dict(visit_json(world, side).json or {}) | person)


def negative_form(world: World, side: str) -> Sent:
    fields = {"campaign": COMMON["campaign"][0], "title": f"事故{word()}", "happened_on": TODAY.isoformat()}
    return Sent(form=fields | {"effect": "deduct", "points": "1", "unit_id": side_id(world, "unit_id", side)})


def correction_form(world: World, side: str) -> Sent:
    fields = dict(visit_form(world, side).form or {}) | {"a.toilet_clean.rating": "9", "reason": "看错了"}
    return Sent(form=fields)


def correction_json(world: World, side: str) -> Sent:
    let_run(world)
    answers = dict(ANSWERS) | {"toilet_clean": {"rating": 9}}
    photos = {"toilet_clean": [side_id(world, "photo_id", side)]}
    return Sent(json={"id": str(new_id()), "answers": answers, "photos": photos, "reason": "看错了"})


def publish_form(world: World, _side: str) -> Sent:
    """What the page of the preview carries: the seal of what was seen."""
    let_run(world)
    office = world.askers[OFFICE]
    office.fresh()
    asked = {"campaign": COMMON["campaign"][0], "period": MONTH.key}
    page = office.client.get(f"/t/{world.a.ref.slug}/publications/new", query_string=asked).get_data(as_text=True)
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    return Sent(form=asked | {"seen": found.group(1) if found else "", "reason": "补录"})


def standing_form(world: World, _side: str) -> Sent:
    """What the city's page carries after A published once more: the table that was seen."""
    let_run(world)
    campaign, office = installed().campaigns[COMMON["campaign"][0]], world.a.actors[OFFICE]
    with world.session() as session:
        give_grant(session, office, world.city, campaign.key, "totals", TODAY)
        publish(session, office, campaign, campaign.edition, MONTH, now=now(), reason=f"补录{word()}")
        session.commit()
    bureau = world.askers["city_bureau"]
    bureau.fresh()
    asked = {"campaign": campaign.key, "period": MONTH.key}
    page = bureau.client.get(f"/c/{world.city.slug}/standings", query_string=asked).get_data(as_text=True)
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    return Sent(form=asked | {"seen": found.group(1) if found else "", "reason": "补录"})


def reminder_form(world: World, _side: str) -> Sent:
    """A period that somebody has to publish by a term of the city's, did not, and was not reminded of yet."""
    with world.wall.open(world.city.id) as session:
        person = world.askers["city_bureau"].person_id
        assert person is not None
        actor = resolve_actor(session, world.city, person, TODAY)
        for kind in ("day", "week", "ten_day", "month", "quarter"):
            set_term(session, actor, "civilized_city", kind, 5, since=TODAY - timedelta(400), now=now())
        session.commit()
        due = next(one for one in due_calendar(session, actor, now=now()) if one.unreminded)
        return Sent(form={"campaign": due.campaign, "period": due.period.key})


def outside_form(_world: World, _side: str) -> Sent:
    """A new outside district with its totals."""
    head = ",".join(column.titles[0] for column in TOTALS.columns)
    line = f"外地{word()},全国文明城市,{MONTH.key},2026,80,90,100,40,9,公报"
    return Sent(form={"file": (io.BytesIO(f"{head}\n{line}".encode()), "总分.csv")})


def boundaries_form(_world: World, _side: str) -> Sent:
    """One outline, of a code that is nobody's."""
    ring = [[112, 37], [113, 37], [113, 38], [112, 37]]
    one = {"properties": {"code": word()}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    data = json.dumps({"type": "FeatureCollection", "features": [one]}).encode()
    return Sent(form={"file": (io.BytesIO(data), "boundaries.geojson")})


def step(verb: str, **more: Any) -> Body:
    """One step of a finding's life through the API."""
    return lambda w, s: Sent(
        json={"verb": verb, "note": "测试", "photos": [side_id(w, "photo_id", s)], **more}, headers={"If-Match": '"v1"'}
    )


def of_suspended(world: World) -> dict[str, str]:
    let_run(world, but=COMMON["key"][0])
    return {}


def of_running(world: World) -> dict[str, str]:
    let_run(world)
    return {}


def of_edition(world: World) -> dict[str, str]:
    """An edition of A that can be chosen; its campaign runs."""
    let_run(world)
    with world.session() as session:
        made = edition_to_choose(session, "本区", TODAY)
        session.commit()
    return made


def of_choice(world: World) -> dict[str, str]:
    """A shadow of A that can be taken back."""
    let_run(world)
    with world.session() as session:
        made = give_edition(session, "本区", TODAY)
        session.commit()
    return {"choice_id": made["choice_id"]}


def of_new_grid(world: World) -> dict[str, str]:
    """A new grid of A that is no subject yet."""
    fresh_unit(world, "grid")
    return {}


def of_draw(world: World) -> dict[str, str]:
    """A commitment of A that nobody has drawn."""
    return new_draw(world.wall, world.a.ref, world.a.actors["hq_office"])


def of_own_edition(world: World) -> dict[str, str]:
    """An uploaded edition of A that waits for its date."""
    let_run(world)
    return edition_upload(world.files / str(world.a.ref.id) / "uploads")


def of_person(world: World) -> dict[str, str]:
    person, holding = fresh_person(world)
    return {"person_id": person, "holding_id": holding}


def of_member(world: World) -> dict[str, str]:
    person, holding = fresh_person(world, account=True)
    return {"person_id": person, "holding_id": holding}


def of_finding(world: World) -> dict[str, str]:
    return {"finding_id": fresh_finding(world, "dispatched")[0]}


def of_grid(world: World) -> dict[str, str]:
    """A's site lies in a grid again, whoever took it out before."""
    site_id, unit_id = (UUID(world.a.ids[name]) for name in ("site_id", "unit_id"))
    with world.session() as session:
        set_grid(session, None, site_id, partition="社区网格", unit_id=unit_id, today=TODAY)
        session.commit()
    return {}


def of_filter(world: World, *, removed: bool = False) -> dict[str, str]:
    """A saved filter of the office that asks."""
    person = world.askers[OFFICE].person_id
    assert person
    with world.session() as session:
        made = new_filter(session, world.a.actors["hq_office"], person, removed=removed)
        session.commit()
        return made


def bulk_form(world: World, side: str) -> Sent:
    """A step for one finding: one of A that waits for it, or the other's."""
    one, version = fresh_finding(world, "dispatched") if side == "own" else (side_id(world, "finding_id", side), 1)
    return Sent(form={"verb": "take", "one": f"{one}.{version}"})


def of_answered(world: World) -> dict[str, str]:
    return {"finding_id": fresh_finding(world, "answered")[0]}


def word() -> str:
    """A word that was never said before."""
    return secrets.token_hex(5)


def onboard(world: World, side: str) -> Sent:
    city = {"own": world.city.slug, "other": world.city.slug, "unknown": world.city.slug}[side]
    fields = {"kind": "district", "name": f"新区{word()}", "slug": f"n{word()}", "person": "新管理员", "upper": city}
    return Sent(form=fields)


def whistle_form(world: World, side: str) -> Sent:
    fields = {"id": str(new_id()), "place": "一号院", "matter": "污水外溢", "minutes": "60"}
    units = {"caller": side_id(world, "unit_id", side), "unit": side_id(world, "called_id", side)}
    return Sent(form=fields | units)


def whistle_json(world: World, side: str) -> Sent:
    units = {"caller_unit_id": side_id(world, "unit_id", side), "unit_ids": [side_id(world, "called_id", side)]}
    return Sent(json={"place": "一号院", "matter": "污水外溢"} | units)


def assignment(world: World, side: str) -> Sent:
    """A site for a post until a day that nobody named before, as the preview's form sends it."""
    site = side_id(world, "site_id", side)
    seen = sha256(UUID(site).bytes).hexdigest()[:32]
    until = TODAY + timedelta(1 + secrets.randbelow(5000))
    more = {"post": side_id(world, "post_id", side), "until": until.isoformat(), "seen": seen, "confirm": "1"}
    return Sent(form={"site": site} | more)


def of_assigned(world: World) -> dict[str, str]:
    with world.session() as session:
        ids = world.a.ids
        assign_sites(session, None, [UUID(ids["site_id"])], UUID(ids["post_id"]), today=TODAY)
        session.commit()
    return {}


def notice_form(world: World, side: str) -> Sent:
    fields = {"kind": "rectification_notice", "title": "市场卫生", "demand": "立即整改", "clause": ""}
    due = (TODAY + timedelta(days=3)).isoformat() + "T17:00"
    ids = {"unit": side_id(world, "unit_id", side), "id": side_id(world, "finding_id", side)}
    return Sent(form=fields | ids | {"due": due})


def notice_json(world: World, side: str) -> Sent:
    body = {"kind": "rectification_notice", "title": "市场卫生", "demand": "立即整改"}
    due = (TODAY + timedelta(days=3)).isoformat() + "T09:00:00Z"
    ids = {"unit_id": side_id(world, "unit_id", side), "finding_ids": [side_id(world, "finding_id", side)]}
    return Sent(json=body | ids | {"due_at": due})


def of_unread(world: World) -> dict[str, str]:
    unread_note(world, "leader")
    return {}


def rules_form(world: World, _side: str) -> Sent:
    with world.session() as session:
        version = read_kept(session, Times).version
    hours = str(1 + secrets.randbelow(200))
    return Sent(form={"matter": "times", "version": str(version), "acceptance_hours": hours, "amber_hours": "24"})


def intake(kind: str) -> Callable[[World], dict[str, str]]:
    """A fresh thing of the intake rooms, made by A's own people."""

    def make(world: World) -> dict[str, str]:
        office, ids = world.a.actors[OFFICE], world.a.ids
        with world.session() as session:
            walker = resolve_actor(session, world.a.ref, world.askers["grid_worker"].person_id, TODAY)
            assert walker
            made = {
                "rule_id": lambda: new_rule(session, office, TODAY),
                "precedent_id": lambda: str(new_precedent(session, ids).id),
                "set_id": lambda: new_set(session, office),
                "patrol_id": lambda: new_shift(session, walker),
                "running": lambda: running_shift(session, walker),
                "finding_id": lambda: new_merged(session, office, ids),
            }[kind]()
            session.commit()
        return {"patrol_id" if kind == "running" else kind: made}

    return make


def off_duty(world: World) -> dict[str, str]:
    """No shift is running for the grid worker who asks."""
    with world.session() as session:
        walker = resolve_actor(session, world.a.ref, world.askers["grid_worker"].person_id, TODAY)
        assert walker
        end_patrol(session, walker, UUID(new_shift(session, walker)), now=now())
        session.commit()
    return {}


def twin(world: World) -> dict[str, str]:
    """A finding to merge; the body names the other one."""
    with world.session() as session:
        one, other = new_twins(session, world.a.actors[OFFICE], world.a.ids)
        session.commit()
    world.a.ids["twin"] = other
    world.b.ids.setdefault("twin", world.b.ids["finding_id"])
    return {"finding_id": one}


def into_twin(world: World, side: str) -> Sent:
    known = {"own": world.a, "other": world.b}.get(side)
    target = NEVER if known is None else known.ids.get("twin", known.ids["finding_id"])
    return Sent(form={"version": "1", "target": target})


def report_form(world: World, side: str, **more: str) -> Sent:
    fields = {"id": str(new_id()), "source": "snapshot", "category": "ORD-STALL", "severity": "ordinary"}
    return Sent(form=fields | {"site": side_id(world, "site_id", side), "duplicate": "new"} | more)


def report_json(world: World, side: str) -> Sent:
    body = {"id": str(new_id()), "category": "ORD-STALL", "site_id": side_id(world, "site_id", side)}
    return Sent(json=body | {"photos": [side_id(world, "photo_id", side)]})


# proofs


def in_a(world: World, make: Callable[[Any], dict[str, str]]) -> dict[str, str]:
    """Something made in A, committed."""
    with world.session() as session:
        found = make(session)
        session.commit()
        return found


def of_closed(world: World) -> dict[str, str]:
    """A finding of A that was closed just now."""
    fresh_finding(world, "dispatched")
    return in_a(world, lambda session: {"finding_id": str(led_to(session, world, "closed").id)})


def new_recheck_of(world: World) -> str:
    finding_id = UUID(of_closed(world)["finding_id"])
    with world.session() as session:
        found = new_recheck(
            session, world.a.actors["hq_office"], session.get_one(Finding, (session.tenant_id, finding_id)), TODAY
        )
        session.commit()
        return found


def fresh_doubt(world: World, session: Any) -> str:
    return str(new_doubt(session, world.a.findings[0]).id)


def of_similar(world: World) -> dict[str, str]:
    """A finding of A without a check of similar sites, and a site that is like its own."""
    finding_id = fresh_finding(world, "dispatched")[0]

    def make(session: Any) -> dict[str, str]:
        unit = UUID(world.a.ids["unit_id"])
        add_site(session, None, today=TODAY, name=f"市场{word()}", unit_id=unit, types=("produce_market",))
        session.execute(update(Sweep).where(Sweep.finding_id == UUID(finding_id)).values(state="closed"))
        return {"finding_id": finding_id}

    return in_a(world, make)


def of_sweep(world: World) -> dict[str, str]:
    finding_id = of_similar(world)["finding_id"]
    office, site = world.a.actors["hq_office"], world.a.ids["site_id"]
    return in_a(world, lambda s: {"sweep_id": str(new_sweep(s, office, finding_id, site, TODAY).id)})


def of_linked(world: World) -> dict[str, str]:
    """A contact of A with a live link."""

    def make(session: Any) -> dict[str, str]:
        contact = new_contact(session, world.a.actors["liaison"], world.a.findings[1])
        new_link(session, world.a.actors["liaison"], str(contact.id))
        return {"contact_id": str(contact.id)}

    return in_a(world, make)


def fresh_item(world: World) -> tuple[str, str]:
    """An item of A handed on to a new contact: its id and the contact's."""
    finding_id = fresh_finding(world, "dispatched")[0]
    with world.session() as session:
        session.execute(update(HandOn).where(HandOn.finding_id == UUID(finding_id)).values(state="withdrawn"))
        found = new_item(session, world.a.actors["liaison"], finding_id)
        session.commit()
        return str(found.id), str(found.contact_id)


def fresh_guest(world: World, contact_id: str = "") -> str:
    """The signed word of a new link of A."""
    with world.session() as session:
        made = new_link(session, world.a.actors["liaison"], contact_id or world.a.ids["contact_id"])
        session.commit()
    with world.app.app_context():
        return sign_word(world.a.ref.slug, made)


def draw_form(world: World, _side: str) -> Sent:
    """What the preview's form carries: the seed that was shown."""
    office = world.askers[OFFICE]
    office.fresh()
    days = {"closed_from": TODAY.isoformat(), "closed_to": TODAY.isoformat(), "rate_percent": "100"}
    path = f"/t/{world.a.ref.slug}/rechecks/draw"
    page = office.client.get(path, query_string=days).get_data(as_text=True)
    seed = re.search(r'name="seed" value="([0-9a-f]{16})"', page)
    due = (TODAY + timedelta(9)).isoformat()
    return Sent(form=days | {"title": "抽样", "due_on": due, "seed": seed.group(1) if seed else ""})


def hand_on_form(world: World, side: str) -> Sent:
    finding = side_id(world, "finding_id", side)
    if side == "own":
        finding = fresh_finding(world, "dispatched")[0]
        with world.session() as session:
            session.execute(update(HandOn).where(HandOn.finding_id == UUID(finding)).values(state="withdrawn"))
            session.commit()
    return Sent(form={"finding": finding, "contact": side_id(world, "contact_id", side), "asked": "请清运"})


def guest_form(world: World, _side: str) -> Sent:
    """What a contact's phone sends after the link was opened on it."""
    item, contact = fresh_item(world)
    client, slug = world.askers[NOBODY].client, world.a.ref.slug
    client.set_cookie(COOKIE, fresh_guest(world, contact), path=f"/h/{slug}")
    page = client.get(f"/h/{slug}").get_data(as_text=True)
    seal = re.search(r'name="seal" value="([^"]+)"', page)
    photo = (io.BytesIO(jpeg((64, 48))), "a.jpg")
    return Sent(form={"seal": seal.group(1) if seal else "", "only": item, f"photos-{item}": photo})


# plates


def of_plated(world: World) -> dict[str, str]:
    """A shop of A with a plate."""
    return in_a(world, lambda s: {"site_id": new_plated(s, world.a.actors["hq_office"], world.a.ids, TODAY)})


def citizen_form(world: World, _side: str) -> Sent:
    """What somebody sends who scanned A's plate."""
    page = world.askers[NOBODY].client.get(f"/p/{world.a.ids['plate']}/report").get_data(as_text=True)
    seal = re.search(r'name="seal" value="([^"]+)"', page)
    return Sent(form={"seal": seal.group(1) if seal else "", "category": "ENV-LITTER", "what": f"垃圾{word()}"})


def fresh_bare(world: World) -> str:
    """The name of a new shop of A without a plate."""
    fields = {"name": f"新店{word()}", "unit_id": UUID(world.a.ids["unit_id"]), "types": ["produce_market"]}
    return in_a(world, lambda s: {"name": add_site(s, None, today=TODAY, **fields).name})["name"]


def map_form(world: World, _side: str) -> Sent:
    fields = {"tiles": "https://tiles.example.cn/{z}/{x}/{y}.png", "attribution": f"图源{word()}", "datum": "gcj02"}
    return Sent(form=fields | in_a(world, lambda s: {"version": version_of(s, MapSettings)}))


def plate_settings_form(world: World, _side: str) -> Sent:
    fields = {"public_grade": "1", "contact_days": "90", "duties": f"门前五包{word()}"}
    return Sent(form=fields | in_a(world, lambda s: {"version": version_of(s, PlateSettings)}))


def outlines_form(_world: World, _side: str) -> Sent:
    return Sent(form={"file": (io.BytesIO(OUTLINE), "outlines.geojson")})


# rounds


def round_form(world: World, side: str) -> Sent:
    fields = {"kind": "weekly", "title": f"轮次{word()}", "unit_id": side_id(world, "unit_id", side), "version": "1"}
    days = {"starts_on": TODAY.isoformat(), "ends_on": (TODAY + timedelta(days=3)).isoformat()}
    return Sent(form=fields | days | {"mode": "announced", "source": "office", "weight": "1"})


def round_json(world: World, side: str) -> Sent:
    days = {"starts_on": TODAY.isoformat(), "ends_on": (TODAY + timedelta(days=3)).isoformat()}
    return Sent(json={"kind": "weekly", "title": f"轮次{word()}", "unit_id": side_id(world, "unit_id", side)} | days)


def round_plan_form(world: World, side: str) -> Sent:
    fields = {"kind": "weekly", "title": f"计划{word()}", "unit_id": side_id(world, "unit_id", side), "version": "1"}
    rule = {"every": "week", "weekdays": "1", "day": "1", "week": "1", "days": "0", "working": ""}
    return Sent(form=fields | rule | {"mode": "announced", "starts_on": (TODAY + timedelta(days=50)).isoformat()})


def round_team_form(world: World, side: str) -> Sent:
    return Sent(form={"version": "4", "name": f"组{word()}", "members": side_id(world, "person_id", side)})


def round_sites_form(world: World, side: str) -> Sent:
    return Sent(form={"version": "1", "sites": side_id(world, "site_id", side)})


def of_draft(world: World) -> dict[str, str]:
    """A draft of A without anything, of version 1."""
    office = world.a.actors["hq_office"]
    return in_a(world, lambda s: {"round_id": str(new_round(s, office, TODAY).id)})


def of_staffed(world: World) -> dict[str, str]:
    """A draft of A with a team, a line and a stop, of version 4."""
    return in_a(world, lambda s: staffed(s, world.a.actors["hq_office"], world.a.ids, TODAY))


def of_walked(world: World) -> dict[str, str]:
    """An open round of A, of version 4."""
    return in_a(world, lambda s: in_state(s, world.a.actors["hq_office"], world.a.ids, TODAY, "open"))


def of_dropped(world: World) -> dict[str, str]:
    """The same with its stop dropped."""
    made = of_walked(world)
    key = (RoundStop.round_id == UUID(made["round_id"]), RoundStop.site_id == UUID(made["site_id"]))
    in_a(world, lambda s: s.execute(update(RoundStop).where(*key).values(state="dropped")) and {})
    return made


def of_unreleased(world: World) -> dict[str, str]:
    """A secret round of A that is over, of version 4."""
    with world.wall.open(world.a.ref.id, cleared=True) as session:
        made = in_state(session, world.a.actors["hq_office"], world.a.ids, TODAY, "closed", mode="secret")
        session.commit()
    return {"round_id": made["round_id"]}


def of_round_visit(world: World) -> dict[str, str]:
    """A visit that was made for an open round of A and not corrected yet."""
    let_run(world)
    return in_a(world, lambda s: visited(s, world.a.actors["hq_office"], world.a.ids, TODAY))


def of_round_plan(world: World) -> dict[str, str]:
    """A plan of A, of version 1."""
    return in_a(world, lambda s: new_plan(s, world.a.actors["hq_office"], TODAY))


# tasks


def task_form(world: World, side: str) -> Sent:
    fields = {"title": f"任务{word()}", "unit_id": side_id(world, "unit_id", side), "issue": "1"}
    return Sent(form=fields | {"due_on": (TODAY + timedelta(days=9)).isoformat()})


def task_json(world: World, side: str) -> Sent:
    due = (TODAY + timedelta(days=9)).isoformat()
    return Sent(json={"title": f"任务{word()}", "unit_id": side_id(world, "unit_id", side), "due_on": due})


def task_parts_form(world: World, side: str) -> Sent:
    return Sent(form={"version": "1", "units": side_id(world, "unit_id", side)})


def task_parts_json(world: World, side: str) -> Sent:
    part = {"title": "分项", "unit_id": side_id(world, "unit_id", side), "due_on": TODAY.isoformat()}
    return Sent(json={"parts": [part]}, headers={"If-Match": '"v1"'})


def of_task(world: World) -> dict[str, str]:
    """A task of A that was issued just now, of version 1."""
    return in_a(world, lambda s: new_task(s, world.a.ids, world.a.actors, TODAY))


# task workbooks and one step for many tasks


def task_file(_world: World, _side: str) -> Sent:
    data, name = task_rows()
    return Sent(form={"issue": "1", "file": (io.BytesIO(data), name)})


def of_import(world: World) -> dict[str, str]:
    """A workbook of A that was tried just now."""
    return in_a(world, lambda s: give_import(s, world.a.actors["hq_office"]))


def task_bulk_form(world: World, side: str) -> Sent:
    """A step for one task: a fresh one of A, or the other's."""
    one = of_task(world)["task_id"] if side == "own" else side_id(world, "task_id", side)
    return Sent(form={"step": "cancel", "note": "不做了", "versions": versions_of(one)})


# ranks


RULE_FORM = {"name": "考核", "league": "area", "missing": "zero", "weeks": "equal", "missing_part": "zero"}
RULE_FORM |= {"minimum_days": "1", "weight.task_rate": "100", "version": "1"}


def of_rule(world: World) -> dict[str, str]:
    """A rule of A of version 1."""
    return in_a(world, lambda s: new_appraisal_rule(s, world.a.actors))


def lately(world: World, name: str) -> str:
    """What was made last of a name, for a body; for somebody who is not let in to make one, any id will do."""
    return world.a.ids.get(name) or str(new_id())


def sign_form(world: World, _side: str) -> Sent:
    """What somebody signs who has just read it: the hash of the appraisal that was made for him."""
    return Sent(form={"sha256": lately(world, "appraisal_sha256")})


def of_frozen(world: World) -> dict[str, str]:
    """A frozen month of A that nobody has signed."""
    made = in_a(world, lambda s: new_frozen(s, world.a.actors, TODAY))
    world.a.ids["appraisal_sha256"] = made["appraisal_sha256"]
    return {"appraisal_id": made["appraisal_id"]}


# quantities


def counted_kind(world: World) -> str:
    """A kind of A's dictionary, made once: a form that comes back lists them all."""
    if "counted_kind" not in world.a.ids:
        world.a.ids["counted_kind"] = in_a(world, lambda s: new_kind(s, world.a.actors))["quantity_kind_id"]
    return world.a.ids["counted_kind"]


def quantity_form(world: World, side: str) -> Sent:
    kind = counted_kind(world)
    return Sent(form={"kind": kind, "unit": side_id(world, "unit_id", side), "amount": "2300多", "basis": "self"})


def quantity_json(world: World, side: str) -> Sent:
    kind = counted_kind(world)
    return Sent(json={"kind_id": kind, "unit_id": side_id(world, "unit_id", side), "amount": "2300多"})


def quantity_kind_form(_world: World, _side: str) -> Sent:
    return Sent(
        form={
            "code": f"own_{word()}",
            "name_zh": f"科目{word()}",
            "name_en": word(),
            "measure": "t",
            "flow": "output",
            "version": "1",
        }
    )


def of_quantity(world: World) -> dict[str, str]:
    """A quantity of A of version 1."""
    return in_a(world, lambda s: new_quantity(s, world.a.ids, world.a.actors))


# splits


def split_unit(world: World, side: str) -> dict[str, str]:
    """The clause of A's split with a unit of a side."""
    unit, row = side_id(world, "unit_id", side), lately(world, "split_row")
    return {f"m.{row}": lately(world, "split_mark"), f"c.{row}.{unit}": "1"}


def split_cells_form(world: World, side: str) -> Sent:
    return Sent(form=split_unit(world, side))


def split_row_form(world: World, side: str) -> Sent:
    fields = {"mark": lately(world, "split_mark"), "lead": "new", "points.new": "3", "then": "save"}
    return Sent(form=fields | {"add_unit": side_id(world, "unit_id", side), "requirement": word()})


def of_split(state: str) -> Callable[[World], dict[str, str]]:
    """A fresh split of A, a draft or issued; its clause and mark are named for bodies."""

    def fresh(world: World) -> dict[str, str]:
        made = in_a(world, lambda s: new_split(s, world.a.ids, world.a.actors, TODAY, state))
        world.a.ids |= {"split_row": made["row_id"], "split_mark": made.pop("mark")}
        return made

    return fresh


def of_uneven(world: World) -> dict[str, str]:
    """A draft of A whose points do not add up."""
    return {"split_id": in_a(world, lambda s: uneven(s, world.a.ids, world.a.actors, TODAY))["split_id"]}


def no_draft(world: World) -> dict[str, str]:
    """A's splits without any draft."""
    of_split("issued")(world)
    return {}


def of_split_file(world: World) -> dict[str, str]:
    """A draft of A, and a workbook that changes it, kept for its confirmation."""
    made = of_split("draft")(world)
    data = "编号,工作要求\n路-1,改了".encode()
    folder = world.files / str(world.a.ref.id) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = sha256(data).hexdigest()
    (folder / digest).write_bytes(data)
    return {"split_id": made["split_id"], "sha256": digest}


# meetings


def meeting_form(world: World, side: str) -> Sent:
    fields = {"kind": "topical", "tier": "1", "title": f"会议{word()}", "unit_id": side_id(world, "unit_id", side)}
    return Sent(form=fields | {"held_on": TODAY.isoformat(), "version": "2"})


def meeting_units_form(world: World, side: str) -> Sent:
    return Sent(form={"unit": side_id(world, "unit_id", side)})


def meeting_decision_form(world: World, side: str) -> Sent:
    fields = {"title": f"议定{word()}", "unit_id": side_id(world, "unit_id", side)}
    due = TODAY + timedelta(days=9)  # no day of the page's own times
    return Sent(form=fields | {"due_on": due.isoformat(), "kind": "decision"})


def of_meeting(state: str) -> Callable[[World], dict[str, str]]:
    """A fresh meeting of A in a state."""
    return lambda world: in_a(world, lambda s: new_meeting(s, world.a.ids, world.a.actors["hq_office"], TODAY, state))


def meeting_sign_form(world: World, _side: str) -> Sent:
    key = world.a.ids["presence_id"]
    return Sent(form={f"state.{key}": "present"})


# plans


def work_plan_form(world: World, side: str) -> Sent:
    days = {"starts_on": (TODAY - timedelta(days=9)).isoformat(), "ends_on": (TODAY + timedelta(days=60)).isoformat()}
    fields = {"kind": "drive", "title": f"计划{word()}", "unit_id": side_id(world, "unit_id", side)}
    return Sent(form=fields | days | {"version": "2"})


def new_issue_form(world: World, side: str) -> Sent:
    sent = work_plan_form(world, side)
    return Sent(form={**(sent.form or {}), "version": "3"})


def plan_line_form(world: World, side: str) -> Sent:
    return Sent(form={"version": "2", "title": f"条线{word()}", "unit_id": side_id(world, "unit_id", side)})


def plan_scope_form(world: World, side: str) -> Sent:
    return Sent(form={"version": "2", "act": "keep", "units": side_id(world, "unit_id", side)})


def of_work_plan(world: World) -> dict[str, str]:
    """A draft of A with a line, of version 2."""
    return in_a(world, lambda s: new_work_plan(s, world.a.actors["hq_office"], TODAY))


def of_work_plan_in_force(world: World) -> dict[str, str]:
    """The same in force, of version 3."""
    return in_a(world, lambda s: new_work_plan(s, world.a.actors["hq_office"], TODAY, active=True))


# projects


def project_form(world: World, side: str) -> Sent:
    days = {"starts_on": TODAY.isoformat(), "ends_on": (TODAY + timedelta(days=60)).isoformat()}
    unit = side_id(world, "unit_id", side)
    return Sent(form={"kind": "works", "title": f"项目{word()}", "unit_id": unit, "version": "5"} | days)


def changed_project_form(world: World, side: str) -> Sent:
    fields = dict(project_form(world, "own").form or {}) | {"kind": "site_file", "cost": "100", "reason": "改期"}
    return Sent(form=fields | {"site_id": side_id(world, "site_id", side)})


def project_photo_form(world: World, side: str) -> Sent:
    fields = {"verb": "photos", "version": "5", "kind": "before", "photos": side_id(world, "ref", side)}
    return Sent(form=fields)


def project_sign_form(world: World, side: str) -> Sent:
    signed = {"owner_name": "经营者", "signed_on": TODAY.isoformat(), "version": "5"}
    return Sent(form=signed | {"photos": side_id(world, "ref", side)})


def project_picks_form(world: World, side: str) -> Sent:
    picked = side_id(world, "finding_id", side) if side != "own" else ""
    return Sent(form={"version": "5", "findings": picked})


def project_report_form(world: World, side: str) -> Sent:
    return Sent(form={"version": "5", "note": "照片", "photos": side_id(world, "ref", side)})


def project_report_json(world: World, side: str) -> Sent:
    body = {"note": "照片", "photos": [side_id(world, "photo_id", side)]}
    return Sent(json=body, headers={"If-Match": '"v5"'})


def project_pay_form(world: World, _side: str) -> Sent:
    return Sent(form={"version": "5", f"paid.{lately(world, 'share')}": "1"})


def project_tick_form(world: World, side: str) -> Sent:
    # Two requests are made before the first is sent, so that the last object may be the second one's.
    ticked = lately(world, "object") if side == "own" else NEVER
    fields = {"version": "5", "state": "agreed", "objects": ticked}
    return Sent(form=fields | {"photos": side_id(world, "ref", side)})


def project_bill_form(world: World, _side: str) -> Sent:
    row = {
        "id": [lately(world, "line")],
        "title": ["路由计数"],
        "flow": ["counter"],
        "measure": ["place"],
        "planned": ["2"],
    }
    return Sent(form=row | {"kind": [""], "version": "5", "reason": "精简"})


def of_project(world: World) -> dict[str, str]:
    """A running project of A, whose version is 5; its share and an object are named for bodies."""
    made = in_a(world, lambda s: new_project(s, world.a.ids, world.a.actors, TODAY))
    world.a.ids |= {name: made.pop(name) for name in ("share", "object", "line")}
    return made


# appeals


def of_appeal(world: World) -> dict[str, str]:
    """An appeal of A that waits."""
    fresh_finding(world, "dispatched")
    return in_a(world, lambda s: {"appeal_id": new_appeal(s, world.a.ids, world.a.actors, word())})


def appeal_form(world: World, side: str) -> Sent:
    """An appeal against a finding: one of A that nobody appeals against, or the other's."""
    finding, unit = side_id(world, "finding_id", side), side_id(world, "unit_id", side)
    if side == "own":
        finding = fresh_finding(world, "dispatched")[0]
        unit = in_a(world, lambda s: {"unit": free_unit(s, world.a.actors, finding)})["unit"]
    return Sent(form={"finding": finding, "unit": unit, "reason": word(), "photos": side_id(world, "ref", side)})


def appeal_json(world: World, side: str) -> Sent:
    """The same through the API."""
    said = appeal_form(world, side).form or {}
    photo = side_id(world, "photo_id", side)
    return Sent(json={"finding_id": said["finding"], "unit_id": said["unit"], "reason": word(), "photos": [photo]})


def of_granting(world: World) -> dict[str, str]:
    """A lets its city read the campaign that addresses name."""
    with world.session() as session:
        give_grant(session, world.a.actors[OFFICE], world.city, COMMON["campaign"][0], "totals", TODAY)
        session.commit()
    return {}


def outside_csv(_world: World, _side: str) -> Sent:
    """A new outside district through the API."""
    file, _name = (outside_form(_world, _side).form or {})["file"]
    return Sent(data=file.read(), content_type="text/csv")


ADMIN, OFFICE, INSPECTOR, LIAISON = "administrator", "hq_office", "inspector", "liaison"
GRANT = {"campaign": "sanitary_city", "detail": "totals"}

WRITES: dict[str, Recipe] = {
    # account: about oneself, or before anybody is known
    "account.log_in": Recipe(
        "nobody",
        lambda w, _s: Sent(form={"login": w.askers["leader"].login, "password": PASSWORD}),
        of_old_password,
    ),
    "account.log_out": Recipe("leader"),
    "account.choose_language": Recipe("leader", form(locale="zh", next="/account")),
    "account.change_password": Recipe(
        "leader", form(old=PASSWORD, password="another password of the tests"), of_old_password
    ),
    "account.end_logins": Recipe("leader", form()),
    "account.accept_invited": Recipe(
        "nobody",
        lambda _w, _s: Sent(form={"login": f"new-{word()}", "name": "新人", "password": PASSWORD}),
        lambda w: {"token": fresh_link(w, "invite")},
    ),
    "account.accept_reset": Recipe("nobody", form(password=PASSWORD), lambda w: {"token": fresh_link(w, "reset")}),
    # the operator
    "operator.create": Recipe(OPERATOR, onboard),
    "operator.invite_one": Recipe(OPERATOR, lambda _w, _s: Sent(form={"person": f"主任{word()}"})),
    # administration
    "campaigns.switch_on": Recipe(ADMIN, fresh=of_suspended),
    "campaigns.switch_off": Recipe(ADMIN, fresh=of_running),
    # editions
    "editions.switch": Recipe(ADMIN, form(role="shadow", day=TODAY.isoformat()), of_edition),
    "editions.withdraw": Recipe(ADMIN, form(), of_choice),
    "edition_upload.upload": Recipe(
        ADMIN,
        lambda w, _s: Sent(form={"file": (io.BytesIO(b"PK\x03\x04 no workbook"), "x.xlsx")}),
        of_running,
        records=False,
        why="keeps the file for the check; no table is written until it is confirmed",
    ),
    "edition_upload.adopt": Recipe(ADMIN, form(role="shadow", day=TODAY.isoformat()), of_own_edition),
    # imports
    "imports.upload": Recipe(
        ADMIN,
        lambda w, _s: Sent(form={"file": (io.BytesIO(b"PK\x03\x04 no workbook"), "x.xlsx")}),
        records=False,
        why="keeps the file for the check; no table is written until it is confirmed",
    ),
    "imports.confirm": Recipe(ADMIN, form(keep_good="1", name="a.xlsx")),
    "people.add": Recipe(
        ADMIN,
        lambda w, s: Sent(
            form={"name": f"新人{word()}", "unit": side_id(w, "unit_id", s), "role": "inspector", "invite": "1"}
        ),
        ids=("unit_id",),
    ),
    "person.change": Recipe(ADMIN, lambda _w, _s: Sent(form={"name": f"改名{word()}", "phone": ""}), of_person),
    "person.give_post": Recipe(
        ADMIN, lambda w, s: Sent(form={"unit": side_id(w, "unit_id", s), "role": "leader"}), of_person, ids=("unit_id",)
    ),
    "person.end_post": Recipe(ADMIN, form(), of_person),
    "person.leave": Recipe(ADMIN, form(), of_person),
    "person.make_link": Recipe(ADMIN, form(), of_person),
    "person.set_access": Recipe(ADMIN, form(active="0"), of_member),
    "calendar.change": Recipe(ADMIN, form(day=TODAY.replace(month=7, day=1).isoformat(), working="0", name="区庆")),
    "calendar.enter": Recipe(ADMIN, form(year=str(TODAY.year), text="10月1日放假 区庆", step="enter")),
    "calendar.load_year": Recipe(ADMIN, form(year=str(TODAY.year))),
    "grants.give": Recipe(ADMIN, form(**GRANT)),
    "grants.withdraw": Recipe(ADMIN, form(), lambda w: {"grant_id": fresh_grant(w)}),
    "tokens.make": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"name": "平台", "days": "30", "person": side_id(w, "person_id", s)}),
        ids=("person_id",),
    ),
    "tokens.revoke": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"id": fresh_token(w) if s == "own" else side_id(w, "token_id", s)}),
        ids=("token_id",),
    ),
    "departments.choose": Recipe(
        ADMIN, lambda w, s: Sent(form={"role": "sanitation", "unit": side_id(w, "unit_id", s)}), ids=("unit_id",)
    ),
    "departments.confirm_all": Recipe(ADMIN, fresh=of_unconfirmed),
    "units.add": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"name": f"新单位{word()}", "kind": "community", "parent": side_id(w, "unit_id", s)}),
        ids=("unit_id",),
    ),
    "units.rename": Recipe(ADMIN, lambda _w, _s: Sent(form={"name": f"改名社区{word()}"})),
    # field
    # intake
    "reporting.submit": Recipe(INSPECTOR, report_form, ids=("site_id",)),
    "reporting.instruct": Recipe(
        OFFICE, lambda w, s: report_form(w, s, source="leader", asked_by="区长"), ids=("site_id",)
    ),
    "duplicates.merge": Recipe(OFFICE, into_twin, twin),
    "duplicates.keep_apart": Recipe(
        OFFICE,
        lambda w, s: Sent(form={"other": side_id(w, "finding_id", s)}),
        lambda w: {"finding_id": fresh_finding(w, "dispatched")[0]},
        ids=("finding_id",),
    ),
    "duplicates.unmerge": Recipe(OFFICE, form(version="2", note="不是一处"), intake("finding_id")),
    "patrols.start": Recipe(
        "grid_worker",
        lambda w, s: Sent(form={"unit": side_id(w, "unit_id", s), "route": word()}),
        off_duty,
        ids=("unit_id",),
    ),
    "patrols.join": Recipe(
        "grid_worker",
        lambda w, s: Sent(form={"member.volunteer": side_id(w, "person_id", s)}),
        intake("running"),
        ids=("person_id",),
    ),
    "patrols.end": Recipe("grid_worker", form(note="正常"), intake("patrol_id")),
    "routing.add": Recipe(
        OFFICE,
        lambda w, s: Sent(form={"territory_id": side_id(w, "unit_id", s), "zone": word(), "hours": "5"}),
        ids=("unit_id",),
    ),
    "routing.end": Recipe(OFFICE, form(), intake("rule_id")),
    "routing.drop_precedent": Recipe(OFFICE, form(), intake("precedent_id")),
    "routing.keep_phase": Recipe(OFFICE, lambda _w, _s: Sent(form={"campaign": "", "phase": word()})),
    "category_sets.add": Recipe(
        OFFICE,
        lambda _w, _s: Sent(form={"name": word(), "names": "乱停乱放", "group.ORD-PARK": "1"}),
    ),
    "category_sets.change": Recipe(
        OFFICE,
        lambda _w, _s: Sent(form={"name": word(), "names": "乱停乱放", "group.ORD-PARK": "1"}),
        intake("set_id"),
    ),
    "category_sets.retire": Recipe(OFFICE, form(), intake("set_id")),
    "api_reporting.report": Recipe(INSPECTOR, report_json, ids=("site_id", "photo_id")),
    "photos.upload": Recipe(INSPECTOR, lambda _w, _s: Sent(data=jpeg((64, 48)), content_type="image/jpeg")),
    "site_form.add": Recipe(ADMIN, lambda w, s: Sent(form=site_body(w, s)), ids=("unit_id",)),
    "site_form.change": Recipe(ADMIN, lambda w, s: Sent(form=site_body(w, s) | {"state": "active"}), ids=("unit_id",)),
    "finding.act": Recipe(
        LIAISON,
        lambda w, s: Sent(form={"verb": "answer", "version": "1", "note": "测试", "photos": side_id(w, "ref", s)}),
        of_finding,
        ids=("ref",),
    ),
    "publishing.send": Recipe(OFFICE, publish_form),
    "visiting.submit": Recipe(INSPECTOR, visit_form, ids=("ref",)),
    # paper
    "paper_entry.send": Recipe(INSPECTOR, paper_form, ids=("site_id", "ref")),
    # API
    "api_campaigns.enable": Recipe(ADMIN, fresh=of_suspended),
    "api_campaigns.suspend": Recipe(ADMIN, fresh=of_running),
    "api_findings.act": Recipe(LIAISON, step("answer"), of_finding, ids=("photo_id",)),
    "api_grants.give": Recipe(ADMIN, lambda w, _s: Sent(json=GRANT | {"reader": w.city.slug})),
    "api_grants.withdraw": Recipe(ADMIN, fresh=lambda w: {"grant_id": fresh_grant(w)}),
    "api_people.add_person": Recipe(ADMIN, lambda _w, _s: Sent(json={"name": f"新人{word()}"})),
    "api_people.change_person": Recipe(ADMIN, lambda _w, _s: Sent(json={"name": f"改名{word()}"}), of_person),
    "api_photos.send": Recipe(INSPECTOR, lambda _w, _s: Sent(data=jpeg((64, 48)), content_type="image/jpeg")),
    "api_publications.publish": Recipe(
        OFFICE, said({"campaign": "sanitary_city", "period": MONTH.key, "reason": "补录"})
    ),
    "api_sites.add_site": Recipe(ADMIN, lambda w, s: Sent(json=site_body(w, s)), ids=("unit_id",)),
    "api_sites.change_site": Recipe(
        ADMIN,
        lambda w, s: Sent(json={"name": f"新点位{word()}", "unit_id": side_id(w, "unit_id", s)}),
        ids=("unit_id",),
    ),
    "api_visits.submit": Recipe(INSPECTOR, visit_json, ids=("site_id", "photo_id")),
    # forms and draws
    "forms.upload": Recipe(
        ADMIN,
        lambda _w, _s: Sent(form={"campaign": FORMS, "file": (io.BytesIO(form_workbook()), "f.xlsx")}),
        records=False,
        why="keeps the file for the check; no table is written until it is confirmed",
    ),
    "forms.keep": Recipe(ADMIN, form(go="draft"), lambda w: form_upload(w.files / str(w.a.ref.id) / "uploads")),
    "form_versions.put_in_use": Recipe(ADMIN, fresh=lambda w: new_version(w.session, w.a.actors["administrator"])),
    "form_versions.end": Recipe(ADMIN, fresh=lambda w: new_version(w.session, w.a.actors["administrator"])),
    # illustrations
    "illustrations.upload": Recipe(ADMIN, lambda _w, _s: Sent(form=picture_form())),
    "illustrations.take": Recipe(
        ADMIN,
        lambda _w, _s: Sent(form=named_picture()),
        lambda w: lay_picture(w.session, w.a.ids["photo_id"], shown=True),
    ),
    "illustrations.back": Recipe(
        ADMIN,
        lambda _w, _s: Sent(form=named_picture()),
        lambda w: lay_picture(w.session, w.a.ids["photo_id"], shown=False),
    ),
    "drawing.outside": Recipe(OFFICE, form(outside_value="03 08 11"), of_draw),
    "drawing.show_seed": Recipe(OFFICE, fresh=of_draw),
    # projects
    "project_form.make": Recipe(OFFICE, project_form, ids=("unit_id",)),
    "project_form.save": Recipe(OFFICE, changed_project_form, of_project, ids=("site_id",)),
    "project.act": Recipe(OFFICE, project_photo_form, of_project, ids=("ref",)),
    "project_tables.save_stages": Recipe(
        OFFICE, form(id=[""], title=["施工"], gate=[""], planned_on=[""], version="5", reason="简化"), of_project
    ),
    "project_tables.save_bill": Recipe(OFFICE, project_bill_form, of_project),
    "project_tables.save_shares": Recipe(
        OFFICE,
        form(id=[""], payer=["区财政"], source=["finance"], planned=["7"], cost="7", version="5", reason="调整"),
        of_project,
    ),
    "project_reports.send": Recipe(OFFICE, project_report_form, of_project, ids=("ref",)),
    "project_reports.send_pay": Recipe(OFFICE, project_pay_form, of_project),
    "project_reports.tick": Recipe(OFFICE, project_tick_form, of_project, ids=("ref",)),
    "project_reports.add": Recipe(OFFICE, form(names="路由三户", version="5", reason="新增"), of_project),
    "project_reports.pick": Recipe(OFFICE, project_picks_form, of_project),
    "project_reports.send_sign": Recipe(OFFICE, project_sign_form, of_project, ids=("ref",)),
    "api_projects.send_report": Recipe(OFFICE, project_report_json, of_project, ids=("photo_id",)),
    # appeals
    "appeals.send": Recipe(LIAISON, appeal_form, ids=("finding_id", "unit_id", "ref")),
    "appeal.take_back": Recipe(LIAISON, form(version="1"), of_appeal),
    "appeal.settle": Recipe(OFFICE, form(verdict="reject", text="不成立", version="1"), of_appeal),
    "api_appeals.raise_one": Recipe(LIAISON, appeal_json, ids=("finding_id", "unit_id", "photo_id")),
    "api_appeals.act": Recipe(
        OFFICE,
        lambda _w, _s: Sent(json={"verb": "reject", "note": "不成立"}, headers={"If-Match": '"v1"'}),
        of_appeal,
    ),
    # runs
    "runs.make": Recipe(OFFICE, form(campaign="sanitary_city", period=MONTH.key, label="月末核算")),
    "runs.repeat": Recipe(OFFICE),
    # statistics
    "statistics.enter": Recipe(LIAISON, lambda w, _s: Sent(form=entry_fields(w))),
    "statistic_value.act": Recipe(LIAISON, form(verb="submit", version="1"), new_observation),
    "statistic_reviews.act": Recipe(
        OFFICE,
        lambda w, s: Sent(
            form={
                "verb": "review",
                "chosen": f"{handed_in(w) if s == 'own' else side_id(w, 'observation_id', s)}.2",
            }
        ),
        ids=("observation_id",),
    ),
    "statistic_dictionary.add": Recipe(
        OFFICE, lambda w, s: Sent(form=statistic_fields(side_id(w, "unit_id", s), f"own_{word()}")), ids=("unit_id",)
    ),
    "statistic_dictionary.change": Recipe(
        OFFICE,
        lambda w, s: Sent(form=statistic_fields(side_id(w, "unit_id", s), "") | {"version": version_now(w)}),
        ids=("unit_id",),
    ),
    "statistic_dictionary.end": Recipe(OFFICE, fresh=new_statistic),
    "statistic_import.upload": Recipe(
        LIAISON,
        lambda _w, _s: Sent(form={"file": (io.BytesIO(b"PK-not-a-book"), "a.xlsx")}),
        records=False,
        why="the file is kept for the check; nothing is written into the tables",
    ),
    "statistic_import.confirm": Recipe(LIAISON, form(name="a.csv"), lambda w: {"sha256": new_entries(w)}),
    "api_statistics.put_observation": Recipe(
        LIAISON, lambda _w, _s: Sent(json={"numerator": "7"}, headers={"If-Match": '"v0"'}), new_place
    ),
    "api_statistics.act": Recipe(
        LIAISON, lambda _w, _s: Sent(json={"verb": "submit"}, headers={"If-Match": '"v1"'}), new_observation
    ),
    # negative list and corrected visits
    "negative.add": Recipe(OFFICE, negative_form, ids=("unit_id",)),
    "negative_entry.act": Recipe(
        OFFICE, form(verb="trigger", version="1", on=TODAY.isoformat(), document="认定书〔2026〕1号"), fresh_entry
    ),
    "correcting.submit": Recipe(OFFICE, correction_form, fresh_visit, ids=("ref",)),
    "api_visits.correct": Recipe(OFFICE, correction_json, fresh_visit, ids=("photo_id",)),
    # whistles
    "whistling.submit": Recipe(LIAISON, whistle_form, ids=("unit_id", "called_id")),
    "whistle.act": Recipe(
        LIAISON,
        lambda w, s: Sent(form={"verb": "arrive", "version": "1", "photo": side_id(w, "ref", s)}),
        fresh_whistle,
        ids=("ref",),
    ),
    "whistles.change_rules": Recipe(OFFICE, form(minutes="60", grace="10")),
    "api_whistles.blow_whistle": Recipe(LIAISON, whistle_json, ids=("unit_id", "called_id")),
    "api_whistles.act": Recipe(
        LIAISON,
        lambda w, s: Sent(json={"verb": "arrive", "photo": side_id(w, "photo_id", s)}, headers={"If-Match": '"v1"'}),
        fresh_whistle,
        ids=("photo_id",),
    ),
    # cards
    "rankings.recompute": Recipe(
        OFFICE, lambda w, s: Sent(form={"scheme": side_id(w, "scheme_id", s), "day": DAY.key}), ids=("scheme_id",)
    ),
    "cards.propose": Recipe(
        OFFICE, lambda w, s: Sent(form={"scheme": side_id(w, "scheme_id", s), "period": DAY.key}), ids=("scheme_id",)
    ),
    "cards.act_all": Recipe(
        OFFICE,
        lambda w, s: Sent(
            form={
                "scheme": side_id(w, "scheme_id", s),
                "period": DAY.key,
                "verb": "confirm",
                "seen": f"{new_card(w)['card_id']}:1",
            }
        ),
        ids=("scheme_id",),
    ),
    "card.take_step": Recipe(OFFICE, form(verb="confirm", version="1"), new_card),
    "card_schemes.add": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"as": "text", "text": TEXT, "unit": side_id(w, "unit_id", s)}),
        ids=("unit_id",),
    ),
    "card_schemes.change": Recipe(ADMIN, form(**{"as": "text"}, version="1", text=TEXT), new_scheme),
    "card_schemes.move": Recipe(ADMIN, form(verb="activate", version="1"), new_scheme),
    # ranks
    "task_ranks.recompute": Recipe(OFFICE, form(day=DAY.key)),
    "appraisals.create": Recipe(OFFICE, form(**RULE_FORM)),
    "appraisals.take_sample": Recipe(OFFICE, form(sample="areas")),
    "appraisals.change": Recipe(OFFICE, form(**RULE_FORM), of_rule),
    "appraisals.move": Recipe(OFFICE, form(verb="activate", version="1"), of_rule),
    "appraisals.freeze": Recipe(OFFICE, form(period=last_month(TODAY).key), of_rule),
    "appraisal.put_signature": Recipe(OFFICE, sign_form, of_frozen),
    # charts
    "unit.move": Recipe(
        ADMIN, lambda w, s: Sent(form={"parent": side_id(w, "unit_id", s)}), fresh_unit, ids=("unit_id",)
    ),
    "unit.close": Recipe(
        ADMIN, lambda w, s: Sent(form={"heir": side_id(w, "unit_id", s)}), fresh_unit, ids=("unit_id",)
    ),
    "unit.command": Recipe(ADMIN, form(commanded="0", reason="铁路单位"), fresh_unit),
    "areas.add": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"unit": fresh_unit(w)["unit_id"], "site": side_id(w, "site_id", s)}),
        ids=("site_id",),
    ),
    "areas.remove": Recipe(ADMIN, form(), new_member),
    # areas, grids and past days
    "grid_bulk.put_many": Recipe(
        ADMIN,
        lambda w, s: Sent(
            form={
                "partition": f"网格{word()}",
                "unit": side_id(w, "unit_id", s),
                "site": side_id(w, "site_id", s),
            }
        ),
        ids=("unit_id", "site_id"),
    ),
    "area_import.upload": Recipe(
        ADMIN,
        lambda w, _s: Sent(form={"file": (io.BytesIO(b"PK\x03\x04 no workbook"), "x.xlsx")}),
        records=False,
        why="keeps the file for the check; no table is written until it is confirmed",
    ),
    "area_import.confirm": Recipe(ADMIN, form(name="a.xlsx"), lambda w: {"sha256": fresh_members(w)}),
    "site_grids.put": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"partition": f"网格{word()}", "unit": side_id(w, "unit_id", s)}),
        ids=("unit_id",),
    ),
    "site_grids.end": Recipe(ADMIN, form(partition="社区网格"), of_grid),
    "reorganisations.begin": Recipe(ADMIN, form(title="调整", tree="headquarters", effective_on=TODAY.isoformat())),
    "reorganisations.decide": Recipe(ADMIN, form(version="2"), fresh_draft),
    "reorganisations.take_back": Recipe(ADMIN, form(version="2"), fresh_draft),
    "drafts.change": Recipe(ADMIN, form(version="2", title="改名", effective_on=TODAY.isoformat()), fresh_draft),
    "drafts.change_many": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"version": "2", "doing": "keep", "unit": side_id(w, "area_id", s)}),
        fresh_draft,
        ids=("area_id",),
    ),
    "drafts.add": Recipe(ADMIN, form(version="2", name="新组", kind="work_group"), fresh_draft),
    "drafts.drop": Recipe(ADMIN, form(version="2"), fresh_draft),
    "drafts.bring_in": Recipe(
        ADMIN,
        lambda _w, _s: Sent(
            form={"version": "2", "file": (io.BytesIO(book(单位=[["名称", "类型"], ["指挥部", "指挥部"]])), "x.xlsx")}
        ),
        fresh_draft,
    ),
    "draft_unit.put": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"version": "2", "doing": "keep", "name": f"片区{word()}", "parent": ""}),
        lambda w: fresh_draft(w) | {"unit_id": w.a.ids["area_id"]},
    ),
    "draft_unit.put_seat": Recipe(ADMIN, form(version="2", name="改名组", parent=""), fresh_draft),
    # duties
    "person.set_term": Recipe(ADMIN, form(until=(TODAY + timedelta(90)).isoformat()), of_person),
    "posts.give": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"person": side_id(w, "person_id", s)}),
        lambda w: {"post_id": fresh_post(w)},
        ids=("person_id",),
    ),
    "handover.act": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"to": side_id(w, "person_id", s), "kinds": "sponsorships", "confirm": "1"}),
        lambda w: {"person_id": fresh_sponsorship(w)[1]},
        ids=("person_id",),
    ),
    "sponsor_form.add": Recipe(
        OFFICE,
        lambda w, s: Sent(form={"kind": "leader", "person_name": f"包{word()}", "object": side_id(w, "unit_id", s)}),
        ids=("unit_id",),
    ),
    "sponsors.end": Recipe(
        OFFICE,
        form(until=(TODAY + timedelta(30)).isoformat()),
        lambda w: {"sponsorship_id": fresh_sponsorship(w)[0]},
    ),
    "sponsors.log": Recipe(
        OFFICE,
        lambda w, s: Sent(form={"kind": "visit", "note": word()}),
        lambda w: {"sponsorship_id": fresh_sponsorship(w)[0]},
    ),
    "sponsor_import.upload": Recipe(
        OFFICE,
        lambda w, _s: Sent(form={"file": (io.BytesIO(b"PK\x03\x04 no workbook"), "x.xlsx")}),
        records=False,
        why="keeps the file for the check; no table is written until it is confirmed",
    ),
    "sponsor_import.confirm": Recipe(OFFICE, form(name="a.xlsx"), lambda w: {"sha256": fresh_roster(w)}),
    "coverage_assign.act": Recipe(ADMIN, assignment, ids=("site_id", "post_id")),
    "coverage_assign.release": Recipe(
        ADMIN,
        lambda w, s: Sent(form={"site": side_id(w, "site_id", s), "post": side_id(w, "post_id", s)}),
        of_assigned,
        ids=("site_id", "post_id"),
    ),
    # notices
    "notices.make": Recipe(OFFICE, notice_form, ids=("unit_id", "finding_id")),
    "notices.choose": Recipe(
        OFFICE,
        lambda w, s: Sent(form={"id": side_id(w, "finding_id", s)}),
        ids=("finding_id",),
        records=False,
        why="leads from a list to the form; nothing is written",
    ),
    "notice.act": Recipe(LIAISON, form(verb="sign", version="1"), fresh_notice),
    "inbox.read_all": Recipe(
        "leader", form(), of_unread, records=False, why="one's own reading is no act upon anybody's record"
    ),
    "rules.change": Recipe(OFFICE, rules_form),
    "api_notices.issue_notice": Recipe(OFFICE, notice_json, ids=("unit_id", "finding_id")),
    "api_notices.act": Recipe(
        LIAISON, lambda _w, _s: Sent(json={"verb": "sign"}, headers={"If-Match": '"v1"'}), fresh_notice
    ),
    # finding lists: saved filters, one step for many
    "finding_saved.save": Recipe(OFFICE, form(query="view=problem&group=new", name="待受理的", shared="1")),
    "finding_saved.remove": Recipe(OFFICE, fresh=lambda w: of_filter(w)),
    "finding_saved.restore": Recipe(OFFICE, fresh=lambda w: of_filter(w, removed=True)),
    "finding_bulk.show_preview": Recipe(
        LIAISON,
        lambda w, s: Sent(form={"verb": "take", "scope": "rows", "id": side_id(w, "finding_id", s)}),
        records=False,
        why="shows what would be done; nothing is written until it is confirmed",
        ids=("finding_id",),
    ),
    "finding_bulk.act": Recipe(LIAISON, bulk_form, ids=("finding_id",)),
    # standings
    "standings.send": Recipe("city_bureau", standing_form),
    # the city's comparison: terms, reminders, districts outside
    "comparison_due.keep": Recipe("city_bureau", form(campaign="civilized_city", kind="month", days_after="5")),
    "comparison_due.send": Recipe("city_bureau", reminder_form),
    "comparison_outside.upload": Recipe("city_bureau", outside_form),
    "comparison_boundaries.upload": Recipe("city_administrator", boundaries_form),
    "api_due.put_term": Recipe("city_bureau", said({"days_after": 6}), of_granting),
    "api_due.send_reminders": Recipe("city_bureau", lambda w, s: Sent(json=dict(reminder_form(w, s).form or {}))),
    "api_outside.import_one": Recipe("city_bureau", outside_csv),
    # proofs
    "rechecks.take_draw": Recipe(OFFICE, draw_form, of_closed),
    "recheck.settle": Recipe(OFFICE, form(result="stable"), lambda w: {"recheck_id": new_recheck_of(w)}),
    "recheck.plan": Recipe(
        OFFICE,
        lambda w, s: Sent(form={"due_on": (TODAY + timedelta(9)).isoformat(), "person": side_id(w, "person_id", s)}),
        of_closed,
        ids=("person_id",),
    ),
    "doubts.settle": Recipe(
        OFFICE, form(verdict="explained", note="看过"), lambda w: in_a(w, lambda s: {"signal_id": fresh_doubt(w, s)})
    ),
    "sweeps.begin": Recipe(
        OFFICE,
        lambda w, s: Sent(
            form={"due_on": TODAY.isoformat(), "types": "produce_market", "unit": side_id(w, "unit_id", s)}
        ),
        of_similar,
        ids=("unit_id",),
    ),
    "sweeps.tick": Recipe(
        INSPECTOR,
        lambda w, s: Sent(form={"note": "没有", "site": side_id(w, "site_id", s)}),
        of_sweep,
        ids=("site_id",),
    ),
    "sweeps.close": Recipe(OFFICE, form(), of_sweep),
    "contacts.add": Recipe(
        LIAISON,
        lambda w, s: Sent(form={"kind": "shop", "name": f"商户{word()}", "unit": side_id(w, "unit_id", s)}),
        ids=("unit_id",),
    ),
    "contacts.link": Recipe(LIAISON, form(days="3")),
    "contacts.revoke": Recipe(LIAISON, form(), of_linked),
    "contacts.retire": Recipe(LIAISON, form(), of_linked),
    "hand_on.choose": Recipe(
        LIAISON,
        lambda w, s: Sent(form={"id": side_id(w, "finding_id", s)}),
        ids=("finding_id",),
        records=False,
        why="leads from a list to the form; nothing is written",
    ),
    "hand_on.send": Recipe(LIAISON, hand_on_form, ids=("contact_id", "finding_id")),
    "hand_on.judge": Recipe(LIAISON, form(verdict="withdrawn"), lambda w: {"hand_on_id": fresh_item(w)[0]}),
    "outside.answer": Recipe(NOBODY, guest_form),
    # plates
    "plate.send": Recipe(NOBODY, citizen_form),
    "plates.issue": Recipe(ADMIN, lambda w, _s: Sent(form={"query": f"?q={fresh_bare(w)}"})),
    "plates.give": Recipe(ADMIN, form(duties="门前三包"), of_plated),
    "plates.revoke": Recipe(ADMIN, form(), of_plated),
    "plates.read_contact": Recipe(OFFICE, form(), lambda w: {"finding_id": w.a.ids["told_id"]}),
    "place_settings.keep_map": Recipe(OFFICE, map_form),
    "place_settings.keep_plates": Recipe(OFFICE, plate_settings_form),
    "place_settings.upload": Recipe(OFFICE, outlines_form),
    # tasks
    "api_tasks.make": Recipe(OFFICE, task_json, ids=("unit_id",)),
    "api_tasks.take": Recipe(
        OFFICE,
        lambda _w, _s: Sent(json={"verb": "cancel", "note": "不做了"}, headers={"If-Match": '"v1"'}),
        of_task,
    ),
    "api_tasks.divide": Recipe(OFFICE, task_parts_json, of_task, ids=("unit_id",)),
    "task_form.make": Recipe(OFFICE, task_form, ids=("unit_id",)),
    "task_form.give_parts": Recipe(OFFICE, task_parts_form, of_task, ids=("unit_id",)),
    "task_import.upload": Recipe(OFFICE, task_file),
    "task_import.write": Recipe(OFFICE, fresh=of_import),
    "task_bulk.show_preview": Recipe(
        OFFICE,
        lambda w, s: Sent(form={"step": "cancel", "scope": "ticked", "id": side_id(w, "task_id", s)}),
        records=False,
        why="shows what would be done; nothing is written until it is confirmed",
        ids=("task_id",),
    ),
    "task_bulk.act": Recipe(OFFICE, task_bulk_form, ids=("task_id",)),
    "task.take": Recipe(OFFICE, form(verb="cancel", version="1", note="不做了"), of_task),
    # quantities
    "quantities.add": Recipe(OFFICE, quantity_form, ids=("unit_id",)),
    "quantity.act": Recipe(OFFICE, form(verb="withdraw", version="1", reason="不属实"), of_quantity),
    "quantity_kinds.add": Recipe(OFFICE, quantity_kind_form),
    "quantity_kinds.starter": Recipe(OFFICE),
    "quantity_kinds.change": Recipe(OFFICE, quantity_kind_form, lambda w: in_a(w, lambda s: new_kind(s, w.a.actors))),
    "quantity_import.upload": Recipe(
        OFFICE,
        lambda _w, _s: Sent(form={"file": (io.BytesIO(b"PK-not-a-book"), "a.xlsx")}),
        records=False,
        why="the file is kept for the check; nothing is written into the tables",
    ),
    "quantity_import.confirm": Recipe(OFFICE, form(name="a.csv"), lambda w: {"sha256": new_quantity_rows(w)}),
    "api_quantities.post_quantity_kind": Recipe(
        OFFICE, lambda _w, _s: Sent(json={"code": f"own_{word()}", "name_zh": "科目", "measure": "t"})
    ),
    "api_quantities.post_quantity": Recipe(OFFICE, quantity_json, ids=("unit_id",)),
    "api_quantities.put_quantity": Recipe(
        OFFICE,
        lambda _w, _s: Sent(json={"amount": "7-8", "reason": "漏报"}, headers={"If-Match": '"v1"'}),
        of_quantity,
    ),
    "api_quantities.act": Recipe(
        OFFICE,
        lambda _w, _s: Sent(json={"verb": "withdraw", "reason": "不属实"}, headers={"If-Match": '"v1"'}),
        of_quantity,
    ),
    # splits
    "splits.make": Recipe(OFFICE, form(campaign="sanitary_city", copy="1"), no_draft),
    "split.keep_cells": Recipe(OFFICE, split_cells_form, of_split("draft"), ids=("unit_id",)),
    "split.add": Recipe(OFFICE, form(code="路-2", title="又一条", points="1"), of_split("draft")),
    "split.share": Recipe(OFFICE, form(how="even"), of_uneven),
    "split.issue": Recipe(OFFICE, form(version="1"), of_split("draft")),
    "split.drop": Recipe(OFFICE, form(), of_split("draft")),
    "split.take_all": Recipe("liaison", form(), of_split("issued")),
    "split_row.save": Recipe(OFFICE, split_row_form, of_split("draft"), ids=("unit_id",)),
    "split_row.remove": Recipe(OFFICE, form(), of_split("draft")),
    "split_row.answer": Recipe("liaison", form(verb="accept", version="2"), of_split("issued")),
    "split_file.upload": Recipe(
        OFFICE,
        lambda _w, _s: Sent(form={"file": (io.BytesIO("编号\n路-1".encode()), "分解表.csv")}),
        of_split("draft"),
        records=False,
        why="the file is kept for the check, nothing is written",
    ),
    "split_file.confirm": Recipe(OFFICE, form(name="a.csv"), of_split_file),
    "split_tasks.make": Recipe(OFFICE, form(waiting="1", due_on="2099-01-01"), of_split("issued")),
    "api_splits.answer_share": Recipe(
        "liaison",
        lambda _w, _s: Sent(json={"verb": "accept"}, headers={"If-Match": '"v2"'}),
        of_split("issued"),
    ),
    # meetings
    "meeting_plan.make": Recipe(OFFICE, meeting_form, ids=("unit_id",)),
    "meeting_plan.change": Recipe(OFFICE, meeting_form, of_meeting("planned"), ids=("unit_id",)),
    "meeting_plan.hold": Recipe(OFFICE, form(version="2"), of_meeting("planned")),
    "meeting_plan.call_off": Recipe(OFFICE, form(version="2", reason="改期"), of_meeting("planned")),
    "meeting_agenda.draft": Recipe(OFFICE, form(), of_meeting("planned")),
    "meeting_agenda.add": Recipe(OFFICE, form(point_title="议题"), of_meeting("planned")),
    "meeting_agenda.order": Recipe(OFFICE, form(), of_meeting("planned")),
    "meeting_agenda.drop": Recipe(OFFICE, form(), of_meeting("planned")),
    "meeting_agenda.discuss": Recipe(OFFICE, form(said="同意", state="decided"), of_meeting("held")),
    "meeting_attendance.keep": Recipe(OFFICE, form(new_name="某人", new_state="present"), of_meeting("planned")),
    "meeting_attendance.sign": Recipe("liaison", meeting_sign_form),
    "meeting_attendance.drop": Recipe(OFFICE, form(), of_meeting("planned")),
    "meeting_attendance.ask_units": Recipe(OFFICE, meeting_units_form, of_meeting("bare"), ids=("unit_id",)),
    "meeting_decisions.add": Recipe(OFFICE, meeting_decision_form, of_meeting("held"), ids=("unit_id",)),
    "meeting_decisions.give": Recipe(OFFICE, form(), of_meeting("held")),
    "meeting_decisions.change": Recipe(OFFICE, meeting_decision_form, of_meeting("held"), ids=("unit_id",)),
    "meeting_decisions.drop": Recipe(OFFICE, form(reason="不办"), of_meeting("held")),
    "meeting_minutes.write": Recipe(OFFICE, form(version="4", minutes="会议强调"), of_meeting("held")),
    "meeting_minutes.correct": Recipe(OFFICE, form(version="5", reason="有误"), of_meeting("minuted")),
    # plans
    "work_plan_form.make": Recipe(OFFICE, work_plan_form, ids=("unit_id",)),
    "work_plan_form.change": Recipe(OFFICE, work_plan_form, of_work_plan, ids=("unit_id",)),
    "work_plan_form.replace": Recipe(OFFICE, new_issue_form, of_work_plan_in_force, ids=("unit_id",)),
    "work_plan.take": Recipe(OFFICE, form(version="2", verb="activate"), of_work_plan),
    "work_plan_lines.add": Recipe(OFFICE, plan_line_form, of_work_plan, ids=("unit_id",)),
    "work_plan_lines.change": Recipe(OFFICE, plan_line_form, of_work_plan, ids=("unit_id",)),
    "work_plan_lines.shift": Recipe(OFFICE, form(version="2", way="up"), of_work_plan),
    "work_plan_lines.drop": Recipe(OFFICE, form(version="2"), of_work_plan),
    "work_plan_lines.reach": Recipe(OFFICE, form(version="2", reached_on=TODAY.isoformat()), of_work_plan),
    "work_plan_scope.bind": Recipe(OFFICE, plan_scope_form, of_work_plan, ids=("unit_id",)),
    "work_plan_scope.aim": Recipe(OFFICE, form(version="2"), of_work_plan),
    # rounds
    "api_rounds.make": Recipe(OFFICE, round_json, ids=("unit_id",)),
    "api_rounds.act": Recipe(
        OFFICE, lambda _w, _s: Sent(json={"verb": "open"}, headers={"If-Match": '"v4"'}), of_staffed
    ),
    "round_form.make": Recipe(OFFICE, round_form, ids=("unit_id",)),
    "round_form.change": Recipe(OFFICE, round_form, of_draft, ids=("unit_id",)),
    "round.begin": Recipe(OFFICE, form(version="4"), of_staffed),
    "round.end": Recipe(OFFICE, form(version="4"), of_walked),
    "round.call_off": Recipe(OFFICE, form(version="1", note="改期"), of_draft),
    "round.show_all": Recipe(OFFICE, form(version="4"), of_unreleased),
    "round_team.add": Recipe(OFFICE, round_team_form, of_staffed, ids=("person_id",)),
    "round_team.change": Recipe(OFFICE, round_team_form, of_staffed, ids=("person_id",)),
    "round_team.end": Recipe(OFFICE, form(version="4"), of_staffed),
    "round_team.add_line": Recipe(OFFICE, form(version="4", name="线", visits_min="1", visits_max="2"), of_staffed),
    "round_team.change_line": Recipe(OFFICE, form(version="4", name="线", visits_min="1", visits_max="2"), of_staffed),
    "round_team.end_line": Recipe(OFFICE, form(version="4"), of_staffed),
    "round_stop.add": Recipe(OFFICE, round_sites_form, of_draft, ids=("site_id",)),
    "round_stop.order": Recipe(OFFICE, form(version="4", act="order"), of_staffed),
    "round_stop.drop": Recipe(OFFICE, form(version="4", reason="停业"), of_walked),
    "round_stop.back": Recipe(OFFICE, form(version="4"), of_dropped),
    "round_correcting.submit": Recipe(OFFICE, correction_form, of_round_visit, ids=("ref",)),
    "round_photos.upload": Recipe(
        OFFICE, lambda _w, _s: Sent(data=jpeg((64, 48)), content_type="image/jpeg"), of_walked
    ),
    "round_sampling.keep": Recipe(
        OFFICE, form(version="1", **{"name.1": "市场", "types.1": "produce_market", "size.1": "1"}), of_draft
    ),
    "round_plans.make": Recipe(OFFICE, round_plan_form, ids=("unit_id",)),
    "round_plans.change": Recipe(OFFICE, round_plan_form, of_round_plan, ids=("unit_id",)),
    "round_plans.turn": Recipe(OFFICE, form(version="1", state="paused"), of_round_plan),
    # attainment
    "attainment.settle": Recipe(ADMIN, form(), of_new_grid),
    # field (the phone)
    "field_data.upload": Recipe(INSPECTOR, lambda _w, _s: Sent(data=jpeg((64, 48)), content_type="image/jpeg")),
    "field_data.send": Recipe(INSPECTOR, phone_json, ids=("site_id", "photo_id")),
}

# Questions that list pages read from their address: another's ids there must tell nothing either.
ASKED = ("unit", "site", "person", "finding", "visit", "unit_id", "site_id", "person_id", "finding_id", "visit_id")


def query_of(world: World, side: str) -> dict[str, str]:
    """Every filter that takes an id, with ids of one side."""
    names = {name: f"{name.removesuffix('_id')}_id" for name in ASKED}
    return {name: side_id(world, known, side) for name, known in names.items()} | {"q": "CANARY"}
