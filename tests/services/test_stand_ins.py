"""A copy stands in for an original that readers are not shown: one origin, one story, in any order of arrival."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from aggregator.models import Article, GroupFeatures, LogEntry, Membership, Override, Story, Work
from aggregator.services import grouping, placing, settling, verifying
from aggregator.services.curation import verdicts, visibility
from aggregator.services.curation.acts import Actor
from aggregator.services.locks import line_lock
from aggregator.services.repairing import repair_stories
from aggregator.services.seating import STORY_SPAN
from aggregator.services.stand_ins import heads_of
from bench.faults.state import agreement
from tests import factories
from tests.factories import DAY, make_source
from tests.services.test_grouping import DEPOT, DEPOT_AGAIN, MARKET, draft_of, link, report, story_of
from tests.services.test_order_of_arrival import forgotten_afterwards, invented
from tests.test_line import COPY_PROMO, OPERATION, TABLOID_PROMO, put

pytestmark = pytest.mark.django_db
NOW = DAY + timedelta(hours=100)
HEADLINE = ("Fire in a depot, owner says", "A fuel depot of a company burns near Belgorod.")
CHECKS = {"retired", "hidden", "links", "unmet", "story_counts", "story_tags", "timelines", "day_counts"}


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    grouping.forget()


def settle(*articles: Article) -> None:
    """Group and place articles in one batch, each by its own form."""
    with line_lock():
        touched = grouping.group_batch([draft_of(a, a.form) for a in articles], NOW)
        placing.place_stories(touched, NOW)


def settle_queue() -> int:
    """Group what was sent through the rules again, as the line does; return how many articles."""
    done = 0
    while ids := list(Work.objects.order_by("pk").values_list("pk", flat=True)):
        Work.objects.filter(pk__in=ids).delete()
        settle(*Article.objects.filter(pk__in=ids).select_related("source__publisher", "body"))
        done += len(ids)
        assert done < 1000
    return done


def say(article: Article, **fields: Any) -> None:
    """Settle an article again that is judged otherwise than before, and what follows from it."""
    Article.objects.filter(pk=article.pk).update(**fields)
    article.refresh_from_db()
    settle(article)
    settle_queue()


def copy_of(original: Article, hours: float, words: tuple[str, str] = DEPOT_AGAIN, **fields: Any) -> Article:
    return report(words, hours, copy_of=original, **fields)


def wrong() -> dict[str, tuple[int, ...]]:
    return {f.check: f.ids for f in verifying.verify(NOW) if f.ids and f.check in CHECKS}


def leader_in(story: int | None) -> list[int]:
    return [head.article for head in heads_of([story or 0])]


def held(article: Article) -> int | None:
    return grouping.synced_shelf().index.story_of(article.pk)


@pytest.mark.parametrize("relevance", ["out", "ask"])
def test_a_copy_of_an_original_that_is_not_shown_is_grouped_by_its_own_words(relevance: str) -> None:
    other = report(DEPOT)
    original = report(HEADLINE, 1, relevance=relevance)
    settle(other)
    settle(original)
    settle(first := copy_of(original, 2))
    settle(second := copy_of(original, 3, MARKET))
    assert story_of(original) is None
    assert story_of(first) == story_of(second) == story_of(other)
    story = Story.objects.get(pk=story_of(other))
    assert (story.origin_count, story.article_count, story.source_count) == (2, 3, 3)
    reason = Membership.objects.get(article=first).reason
    assert reason["rule"] == "model" and reason["stands_for"] == original.pk
    follows = Membership.objects.get(article=second).reason
    assert follows == {"rule": "copy", "article": first.pk}
    assert not GroupFeatures.objects.filter(article=second).exists()
    assert wrong() == {} and settle_queue() == 0


def test_a_lone_stand_in_opens_a_story_of_one_origin_which_is_its_originals() -> None:
    house = factories.make_publisher("house")
    one, two = make_source("daily", publisher=house), make_source("weekly", publisher=house)
    original = report(DEPOT, 0, source=one, relevance="out")
    first, second = copy_of(original, 1), copy_of(original, 2)
    own = report(DEPOT_AGAIN, 3, source=two)
    settle(original, first, second, own)
    story = Story.objects.get(pk=story_of(first))
    assert story_of(own) == story.pk
    assert story.origin_count == 1 and story.article_count == 3 and not story.is_key


def cast() -> tuple[Article, list[Article]]:
    original = report(HEADLINE, 0, relevance="out")
    copies = [copy_of(original, 30), copy_of(original, 1, DEPOT), copy_of(original, 2, MARKET)]
    late = copy_of(original, 90, DEPOT)
    return original, [*copies, late, report(DEPOT_AGAIN, 5), report(MARKET, 6)]


def as_sets(articles: Iterable[Article]) -> set[frozenset[int]]:
    stories: dict[int | None, set[int]] = {}
    for article in articles:
        stories.setdefault(story_of(article), set()).add(article.pk)
    return {frozenset(s) for story, s in stories.items() if story} | {frozenset({-1, *stories.get(None, ())})}


def test_any_order_of_arrival_ends_as_the_same_stories_led_by_the_first_report() -> None:
    original, others = cast()
    first, late, ends = others[1], others[3], set()
    for number, order in enumerate(itertools.permutations(others)):
        if number % 15:  # each 15th of 720 orders
            continue
        with forgotten_afterwards():
            size = 1 + number % 4
            settle(original)
            for start in range(0, len(order), size):
                settle(*order[start : start + size])
            settle_queue()
            repair_stories(NOW)
            settle_queue()
            assert repair_stories(NOW) == 0
            ends.add(frozenset(as_sets([original, *others])))
            assert first.pk in leader_in(story_of(first)) and held(first) == story_of(first)
            assert story_of(late) is None
            assert wrong() == {}
            assert all(
                s.last_at - s.first_at <= STORY_SPAN for s in Story.objects.filter(article_count__gt=0)
            )
    assert len(ends) == 1


def test_a_copy_found_later_but_reported_first_leads_from_then_on() -> None:
    original = report(HEADLINE, 0, relevance="out")
    second = copy_of(original, 3)
    settle(original, second)
    first = copy_of(original, 1, DEPOT)
    settle(first)
    settle_queue()
    assert story_of(first) == story_of(second) and leader_in(story_of(first)) == [first.pk]
    assert held(second) is None and held(first) == story_of(first)
    assert Membership.objects.get(article=second).reason == {"rule": "copy", "article": first.pk}


def test_one_that_is_too_much_earlier_opens_its_own_and_the_later_one_stands_in_none() -> None:
    original = report(HEADLINE, 0, relevance="out")
    second = copy_of(original, 90)
    settle(original, second)
    assert story_of(second) is not None
    settle(first := copy_of(original, 1))
    settle_queue()
    assert story_of(first) is not None and story_of(second) is None
    assert wrong() == {}


def test_an_original_that_is_shown_later_takes_its_place_again_and_leaves_it_again() -> None:
    other = report(DEPOT)
    original = report(DEPOT_AGAIN, 1, relevance="ask")
    first, second = copy_of(original, 2), copy_of(original, 3)
    settle(other, original, first, second)
    say(original, relevance="in")
    story = Story.objects.get(pk=story_of(other))
    assert {story_of(a) for a in (original, first, second)} == {story.pk}
    assert story.origin_count == 2 and story.article_count == 4
    assert set(leader_in(story.pk)) == {other.pk, original.pk} and held(first) is None
    assert Membership.objects.get(article=first).reason == {"rule": "copy", "article": original.pk}
    say(original, relevance="out")
    assert story_of(original) is None and story_of(first) == story_of(second) == story.pk
    assert set(leader_in(story.pk)) == {other.pk, first.pk} and held(first) == story.pk
    reason = Membership.objects.get(article=first).reason
    assert reason == {"rule": "its_copies", "stands_for": original.pk}
    assert Membership.objects.get(article=second).reason == {"rule": "copy", "article": first.pk}
    story.refresh_from_db()
    assert story.origin_count == 2 and wrong() == {}
    assert repair_stories(NOW) == 0


def test_copies_leave_a_story_that_their_original_does_not_come_to() -> None:
    original = report(MARKET, 0, relevance="out")
    early, late = copy_of(original, 1, DEPOT), copy_of(original, 80, DEPOT)
    settle(original, late)
    assert story_of(late) is not None
    say(original, relevance="in")
    assert story_of(original) is not None and story_of(late) is None
    settle(early)
    assert story_of(early) == story_of(original)
    say(original, relevance="out")
    assert story_of(early) is not None and story_of(late) is None and wrong() == {}


def test_a_stand_in_that_is_judged_otherwise_leaves_its_place_to_the_next_copy() -> None:
    original = report(HEADLINE, 0, relevance="out")
    copies = [copy_of(original, n) for n in (1, 2, 3)]
    settle(original, *copies)
    story = story_of(copies[0])
    say(copies[0], relevance="out")
    assert story_of(copies[0]) is None and leader_in(story) == [copies[1].pk]
    assert held(copies[1]) == story == story_of(copies[2])
    say(copies[1], form="opinion")
    assert leader_in(story) == [copies[2].pk] and held(copies[2]) == story
    say(copies[0], relevance="in")
    assert leader_in(story) == [copies[0].pk] and held(copies[2]) is None
    assert Story.objects.get(pk=story).origin_count == 1 and wrong() == {}


def test_a_stand_in_leaves_in_the_batch_in_which_a_later_copy_comes() -> None:
    original = report(HEADLINE, 0, relevance="out")
    first, second = copy_of(original, 1), copy_of(original, 2)
    settle(original, first, second)
    settle_queue()
    Article.objects.filter(pk=first.pk).update(relevance="out")
    first.refresh_from_db()
    settle(first, third := copy_of(original, 3))
    settle_queue()
    story = story_of(second)
    assert leader_in(story) == [second.pk] and held(second) == story == story_of(third)
    assert held(third) is None and story_of(first) is None and wrong() == {}


def test_a_report_that_comes_before_the_story_leaves_no_copy_beyond_its_span() -> None:
    original = report(HEADLINE, 0, relevance="out")
    settle(original)
    settle(first := copy_of(original, 20))
    settle(late := copy_of(original, 91))
    assert story_of(late) == story_of(first)
    settle(earlier := copy_of(original, 1, DEPOT))
    settle_queue()
    story = Story.objects.get(pk=story_of(earlier))
    assert story_of(first) == story.pk and story_of(late) is None
    assert story.last_at - story.first_at <= STORY_SPAN and wrong() == {}


def test_a_stand_in_whose_report_turns_out_later_follows_the_next() -> None:
    original = report(HEADLINE, 0, relevance="out")
    first, second = copy_of(original, 1), copy_of(original, 2)
    settle(original, first, second)
    say(first, reported_at=DAY + timedelta(hours=4), found_at=DAY + timedelta(hours=5))
    assert leader_in(story_of(first)) == [second.pk]
    assert held(second) == story_of(first) and held(first) is None


def test_what_is_out_and_takes_over_a_texts_place_leaves_the_text_in_its_story() -> None:
    former = report(DEPOT, 2)
    copy = copy_of(former, 1, DEPOT)  # that credits the former, whatever its date
    settle(former, copy)
    story = story_of(former)
    original = report(DEPOT, 0, relevance="out")
    Article.objects.filter(pk__in=[former.pk, copy.pk]).update(
        copy_of=original, copy_kind="exact", origin=original.origin
    )
    settle(original)
    settle_queue()
    assert story_of(former) == story_of(copy) == story and story_of(original) is None
    assert leader_in(story) == [copy.pk] and held(copy) == story and held(former) is None
    assert Story.objects.get(pk=story).origin_count == 1 and wrong() == {}


@pytest.mark.parametrize("relevance", ["in", "out"])
@pytest.mark.parametrize("form", ["opinion", "live-blog", "anniversary"])
def test_copies_of_opinion_and_the_like_stand_outside_with_it(form: str, relevance: str) -> None:
    original = report(DEPOT, form=form, relevance=relevance)
    copy = copy_of(original, 1)
    settle(original)
    settle(copy)
    assert story_of(original) is None and story_of(copy) is None and Story.objects.count() == 0
    assert wrong() == {}


def test_when_it_is_no_opinion_after_all_its_copies_come_with_it_and_go_with_it() -> None:
    original = report(DEPOT, form="opinion")
    copy = copy_of(original, 1)
    settle(original, copy)
    say(original, form="report")
    assert story_of(copy) == story_of(original) is not None
    say(original, form="opinion")
    assert story_of(copy) is None and story_of(original) is None and wrong() == {}
    say(original, form="report", relevance="out")
    assert story_of(copy) is not None and wrong() == {}
    say(original, form="opinion")
    assert story_of(copy) is None and wrong() == {}


def test_a_copy_whose_own_form_stands_outside_stands_in_for_nobody() -> None:
    original = report(HEADLINE, 0, relevance="out")
    piece, plain = copy_of(original, 1, form="opinion"), copy_of(original, 2)
    settle(original, piece)
    assert story_of(piece) is None and wrong() == {}
    settle(plain)
    assert leader_in(story_of(plain)) == [plain.pk]


def test_a_copy_of_what_a_curator_hid_is_hidden_and_comes_back_with_it() -> None:
    original = report(DEPOT)
    settle(original)
    entry = visibility.hide_story(Actor(None, NOW, "a hoax"), story_of(original) or 0)
    copy = copy_of(original, 1)
    settle(copy)
    copy.refresh_from_db()
    assert story_of(copy) == story_of(original) and copy.status == "hidden"
    original.refresh_from_db()
    settle(original, copy)  # run again by the rules, it is where it was
    assert story_of(copy) == story_of(original) is not None and wrong() == {}
    visibility.undo_hide(Actor(None, NOW, ""), entry)
    assert set(Article.objects.values_list("status", flat=True)) == {"visible"}
    assert Story.objects.get(pk=story_of(copy)).article_count == 2 and wrong() == {}


def test_what_a_curator_hid_by_another_word_stays_hidden_when_a_story_comes_back() -> None:
    original, other = report(DEPOT), report(MARKET)
    settle(original, other)
    entry = visibility.hide_story(Actor(None, NOW, "a hoax"), story_of(original) or 0)
    visibility.hide_story(Actor(None, NOW, "another"), story_of(other) or 0)
    Membership.objects.filter(article=other).update(story=story_of(original))
    visibility.undo_hide(Actor(None, NOW, ""), entry)
    assert Article.objects.get(pk=other.pk).status == "hidden"


def test_a_withdrawn_original_keeps_its_place_and_one_that_had_none_is_stood_in_for() -> None:
    grouped, out = report(DEPOT), report(MARKET, 0, relevance="out")
    settle(grouped, out)
    visibility.withdraw_articles(Actor(None, NOW, "asked to"), [grouped.pk, out.pk])
    one, two = copy_of(grouped, 1), copy_of(out, 1, MARKET)
    settle(one, two)
    assert story_of(one) == story_of(grouped) is not None
    assert story_of(two) not in (None, story_of(one)) and wrong() == {}


def test_a_late_copy_of_what_is_shown_is_no_new_happening() -> None:
    original = report(DEPOT)
    late = copy_of(original, 24 * 20)
    settle(original)
    settle(late)
    assert story_of(late) is None and Story.objects.count() == 1 and wrong() == {}


def test_a_second_look_takes_a_stand_in_along_with_the_copies_that_follow_it() -> None:
    original = report(HEADLINE, 0, relevance="out")
    stays = report(MARKET)
    stray, follows = copy_of(original, 2), copy_of(original, 3, MARKET)
    settle(stays, original)
    link("must_link", stray, stays)
    settle(stray, follows)
    assert story_of(stray) == story_of(follows) == story_of(stays)
    Override.objects.all().delete()
    assert repair_stories(NOW) == 1
    assert story_of(stray) == story_of(follows) != story_of(stays)
    assert LogEntry.objects.get(role="machine", target_type="story").act == "split"
    reason = Membership.objects.get(article=stray).reason
    assert reason["rule"] == "repair_split" and reason["stands_for"] == original.pk
    grouping.forget()
    assert repair_stories(NOW) == 0 and wrong() == {}


def test_a_second_look_joins_a_stand_ins_story_with_another_and_seats_its_copies() -> None:
    original = report(HEADLINE, 0, relevance="out")
    other, stand_in = report(DEPOT), copy_of(original, 1)
    link("cannot_link", other, stand_in)
    settle(original, other, stand_in, follows := copy_of(original, 2, MARKET))
    goes = story_of(stand_in)
    assert goes != story_of(other)
    Override.objects.all().delete()
    assert repair_stories(NOW) == 1
    assert story_of(other) == story_of(stand_in) == story_of(follows)
    assert Story.objects.get(pk=goes).retired_into_id == story_of(other) and wrong() == {}


def with_hidden_originals() -> list[Article]:
    """Return invented reports with copies; of those that were copied every second original is not shown."""
    found = invented(150)
    copied = sorted({a.copy_of_id for a in found if a.copy_of_id})
    out = set(copied[::2])
    Article.objects.filter(pk__in=out).update(relevance="out")
    return list(
        Article.objects.filter(pk__in=[a.pk for a in found]).select_related("source__publisher", "body")
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_invented_news_in_any_order_with_looks_in_between() -> None:
    found, ends = with_hidden_originals(), []
    for seed in range(4):
        with forgotten_afterwards():
            arrive(found, random.Random(seed))
            ends.append(dict(Membership.objects.values_list("article_id", "story_id")))
            assert wrong() == {}
    assert min(agreement(one, other) for one, other in itertools.combinations(ends, 2)) >= 0.98
    shown = {a.pk for a in found if a.relevance == "in"}
    assert all(end.keys() <= shown for end in ends)
    assert all(end.keys() == ends[0].keys() for end in ends)


def arrive(found: Sequence[Article], dice: random.Random) -> None:
    grouping.forget()
    place = {a.pk: n for n, a in enumerate(dice.sample(list(found), len(found)))}
    waiting = sorted(found, key=lambda a: max(place[a.pk], place.get(a.copy_of_id or 0, 0) + 0.5))
    while waiting:
        batch, waiting = waiting[: (size := dice.randrange(5, 40))], waiting[size:]
        settle(*batch)
        if dice.random() < 0.3:
            repair_stories(NOW)
        if dice.random() < 0.5:
            settle_queue()
        if dice.random() < 0.1:
            grouping.forget()
    settle_queue()
    for _ in range(3):  # copies that a look sends through the queue may give the next one something to move
        moved = repair_stories(NOW)
        settle_queue()
    assert moved == 0
    grouping.forget()
    assert repair_stories(NOW) == 0


# -- through the whole line --------------------------------------------------------------------


def run_line() -> None:
    while settling.settle_due(NOW):
        pass


@pytest.fixture
def traced(loaded_vocabulary: None) -> tuple[Article, Article, Article]:
    """An original that a curator called irrelevant before its copies came, as the line leaves them."""
    made = {}
    for slug in ("tattler", "mirrorsite", "courier"):
        publisher = factories.make_publisher(f"{slug}-house", homepage_domains=[f"{slug}.example"])
        fields = {"text_from": "feed", "homepage": f"https://www.{slug}.example/"}
        made[slug] = make_source(slug, publisher=publisher, **fields)
    title = "Azerbaijan launches military operation in Nagorno-Karabakh"
    original = put(made["tattler"], title, OPERATION + TABLOID_PROMO, at=DAY)
    run_line()
    verdicts.set_relevance(Actor(None, NOW, ""), original.pk, "out")
    run_line()
    copies = [
        put(made[slug], title, OPERATION + COPY_PROMO, at=DAY + timedelta(hours=hours))
        for slug, hours in (("mirrorsite", 3), ("courier", 2))
    ]
    run_line()
    return original, copies[0], copies[1]


def test_the_line_traces_a_copy_to_what_is_not_shown_and_shows_the_happening(
    traced: tuple[Article, Article, Article], client: Any
) -> None:
    original, second, first = (Article.objects.get(pk=a.pk) for a in traced)
    assert first.copy_of_id == second.copy_of_id == original.pk
    assert story_of(original) is None and story_of(first) == story_of(second) is not None
    story = Story.objects.get(pk=story_of(first))
    assert (story.origin_count, story.article_count) == (1, 2)
    assert first.origin_id == second.origin_id == original.origin_id
    assert leader_in(story.pk) == [first.pk]
    assert {f.check for f in verifying.verify(NOW) if f.ids} <= {"feeds_late", "search"}
    page = client.get(first.get_absolute_url()).content.decode()
    assert "stands in for its original, which is not shown" in page


def test_a_curators_word_gives_the_original_its_place_and_its_undoing_takes_it(
    traced: tuple[Article, Article, Article],
) -> None:
    original, second, first = traced
    story = story_of(first)
    entry = verdicts.set_relevance(Actor(None, NOW, ""), original.pk, "in")
    run_line()
    assert story_of(original) == story_of(first) == story_of(second) == story
    assert leader_in(story) == [original.pk] and held(first) is None
    verdicts.undo_verdict(Actor(None, NOW, ""), entry)
    Override.objects.filter(article=original, value={"relevance": "out"}).update(lifted_at=None)
    verdicts.set_relevance(Actor(None, NOW, ""), original.pk, "out")
    run_line()
    assert story_of(original) is None and leader_in(story) == [first.pk] and held(first) == story
    assert Story.objects.get(pk=story).origin_count == 1
    assert "unmet" not in {f.check for f in verifying.verify(NOW) if f.ids}


def test_a_stand_in_that_a_curator_calls_an_original_is_one(
    traced: tuple[Article, Article, Article],
) -> None:
    _, second, first = traced
    verdicts.mark_original(Actor(None, NOW, ""), first.pk)
    run_line()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.copy_of_id is None and second.copy_of_id == first.pk  # a curator's word goes before a date
    assert story_of(first) == story_of(second) and leader_in(story_of(first)) == [first.pk]
    assert "stands_for" not in Membership.objects.get(article=first).reason
    assert Membership.objects.get(article=second).reason == {"rule": "copy", "article": first.pk}
    assert Story.objects.get(pk=story_of(first)).origin_count == 1


def test_verify_names_copies_that_an_older_release_left_outside_and_mends_them(
    traced: tuple[Article, Article, Article],
) -> None:
    _, second, first = traced
    Membership.objects.filter(article__in=[first, second]).delete()
    GroupFeatures.objects.all().delete()
    grouping.forget()
    found = {f.check: f.ids for f in verifying.verify(NOW) if f.ids}
    assert found["unmet"] == tuple(sorted([first.pk, second.pk]))
    verifying.repair(NOW)
    run_line()
    assert story_of(first) == story_of(second) is not None
    assert "unmet" not in {f.check for f in verifying.verify(NOW) if f.ids}
