"""Articles find their story: rows, links, copies, several workers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aggregator.models import Article, GroupFeatures, Membership, Override, Story
from aggregator.pipeline.group import OUTSIDE_FORMS
from aggregator.pipeline.types import ArticleText, Classified, Fingerprint, Located, Reason
from aggregator.services import grouping, placing
from aggregator.services.drafts import Draft
from aggregator.services.locks import line_lock
from tests.factories import DAY, make_article, make_source

pytestmark = pytest.mark.django_db

DEPOT = (
    "Drone strike sets fuel depot in Belgorod ablaze",
    "A drone strike set a fuel depot in Belgorod ablaze.",
)
DEPOT_AGAIN = (
    "Belgorod fuel depot ablaze after drone strike",
    "A fuel depot in Belgorod burned after a drone hit.",
)
MARKET = (
    "Eleven killed as shell hits market in El Fasher",
    "A shell killed eleven people in an El Fasher market.",
)


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    grouping.forget()


def draft_of(article: Article, form: str = "report") -> Draft:
    return Draft(
        article=article,
        work=None,  # type: ignore[arg-type]
        text=ArticleText(title=article.title, text=article.body.text),
        fingerprint=Fingerprint((), (), 0, 0, 0),
        located=Located(),
        classified=Classified(1.0, "in", Reason("cue"), form=form),
    )


def report(words: tuple[str, str], hours: float = 0, **fields: Any) -> Article:
    return make_article(title=words[0], text=words[1], at=DAY + timedelta(hours=hours), **fields)


def settle(*articles: Article, form: str = "report") -> set[int]:
    with line_lock():
        touched = grouping.group_batch([draft_of(a, form) for a in articles], DAY)
        placing.place_stories(touched, DAY)
    return touched


def story_of(article: Article) -> int | None:
    return Membership.objects.filter(article=article).values_list("story_id", flat=True).first()


def test_two_reports_of_one_happening_share_a_story_and_another_happening_opens_its_own() -> None:
    one, two, other = report(DEPOT), report(DEPOT_AGAIN, 1), report(MARKET, 2)
    touched = settle(one, two, other)
    assert story_of(one) == story_of(two) != story_of(other)
    assert touched == {story_of(one), story_of(other)}
    assert Story.objects.get(pk=story_of(one)).article_count == 2


def test_the_reason_of_a_member_names_the_words_it_shares() -> None:
    one, two = report(DEPOT), report(DEPOT_AGAIN, 1)
    settle(one, two)
    reason = Membership.objects.get(article=two).reason
    assert {"Belgorod", "depot", "fuel"} <= set(reason["shared"])
    assert reason["rule"] == "model" and reason["story"] == story_of(one)


def test_a_restarted_worker_goes_on_where_it_was() -> None:
    one = report(DEPOT)
    settle(one)
    grouping.forget()
    two = report(DEPOT_AGAIN, 1)
    settle(two)
    assert story_of(two) == story_of(one)


def test_what_another_worker_wrote_is_seen_by_the_next_batch() -> None:
    settle(report(MARKET))
    mine = grouping._shelf
    grouping.forget()
    one = report(DEPOT)
    settle(one)
    grouping._shelf = mine
    two = report(DEPOT_AGAIN, 1)
    settle(two)
    assert story_of(two) == story_of(one)


def test_a_batch_that_was_rolled_back_leaves_nothing_in_memory() -> None:
    one = report(DEPOT)
    with pytest.raises(RuntimeError), line_lock():
        grouping.group_batch([draft_of(one)], DAY)
        raise RuntimeError
    two = report(DEPOT_AGAIN, 1)
    settle(two)
    story = story_of(two)
    assert Story.objects.filter(pk=story).exists()
    assert story_of(one) is None


def test_grouping_again_changes_nothing() -> None:
    one, two = report(DEPOT), report(DEPOT_AGAIN, 1)
    settle(one, two)
    before = (story_of(one), story_of(two), Story.objects.count())
    settle(one, two)
    settle(two)
    assert (story_of(one), story_of(two), Story.objects.count()) == before


def test_within_a_batch_stories_grow_in_the_order_of_reports_not_of_finding() -> None:
    last, first = report(DEPOT_AGAIN, 5), report(DEPOT)
    settle(last, first)
    assert story_of(first) == story_of(last)
    assert Membership.objects.get(article=first).reason["rule"] != "model"
    assert Membership.objects.get(article=last).reason["rule"] == "model"


def test_a_copy_reported_before_its_original_stands_in_the_same_story() -> None:
    original = report(DEPOT, 2)
    copy = report(("Other words entirely", ""), 1, copy_of=original)
    settle(copy, original)
    assert story_of(copy) == story_of(original) is not None


def test_a_copy_stands_in_its_originals_story() -> None:
    one = report(DEPOT)
    copy = report(("Other words entirely", ""), 3, copy_of=one)
    settle(one, copy)
    assert story_of(copy) == story_of(one)
    assert not GroupFeatures.objects.filter(article=copy).exists()


def test_a_copy_after_the_storys_span_stands_in_no_story() -> None:
    one = report(DEPOT)
    late = report(DEPOT, 80, copy_of=one)
    settle(one, late)
    assert story_of(late) is None


def test_a_story_spans_72_hours_and_what_goes_on_is_the_next() -> None:
    one, next_one = report(DEPOT), report(DEPOT, 73)
    settle(one, next_one)
    assert story_of(one) != story_of(next_one)


@pytest.mark.parametrize("form", sorted(OUTSIDE_FORMS))
def test_outside_forms_neither_open_nor_join_a_story_and_stay_readable(form: str) -> None:
    one = report(DEPOT)
    settle(one)
    piece, lone = report(DEPOT_AGAIN, 1), report(MARKET, 1)
    settle(piece, lone, form=form)
    assert story_of(piece) is None and story_of(lone) is None
    assert Story.objects.count() == 1
    about = GroupFeatures.objects.get(article=piece).about_story_id
    assert about == (story_of(one) if form in {"opinion", "explainer"} else None)
    assert Article.objects.filter(pk__in=[piece.pk, lone.pk], status=Article.Status.VISIBLE).count() == 2


def test_what_readers_do_not_see_is_in_no_story() -> None:
    one = report(DEPOT)
    settle(one)
    one.relevance = "out"
    one.save()
    touched = settle(one)
    assert story_of(one) is None and len(touched) == 1


def link(kind: str, one: Article, other: Article) -> None:
    Override.objects.create(kind=kind, article=one, other=other, made_at=DAY)


def test_a_must_link_holds_against_the_words_and_across_time() -> None:
    one = report(DEPOT)
    settle(one)
    far = report(MARKET, 24 * 40)
    link("must_link", far, one)
    settle(report(("Calm day in the north", "Nothing of note."), 24 * 40), far)
    assert story_of(far) == story_of(one)


def test_a_cannot_link_holds_against_the_words() -> None:
    one, two = report(DEPOT), report(DEPOT, 1)
    link("cannot_link", one, two)
    settle(one)
    settle(two)
    assert story_of(one) != story_of(two)


def test_an_original_found_after_its_copy_takes_its_place_in_the_story() -> None:
    copy = report(("Tabloid headline of another kind", "x"), 2)
    settle(copy)
    original = report(DEPOT)
    Article.objects.filter(pk=copy.pk).update(copy_of=original, copy_kind="republished")
    settle(original)
    assert story_of(original) == story_of(copy)


def test_an_old_report_finds_the_story_of_its_own_days() -> None:
    old = report(DEPOT)
    settle(old)
    settle(report(MARKET, 24 * 60))
    grouping.forget()
    late = report(DEPOT_AGAIN, 2)
    settle(report(MARKET, 24 * 60 + 1), late)
    assert story_of(late) == story_of(old)


@pytest.mark.parametrize("articles", [1, 20])
def test_queries_do_not_depend_on_the_number_of_articles(
    articles: int, django_assert_max_num_queries: Any
) -> None:
    source = make_source()
    reports = [
        report((f"Place{n} depot{n} burns{n}", f"alpha{n} beta{n}"), n / 10, source=source)
        for n in range(articles)
    ]
    settle(report(MARKET))
    drafts = [draft_of(r) for r in reports]
    with line_lock(), django_assert_max_num_queries(15):
        grouping.group_batch(drafts, DAY)
