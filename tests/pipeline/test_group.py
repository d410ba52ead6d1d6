"""Join or open? Happenings, languages, and streams that are odd or hostile."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aggregator.pipeline.features import PLACE_FLAG, Features, bucket, pack, read_features, unpack
from aggregator.pipeline.group import POSTINGS, StoryIndex, fits_span
from aggregator.pipeline.group_model import load_model, read_model
from aggregator.pipeline.group_places import Whereabouts

NOON = datetime(2023, 9, 19, 12, tzinfo=UTC)
Row = tuple[str, str, float | None]  # title, text, hours after noon (None: undated)


def features(title: str, text: str = "", hours: float | None = 0, outlet: str = "one.example") -> Features:
    at = None if hours is None else NOON + timedelta(hours=hours)
    return read_features(title, text, at=at, outlet=outlet)


def grouped(rows: Iterable[Row], **decide: str) -> list[int]:
    """Pass over rows in order; return each one's story."""
    index, stories = StoryIndex(), []
    for n, (title, text, hours) in enumerate(rows):
        found = features(title, text, hours, outlet=f"outlet{n % 5}.example")
        verdict = index.decide(found, **decide)  # type: ignore[arg-type]
        story = n if verdict.story is None else verdict.story
        index.add(story, n, found)
        stories.append(story)
    return stories


# One happening a language, told twice.
TOLD_TWICE = {
    "English": (
        ("Drone strike sets fuel depot in Belgorod ablaze", "A drone set a fuel depot in Belgorod on fire."),
        ("Belgorod fuel depot on fire after drone strike", "The depot in Belgorod burned after a drone hit."),
    ),
    "Russian": (
        ("Взрыв на складе топлива в Белгороде", "Беспилотник поджёг склад топлива в Белгороде ночью."),
        ("В Белгороде горит склад топлива после взрыва", "Склад топлива в Белгороде загорелся из-за беспилотника."),
    ),
    "Ukrainian": (
        ("Вибух на складі пального у Бєлгороді", "Безпілотник підпалив склад пального у Бєлгороді вночі."),
        ("У Бєлгороді горить склад пального після вибуху", "Склад пального у Бєлгороді загорівся через безпілотник."),
    ),
    "Arabic": (
        ("انفجار في مستودع الوقود في الفاشر", "طائرة مسيرة قصفت مستودع الوقود في مدينة الفاشر"),
        ("حريق مستودع الوقود بالفاشر بعد انفجار", "احترق مستودع الوقود في الفاشر بعد قصف طائرة مسيرة"),
    ),
    "French": (
        ("Explosion dans un dépôt de carburant à Goma", "Un drone a incendié un dépôt de carburant à Goma."),
        ("Goma : un dépôt de carburant en feu après une explosion", "Le dépôt de carburant de Goma brûle."),
    ),
    "Polish": (
        ("Wybuch w składzie paliwa w Charkowie", "Dron podpalił skład paliwa w Charkowie."),
        ("W Charkowie płonie skład paliwa po wybuchu", "Skład paliwa w Charkowie płonie po ataku drona."),
    ),
    "Chinese": (
        ("喀布尔清真寺发生爆炸多人死亡", "喀布尔一座清真寺发生爆炸，造成多人死亡。"),
        ("阿富汗喀布尔清真寺爆炸多人死亡", "喀布尔清真寺爆炸造成多人死亡和受伤。"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "two"), list(TOLD_TWICE.values()), ids=list(TOLD_TWICE))
def test_two_reports_of_one_happening_join_in_every_language(
    one: tuple[str, str], two: tuple[str, str]
) -> None:
    assert grouped([(*one, 0), (*two, 2)]) == [0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Israeli jets strike depot", "Israel's jets strike depot"),
        ("Two U.S. warships leave", "Two American warships leave"),
        ("Two US warships leave", "Two United States warships leave"),
        ("A U.N. convoy leaves", "A United Nations convoy leaves"),
        ("Zelenskyy visits a brigade", "Zelensky visits a brigade"),
    ],
)
def test_a_people_and_its_country_are_one_word(one: str, other: str) -> None:
    text = "The report was read to all of them in the hall at noon."
    assert np.array_equal(features(one, text).ids, features(other, text).ids)


def test_a_pronoun_is_no_country() -> None:
    text = "It came to us in the hall at noon."
    assert not set(features("They told us", text).ids) & set(features("The U.S.", "").ids)


def test_in_a_stream_of_many_languages_each_report_finds_its_own_happening() -> None:
    first: list[Row] = [(*one, n * 0.1) for n, (one, _) in enumerate(TOLD_TWICE.values())]
    second: list[Row] = [(*two, 2 + n * 0.1) for n, (_, two) in enumerate(TOLD_TWICE.values())]
    apart = list(range(len(TOLD_TWICE)))
    assert grouped(first + second) == apart + apart


