"""Origins and copies as rows: exactly one original, whatever arrives when, and re-pointing in one go."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from aggregator.models import Article, Band, FingerprintRow, Origin, Override, Poll, Source
from aggregator.pipeline import agencies, credits, extract, fingerprint
from aggregator.pipeline.types import Classified, Entry, Located, Reason
from aggregator.services import tracing
from aggregator.services.drafts import Draft
from aggregator.services.locks import line_lock
from tests.factories import make_article, make_feed, make_origin, make_publisher, make_source, make_story
from tests.pipeline.texts import OTHER, PROMO, REPORT, changed

NOON = datetime(2023, 9, 19, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIELDS = ["origin", "copy_of", "copy_kind", "copy_score", "copy_reason"]


def draft_of(
    source: Source, text: str, *, found_at: datetime = NOON, at: datetime | None = None, **fields
) -> Draft:
    at = min(at or found_at, found_at)
    article = make_article(
        source, found_at=found_at, reported_at=at, published_at=at, published_kind="feed", **fields
    )
    Origin.objects.filter(article=article).delete()  # an article under way has none
    article.origin = None
    entry = Entry(guid="", url=article.url, title=article.title, content=text)
    read = extract.text_from_entry(entry, found_at)
    own = tracing.candidates.own_domains(source.publisher.homepage_domains, source.homepage)
    return Draft(
        article=article,
        work=None,
        text=read,
        fingerprint=fingerprint.fingerprint(read.title, read.text),
        located=Located(),
        classified=Classified(0.0, "out", Reason("not_asked")),
        credits=credits.find_credits(
            read, url=article.url, own_domains=own, agencies=agencies.load_agencies()
        ),
    )


def trace(*drafts: Draft) -> list[Article]:
    """Trace as the line does, save, and return the articles as stored."""
    with line_lock():
        tracing.trace_batch(drafts, NOON)
        Article.objects.bulk_update([draft.article for draft in drafts], FIELDS)
    return [Article.objects.select_related("origin").get(pk=draft.article.pk) for draft in drafts]


@pytest.fixture
def express(db) -> Source:
    house = make_publisher("express-house", homepage_domains=["express-times.example"])
    return make_source("express-times", publisher=house, homepage="https://www.express-times.example/")


def test_a_copy_shares_its_originals_origin(db):
    original, copy = trace(
        draft_of(make_source(), REPORT), draft_of(make_source(), changed(REPORT), found_at=NOON + HOUR)
    )
    assert (copy.copy_of_id, copy.copy_kind) == (original.pk, "republished")
    assert copy.origin == original.origin
    assert original.origin.key == f"article:{original.pk}"
    assert original.origin.independence_key == f"family:{original.source.family}"
    assert copy.copy_reason["code"] == "same_text"


def test_a_copy_in_a_later_batch_finds_the_stored_original(db):
    (original,) = trace(draft_of(make_source(), REPORT))
    (copy,) = trace(draft_of(make_source(), REPORT, found_at=NOON + HOUR))
    assert (copy.copy_of_id, copy.copy_kind, copy.copy_score) == (original.pk, "exact", 1.0)


def test_tracing_again_changes_nothing(db):
    drafts = draft_of(make_source(), REPORT), draft_of(make_source(), changed(REPORT), found_at=NOON + HOUR)
    first = trace(*drafts)
    again = trace(*drafts)
    assert [(a.copy_of_id, a.origin_id, a.copy_kind) for a in first] == [
        (a.copy_of_id, a.origin_id, a.copy_kind) for a in again
    ]
    assert FingerprintRow.objects.count() == 2
    assert Origin.objects.count() == 1


def test_the_original_that_arrives_later_takes_copies_and_origin_in_one_go(db, django_assert_max_num_queries):
    feed = make_feed()
    early = [draft_of(make_source(), REPORT, found_at=NOON + 2 * HOUR + HOUR * n) for n in range(3)]
    copies = trace(*early)
    story = make_story(copies)
    late = draft_of(feed.source, REPORT, found_at=NOON + 6 * HOUR, at=NOON)
    with django_assert_max_num_queries(40):
        (original,) = trace(late)
    assert original.copy_of_id is None
    moved = Article.objects.filter(pk__in=[copy.pk for copy in copies])
    assert {article.copy_of_id for article in moved} == {original.pk}
    assert {article.origin_id for article in moved} == {original.origin_id}
    assert story.pk in late.touched_stories
    assert not Origin.objects.filter(key=f"article:{copies[0].pk}").exists()


def test_an_agency_text_counts_as_the_agencys_wherever_it_stands(db):
    wire = f"OLD HARBOUR (Reuters) - {REPORT}"
    one, other, third = trace(
        draft_of(make_source(), wire),
        draft_of(make_source(), f"OLD HARBOUR (Reuters) - {OTHER}"),
        draft_of(make_source(), REPORT, found_at=NOON + HOUR),
    )
    assert {article.origin.independence_key for article in (one, other, third)} == {"agency:reuters"}
    assert one.copy_reason["code"] == "names_agency"
    assert third.copy_of_id == one.pk


def test_a_copy_that_names_the_agency_gives_its_whole_group_to_it(db):
    (quiet,) = trace(draft_of(make_source(), REPORT))
    (named,) = trace(draft_of(make_source(), f"OLD HARBOUR (AFP) - {REPORT}", found_at=NOON + HOUR))
    quiet.refresh_from_db()
    assert named.copy_of_id == quiet.pk
    assert quiet.origin.key == named.origin.key == "agency:afp"


def test_a_republished_report_names_an_outlet_that_we_do_not_read(db):
    text = f"{REPORT}\nFor the latest news visit: https://www.tabloid.example/\n{PROMO}"
    (copy,) = trace(draft_of(make_source(), text))
    assert (copy.copy_kind, copy.copy_of_id) == ("republished", None)
    assert (copy.origin.kind, copy.origin.name) == ("outside", "tabloid.example")
    assert copy.origin.independence_key == "outside:tabloid.example"
    assert copy.copy_reason["how"] == "promo_address"


def test_a_named_outlet_that_we_read_counts_as_its_family_and_then_as_its_article(express):
    text = f"{REPORT}\nFor the latest news visit: https://www.express-times.example/\n{PROMO}"
    reprint = draft_of(make_source(), text, found_at=NOON + HOUR)
    (copy,) = trace(reprint)
    assert copy.origin.independence_key == "family:express-house"
    (original,) = trace(
        draft_of(
            express,
            f"{REPORT}\nStay up to date with all the big headlines and pictures.",
            found_at=NOON + 2 * HOUR,
        )
    )
    copy.refresh_from_db()
    assert original.copy_of_id is None
    assert copy.copy_of_id == original.pk
    assert copy.origin == original.origin


def test_one_text_in_two_sections_of_an_outlet_counts_once(db):
    source = make_source()
    first, second = trace(draft_of(source, REPORT), draft_of(source, REPORT, found_at=NOON + HOUR / 6))
    assert second.copy_of_id == first.pk


def test_lying_dates_do_not_make_an_original(db):
    honest, liar = make_feed(), make_feed()
    for feed in (honest, liar):
        for hour in (-2, -1, 1):
            Poll.objects.create(feed=feed, at=NOON + HOUR * hour, outcome=Poll.Outcome.UNCHANGED)
    (first,) = trace(draft_of(honest.source, REPORT, feed=honest))
    (second,) = trace(draft_of(liar.source, REPORT, feed=liar, found_at=NOON + 2 * HOUR, at=NOON - 30 * HOUR))
    assert second.copy_of_id == first.pk


@pytest.mark.parametrize("year", [1995, 2010])
def test_an_article_with_an_impossible_date_is_still_found_by_its_copy(db, year):
    odd = draft_of(make_source(), REPORT, at=datetime(year, 1, 1, tzinfo=UTC))
    (first,) = trace(odd)
    (copy,) = trace(draft_of(make_source(), REPORT.upper() + " More.", found_at=NOON + HOUR))
    first.refresh_from_db()
    assert (first.copy_of_id is None) != (copy.copy_of_id is None)


def test_one_text_a_thousand_times_stays_cheap_and_has_one_original(db):
    source = make_source()
    drafts = [draft_of(source, REPORT, found_at=NOON + timedelta(seconds=n)) for n in range(300)]
    for start in range(0, 300, 50):
        trace(*drafts[start : start + 50])
    assert Article.objects.filter(copy_of=None).count() == 1
    assert Band.objects.values("article").distinct().count() == 1


def test_a_curators_is_original_survives_tracing_again(db):
    first = draft_of(make_source(), REPORT)
    second = draft_of(make_source(), REPORT, found_at=NOON + HOUR)
    trace(first, second)
    Override.objects.create(article=second.article, kind=Override.Kind.IS_ORIGINAL, made_at=NOON)
    _, kept = trace(first, second)
    assert kept.copy_of_id is None


@pytest.mark.parametrize("text", ["", "word", "\u200b", "!!!"])
def test_texts_that_say_nothing_are_stored_and_copies_of_nothing(db, text):
    one, other = trace(draft_of(make_source(), text), draft_of(make_source(), text))
    assert one.copy_of_id is None
    assert other.copy_of_id is None
    assert one.origin != other.origin


@pytest.mark.django_db(transaction=True)
def test_two_copies_that_arrive_at_the_same_moment_give_one_original():
    drafts = [draft_of(make_source(), REPORT), draft_of(make_source(), REPORT)]
    start = threading.Barrier(2)
    errors: list[Exception] = []

    def work(draft: Draft) -> None:
        try:
            start.wait()
            trace(draft)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    stored = Article.objects.filter(pk__in=[draft.article.pk for draft in drafts])
    assert sorted(article.copy_of_id is None for article in stored) == [False, True]
    assert len({article.origin_id for article in stored}) == 1


def test_origins_are_shared_by_all_texts_of_an_agency(db):
    make_origin(agency="afp")
    trace(draft_of(make_source(), f"(AFP) - {REPORT}"), draft_of(make_source(), f"(AFP) - {OTHER}"))
    assert Origin.objects.filter(kind="agency").count() == 1


def test_an_outlet_that_names_itself_is_no_copy_of_itself(db):
    source = make_source(name="Harbour Post")
    (article,) = trace(draft_of(source, f"{REPORT}\nSource: Harbour Post"))
    assert (article.copy_kind, article.origin.kind) == ("original", "original")
