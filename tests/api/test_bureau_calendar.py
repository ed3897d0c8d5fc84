"""A bureau's due calendar and its outside districts over the API: terms, who is late, one reminder each; a workbook."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from core.figures.grants import give_grant
from core.figures.outside import TOTALS
from core.figures.periods import containing
from core.work.calendar import local_day
from tenants.db import now
from tenants.scope import Wall
from tests.api.conftest import Caller
from tests.api.province import Province, month, province
from tests.figures.build import CIVILIZED
from tests.figures.sent import NEW
from tests.figures.test_outside import book

KEY = "civilized_city"
TODAY = local_day(now())
LAST = containing("month", TODAY).previous
XLSX = {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@pytest.fixture(scope="module")
def land(wall: Wall) -> Province:
    """Both districts let the city read; nobody published last month."""
    made = province(wall)
    for one in (made.north, made.south):
        with one.district.session(wall) as session:
            give_grant(session, one.office, made.city, KEY, "totals", TODAY - timedelta(days=400))
            session.commit()
    return made


@pytest.fixture(scope="module")
def bureau(client_for, land: Province) -> Caller:
    return client_for(land.bureau)


def put(bureau: Caller, kind: str, days: object, campaign: str = KEY):
    return bureau.ask("PUT", f"comparison/due/terms/{campaign}/{kind}", json={"days_after": days})


def test_terms_who_is_late_and_one_reminder_each(client_for, bureau: Caller, land: Province) -> None:
    assert bureau.get("comparison/due").get_json()["items"] == []
    for days, campaign, kind, field in (
        (367, KEY, "month", "days_after"),
        (3, "nobody", "month", "campaign"),
        (3, KEY, "x", "kind"),
    ):
        made = put(bureau, kind, days, campaign)
        assert (made.status_code, made.get_json()["faults"][0]["field"]) == (422, field)
    assert put(bureau, "month", 0).get_json()["days_after"] == 0
    (term,) = bureau.get("comparison/due/terms").get_json()["items"]
    assert (term["campaign"], term["kind"], term["days_after"]) == (KEY, "month", 0)

    late = bureau.get(f"comparison/due?state=overdue&campaign={KEY}&period={LAST.key}").get_json()["items"]
    assert {one["district_slug"] for one in late} == {land.north.ref.slug, land.south.ref.slug}
    assert {one["days_late"] for one in late} == {(TODAY - LAST.end).days}
    assert bureau.get("comparison/due?state=in_time").get_json()["items"] == []

    body = {"campaign": KEY, "period": LAST.key, "districts": [land.north.ref.slug]}
    key = {"Idempotency-Key": str(uuid4())}
    sent = bureau.post("comparison/due/reminders", json=body, headers=key)
    assert sent.status_code == 201
    assert [one["district_slug"] for one in sent.get_json()["items"]] == [land.north.ref.slug]
    again = bureau.post("comparison/due/reminders", json=body, headers=key)
    assert (again.data, again.headers["Idempotency-Replayed"]) == (sent.data, "true")
    assert bureau.post("comparison/due/reminders", json=body).status_code == 409, "each is reminded once"
    rest = bureau.post("comparison/due/reminders", json={"campaign": KEY, "period": LAST.key}).get_json()["items"]
    assert [one["district_slug"] for one in rest] == [land.south.ref.slug]
    rows = bureau.get(f"comparison/due?period={LAST.key}").get_json()["items"]
    assert all(one["reminded_at"] and one["reminded_by"] for one in rows)
    undue = bureau.post("comparison/due/reminders", json={"campaign": KEY, "period": "1999-01"})
    assert (undue.status_code, undue.get_json()["faults"][0]["field"]) == (422, "period")

    assert put(bureau, "month", None).get_json()["days_after"] is None
    assert bureau.get("comparison/due/terms").get_json()["items"] == []
    assert client_for(land.north.office).get(f"/api/v1/c/{land.city.slug}/comparison/due").status_code == 404


def line(name: str, earned: str, period: str = "") -> tuple[str, ...]:
    return (name, CIVILIZED.title_zh, period or month(), NEW[0], earned, "95", "100", "60", "12", "公报")


def test_a_workbook_whole_or_not_at_all(bureau: Caller) -> None:
    data = book(
        [line("外一区", "80"), line("外二区", "85.5")],
        [(*line("外一区", "80")[:3], "CIV-A1", "一项", "120", "150", "80", "%")],
    )
    key = {"Idempotency-Key": str(uuid4())}
    made = bureau.post("comparison/outside", data=data, headers=XLSX | key)
    assert made.get_json() == {"created": 2, "replaced": 0, "unchanged": 0, "ignored": []}
    again = bureau.post("comparison/outside", data=data, headers=XLSX | key)
    assert (again.data, again.headers["Idempotency-Replayed"]) == (made.data, "true")
    assert bureau.post("comparison/outside", data=data, headers=XLSX).get_json()["unchanged"] == 2
    head = ",".join(column.titles[0] for column in TOTALS.columns)
    csv = f"{head}\n{','.join(line('外一区', '81'))}".encode()
    assert bureau.post("comparison/outside", data=csv, content_type="text/csv").get_json()["replaced"] == 1

    rows = bureau.get("comparison/outside?q=外一&figures=true").get_json()["items"]
    assert [(one["version"], one["counts"], one["earned"]) for one in rows] == [(2, True, "81.00"), (1, False, "80.00")]
    assert [len(one["figures"]) for one in rows] == [0, 1]
    (figure,) = rows[1]["figures"]
    assert (figure["code"], float(figure["numerator"]), float(figure["denominator"])) == ("CIV-A1", 120, 150)
    (now_counting,) = bureau.get(f"comparison/outside?q=外一&counting=true&period={month()}&campaign={KEY}").get_json()[
        "items"
    ]
    assert (now_counting["version"], now_counting["figures"]) == (2, None)
    assert bureau.get("comparison/outside?period=1999-01").get_json()["items"] == []

    bad = bureau.post("comparison/outside", data=book([line("外三区", "80"), line("外四区", "99")]), headers=XLSX)
    (fault,) = bad.get_json()["faults"]
    assert (bad.status_code, fault["where"], fault["row"], fault["value"]) == (422, "总分", 3, "99")
    assert bureau.get("comparison/outside?q=外三").get_json()["items"] == [], "nothing half-written"
    assert bureau.post("comparison/outside", data=b"PK-not-a-book", headers=XLSX).status_code == 422
    assert bureau.post("comparison/outside", data=b"{}", content_type="application/json").status_code == 415