@pytest.mark.parametrize(
    ("one", "two"),
    [
        pytest.param(
            "Shelling kills 14 in Donetsk market",
            "Inflation falls to 14 percent in Turkey",
            id="digits alone",
        ),
        pytest.param(
            "Парламент принял бюджет на 2024 год", "В аварии погибли 2024 рыбы", id="digits alone, Russian"
        ),
        pytest.param("مباراة كرة القدم تنتهي بالتعادل", "قصف يستهدف مستشفى في غزة", id="Arabic"),
        pytest.param("央行宣布降息", "地震袭击云南", id="Chinese"),
        pytest.param("在 2024 年 14 人死亡", "2024 年通胀率 14 个百分点", id="digits alone, Chinese"),
        pytest.param(
            "14 morts à Goma en 2024", "Inflation de 14 points pour 2024", id="digits alone, French"
        ),
        pytest.param("Потоп у Херсоні - Вісті", "Матч у Львові - Вісті", id="outlet's name, Ukrainian"),
        pytest.param("Powódź w Opolu | Kurier", "Mecz w Toruniu | Kurier", id="outlet's name, Polish"),
    ],
)
def test_different_happenings_do_not_join(one: str, two: str) -> None:
    assert grouped([(one, "", 0), (two, "", 1)]) == [0, 1]


def test_an_outlets_name_alone_does_not_join() -> None:
    index = StoryIndex()
    index.add(1, 1, features("Rain floods Accra - Daily Herald", outlet="dailyherald.example"))
    assert (
        index.decide(features("Chess final drawn - Daily Herald", outlet="dailyherald.example")).kind
        == "open"
    )


def test_a_story_ends_after_72_hours() -> None:
    row = ("Drone strike sets fuel depot in Belgorod ablaze", "A drone set a depot in Belgorod on fire.")
    assert grouped([(*row, 0), (*row, 71), (*row, 73)]) == [0, 0, 2]


def test_a_late_report_joins_the_story_of_its_own_days() -> None:
    row = ("Drone strike sets fuel depot in Belgorod ablaze", "A drone set a depot in Belgorod on fire.")
    assert grouped([(*row, 0), ("Shell hits El Fasher market", "", 200), (*row, 3)]) == [0, 1, 0]


def test_links_of_a_curator_win_and_cannot_wins_over_must() -> None:
    index = StoryIndex()
    index.add(7, 1, features("Drone strike sets fuel depot in Belgorod ablaze"))
    other = features("Shell hits El Fasher market", hours=500)
    assert index.decide(other, must=[1]).story == 7
    assert index.decide(other, must=[1], cannot=[1]).story is None
    same = features("Drone strike sets fuel depot in Belgorod ablaze")
    assert index.decide(same, cannot=[1]).kind == "open"


@pytest.mark.parametrize("form", ["opinion", "explainer", "anniversary", "live-blog", "newsletter"])
def test_outside_forms_stand_outside(form: str) -> None:
    index = StoryIndex()
    title = "Drone strike sets fuel depot in Belgorod ablaze"
    index.add(7, 1, features(title))
    verdict = index.decide(features(title), form=form)
    assert verdict.kind == "outside"
    assert verdict.story == (7 if form in {"opinion", "explainer"} else None)


def test_the_reason_names_what_is_shared() -> None:
    index = StoryIndex()
    index.add(7, 1, features("Drone strike sets fuel depot in Belgorod ablaze"))
    reason = index.decide(features("Belgorod fuel depot ablaze after drone strike", hours=2)).reason
    assert reason["rule"] == "model" and reason["story"] == 7
    assert reason["shared_words"] >= 4 and reason["hours"] == 2.0


def test_the_same_order_gives_the_same_stories() -> None:
    rows: list[Row] = [
        (f"Report {n % 7} from town{n % 7} about bridge{n % 7}", f"span{n % 7}", n) for n in range(60)
    ]
    assert grouped(rows) == grouped(rows)


def test_adding_twice_is_once_and_removing_leaves_nothing() -> None:
    index, one = StoryIndex(), features("Drone strike sets fuel depot in Belgorod ablaze")
    index.add(7, 1, one)
    index.add(7, 1, one)
    assert index.members_of(7) == {1}
    index.remove(1)
    assert len(index) == 0 and index.decide(one).kind == "open"


def test_old_stories_are_forgotten() -> None:
    index = StoryIndex()
    index.add(7, 1, features("Drone strike sets fuel depot in Belgorod ablaze"))
    assert index.evict(NOON.timestamp() + 1) == 1
    assert index.decide(features("Drone strike sets fuel depot in Belgorod ablaze")).kind == "open"


# Bad input.


def test_all_articles_with_one_headline_are_one_story_and_cost_no_more_each() -> None:
    stories = grouped([("Breaking news", "", 0.001 * n) for n in range(600)])
    assert set(stories) == {0}


