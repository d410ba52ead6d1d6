"""Where a text is set: names, namesakes, contested areas, languages and hostile input."""

from __future__ import annotations

import pytest

from aggregator.pipeline.gazetteer import load_gazetteer
from aggregator.pipeline.locate import locate
from aggregator.pipeline.names import NameRow
from aggregator.pipeline.types import Located


def about(located: Located) -> set[str]:
    return {score.region for score in located.regions if score.about}


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("Georgia rally draws thousands as governor speaks", id="Georgia the US state"),
        pytest.param("Thousands join Georgia rally", id="Georgia without a second cue"),
        pytest.param("KIA recall covers 400,000 cars", id="a car maker in capitals"),
        pytest.param("Michael Jordan sells his stake", id="surname"),
        pytest.param("Jordan Henderson leaves the club", id="given name"),
        pytest.param("Paris Hilton launches a perfume", id="celebrity"),
        pytest.param("Chad Johnson scores twice", id="player"),
        pytest.param("Washington Post wins a prize", id="newspaper"),
        pytest.param("How to roast a Thanksgiving turkey", id="bird in lower case"),
        pytest.param("Turkey prices rise before the holiday", id="bird with a capital"),
        pytest.param("Kenya Moore and Israel Adesanya attend a gala", id="countries as given names"),
        pytest.param("George Washington portrait is sold", id="a person with a city's name"),
        pytest.param("He polished the china and ate french fries", id="ordinary words"),
        pytest.param("Reading is fun and a nice thing to do", id="towns that are words"),
        pytest.param("See https://www.gaza.com/iran and @ukraine_war", id="addresses and handles"),
        pytest.param("Nothing happened anywhere today", id="no place"),
    ],
)
def test_namesakes_are_no_places(gazetteer, title):
    assert about(locate(title, "", gazetteer=gazetteer)) == set()


@pytest.mark.parametrize(
    ("title", "country", "region"),
    [
        pytest.param(
            "Shelling along the line of contact in Nagorno-Karabakh", "AZ", "nagorno-karabakh", id="contested"
        ),
        pytest.param("Drones hit a depot in Sevastopol", "UA", "crimea", id="held by another state"),
        pytest.param(
            "Protesters in Tbilisi clash with police over Georgia law",
            "GE",
            "georgia",
            id="Georgia the country",
        ),
        pytest.param("Athens, Georgia: police hold a man", "US", "united-states", id="city and state"),
        pytest.param("Congo-Brazzaville holds a vote", "CG", "congo-brazzaville", id="longest name wins"),
        pytest.param(
            "South Sudan: clashes displace thousands", "SS", "south-sudan", id="South Sudan before Sudan"
        ),
        pytest.param("Kremlin dismisses the talks", "RU", "russia", id="metonym"),
        pytest.param("White House condemns the attack", "US", "united-states", id="seat of power"),
        pytest.param("Junta in Niger suspends broadcasts", "NE", "niger", id="Niger is not Nigeria"),
        pytest.param(
            "Jordan's king meets refugees in Amman", "JO", "jordan", id="weak name with a second cue"
        ),
        pytest.param("ISRAEL STRIKES GAZA CITY", "PS", "gaza-strip", id="headline in capitals"),
        pytest.param(
            "Air strikes on Khan Younis and Rafah kill dozens", "PS", "gaza-strip", id="towns of an area"
        ),
        pytest.param("M23 rebels advance on Goma in North Kivu", "CD", "eastern-drc", id="party and town"),
        pytest.param("Karzai dismisses a governor", "AF", "afghanistan", id="rare surname of a leader"),
        pytest.param("Angriff auf Charkiw", "UA", "kharkiv", id="German"),
        pytest.param("Nouveau raid à Beyrouth, au Liban", "LB", "lebanon", id="French"),
        pytest.param("El ejército ataca Járkov, en Ucrania", "UA", "kharkiv", id="Spanish"),
        pytest.param("Удар по Харькову", "UA", "kharkiv", id="Russian with endings"),
        pytest.param("Удари по Одесі", "UA", "odesa", id="Ukrainian with endings"),
        pytest.param("غارات على رفح جنوب قطاع غزة", "PS", "gaza-strip", id="Arabic"),
        pytest.param("وبغزة قتلى", "PS", "gaza-strip", id="Arabic prefixes"),
        pytest.param("תקיפה בעזה", "PS", "gaza-strip", id="Hebrew prefix"),
        pytest.param("حمله به نوار غزه", "PS", "gaza-strip", id="Persian"),
        pytest.param("Gazze'ye saldırı", "PS", "gaza-strip", id="Turkish suffix"),
        pytest.param("Qarabağda əməliyyat", "AZ", "nagorno-karabakh", id="Azerbaijani suffix"),
        pytest.param("加沙遭空袭", "PS", "gaza-strip", id="Chinese"),
        pytest.param("ハルキウを攻撃", "UA", "kharkiv", id="Japanese"),
        pytest.param("하르키우에 공습", "UA", "kharkiv", id="Korean"),
        pytest.param("በትግራይ ውጊያ", "ET", "tigray", id="Amharic prefix"),
        pytest.param("აფხაზეთში აფეთქება", "GE", "abkhazia", id="Georgian ending"),
        pytest.param("গাজায় হামলা", "PS", "gaza-strip", id="Bengali ending"),
    ],
)
def test_the_focus_is_found(gazetteer, title, country, region):
    located = locate(title, "", gazetteer=gazetteer)
    assert located.focus_country == country
    assert region in about(located) | {located.focus}


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param("Russian drone attack on Odesa port", "Ukraine says two were hurt.", id="a part"),
        pytest.param("Seven killed in attacks in Aleppo and Sweida", "", id="two parts of one country"),
        pytest.param("Gang raids a village", "The village lies near Liverpool.", id="a weak name alone"),
        pytest.param("Ships turn back in the Red Sea", "", id="a sea"),
    ],
)
def test_the_focus_is_among_the_regions(gazetteer, title, text):
    located = locate(title, text, gazetteer=gazetteer)
    assert located.focus in about(located)


