"""Grouping in Arabic, Russian, Ukrainian, French, Chinese and Polish: what never joins, and what is one word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.pipeline.features import read_features
from aggregator.pipeline.group_stems import light_stem
from aggregator.pipeline.group_words import group_words, shared_words
from aggregator.pipeline.repair import Standing, regroup

NOON = datetime(2023, 9, 19, 12, tzinfo=UTC)
LANGUAGES = ("Arabic", "Russian", "Ukrainian", "French", "Chinese", "Polish")


def stories(*rows: tuple[str, str], minutes: int = 60, called: str = "") -> list[int]:
    """Return the story of each report as the repair leaves them, told `minutes` apart by two outlets in turn."""
    told = [
        Standing(
            n,
            read_features(
                title,
                text,
                at=NOON + timedelta(minutes=minutes * n),
                outlet=f"outlet-{n % 2}",
                called=called,
            ),
        )
        for n, (title, text) in enumerate(rows)
    ]
    places = regroup(told)
    return [places[n].group for n in range(len(rows))]


FORMULAS = dict(zip(LANGUAGES, ("عاجل", "Срочная новость", "Термінова новина", "Dernière minute", "突发新闻",
                                "Z ostatniej chwili"), strict=True))  # fmt: skip


@pytest.mark.parametrize("headline", FORMULAS.values(), ids=FORMULAS)
def test_articles_that_have_one_headline_and_no_text_are_one_story(headline: str) -> None:
    assert len(set(stories(*[(headline, "")] * 40, minutes=1))) == 1


# The same headline over texts that tell of different things: the formula is half of the words or more.
UNDER_A_FORMULA = {
    "Arabic": ("نشرة الصباح", "افتتاح جسر جديد في أسوان بعد سنوات من العمل.", "فريق مغربي يفوز ببطولة الشطرنج للناشئين."),
    "Russian": ("Новости к утру", "В Рязани открыли мост после долгого ремонта.", "Шахматисты из Казани выиграли юношеский турнир."),
    "Ukrainian": ("Новини на ранок", "У Полтаві відкрили міст після довгого ремонту.", "Шахісти з Ужгорода виграли юнацький турнір."),
    "French": ("Le journal du matin", "À Tours, un pont rouvre après des travaux.", "Les échecs : Lille gagne le tournoi junior."),
    "Chinese": ("早间新闻", "江边一座大桥修复后通车。", "少年棋手赢得国际象棋公开赛。"),
    "Polish": ("Wiadomości poranne", "W Opolu otwarto most po długim remoncie.", "Szachiści z Gdyni wygrali turniej juniorów."),
}  # fmt: skip


@pytest.mark.parametrize(("headline", "one", "two"), UNDER_A_FORMULA.values(), ids=UNDER_A_FORMULA)
def test_a_headline_that_stands_over_every_report_gathers_them_within_the_span(
    headline: str, one: str, two: str
) -> None:
    """Nothing tells a formula from a happening told in the same words; what is certain is that it ends."""
    found = stories(*[(headline, one), (headline, two)] * 4, minutes=24 * 60)
    assert len(found) == 8
    for story in set(found):
        days = [n for n, s in enumerate(found) if s == story]
        assert days[-1] - days[0] <= 3


DIGITS = {
    "Arabic": (("مقتل 14 شخصا في 2024", "قصف سوقا يوم 12."), ("تضخم 14 بالمئة عام 2024", "البنك يرفع الفائدة في 12.")),
    "Russian": (("14 погибших, 2024 год", "Обстрел рынка 12 числа."), ("Инфляция 14 процентов, 2024", "Банк поднял ставку до 12.")),
    "Ukrainian": (("14 загиблих, 2024", "Обстріл ринку 12 числа."), ("Інфляція 14 відсотків у 2024", "Банк підняв ставку до 12.")),
    "French": (("14 morts en 2024", "Un marché bombardé le 12."), ("Inflation : 14 points en 2024", "La banque relève son taux à 12.")),
    "Chinese": (("2024年3月12日14人死亡", "市场遭炮击。"), ("2024年3月12日通胀率14个百分点", "央行加息。")),
    "Polish": (("14 zabitych w 2024", "Ostrzał targu 12 dnia."), ("Inflacja 14 procent w 2024", "Bank podniósł stopę do 12.")),
}  # fmt: skip


@pytest.mark.parametrize(("one", "two"), DIGITS.values(), ids=DIGITS)
def test_digits_alone_join_nothing(one: tuple[str, str], two: tuple[str, str]) -> None:
    assert len(set(stories(one, two))) == 2


def test_chinese_numerals_are_digits_too() -> None:
    assert len(set(stories(("一百二十三人死亡", "市场遭炮击"), ("股市上涨一百二十三点", "央行加息")))) == 2


# Name of an outlet, and two happenings.
OUTLETS = {
    "Arabic": ("راديو النخيل", "حريق في مصنع بأسوان", "فوز لاعبة شطرنج من فاس"),
    "Russian": ("Радио Причал", "Пожар на фабрике в Рязани", "Шахматистка из Казани взяла золото"),
    "Ukrainian": ("Дніпровський край", "Пожежа на фабриці в Полтаві", "Шахістка з Ужгорода здобула золото"),
    "French": ("Radio Baobab", "Incendie dans une usine de Tours", "Une joueuse d'échecs de Lille sacrée"),
    "Chinese": ("北方电台", "江边工厂起火", "女棋手夺得金牌"),
    "Polish": ("Gazeta Nadbużańska", "Pożar fabryki w Opolu", "Szachistka z Gdyni ze złotem"),
}


@pytest.mark.parametrize("form", ["{name}: {told}", "{told} - {name}", "{told} | {name}"])
@pytest.mark.parametrize(("name", "one", "two"), OUTLETS.values(), ids=OUTLETS)
def test_an_outlets_name_alone_joins_nothing(form: str, name: str, one: str, two: str) -> None:
    rows = [(form.format(name=name, told=told), "") for told in (one, two)]
    assert len(set(stories(*rows, called=name))) == 2


@pytest.mark.parametrize(("name", "one", "two"), OUTLETS.values(), ids=OUTLETS)
def test_an_outlets_name_in_headline_and_text_joins_nothing(name: str, one: str, two: str) -> None:
    rows = [(f"{told} - {name}", f"{name}. {told}.") for told in (one, two)]
    assert len(set(stories(*rows, called=name))) == 2


@pytest.mark.parametrize(
    "forms",
    [
        pytest.param("обстрел обстрела обстрелу обстрелом обстрелы обстрелов", id="Russian noun"),
        pytest.param("порт порта порту портом порты портов портах", id="Russian, short"),
        pytest.param("пожежа пожежі пожежу пожежею", id="Ukrainian"),
        pytest.param("pożar pożaru pożarem pożary pożarów pożarach", id="Polish"),
        pytest.param("hala hali halę halą hale", id="Polish, short"),
        pytest.param("tué tuée tués tuées", id="French participle"),
        pytest.param("soldat soldats", id="French plural"),
        pytest.param("سوق السوق والسوق بالسوق للسوق", id="Arabic with article and what stands before it"),
        pytest.param("إطلاق اطلاق أطلاق", id="Arabic, letters written with care or without"),
        pytest.param("مدرسة مدرسه المدرسة", id="Arabic, feminine"),
    ],
)
def test_forms_of_one_word_are_one_stem(forms: str) -> None:
    assert len({light_stem(word) for word in forms.split()}) == 1


@pytest.mark.parametrize(
    "words", ["Харьков Херсон", "Львів Луцьк", "Goma Gonaïves", "Mali Malte", "Warszawa Wilno", "بيروت بغداد"]
)
def test_names_of_two_places_are_two_stems(words: str) -> None:
    assert len({light_stem(word.lower()) for word in words.split()}) == 2


def test_loan_words_of_two_languages_stay_apart() -> None:
    french = {w.stem for w in group_words("un dépôt après une opération", english=False)}
    assert not french & {w.stem for w in group_words("a depot after an operation", english=True)}


def test_chinese_is_counted_by_characters_without_particles() -> None:
    words = list(group_words("BBC调查：12人的船", english=False))
    assert [w.stem for w in words] == ["bbc", "调", "查", "12", "人", "船"]
    assert [w.part for w in words] == [False, True, True, False, True, True]


def test_shared_words_of_chinese_are_shown_as_pieces_that_stand_in_both() -> None:
    assert shared_words("喀布尔清真寺发生爆炸", "爆炸袭击喀布尔一座清真寺") == ["喀布尔", "清真寺", "爆炸"]


def test_a_second_report_is_near_in_a_language_that_the_background_does_not_know() -> None:
    """What only one report says must not weigh more than what two share."""
    one = ("Инкерманский мост перекрыт из-за оползня", "Оползень засыпал въезд на мост, машины стоят.")
    two = ("Оползень на Инкерманском мосту", "Движение закрыто, дорожники убирают камни и глину.")
    assert len(set(stories(one, two))) == 1
