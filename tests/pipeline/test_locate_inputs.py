"""Odd input with a stated outcome: capitals, handles, pairs, languages, who acts and who is struck."""

from __future__ import annotations

import pytest

from aggregator.pipeline.locate import locate
from aggregator.pipeline.types import Located


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("JORDAN HENDERSON LEAVES THE CLUB", id="a player in capitals"),
        pytest.param("PARIS HILTON LAUNCHES A PERFUME", id="a celebrity in capitals"),
        pytest.param("WASHINGTON POST WINS A PRIZE", id="a newspaper in capitals"),
        pytest.param("Sydney Sweeney stars in a new film", id="an actor"),
        pytest.param("Victoria Beckham opens a shop", id="a designer"),
        pytest.param("The Jerusalem Post names an editor", id="a newspaper of a capital"),
        pytest.param("Boston Globe cuts staff", id="a newspaper of a town"),
        pytest.param("Visit kharkiv.com.ua today", id="an address without a scheme"),
        pytest.param("Write to press@ukraine.gov.ua", id="a mail address"),
        pytest.param("VISIT KHARKIV.COM.UA TODAY", id="an address in capitals"),
        pytest.param("VISIT WWW.KHARKIV.UA TODAY", id="an address in capitals that ends in a country"),
        pytest.param("@IsraelNews and @ukraine_war answer", id="handles"),
        pytest.param("Ten members of one family die", id="a number that is a district"),
        pytest.param("Arab leaders put off their summit", id="a people that is a town of Alabama"),
        pytest.param("First aid convoy leaves in August", id="words that are a governorate and a town"),
    ],
)
def test_these_name_no_place(gazetteer, title):
    assert locate(title, "", gazetteer=gazetteer) == Located()


def test_a_car_maker_in_capitals_is_at_most_mentioned(gazetteer):
    located = locate("KIA RECALLS 400,000 CARS", "", gazetteer=gazetteer)
    assert (located.focus, located.countries) == (None, ())


@pytest.mark.parametrize(
    ("title", "country"),
    [
        pytest.param("Lebanon, Tennessee: school closed", "US", id="a country's namesake in a state"),
        pytest.param("Moscow, Idaho: students mourned", "US", id="a capital's namesake"),
        pytest.param("St. Petersburg, Florida is flooded", "US", id="a town's namesake"),
        pytest.param("London, Ontario: vigil held", "CA", id="a town in a province"),
        pytest.param("Tripoli, Lebanon: clashes kill two", "LB", id="the lesser of two"),
        pytest.param("Tripoli, Libya: clashes kill two", "LY", id="the larger of two"),
    ],
)
def test_the_name_after_a_comma_settles_the_one_before_it(gazetteer, title, country):
    assert locate(title, "", gazetteer=gazetteer).focus_country == country


@pytest.mark.parametrize(
    ("title", "country"),
    [
        pytest.param("RUSSIA SHELLS KHARKIV", "UA", id="capitals"),
        pytest.param("УДАР ПО ХАРЬКОВУ", "UA", id="Cyrillic capitals with an ending"),
        pytest.param("#Gaza strikes kill ten", "PS", id="a hash mark is no handle"),
        pytest.param("\u202eغزة\u202c Gaza עזה", "PS", id="marks of direction"),
        pytest.param("Gaza", "PS", id="one word"),
        pytest.param("قصف على غزّة", "PS", id="an Arabic name with its doubling mark"),
        pytest.param("Angriff auf die Ukrai\u00adne", "UA", id="a soft hyphen"),
    ],
)
def test_the_focus_of_oddly_written_headlines(gazetteer, title, country):
    assert locate(title, "", gazetteer=gazetteer).focus_country == country


@pytest.mark.parametrize(
    ("title", "country"),
    [
        pytest.param("Atak na Charków w Ukrainie", "UA", id="Polish"),
        pytest.param("Ataque russo a Kiev, na Ucrânia", "UA", id="Portuguese"),
        pytest.param("غزہ پر بمباری", "PS", id="Urdu"),
        pytest.param("هێرش بۆ سەر سلێمانی", "IQ", id="Sorani Kurdish"),
        pytest.param("गाजा पर हवाई हमला", "PS", id="Hindi"),
        pytest.param("Հարձակում Արցախում", "AZ", id="Armenian ending"),
        pytest.param("ရန်ကုန်မှာ တိုက်ပွဲ", "MM", id="Burmese"),
        pytest.param("Weerar Muqdisho", "SO", id="Somali"),
        pytest.param("Mashambulizi ya Gaza", "PS", id="Swahili"),
        pytest.param("Napad na Kosovu", "XK", id="Bosnian and Serbian ending"),
        pytest.param("Sulm në Kosovë", "XK", id="Albanian"),
    ],
)
def test_languages_of_the_starter_sources(gazetteer, title, country):
    assert locate(title, "", gazetteer=gazetteer).focus_country == country


@pytest.mark.parametrize(
    ("title", "country"),
    [
        pytest.param("Удар по позициям Хезболлы", "LB", id="Russian"),
        pytest.param("חיזבאללה תקף", "LB", id="Hebrew"),
        pytest.param("हमास का बयान", "PS", id="Hindi: Hamas is not the town of Hama"),
        pytest.param("হামাস", "PS", id="Bengali"),
        pytest.param("하마스의 성명", "PS", id="Korean"),
        pytest.param("ハマスの声明", "PS", id="Japanese"),
        pytest.param("真主黨發表聲明", "LB", id="Chinese"),
    ],
)
def test_armed_parties_are_known_in_other_scripts(gazetteer, title, country):
    assert locate(title, "", gazetteer=gazetteer).focus_country == country


@pytest.mark.parametrize(
    ("title", "text", "country"),
    [
        pytest.param("Russia bombs the port of Odesa", "", "UA", id="the place that is struck"),
        pytest.param("Armenia says Azerbaijan broke the truce", "", "AM", id="the state that speaks"),
        pytest.param("Washington sends tanks to Poland", "", "US", id="the giver"),
        pytest.param(
            "Palestinian gunmen storm Israeli towns",
            "",
            "IL",
            id="militants of a place act, they do not place",
        ),
    ],
)
def test_the_focus_goes_by_what_a_headline_does_with_a_place(gazetteer, title, text, country):
    assert locate(title, text, gazetteer=gazetteer).focus_country == country
