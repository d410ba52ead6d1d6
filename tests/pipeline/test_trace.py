"""Whose text is it? A table of what republishers do, and of what only looks alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.pipeline.fingerprint import fingerprint
from aggregator.pipeline.trace import find_original
from aggregator.pipeline.trace_first import is_earlier, standing
from aggregator.pipeline.types import Credit, TraceCandidate
from tests.pipeline.texts import OTHER, PARAGRAPHS, REPORT, changed

NOON = datetime(2023, 9, 19, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def article(pk: int, text: str, *, at: datetime = NOON, title: str = "", **fields) -> TraceCandidate:
    fields = {
        "source_id": pk,
        "family": f"house-{pk}",
        "found_at": max(at, NOON) + timedelta(minutes=pk),
    } | fields
    return TraceCandidate(pk, fingerprint(title, text), reported_at=at, **fields)


ORIGINAL = article(1, REPORT)
QUOTE = "\u201cWe had just opened the shutters when the first one fell, and then there was nothing but dust and people calling each other's names in it,\u201d"


@pytest.mark.parametrize(
    ("text", "source_id", "kind"),
    [
        pytest.param(REPORT, 2, "exact", id="word for word"),
        pytest.param(changed(REPORT), 2, "republished", id="a few words edited"),
        pytest.param("\n".join(PARAGRAPHS[:3]), 2, "truncated", id="the first half"),
        pytest.param(f"{OTHER}\n{REPORT}", 2, "padded", id="other paragraphs put before it"),
        pytest.param(changed(REPORT), 1, "updated", id="a later version of the same outlet"),
        pytest.param("\n".join(PARAGRAPHS[::-1]), 2, "republished", id="paragraphs in another order"),
        pytest.param(OTHER, 2, "original", id="another report"),
        pytest.param(PARAGRAPHS[0], 2, "original", id="one paragraph of it"),
        pytest.param("", 2, "original", id="nothing"),
        pytest.param("Shelling", 2, "original", id="one word"),
    ],
)
def test_a_copy_is_recognised_and_named(text, source_id, kind):
    traced = find_original(article(2, text, at=NOON + HOUR, source_id=source_id), [ORIGINAL])
    assert traced.kind == kind
    assert traced.original_id == (None if kind == "original" else 1)


def test_texts_that_share_only_what_someone_said_are_two_reports():
    first = f"{PARAGRAPHS[0]}\n{QUOTE} a seller said.\n{PARAGRAPHS[1]}"
    second = f"{OTHER.splitlines()[0]}\n{QUOTE} said Mira, 52.\n"
    traced = find_original(article(2, second, at=NOON + HOUR), [article(1, first)])
    assert traced.kind == "original"
    assert {miss.why for miss in traced.near} <= {"quotes_only", "too_little"}


def bulletin(day: int, dead: int) -> str:
    return (
        f"Situation report of {day} September. Over the past day {dead} people were killed and {dead * 3} wounded in "
        f"{dead + 2} incidents along the contact line, the monitors wrote. They counted {dead * 17} explosions. The "
        "mission works in three shifts from five bases and publishes its findings every evening at six. It asks both "
        "sides to guarantee safe and unhindered access for its patrols in all areas, as was agreed in the spring."
    )


def test_two_issues_of_a_recurring_bulletin_are_not_copies():
    traced = find_original(
        article(2, bulletin(20, 31), at=NOON + 24 * HOUR, source_id=1),
        [article(1, bulletin(19, 4), source_id=1)],
    )
    assert traced.kind == "original"
    assert [miss.why for miss in traced.near] == ["recurring_bulletin"]


def test_an_outlets_summary_that_stands_again_on_another_day_is_another_issue():
    line = "As the fighting around Old Harbour enters day {}, we take a look at the main developments of the day."
    traced = find_original(
        article(2, line.format(5), at=NOON + 48 * HOUR, source_id=1),
        [article(1, line.format(3), source_id=1)],
    )
    assert traced.kind == "original"
    same_day = find_original(
        article(2, line.format(3), at=NOON + HOUR, source_id=1), [article(1, line.format(3))]
    )
    assert same_day.original_id == 1


SIEGE = (
    "Shelling of Old Harbour continued as the siege of the town went on, doctors said at {}:00; {} people were killed by "
    "artillery of the militia."
)


def siege(pk: int, hours: int, dead: int, **fields) -> TraceCandidate:
    title = f"Siege of Old Harbour: shelling continues, {dead} killed"
    return article(pk, SIEGE.format(hours % 24, dead), at=NOON + hours * HOUR, title=title, **fields)


@pytest.mark.parametrize(
    ("hours", "dead", "original"),
    [
        pytest.param(0, 40, 1, id="word for word, at once"),
        pytest.param(6, 41, 1, id="a new toll within the day"),
        pytest.param(24, 44, None, id="a new toll the next day"),
        pytest.param(240, 80, None, id="a new toll ten days later"),
        pytest.param(240, 40, 1, id="word for word, ten days later"),
    ],
)
def test_a_new_toll_in_an_old_sentence_is_a_new_report_on_another_day(hours, dead, original):
    traced = find_original(siege(2, hours, dead), [siege(1, 0, 40)])
    assert traced.original_id == original
    assert [miss.why for miss in traced.near] == ([] if original else ["recurring_bulletin"])


def test_a_sentence_that_was_cut_or_told_on_stays_a_copy_on_another_day():
    sentence = SIEGE.format(0, 40)
    cut, told_on = (
        sentence.split(";")[0],
        f"{sentence} The town's two hospitals are without power since Monday.",
    )
    for pk, text in enumerate((cut, told_on), start=2):
        assert find_original(article(pk, text, at=NOON + 48 * HOUR), [siege(1, 0, 40)]).original_id == 1


@pytest.mark.parametrize("hours", [6, 48])
def test_a_sentence_with_another_weekday_and_a_toll_in_words_is_a_new_report_on_another_day(hours):
    line = (
        "On {} shelling of Old Harbour went on from morning to night and killed {} people in the quarters near the river, "
        "doctors of the town said; those who still live there had no warning."
    )
    first = article(1, line.format("Tuesday", "three"))
    traced = find_original(article(2, line.format("Thursday", "nine"), at=NOON + hours * HOUR), [first])
    assert traced.original_id == (1 if hours == 6 else None)


@pytest.mark.parametrize("order", ["told", "backwards"])
def test_a_formula_that_is_sent_every_six_hours_is_a_text_a_day_not_one_for_weeks(order):
    sent = [siege(n + 1, 6 * n, 40 + n, source_id=n % 3 + 1, found_at=NOON + 300 * HOUR) for n in range(20)]
    known: dict[int, TraceCandidate] = {}
    for one in sent if order == "told" else sent[::-1]:
        traced = find_original(one, known.values())
        known[one.article_id] = replace(one, original_id=traced.original_id)
        for old, _, _ in traced.takes_over:
            for pk, other in known.items():
                if old in (pk, other.original_id):
                    known[pk] = replace(other, original_id=one.article_id)
    texts = {one.original_id or one.article_id for one in known.values()}
    assert len(texts) >= 5
    for one in known.values():
        text = known[one.original_id or one.article_id]
        assert text.original_id is None
        assert one.reported_at - text.reported_at < 24 * HOUR


def test_what_lies_between_two_issues_does_not_make_them_one_text():
    first, last = siege(1, 0, 40), siege(3, 24, 44)
    traced = find_original(siege(2, 12, 42, found_at=NOON + 300 * HOUR), [first, last])
    assert traced.original_id in (1, None)
    assert not (traced.original_id and traced.takes_over), "the next day's would be a copy of the first"


def test_a_reprint_of_a_later_toll_is_that_ones_copy_whatever_the_first_toll_was():
    first = siege(1, 0, 40)
    update = replace(siege(2, 6, 41), original_id=1)
    reprint = article(3, SIEGE.format(6, 41), at=NOON + 54 * HOUR, title="Shelling of Old Harbour, 41 killed")
    assert find_original(reprint, [first, update]).original_id == 1


def losses(day: int, men: int) -> str:
    return (
        f"Over the past day the enemy lost {men} soldiers, {men // 60} tanks, {men // 30} armoured vehicles, "
        f"{men // 25} artillery systems and {men // 50} drones, the General Staff said on {day} September in its morning "
        f"report. Since the war began the losses of the enemy come to about {270_000 + men} men, the report says; the "
        "figures are being checked, and the count is made harder by the intensity of the fighting."
    )


def test_daily_losses_by_two_agencies_are_one_text_a_day():
    known = [article(1, losses(19, 850)), article(2, losses(19, 850), at=NOON + HOUR)]
    known[1] = replace(known[1], original_id=find_original(known[1], known[:1]).original_id)
    assert known[1].original_id == 1
    first = find_original(article(3, losses(20, 1210), at=NOON + 23 * HOUR, source_id=2), known)
    assert first.kind == "original" and {miss.why for miss in first.near} == {"recurring_bulletin"}
    known.append(article(3, losses(20, 1210), at=NOON + 23 * HOUR, source_id=2))
    assert (
        find_original(article(4, losses(20, 1210), at=NOON + 24 * HOUR, source_id=1), known).original_id == 3
    )


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        pytest.param(2, REPORT.replace("killed three", "killed five"), id="the same day"),
        pytest.param(48, REPORT, id="two days later"),
        pytest.param(48, changed(REPORT), id="two days later, edited"),
    ],
)
def test_a_long_text_with_an_updated_toll_or_printed_again_stays_a_copy(hours, text):
    title = "Nine killed" if hours > 2 else "11 killed"
    traced = find_original(
        article(2, text, at=NOON + hours * HOUR, title=title), [article(1, REPORT, title="9 killed")]
    )
    assert traced.original_id == 1


def test_headlines_without_a_text_are_never_copies_whatever_they_share():
    one, two = (article(pk, "", title="Shelling continues in Old Harbour") for pk in (1, 2))
    assert find_original(two, [one]).kind == "original"
    line = "Shelling continues in the streets of Old Harbour"
    printed = [article(pk, line, at=NOON + pk * 24 * HOUR, title=line) for pk in (1, 2)]
    assert find_original(printed[1], printed[:1]).original_id == 1, (
        "the very words, without a number: a reprint"
    )


def test_a_photo_caption_shared_by_different_articles_makes_no_copy():
    caption = "Smoke rises over the fish hall of Old Harbour on Tuesday morning in a picture taken from the eastern quay."
    long_one, other = f"{caption}\n{REPORT}", f"{caption}\n{OTHER}"
    assert find_original(article(2, other, at=NOON + HOUR), [article(1, long_one)]).kind == "original"
    assert find_original(article(2, caption, at=NOON + HOUR), [article(1, long_one)]).kind == "original"


def test_a_stub_is_never_a_copy_of_another_stub():
    notice = (
        "This article is for subscribers only. Log in or subscribe now to go on reading all of our reports."
    )
    stubs = [article(pk, notice, kind="stub") for pk in (1, 2)]
    assert find_original(stubs[1], stubs[:1]).kind == "original"


def test_a_line_that_many_outlets_put_under_everything_is_no_evidence():
    line = (
        "This report was prepared by our desk in the capital with the help of partners in nine regions. " * 3
    )
    others = [
        article(pk, f"{line} {OTHER.splitlines()[pk % 4]} number {pk} of {pk * 7}", at=NOON)
        for pk in range(1, 9)
    ]
    subject = article(20, f"{line} {PARAGRAPHS[2]}", at=NOON + HOUR)
    assert find_original(subject, others).kind == "original"


def test_the_original_that_arrives_later_takes_its_copies_over():
    copy = article(1, REPORT, at=NOON + 3 * HOUR)
    traced = find_original(article(2, REPORT, at=NOON, found_at=NOON + 5 * HOUR), [copy])
    assert traced.kind == "original"
    assert [(pk, kind) for pk, kind, _ in traced.takes_over] == [(1, "exact")]


def test_an_outlet_that_copies_and_dates_earlier_does_not_win():
    honest = article(1, REPORT, at=NOON, absent_at=NOON - HOUR, found_at=NOON + HOUR)
    liar = article(2, REPORT, at=NOON - 48 * HOUR, absent_at=NOON + HOUR, found_at=NOON + 2 * HOUR)
    traced = find_original(liar, [honest])
    assert (traced.kind, traced.original_id) == ("exact", 1)
    assert find_original(honest, [liar]).kind == "original"


def test_a_feed_read_for_the_first_time_cannot_claim_what_we_held_before():
    known = article(1, REPORT, at=NOON, absent_at=NOON - HOUR, found_at=NOON + HOUR)
    late = article(2, REPORT, at=NOON - 48 * HOUR, absent_at=None, found_at=NOON + 30 * HOUR)
    assert find_original(late, [known]).original_id == 1


def test_a_broken_date_of_a_first_poll_is_no_claim_to_be_first():
    found = NOON + HOUR
    report = article(1, REPORT, at=NOON, absent_at=None, found_at=found)
    broken = article(2, REPORT, at=NOON.replace(year=2001), absent_at=None, found_at=found - HOUR)
    assert is_earlier(report, broken)
    assert find_original(broken, [report]).original_id == 1
    assert find_original(report, [broken]).takes_over
    older = article(3, REPORT, at=NOON.replace(year=2000), absent_at=None, found_at=found)
    assert is_earlier(older, broken), "of two old texts the dates still tell"


def test_an_old_text_of_a_first_poll_is_not_taken_over_by_who_carries_it_after_we_held_it():
    old = article(1, REPORT, at=NOON.replace(year=2020), absent_at=None, found_at=NOON)
    later = article(2, REPORT, at=NOON + HOUR, absent_at=NOON + HOUR, found_at=NOON + 2 * HOUR)
    assert find_original(later, [old]).original_id == 1
    assert is_earlier(old, later)
    assert not is_earlier(later, old)


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        pytest.param(NOON - timedelta(days=3), NOON - HOUR, id="before the last poll: the poll"),
        pytest.param(NOON - HOUR / 2, NOON - HOUR / 2, id="between polls: believed"),
        pytest.param(NOON + timedelta(days=3), NOON, id="in the future: when we found it"),
    ],
)
def test_a_date_is_believed_only_between_the_last_poll_and_the_finding(said, stands):
    assert standing(article(1, REPORT, at=said, absent_at=NOON - HOUR, found_at=NOON)) == stands


def test_a_credit_decides_whatever_the_dates_say():
    here = Credit(
        "outlet",
        "Harbour Post",
        url="https://harbourpost.example/a",
        how="source_line",
        evidence="Source: ...",
    )
    copy = article(1, REPORT, at=NOON - HOUR, credits=(here,), domains=("reprint.example",))
    named = article(2, REPORT, at=NOON, domains=("harbourpost.example",))
    assert is_earlier(named, copy)
    assert find_original(copy, [named]).original_id == 2


def test_a_curators_word_that_an_article_is_an_original_wins():
    assert find_original(article(2, REPORT, at=NOON + HOUR, is_own=True), [ORIGINAL]).kind == "original"


def test_copies_lead_to_their_original_not_to_one_another():
    copy = replace(article(2, changed(REPORT)), original_id=1)
    traced = find_original(article(3, changed(REPORT), at=NOON + HOUR), [ORIGINAL, copy])
    assert traced.original_id == 1


def test_a_roundup_does_not_join_the_reports_that_it_repeats():
    roundup = article(3, f"{REPORT}\n{OTHER}\n{OTHER.upper()}", at=NOON + HOUR)
    traced = find_original(roundup, [ORIGINAL, article(2, OTHER)])
    assert not traced.takes_over


def test_two_outlets_that_swap_texts_end_with_one_original_each():
    a1, b1 = article(1, REPORT), article(2, OTHER)
    a2 = find_original(article(3, OTHER, at=NOON + HOUR, source_id=1), [a1, b1])
    b2 = find_original(article(4, REPORT, at=NOON + HOUR, source_id=2), [a1, b1])
    assert (a2.original_id, b2.original_id) == (2, 1)
