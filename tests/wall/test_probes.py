"""Every probe reaches nothing on the real wall."""

from __future__ import annotations

import pytest

from tests.wall.probes import Probe
from tests.wall.ring import Ring
from tests.wall.table import TABLE


@pytest.mark.parametrize("probe", TABLE, ids=lambda p: p.id)
def test_the_wall_holds(probe: Probe, ring: Ring) -> None:
    assert probe.act(ring) == 0, f"{probe.id} {probe.name} got through"
