"""The rooms of the phone (手机端总表)."""

from __future__ import annotations

from flask import Blueprint

from core.web.field import data, pages

BLUEPRINTS: tuple[Blueprint, ...] = (pages.blueprint, data.blueprint)