def test_a_source_that_sends_5000_items_at_once_is_grouped_item_by_item() -> None:
    index = StoryIndex()
    for n in range(5000):
        word = "".join(chr(97 + int(d)) for d in str(n))
        found = features(f"Kov{word} lim{word} sut{word} rag{word}", outlet="flood.example")
        verdict = index.decide(found) if n % 50 == 0 else None
        index.add(n, n, found)
        assert verdict is None or verdict.kind == "open"
    assert len(index) == 5000
    assert max(len(index._postings[t][-POSTINGS:]) for t in index._postings) <= POSTINGS


@pytest.mark.parametrize("hours", [None, 0.0], ids=["dates missing", "dates all equal"])
def test_without_useful_dates_words_decide(hours: float | None) -> None:
    depot = (
        "Drone strike sets fuel depot in Belgorod ablaze",
        "A drone set a fuel depot in Belgorod on fire.",
    )
    again = (
        "Belgorod fuel depot on fire after drone strike",
        "The depot in Belgorod burned after a drone hit.",
    )
    market = ("Shell hits market in El Fasher, eleven dead", "Eleven died in a market of El Fasher.")
    assert grouped([(*depot, hours), (*market, hours), (*again, hours)]) == [0, 1, 0]


def test_newsletters_and_reviews_of_the_day_gather_nothing() -> None:
    index = StoryIndex()
    index.add(7, 1, features("Drone strike sets fuel depot in Belgorod ablaze"))
    for form in ("newsletter", "press-review", "situation-report", "podcast"):
        verdict = index.decide(features("Monday briefing: fuel depot in Belgorod ablaze"), form=form)
        assert (verdict.kind, verdict.story) == ("outside", None)
    assert index.members_of(7) == {1}


def test_daily_key_events_items_of_one_war_do_not_chain_into_one_story() -> None:
    rows: list[Row] = [
        (
            f"Russia-Ukraine war: List of key events, day {590 + n}",
            "These are the main developments.",
            24.0 * n,
        )
        for n in range(9)
    ]
    index, spans = StoryIndex(), []
    for n, story in enumerate(grouped(rows)):
        index.add(story, n, features(*rows[n]))
    spans = [s.last_at - s.first_at for s in index.stories.values() if s.first_at and s.last_at]
    assert max(spans) <= 72 * 3600


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("   \n\t ", "\u200b\u200f", id="invisible"),
        pytest.param("\ud800 lone \udfff", "\x00 nul", id="surrogates and nul"),
        pytest.param("a" * 1_000_000, "b" * 5_000_000, id="one endless word"),
        pytest.param("€ 1.000.000,5 %" * 50, "1 2 3 " * 10_000, id="only numbers"),
        pytest.param("🔥" * 500, "́" * 10_000, id="emoji and marks"),
        pytest.param("the of and", "to in a", id="only function words"),
    ],
)
def test_hostile_texts_open_a_story_of_their_own(title: str, text: str) -> None:
    index = StoryIndex()
    index.add(7, 1, features("Drone strike sets fuel depot in Belgorod ablaze"))
    found = features(title, text)
    assert index.decide(found).kind == "open"
    index.add(8, 2, found)
    assert len(unpack(pack(found)).ids) == len(found.ids)


def test_features_survive_packing() -> None:
    one = read_features(
        "Belgorod depot burns",
        "A depot burns.",
        at=NOON,
        outlet="x",
        where=Whereabouts(("belgorod", "russia"), ("RU",), ("Belgorod",)),
    )
    back = unpack(pack(one))
    assert (back.at, back.outlet, back.places, back.countries, back.words, back.dated) == (
        one.at, one.outlet, one.places, one.countries, one.words, one.dated,
    )  # fmt: skip
    assert len(one.places) == 2 and len(one.countries) == 1
    assert [int(i) for i in back.ids[back.flags & PLACE_FLAG > 0]] == [bucket("belgorod")]
    assert np.array_equal(back.ids, one.ids) and np.allclose(back.weights, one.weights, rtol=1e-2)


@pytest.mark.parametrize("data", [b"", b"\x07" * 40, b"\x03"], ids=["empty", "another make", "cut short"])
def test_bytes_of_another_make_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(data)


def test_undated_reports_fit_any_span() -> None:
    index = StoryIndex()
    index.add(7, 1, features("Depot burns", hours=0))
    assert fits_span(index.stories[7], None)
    assert not fits_span(index.stories[7], NOON.timestamp() + 73 * 3600)


def test_the_model_names_its_data_and_holds_no_text() -> None:
    about = load_model().about
    assert about["data"] and about["trained_on"] and about["cross_validated"]


def test_a_model_of_unknown_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="moon_phase"):
        read_model({"columns": ["moon_phase"]})
