"""What tests of several rules ask for."""

from __future__ import annotations

import pytest

from aggregator.pipeline.gazetteer import Gazetteer, load_gazetteer


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    return load_gazetteer()
