"""The API as a whole (接口总装): rooms, one problem shape for all refusals, and the OpenAPI description that is served."""

from __future__ import annotations

import http
from typing import Any

import orjson
from flask import Flask, Response
from flask_smorest import Api

from core.api.describe import DEFAULT, OPTIONS, add_problems, finish
from core.api.problems import refuse
from core.api.roomlist import ROOMS
from core.api.rooms import Room
from core.request import speak

PREFIX = "/api/"
DESCRIPTION = "/api/v1/openapi.json"


class Service(Api):  # type: ignore[misc]  # flask-smorest has no type information
    """flask-smorest's Api without its error handlers, error bodies and pages that load scripts from elsewhere."""

    DEFAULT_ERROR_RESPONSE_NAME = DEFAULT

    def _register_error_handlers(self) -> None:
        """Errors under ``/api/`` are said by :mod:`core.api.problems`."""

    def _register_doc_blueprint(self) -> None:
        """The description is served by :func:`attach`."""

    def _register_responses(self) -> None:
        add_problems(self.spec, [int(status) for status in http.HTTPStatus if status >= 400])

    def register_blueprint(self, blp: Room, **options: Any) -> None:
        """Register a room with its views in the description, under its tag."""
        self._app.register_blueprint(blp, **options)
        blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
        self.spec.tag({"name": blp.tag, "description": blp.description})


def attach(app: Flask) -> None:
    """Hang the API onto the application; ``/api/v1/openapi.json`` is open to everyone."""
    speak(app, PREFIX, refuse)
    service = Service(app, spec_kwargs=OPTIONS)
    for room in ROOMS:
        service.register_blueprint(room)
    described = orjson.dumps(finish(service.spec.to_dict()))

    def describe() -> Response:
        return Response(described, content_type="application/json", headers={"Cache-Control": "no-cache"})

    app.add_url_rule(DESCRIPTION, "api_description", describe)
