"""What holds of every score, whatever the numbers: drawn by hypothesis, not chosen by us."""

from decimal import Decimal as D
from fractions import Fraction as F

from hypothesis import given
from hypothesis import strategies as st

from core.campaigns import load_registry
from core.campaigns.arithmetic import half_up
from core.campaigns.composition import Part, compose
from core.campaigns.scoring import ItemScore, score_form, score_indicator
from core.figures.strata import Stratum, weights

REGISTRY = load_registry()
INDICATORS = [i for c in REGISTRY.campaigns.values() for i in c.edition.indicators]
FORMS = [f for c in REGISTRY.campaigns.values() for f in c.edition.forms]
numbers = st.fractions(min_value=-1000, max_value=100_000, max_denominator=10_000)
amounts = st.fractions(min_value=0, max_value=100_000, max_denominator=10_000)


@given(st.sampled_from(INDICATORS), numbers, numbers, numbers, st.sampled_from(["A", "B", "C", "none"]))
def test_a_score_never_leaves_its_points(one, numerator, denominator, other, letter):
    levels = dict.fromkeys(("facility_rate", "indoor_rate", "path_index", "dip_index", "landing_index"), letter)
    levels |= dict.fromkeys(("room_rate", "per_room", "breeding_rate", "egg_rate", "trace_rate"), letter)
    parts = [(numerator, denominator), (other, F(7))]
    found = score_indicator(
        one, numerator, denominator, reference=other, previous=other, parts=parts, levels=levels, size="small"
    )
    assert found.possible == one.points
    if found.earned is not None:
        assert D(0) <= found.earned <= one.points
        assert found.earned == half_up(F(found.earned))
        assert found.steps
    else:
        assert found.reason


@given(st.sampled_from([i for i in INDICATORS if i.mode == "linear" and i.denominator]), amounts, amounts)
def test_more_never_earns_less(one, less, more):
    low, high = sorted((less, more))
    assert score_indicator(one, low, 1000).earned <= score_indicator(one, high, 1000).earned


@given(st.sampled_from(FORMS), st.data())
def test_a_form_never_leaves_its_points_and_knows_no_order(form, data):
    shares = {i.code: data.draw(st.sampled_from([None, 0, 1, 3, 10])) for i in form.items}
    results = {
        i.code: ItemScore("na", D(0), D(0)) if shares[i.code] is None else _item(i, F(shares[i.code], 10))
        for i in form.items
    }
    found = score_form(form, results)
    assert D(0) <= found.earned <= found.possible <= 100
    assert found.percent is None or D(0) <= found.percent <= 100
    assert score_form(form, dict(reversed(results.items()))) == found


def _item(item, share):
    return ItemScore("pass" if share == 1 else "fail", half_up(share * F(item.points)), item.points)


@given(st.lists(st.tuples(amounts, st.integers(1, 40)), min_size=1, max_size=6))
def test_a_composition_lies_between_its_parts_and_knows_no_order(listed):
    whole = sum(weight for _, weight in listed)
    parts = [Part(str(n), score, F(weight, whole) * 100) for n, (score, weight) in enumerate(listed)]
    found = compose(parts)
    assert min(s for s, _ in listed) <= found.exact <= max(s for s, _ in listed)
    assert compose(parts[::-1]).exact == found.exact


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 100)), min_size=1, max_size=8))
def test_weights_of_site_types_add_up_to_the_visits(listed):
    strata = [Stratum(str(n), F(visits), F(mean * visits)) for n, (visits, mean) in enumerate(listed)]
    weighed = weights(strata)
    assert sum(one.visits * weighed[one.site_type] for one in strata) == sum(v for v, _ in listed)
    total = sum(one.score * weighed[one.site_type] for one in strata)
    assert total / sum(v for v, _ in listed) == F(sum(mean for _, mean in listed), len(listed))
