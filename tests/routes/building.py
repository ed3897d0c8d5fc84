"""Projects for the routes' world (项目): a site's file that everybody here may read, and fresh ones for each write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from core.work.projects.bill import Done, LineWish, items_of, report, set_bill
from core.work.projects.finishing import add_photos, start
from core.work.projects.making import ProjectWish, create_project
from core.work.projects.objects import import_objects, objects_of
from core.work.projects.shares import ShareWish, set_shares, shares_of
from core.work.projects.site_files import offered, set_findings, sign
from core.work.tables import Project, ProjectItem
from tenants.access import Actor
from tenants.db import now
from tenants.scope import ScopedSession


def give_projects(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date
) -> dict[str, str]:
    """A running site file with findings, signature, photos, a listed counter and shares; by the names of addresses."""
    office = actors["hq_office"]
    made = _lined(session, office, ids, today)
    version, photo = made.version, [ids["photo_id"]]
    picked = [one.id for one in offered(session, office, made, today)[:2]]
    set_findings(session, office, made.id, picked, version=version, now=now())
    sign(
        session,
        office,
        made.id,
        owner_name="经营者",
        signed_on=today,
        photos=photo,
        version=made.version,
        now=now(),
    )
    add_photos(session, office, made.id, photo, "before", caption="入口", version=made.version, now=now())
    output = next(one for one in items_of(session, made.id) if one.flow == "output")
    report(
        session, office, made.id, {output.id: Done(Decimal(3))}, day=today, note="一", version=made.version, now=now()
    )
    return {"project_id": str(made.id), "bill_line_id": str(_counter(session, made).id)}


def new_project(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date
) -> dict[str, str]:
    """A running project, whose version is 5, with a counter's list, shares and stages."""
    made = _lined(session, actors["hq_office"], ids, today)
    return {
        "project_id": str(made.id),
        "bill_line_id": str(_counter(session, made).id),
        "line": str(_counter(session, made).id),
        "object": str(objects_of(session, [_counter(session, made).id])[_counter(session, made).id][0].id),
        "share": str(shares_of(session, made.id)[0].id),
    }


def _counter(session: ScopedSession, made: Project) -> ProjectItem:
    return next(one for one in items_of(session, made.id) if one.flow == "counter")


def _lined(session: ScopedSession, office: Actor, ids: Mapping[str, str], today: date) -> Project:
    wish = ProjectWish(
        "site_file",
        "路由一场一策",
        UUID(ids["unit_id"]),
        today - timedelta(days=9),
        today + timedelta(days=30),
        place="路由地点",
        site_id=UUID(ids["site_id"]),
        person_id=office.person_id,
        problem="路由问题",
        contractor="路由施工",
        contract="路由合同",
        cost=100_00,
    )
    made = create_project(session, office, wish, now=now())
    rows = [
        LineWish("路由计数", "counter", "place", Decimal(2)),
        LineWish("路由产出", "output", "m2", Decimal(9)),
    ]
    set_bill(session, office, made.id, rows, version=1, now=now())
    set_shares(session, office, made.id, [ShareWish("路由出资", "owner", 100_00)], 100_00, version=2, now=now())
    import_objects(session, office, made.id, _counter(session, made).id, "路由一户\n路由二户", version=3, now=now())
    return start(session, office, made.id, version=4, now=now())
