"""The rooms of whether closed is fixed (核验各室): re-inspection, recurrence, doubts, similar sites, contacts; one line a room."""

from __future__ import annotations

from flask import Blueprint

from core.web.proofs import contacts, doubts, hand_on, outside, recheck, rechecks, recurring, sweeps

BLUEPRINTS: tuple[Blueprint, ...] = (
    contacts.blueprint,
    doubts.blueprint,
    hand_on.blueprint,
    outside.blueprint,
    recheck.blueprint,
    rechecks.blueprint,
    recurring.blueprint,
    sweeps.blueprint,
)