def test_the_home_of_an_outlet_settles_a_namesake_but_adds_no_place(gazetteer):
    title = "Georgia rally draws thousands"
    assert locate(title, "", gazetteer=gazetteer, home_region="georgia").countries == ("GE",)
    assert locate("A day at the zoo", "", gazetteer=gazetteer, home_region="georgia") == Located()
    assert locate("A day at the zoo", "", gazetteer=gazetteer, home_region="no-such-region") == Located()


def test_a_mention_tells_name_kind_place_in_the_text_and_point(gazetteer):
    located = locate("Talks go on", "Shells fell on Kharkiv, Ukraine.", gazetteer=gazetteer)
    mention = next(mention for mention in located.mentions if mention.name == "Kharkiv")
    assert (mention.region, mention.field, mention.start) == ("kharkiv", "lead", 15)
    assert mention.lat == pytest.approx(49.98, abs=0.1)
    assert mention.lon == pytest.approx(36.25, abs=0.1)


def test_a_curators_name_wins_over_the_packaged_one(gazetteer):
    rows = [
        NameRow("Liverpool", "gaza-strip", "area", prior=500),
        NameRow("Zorblaxia", "mali", "name", prior=100),
    ]
    located = locate("Fire in Liverpool and Zorblaxia", "", gazetteer=load_gazetteer(overlay=rows))
    assert {"gaza-strip", "mali"} <= about(located)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param("", "", id="empty"),
        pytest.param(" \n ", "\t", id="white space"),
        pytest.param("Strike", "", id="one word that is no place"),
        pytest.param("\u202e\u200f\u0000\ud800", "\x00\ufeff", id="control characters and a lone surrogate"),
        pytest.param("(((((---'''", "@@@@ ## http:// www. .com", id="marks only"),
    ],
)
def test_texts_without_places_have_none(gazetteer, title, text):
    assert locate(title, text, gazetteer=gazetteer) == Located()


def test_a_single_place_name_is_its_own_focus(gazetteer):
    assert locate("Israel", "", gazetteer=gazetteer).focus == "israel"


def test_a_text_of_place_names_only_has_all_of_them_as_mentions_and_one_focus(gazetteer):
    located = locate("", "Gaza, Iran, Iraq, Syria, Yemen, Lebanon. " * 50, gazetteer=gazetteer)
    assert {"PS", "IR", "IQ", "SY", "YE", "LB"} <= set(located.countries_mentioned)
    assert located.focus_country in {"PS", "IR", "IQ", "SY", "YE", "LB"}


def test_only_the_start_of_a_very_long_text_is_read(gazetteer):
    located = locate("Fire", "Shells fell on Kharkiv. " + "x " * 500_000 + "Paris", gazetteer=gazetteer)
    assert located.focus == "kharkiv"
    assert "FR" not in located.countries_mentioned


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("A" * 1_000_000, id="one endless word"),
        pytest.param("Gaza" * 200_000, id="a name without spaces"),
        pytest.param("U.S. " * 200_000, id="one name a hundred thousand times"),
        pytest.param("@" * 500_000, id="handles without names"),
        pytest.param("a." * 300_000 + "com", id="an address that never ends"),
        pytest.param(".com " + "a." * 300_000, id="dots after an address"),
        pytest.param("غزة" * 200_000, id="a name without spaces in Arabic"),
        pytest.param("a" + "\u0316\u0301" * 500_000, id="marks that would have to be put in order"),
        pytest.param("Ga\u200bza" * 200_000, id="spaces of no width"),
    ],
)
def test_a_megabyte_of_anything_is_answered(gazetteer, text):
    assert isinstance(locate(text, text, gazetteer=gazetteer), Located)


def test_mixed_scripts_and_directions_are_read_together(gazetteer):
    located = locate("غزة: Israel strikes كفر", "Москва calls for ceasefire in 加沙", gazetteer=gazetteer)
    assert {"gaza-strip", "israel", "russia"} <= {mention.region for mention in located.mentions}


def test_the_same_text_is_always_located_alike(gazetteer):
    title, text = "US says Ukraine must win", "Biden spoke in Warsaw, Poland, on Russia's war."
    assert locate(title, text, gazetteer=gazetteer) == locate(title, text, gazetteer=gazetteer)
