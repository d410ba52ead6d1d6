"""When did it happen? Tables of sentences and the day they tell."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from aggregator.pipeline.happened import find_happened

REPORTED = datetime(2023, 9, 21, 8, 0, tzinfo=UTC)  # a Thursday


def told(
    text: str, language: str = "en", title: str = "", form: str = "report", zone: str = "Asia/Yerevan"
) -> tuple[date, str]:
    found = find_happened(title, text, reported_at=REPORTED, time_zone=zone, language=language, form=form)
    return found.on, found.precision


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        pytest.param("Shelling on 19 September killed five.", "en", 19, id="day and month"),
        pytest.param("Shelling on September 19, 2023 killed five.", "en", 19, id="month first with year"),
        pytest.param("Shelling on Tuesday killed five.", "en", 19, id="weekday"),
        pytest.param("The ministry said on Thursday that Tuesday's attack killed five.", "en", 19, id="not the day of the statement"),
        pytest.param("The attack came yesterday.", "en", 20, id="yesterday"),
        pytest.param("Обстрел произошёл во вторник.", "ru", 19, id="Russian weekday"),
        pytest.param("Обстріл стався 19 вересня.", "uk", 19, id="Ukrainian date"),
        pytest.param("قصف المدينة يوم الثلاثاء", "ar", 19, id="Arabic weekday"),
        pytest.param("Des frappes mardi 19 septembre.", "fr", 19, id="French weekday"),
        pytest.param("El ataque ocurrió ayer.", "es", 20, id="Spanish yesterday"),
        pytest.param("Am Dienstag schlugen Raketen ein.", "de", 19, id="German weekday"),
        pytest.param("Saldırı dün oldu.", "tr", 20, id="Turkish yesterday"),
        pytest.param("حمله روز سه‌شنبه رخ داد", "fa", 19, id="Persian weekday"),
        pytest.param("ביום שלישי נורו רקטות", "he", 19, id="Hebrew weekday"),
        pytest.param("Atak nastąpił we wtorek.", "pl", 19, id="Polish weekday"),
        pytest.param("O ataque foi na terça-feira.", "pt", 19, id="Portuguese weekday"),
        pytest.param("Обстрел 19.09.2023.", "ru", 19, id="digits"),
        pytest.param("قصف المدينة في ١٩ سبتمبر", "ar", 19, id="Arabic digits"),
        pytest.param("حمله در ۱۹ سپتامبر رخ داد", "fa", 19, id="Persian digits"),
        pytest.param("喀布尔周二发生爆炸。", "zh", 19, id="Chinese weekday"),
        pytest.param("2023年9月19日，喀布尔发生爆炸。", "zh", 19, id="Chinese date"),
        pytest.param("９月１９日，喀布尔发生爆炸。", "zh-CN", 19, id="Chinese date, wide digits"),
        pytest.param("昨天喀布尔发生爆炸。", "zh", 20, id="Chinese yesterday"),
        pytest.param("Refugees began to arrive on Tuesday.", "en", 19, id="what began is no plan"),
        pytest.param("Shells fell on the road to Goma on Tuesday.", "en", 19, id="a place gone to is no plan"),
        pytest.param("Talks began on Tuesday.", "en", 19, id="a beginning that is past"),
        pytest.param("The court convenes on Thursday.", "en", 21, id="what begins on the day itself"),
        pytest.param("The depot was hit last Friday.", "en", 15, id="a weekday said to lie behind"),
        pytest.param("Le dépôt a été touché vendredi dernier.", "fr", 15, id="French weekday that lies behind"),
        pytest.param("Склад обстреляли в прошлую пятницу.", "ru", 15, id="Russian weekday that lies behind"),
        pytest.param("Das Depot wurde am vergangenen Freitag getroffen.", "de", 15, id="German weekday that lies behind"),
        pytest.param("قصف المستودع يوم الجمعة الماضي", "ar", 15, id="Arabic weekday that lies behind"),
        pytest.param("Shelling on Sunday killed five.", "en", 17, id="four days back"),
    ],
)  # fmt: skip
def test_a_day_in_the_text_is_the_day_it_happened(text: str, language: str, day: int) -> None:
    assert told(text, language) == (date(2023, 9, day), "day")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param(
            "On the anniversary of 20 September, wreaths were laid.", "en", id="anniversary before the date"
        ),
        pytest.param("20 September marks the anniversary of the war.", "en", id="anniversary after the date"),
        pytest.param("Three years since 27 September 2020 Karabakh mourns.", "en", id="old date"),
        pytest.param("Talks will be held on Friday.", "en", id="a plan"),
        pytest.param("The ceasefire holds until Wednesday.", "en", id="a deadline"),
        pytest.param("In May 5 people marched of 20 named.", "en", id="numbers that are no dates"),
        pytest.param("On 31 September nothing was.", "en", id="no such day"),
        pytest.param("Переговоры пройдут до среды.", "ru", id="Russian deadline"),
        pytest.param("Envoys to meet in Goma on Monday.", "en", id="a plan told as a headline tells it"),
        pytest.param(
            "The summit on Saturday will decide on the truce.", "en", id="a plan told after the date"
        ),
        pytest.param("The law goes back to the September 11 attacks.", "en", id="the name of a deed"),
        pytest.param("A march recalls Bloody Sunday.", "en", id="the name of a day of old"),
        pytest.param("Talks begin Monday", "en", id="a plan in the present tense"),
        pytest.param("The truce takes effect in the north on Monday.", "en", id="what takes effect"),
        pytest.param("Les pourparlers commencent lundi.", "fr", id="French plan in the present tense"),
        pytest.param("Die Gespräche beginnen am Montag.", "de", id="German plan in the present tense"),
        pytest.param("Las conversaciones empiezan el lunes.", "es", id="Spanish plan in the present tense"),
        pytest.param("Переговоры пройдут в понедельник.", "ru", id="Russian plan"),
        pytest.param("Переговори відбудуться у понеділок.", "uk", id="Ukrainian plan"),
        pytest.param("Rozmowy odbędą się w poniedziałek.", "pl", id="Polish plan"),
        pytest.param("تبدأ المحادثات يوم الاثنين", "ar", id="Arabic plan in the present tense"),
        pytest.param("Envoys in Goma for Friday's talks", "en", id="tomorrow's weekday, six days back"),
        pytest.param("会谈将于周三举行。", "zh", id="Chinese plan"),
        pytest.param("截至9月19日，停火有效。", "zh", id="Chinese deadline"),
        pytest.param("委员会两周一次开会。", "zh", id="every two weeks"),
        pytest.param("2月30日没有发生什么。", "zh", id="no such day in Chinese"),
        pytest.param("", "en", id="empty"),
        pytest.param("Nothing of a day here.", "xx", id="unknown language"),
    ],
)
def test_other_days_do_not_move_a_report(text: str, language: str) -> None:
    assert told(text, language) == (REPORTED.date(), "reported")


@pytest.mark.parametrize("form", ["anniversary", "opinion", "explainer", "live-blog"])
def test_pieces_that_look_back_are_never_dated(form: str) -> None:
    assert told("It happened on Tuesday.", form=form)[1] == "reported"


def test_weekdays_are_those_of_the_outlets_zone() -> None:
    late = datetime(2023, 9, 20, 22, 0, tzinfo=UTC)  # Thursday in Yerevan, Wednesday in London
    for zone, day in (("Asia/Yerevan", 21), ("Europe/London", 20)):
        found = find_happened("", "It came today.", reported_at=late, time_zone=zone, language="en")
        assert found.on == date(2023, 9, day)


def test_the_words_of_a_date_are_told_as_they_stand() -> None:
    text = "İstanbul yakınında İHA salı günü düştü."  # İ has a small letter of two characters
    found = find_happened("", text, reported_at=REPORTED, time_zone="UTC", language="tr")
    assert (found.on, found.reason.evidence["words"]) == (date(2023, 9, 19), "salı")


def test_it_never_lies_after_the_report_and_an_unknown_zone_is_utc() -> None:
    found = find_happened(
        "", "On 30 September 2023.", reported_at=REPORTED, time_zone="No/Where", language="en"
    )
    assert (found.on, found.precision) == (REPORTED.date(), "reported")


def test_a_huge_text_is_read_only_at_its_start() -> None:
    assert told("x " * 500_000 + "on Tuesday")[1] == "reported"
