"""Which way leads to a page, by what is known of how much there is."""

from __future__ import annotations

import pytest

from ringfence.domain.device import DEVICES
from ringfence.visibility.plans import POSTGRESQL, SQLITE, Costs, Estimate, choose
from ringfence.visibility.sql import Shape


@pytest.mark.parametrize("costs", [SQLITE, POSTGRESQL])
def test_a_range_that_is_short_is_gone_along(costs: Costs) -> None:
    """What begins with a word, of whoever sees thousands of scattered customers: no more than that is looked at."""
    shape = Shape(DEVICES, "walk", "name", match="begin", postgresql=costs is POSTGRESQL)
    found = choose(DEVICES, shape, Estimate(2_000, 80, 800, 1.0, 50), costs, None)
    assert (found.shape.way, found.binds, found.fallback) == ("walk", {}, None)


@pytest.mark.parametrize("costs", [SQLITE, POSTGRESQL])
def test_what_is_in_sight_is_surer_than_a_long_order(costs: Costs) -> None:
    shape = Shape(DEVICES, "walk", "name", match="scan", postgresql=costs is POSTGRESQL)
    found = choose(DEVICES, shape, Estimate(1_000, 5_000, 1_000_000, 0.02, 50, looks=1), costs, None)
    assert found.shape.way == "gather"
