"""Plates for the routes' world (门牌): one at the market with a citizen's report, settings that are set, and fresh ones for each write."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from uuid import UUID

from core.figures.site_outlines import keep_outlines
from core.work.places.site_settings import MapSettings, PlateSettings, keep_settings, read_settings
from core.work.places.sites import add_site
from core.work.plates.citizens import Said, take_report
from core.work.plates.plates import find_plate, issue_plate
from tenants.access import Actor
from tenants.db import new_id, now
from tenants.scope import ScopedSession

OUTLINE = (
    b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"140105001","name":"\xe8\xa1\x97"},'
    b'"geometry":{"type":"Polygon","coordinates":[[[112.5,37.8],[112.6,37.8],[112.6,37.9],[112.5,37.8]]]}}]}'
)


def give_plates(
    session: ScopedSession, ids: Mapping[str, str], actors: Mapping[str, Actor], today: date, files: Path
) -> dict[str, str]:
    """A plate, a report made at it, tiles, a public grade and boundaries; gives the words that addresses carry."""
    office = actors["hq_office"]
    plate = issue_plate(session, office, UUID(ids["site_id"]), today=today, now=now(), duties="门前三包")
    said = Said("ENV-BIN", "桶满了", contact="市民电话")
    kept = take_report(session, office.tenant, find_plate(session, plate.code), said, new_id(), files=files, now=now())
    tiles = MapSettings("https://tiles.example.cn/{z}/{x}/{y}.png", "示例图源")
    keep_settings(session, office, tiles, version=0, now=now())
    keep_settings(session, office, PlateSettings(public_grade=True), version=0, now=now())
    keep_outlines(session, office, OUTLINE, "边界.geojson", now=now())
    return {"plate": f"{office.tenant.slug}-{plate.code}", "receipt": kept.receipt, "told_id": str(kept.finding_id)}


def new_plated(session: ScopedSession, office: Actor, ids: Mapping[str, str], today: date) -> str:
    """A shop with a plate of its own; gives the shop's id."""
    fields = {"name": f"门店{secrets.token_hex(4)}", "unit_id": UUID(ids["unit_id"]), "types": ["produce_market"]}
    site = add_site(session, None, today=today, **fields)  # type: ignore[arg-type]  # the fields of a site
    issue_plate(session, office, site.id, today=today, now=now())
    return str(site.id)


def version_of(session: ScopedSession, kind: type[MapSettings | PlateSettings]) -> str:
    """The version that a form of a section must name."""
    return str(read_settings(session, kind, session.tenant_id)[1])
