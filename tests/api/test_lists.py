from tests.work.market import Town


def test_all_lists(client_for, place: Town):
    caller = client_for(place.office)
    for name in ("units", "sites", "campaigns", "forms", "visits", "findings", "figures", "publications", "grants", "reports"):
        made = caller.get(name)
        print(name, made.status_code, made.text[:300])
