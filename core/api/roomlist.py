"""What the API consists of (接口总表): one line a room."""

from __future__ import annotations

from core.api import (
    audit,
    campaigns,
    cards,
    comparison,
    figures,
    findings,
    forms,
    grants,
    notices,
    people,
    photos,
    publications,
    rankings,
    reporting,
    reports,
    sites,
    standings,
    statistics,
    units,
    visits,
    whistles,
)
from core.api.rooms import Room

ROOMS: tuple[Room, ...] = (
    units.room,
    people.room,
    sites.room,
    campaigns.room,
    forms.room,
    visits.room,
    photos.room,
    findings.room,
    notices.room,
    reporting.room,
    whistles.room,
    statistics.room,
    figures.room,
    rankings.room,
    standings.room,
    cards.room,
    publications.room,
    grants.room,
    reports.room,
    audit.room,
    comparison.room,
)
