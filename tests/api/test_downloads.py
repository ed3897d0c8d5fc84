"""A download is refused before its first line, not in the middle of the file; a key in the header acts alone."""

from __future__ import annotations

from flask import Flask

from tests.work.market import Town


def test_a_filter_that_is_refused_gives_no_file(client_for, app: Flask, place: Town) -> None:
    caller = client_for(place.office)
    headers = {"Authorization": f"Bearer {caller.token}"}
    address = next(rule.rule for rule in app.url_map.iter_rules() if rule.endpoint == "findings.export")
    address = address.replace("<slug>", caller.slug)
    good, bad = (app.test_client().get(address, query_string=said, headers=headers) for said in ("", "state=bogus"))
    assert good.status_code == 200
    assert good.mimetype == "text/csv"
    assert bad.status_code == 422
    assert bad.mimetype == "text/html"


def test_a_key_in_the_header_does_not_open_what_the_cookie_opens(app: Flask) -> None:
    client = app.test_client()
    page = client.post(
        "/account/password", data={}, headers={"Authorization": "Bearer x", "Sec-Fetch-Site": "cross-site"}
    )
    assert page.status_code == 400
