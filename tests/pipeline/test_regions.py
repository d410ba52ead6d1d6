"""The region tree: who shows what, and which country a place counts for."""

from __future__ import annotations

import pytest

from aggregator.pipeline.gazetteer import load_tree
from aggregator.pipeline.regions import RegionNode, RegionTree


@pytest.fixture(scope="module")
def tree() -> RegionTree:
    return load_tree()


@pytest.mark.parametrize(
    ("slug", "shown_by"),
    [
        pytest.param(
            "nagorno-karabakh", {"azerbaijan", "armenia", "south-caucasus", "world"}, id="also listed"
        ),
        pytest.param("egypt", {"north-africa", "africa", "middle-east", "world"}, id="a whole sub-region"),
        pytest.param(
            "lachin-corridor", {"nagorno-karabakh", "azerbaijan", "armenia"}, id="theatre within an area"
        ),
        pytest.param("red-sea", {"seas-and-straits", "yemen", "horn-of-africa"}, id="a sea"),
    ],
)
def test_a_region_is_shown_by_its_parents_and_where_it_is_also_listed(tree, slug, shown_by):
    assert shown_by <= set(tree.ancestors(slug))


def test_an_area_listed_under_a_theatre_is_not_in_every_country_of_that_theatre(tree):
    above = tree.ancestors("iranian-kurdistan")
    assert "kurdistan" in above
    assert "syria" not in above


@pytest.mark.parametrize(
    ("slug", "countries"),
    [
        pytest.param("nagorno-karabakh", ("AZ",), id="contested area under a country"),
        pytest.param("crimea", ("UA",), id="held by another state"),
        pytest.param("gaza-strip", ("PS",), id="territory"),
        pytest.param("kashmir", ("IN", "PK", "CN"), id="divided"),
        pytest.param("international", (), id="no country"),
        pytest.param("nowhere", (), id="unknown"),
    ],
)
def test_countries_come_from_the_vocabulary(tree, slug, countries):
    assert tree.countries(slug) == countries


def test_a_cycle_of_parents_ends_the_climb():
    tree = RegionTree.build([RegionNode("a", "A", "country", "b"), RegionNode("b", "B", "country", "a")])
    assert tree.ancestors("a") == ("b",)
    assert tree.country("a") is None
    assert tree.depth("a") == 1


def test_every_region_has_a_parent_and_leads_to_the_world(tree):
    for slug, node in tree.nodes.items():
        assert slug == "world" or "world" in tree.ancestors(slug), slug
        assert set(node.also_in) <= set(tree.nodes), slug
