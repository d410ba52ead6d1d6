"""A small world that page tests share: places, topics, a conflict."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.conf import settings

from aggregator.models import Conflict, Region, Topic
from tests.factories import make_conflict, make_region, make_topic, make_world


@dataclass
class Land:
    """World › Caucasus › (Armenia, Azerbaijan › Karabakh, also in Armenia)."""

    world: Region
    caucasus: Region
    armenia: Region
    azerbaijan: Region
    karabakh: Region
    shelling: Topic
    talks: Topic
    conflict: Conflict


@pytest.fixture(autouse=True)
def _plain_static() -> None:
    """Pages under test name static files without their hashes."""
    assert "Manifest" not in settings.STORAGES["staticfiles"]["BACKEND"]


@pytest.fixture
def land(db: None) -> Land:
    world = make_world()
    caucasus = make_region("south-caucasus", parent=world, kind="subregion")
    armenia = make_region("armenia", parent=caucasus, lat=40.3, lon=44.9)
    azerbaijan = make_region("azerbaijan", parent=caucasus, lat=40.3, lon=47.8)
    karabakh = make_region(
        "nagorno-karabakh", parent=azerbaijan, also_in=[armenia], kind="contested-area", lat=39.8, lon=46.8,
        status_note="A neutral sentence about its status.",
    )  # fmt: skip
    return Land(
        world, caucasus, armenia, azerbaijan, karabakh,
        shelling=make_topic("shelling"),
        talks=make_topic("peace-talks", group="peace"),
        conflict=make_conflict("nagorno-karabakh", regions=[karabakh], parties=["Azerbaijan", "Armenia"]),
    )  # fmt: skip
