"""What a device says of a photo: read strictly, a wrong clock kept, every fault named."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.errors import InvalidInput
from core.work.inspection.photo_said import NOTHING, Said, read_said

NOW = datetime(2026, 11, 20, 1, 12, tzinfo=UTC)


def test_everything_is_read() -> None:
    said = read_said(
        {
            "taken_at": "2026-11-20T09:02:00+08:00",
            "longitude": "112.55833349",
            "latitude": "-37.7368055",
            "device_at": "2026-11-20T01:05:00Z",
            "device_now": "2026-11-20T09:37:30+08:00",
            "device_longitude": "112.5",
            "device_latitude": "37.7",
            "device_accuracy_m": "12.5",
        },
        NOW,
    )
    assert said == Said(
        datetime(2026, 11, 20, 1, 2, tzinfo=UTC),
        Decimal("112.558333"),
        Decimal("-37.736806"),
        datetime(2026, 11, 20, 1, 5, tzinfo=UTC),
        Decimal("112.500000"),
        Decimal("37.700000"),
        13,
        25 * 60 + 30,
    )


def test_nothing_is_nothing() -> None:
    assert read_said({}, NOW) == NOTHING == read_said({"device_at": " ", "longitude": None}, NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("taken_at", "yesterday"),
        ("taken_at", "2026-11-20T09:02:00"),  # whose nine o'clock?
        ("device_at", "2026-13-01T00:00:00+08:00"),
        ("device_at", "0001-01-01T00:00:00+14:00"),
        ("device_now", "9999-12-31T23:59:59-14:00"),
        ("longitude", "NaN"),
        ("longitude", "Infinity"),
        ("longitude", "180.1"),
        ("latitude", "-90.000001"),
        ("latitude", "37,7"),
        ("latitude", "1e999999999"),
        ("device_longitude", "east"),
        ("device_accuracy_m", "-1"),
        ("device_accuracy_m", "40000001"),
        ("device_accuracy_m", "9" * 5000),
    ],
)
def test_nonsense_is_refused_by_name_with_a_remedy(field: str, value: str) -> None:
    good = {"longitude": "1", "latitude": "1", "device_longitude": "1", "device_latitude": "1"}
    with pytest.raises(InvalidInput) as caught:
        read_said(good | {field: value}, NOW)
    (fault,) = caught.value.faults
    assert (fault.field, fault.value) == (field, value[:64])
    assert fault.remedy


def test_every_fault_is_said_at_once_and_half_a_place_is_one() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_said({"taken_at": "x", "longitude": "112", "device_latitude": "37"}, NOW)
    assert [fault.field for fault in caught.value.faults] == ["taken_at", "latitude", "device_longitude"]


def test_a_wrong_clock_is_kept_and_an_unset_one_gives_no_time() -> None:
    said = read_said({"taken_at": "1980-01-01T00:00:00Z", "device_at": "1970-01-01T00:00:05Z"}, NOW)
    assert (said.taken_at, said.device_at) == (None, datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC))
    for clock in ("1970-01-01T00:00:00Z", "2099-12-31T00:00:00Z"):
        skew = read_said({"device_now": clock}, NOW).skew_seconds
        assert skew is not None
        assert 0 < abs(skew) < 2**31
    assert read_said({"device_now": "1970-01-01T00:00:00Z"}, NOW).skew_seconds == -20_000 * 86_400


def test_no_fix_is_no_place_and_accuracy_needs_a_place() -> None:
    assert read_said({"longitude": "0", "latitude": "0.0", "device_accuracy_m": "10"}, NOW) == NOTHING
