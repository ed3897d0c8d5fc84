"""Photos (照片) over the API: sent first, by content; referred to from visits and answers afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any
from uuid import UUID

from flask import Response, request, send_file

from core import request as asked
from core.api.fields import Body, Id, Moment, Number, Text, Whole
from core.api.problems import WrongMedia
from core.api.replies import here, reply
from core.api.rooms import Room, wants
from core.errors import N_, Fault, InvalidInput
from core.work.inspection import photos
from core.work.inspection.photo_said import HEADERS, read_said
from core.work.roles import ANSWER, CHECK, REPORT, SEE, VISIT
from core.work.tables import File

HEIC = frozenset({"image/heic", "image/heif"})
MEDIA = frozenset({"image/jpeg", "image/png", "image/webp", "application/octet-stream"}) | HEIC
MULTIPART = "multipart/form-data"
PICTURE = {"type": "string", "format": "binary"}
KEPT = "private, max-age=86400, immutable"  # an id never gets other bytes
# What the device says of the photo, as headers or, in a multipart body, as fields; the times as ISO 8601 with their zone.
SAYS = {
    "taken_at": "when the picture was taken, by its own Exif; counts where the bytes say nothing",
    "longitude": "where it was taken, by its own Exif, in degrees WGS 84; counts where the bytes say nothing",
    "latitude": "with the longitude",
    "device_at": "when the picture was taken or chosen, by the device's clock",
    "device_now": "the device's clock while it sends; the server keeps how far it is off",
    "device_longitude": "where the device was then, in degrees WGS 84",
    "device_latitude": "with the longitude",
    "device_accuracy_m": "the accuracy of that place in metres",
}
FIELDS = {name: {"type": "string", "description": said} for name, said in SAYS.items()}
room = Room("photos", __name__, description="Photos (照片), kept by content; at most 12 MB and 40 megapixels.")


class PhotoShape(Body):
    """A stored photo (照片): clean JPEG, time and place read from the original before they were removed.

    `time_source` and `place_source`: `exif` read by the server in the bytes, `device` sent by the device, empty: nobody knows.
    """

    id = Id(required=True)
    sha256 = Text(required=True)
    original_sha256 = Text(required=True)
    media_type = Text(required=True)
    size = Whole(required=True)
    width = Whole(required=True)
    height = Whole(required=True)
    taken_at = Moment(required=True, allow_none=True)
    longitude = Number(required=True, allow_none=True)
    latitude = Number(required=True, allow_none=True)
    time_source = Text(required=True)
    place_source = Text(required=True)
    device_at = Moment(required=True, allow_none=True)
    device_longitude = Number(required=True, allow_none=True)
    device_latitude = Number(required=True, allow_none=True)
    device_accuracy_m = Whole(required=True, allow_none=True)
    device_skew_seconds = Whole(required=True, allow_none=True)


@room.post("/photos")
@asked.require_any(VISIT, ANSWER, CHECK, REPORT)
@room.doc(
    parameters=[
        {
            "in": "header",
            "name": "X-Content-SHA256",
            "schema": {"type": "string"},
            "description": "the SHA-256 of what is sent, in hexadecimal digits; checked when given",
        },
        *(
            {"name": header, "in": "header", "schema": {"type": "string"}, "description": SAYS[name]}
            for name, header in HEADERS.items()
        ),
    ],
    requestBody={
        "required": True,
        "content": {kind: {"schema": PICTURE} for kind in sorted(MEDIA)}
        | {MULTIPART: {"schema": {"type": "object", "required": ["photo"], "properties": {"photo": PICTURE} | FIELDS}}},
    },
)
@room.response(201, PhotoShape)
@room.refuses(400, 401, 403, 404, 413, 415, 422)
def send() -> Response:
    """Send a photo, as the body itself or as the part `photo` of a multipart body

    The same photo again gives the same answer, with what was said of it the first time.
    """
    moment = asked.now()
    found = photos.store(
        asked.db(),
        asked.actor(),
        _sent(),
        files=asked.house().settings.files,
        declared_sha256=wants("X-Content-SHA256") or None,
        said=read_said(_says(), moment),
        now=moment,
    )
    return reply(shape_photo(found), 201, Location=here("photos", found.id))


@room.get("/photos/<uuid:photo_id>")
@asked.require_any(VISIT, ANSWER, CHECK, SEE)
@room.response(200, PICTURE, content_type="image/jpeg")
@room.refuses(401, 403, 404)
def get_photo(photo_id: UUID) -> Response:
    """Show a photo"""
    return _picture(photos.open_photo(asked.db(), asked.actor(), photo_id, asked.house().settings.files))


@room.get("/photos/<uuid:photo_id>/thumbnail")
@asked.require_any(VISIT, ANSWER, CHECK, SEE)
@room.response(200, PICTURE, content_type="image/jpeg")
@room.refuses(401, 403, 404)
def get_thumbnail(photo_id: UUID) -> Response:
    """Show a small picture of a photo"""
    return _picture(photos.thumbnail(asked.db(), asked.actor(), photo_id, asked.house().settings.files))


def _says() -> dict[str, str]:
    """What the device says, in fields of a multipart body or in headers."""
    fields = request.form if request.mimetype == MULTIPART else {}
    return {name: fields.get(name) or wants(header) for name, header in HEADERS.items()}


def _sent() -> bytes | IO[bytes]:
    """The bytes of the photo, however they were sent."""
    if request.mimetype == MULTIPART:
        part = request.files.get("photo")
        if part is None:
            remedy = N_("请把照片放在名为 photo 的部分里")
            raise InvalidInput(faults=[Fault(N_("没有照片"), field="photo", remedy=remedy)])
        return part.stream
    if request.mimetype not in MEDIA:
        raise WrongMedia(N_("照片应为 JPEG、PNG、WebP 或 HEIC"))
    return request.get_data(cache=False)


def _picture(path: Path) -> Response:
    made = send_file(path, mimetype="image/jpeg", conditional=False, etag=False)
    made.headers["Cache-Control"] = KEPT
    return made


def shape_photo(file: File) -> dict[str, Any]:
    """A photo as JSON."""
    return PhotoShape.pick(file)
