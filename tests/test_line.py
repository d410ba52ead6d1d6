"""The golden run of the rules: articles under way in, origins, stories and timelines out.

Each test is one of the product's golden behaviours, in our own words. What the network brings is
given as feed entries with their full text; polling and pages have tests of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.models import Article, Membership, Revision, SearchRow, Source, Story, TimelineEntry, Work
from aggregator.pipeline import urls
from aggregator.services import indexing, settling, verifying
from tests import factories

pytestmark = pytest.mark.django_db(transaction=False)

DAY = datetime(2023, 9, 19, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = DAY + timedelta(days=30)

OPERATION = """Azerbaijan has started what it calls local measures against Armenian forces in \
Nagorno-Karabakh, with artillery and drones striking positions around Stepanakert since shortly after midday.

The defence ministry in Baku said that only military targets were hit and that corridors had been opened for \
civilians who wish to leave the combat zone.

Residents of Stepanakert spoke of explosions in several parts of the town and said that schools had sent the \
children to the cellars. The authorities there reported two dead, one of them a child, and eleven wounded.

In Yerevan the prime minister told a meeting of the security council that Armenia has no troops in \
Nagorno-Karabakh and will not let itself be drawn into the fighting.

Russia, which has had peacekeepers in the region since the war of 2020, said that it had been told of the \
operation a few minutes before it began, and called on both sides to return to talks."""

TABLOID_PROMO = """

Stay up to date with all the big headlines, pictures and videos on the stories that matter to you.

Follow our social media accounts here on facebook.com/tattlernews and @TattlerNews"""

COPY_PROMO = """

For the latest news and breaking news visit: https://www.tattler.example/

Follow our social media accounts here on facebook.com/tattlernews and @TattlerNews

Source: Read Full Article"""


@pytest.fixture
def vocabulary(loaded_vocabulary: None) -> None:
    pass


@pytest.fixture
def outlet() -> Callable[..., Source]:
    def make(slug: str, **fields: Any) -> Source:
        fields = {"text_from": "feed", "homepage": f"https://www.{slug}.example/"} | fields
        publisher = fields.pop("publisher", None) or factories.make_publisher(
            f"{slug}-house",
            homepage_domains=[f"{slug}.example"],
            state_control=fields.get("state_control", 0),
        )
        return factories.make_source(slug, publisher=publisher, **fields)

    return make


def put(
    source: Source, title: str, text: str, *, at: datetime = DAY, path: str = "", **entry: Any
) -> Article:
    """Put one article under way, as a poll does."""
    url = f"https://www.{source.slug}.example/{path or title.lower().replace(' ', '-')}"
    found = at + timedelta(minutes=5)
    article, _ = Article.objects.get_or_create(
        source=source,
        url_hash=urls.url_hash(url),
        defaults={
            "url": url,
            "title": title,
            "published_at": at,
            "published_kind": "feed",
            "found_at": found,
            "reported_at": at,
        },
    )
    data = {"guid": url, "url": url, "title": title, "content": text, "published_at": at.isoformat()}
    Work.objects.create(
        article=article,
        stage=Work.Stage.SETTLE,
        next_at=found,
        why="edited" if article.settled_at else "new",
        entry={**data, "published_kind": "feed", **entry},
    )
    return article


def settle() -> None:
    while settling.settle_due(NOW):
        pass


def story_of(article: Article) -> Story | None:
    membership = Membership.objects.select_related("story").filter(article=article).first()
    return membership.story if membership else None


@pytest.mark.usefixtures("vocabulary")
def test_a_republished_tabloid_piece_is_one_origin_and_its_promo_lines_are_gone(
    outlet: Callable[..., Source],
) -> None:
    title = "Azerbaijan launches military operation in Nagorno-Karabakh"
    first = put(outlet("tattler"), title, OPERATION + TABLOID_PROMO)
    copy = put(outlet("mirrorsite"), title, OPERATION + COPY_PROMO, at=DAY + 2 * HOUR)
    settle()
    indexing.index_due()
    first, copy = (Article.objects.select_related("body", "origin").get(pk=a.pk) for a in (first, copy))

    assert copy.copy_of_id == first.pk
    assert copy.copy_kind in ("exact", "republished", "padded")
    assert not first.is_copy
    story = story_of(first)
    assert story is not None
    assert story == story_of(copy)
    assert (story.origin_count, story.source_count, story.article_count) == (1, 2, 2)
    for article in (first, copy):
        for promo in ("social media", "Read Full Article", "Stay up to date", "tattler.example"):
            assert promo not in article.body.text
            assert promo not in article.extract
        assert not SearchRow.objects.extra(
            where=["article_id = %s AND vector @@ websearch_to_tsquery('english', 'social media accounts')"],
            params=[article.pk],
        ).exists()
    shown = TimelineEntry.objects.filter(story=story, topic=None, region__isnull=False)
    slugs = set(shown.values_list("region__slug", flat=True))
    assert {"nagorno-karabakh", "azerbaijan", "armenia", "south-caucasus", "world"} <= slugs
    assert story.topic_rows.exists()
    assert not any(finding.ids for finding in verifying.verify(NOW))


@pytest.mark.usefixtures("vocabulary")
def test_a_copy_alone_names_the_outside_outlet_that_it_was_taken_from(outlet: Callable[..., Source]) -> None:
    copy = put(outlet("mirrorsite"), "Azerbaijan launches operation in Karabakh", OPERATION + COPY_PROMO)
    settle()
    copy = Article.objects.select_related("origin").get(pk=copy.pk)
    assert copy.origin is not None
    assert copy.origin.kind == "outside"
    assert "tattler.example" in copy.origin.independence_key
    story = story_of(copy)
    assert story is not None
    shown = TimelineEntry.objects.filter(story=story, topic=None, region__isnull=False)
    assert {"nagorno-karabakh", "armenia"} <= set(shown.values_list("region__slug", flat=True))
    again = put(outlet("echosite"), "Operation launched in Karabakh", OPERATION + COPY_PROMO, at=DAY + HOUR)
    settle()
    joined = story_of(again)
    assert joined == story
    assert (joined.origin_count, joined.source_count, joined.article_count) == (1, 2, 2)
    assert not any(finding.ids for finding in verifying.verify(NOW))


@pytest.mark.usefixtures("vocabulary")
def test_one_agency_text_in_two_outlets_counts_as_the_agency_once(outlet: Callable[..., Source]) -> None:
    text = OPERATION.replace("Azerbaijan has", "BAKU, Sept 19 (Reuters) - Azerbaijan has", 1)
    one = put(outlet("morning"), "Azerbaijan starts operation in Karabakh", text)
    two = put(outlet("evening"), "Baku begins Karabakh operation", text, at=DAY + HOUR)
    settle()
    story = story_of(one)
    assert story is not None
    assert story == story_of(two)
    assert story.origin_count == 1
    assert Article.objects.get(pk=one.pk).origin == Article.objects.get(pk=two.pk).origin
    assert story.memberships.first().article.origin.independence_key == "agency:reuters"


@pytest.mark.usefixtures("vocabulary")
def test_outlets_of_one_publisher_count_once(outlet: Callable[..., Source]) -> None:
    house = factories.make_publisher("one-house")
    one = put(outlet("north", publisher=house), "Azerbaijan starts operation in Karabakh", OPERATION)
    two = put(
        outlet("south", publisher=house), "Azerbaijan starts operation in Karabakh", OPERATION, at=DAY + HOUR
    )
    settle()
    story = story_of(two)
    assert story is not None
    assert story == story_of(one)
    assert story.origin_count == 1
    assert not story.is_key


@pytest.mark.usefixtures("vocabulary")
def test_an_anniversary_piece_opens_no_story(outlet: Callable[..., Source]) -> None:
    piece = put(
        outlet("gazette"),
        "Three years on: the war that began on 27 September 2020",
        "Three years ago, on 27 September 2020, Azerbaijan launched an offensive in Nagorno-Karabakh. "
        "On the anniversary of the 44-day war families in Baku and Yerevan remember the dead. "
        "The war ended with a ceasefire that Russia brokered in November 2020.",
        at=datetime(2023, 9, 27, 9, tzinfo=UTC),
    )
    settle()
    piece.refresh_from_db()
    assert piece.form == "anniversary"
    assert story_of(piece) is None


@pytest.mark.usefixtures("vocabulary")
def test_a_late_report_is_shown_on_the_day_of_the_event(outlet: Callable[..., Source]) -> None:
    late = put(
        outlet("courier"),
        "Six killed by mines in Karabakh, Azerbaijan says",
        "Six people, four of them police officers, were killed by mines in Nagorno-Karabakh on 19 September, "
        "the state security service of Azerbaijan said in a statement.",
        at=datetime(2023, 9, 21, 10, tzinfo=UTC),
    )
    settle()
    story = story_of(late)
    assert story is not None
    assert story.happened_on.isoformat() == "2023-09-19"
    assert story.happened_precision == "day"
    entry = TimelineEntry.objects.filter(story=story, topic=None, region__slug="azerbaijan").get()
    assert entry.event_on.isoformat() == "2023-09-19"
    assert entry.report_at == datetime(2023, 9, 21, 10, tzinfo=UTC)


@pytest.mark.usefixtures("vocabulary")
@pytest.mark.parametrize(
    ("title", "text", "absent"),
    [
        pytest.param(
            "Thousands at Georgia rally as governor speaks in Atlanta",
            "The governor of Georgia told supporters in Atlanta and Savannah that the state will cut taxes.",
            "georgia",
            id="Georgia the US state",
        ),
        pytest.param(
            "KIA recall: carmaker calls back 80,000 cars over seat belts",
            "Kia Motors recalls cars over a fault in seat belts. Owners will be told by letter, it said.",
            "kachin",
            id="KIA the car",
        ),
    ],
)
def test_homonyms_get_no_region(outlet: Callable[..., Source], title: str, text: str, absent: str) -> None:
    article = put(outlet("daily"), title, text)
    settle()
    about = article.regions.filter(about=True).values_list("region__slug", flat=True)
    assert absent not in about


@pytest.mark.usefixtures("vocabulary")
def test_settling_a_batch_again_doubles_nothing(outlet: Callable[..., Source]) -> None:
    article = put(outlet("tattler"), "Azerbaijan launches operation in Karabakh", OPERATION)
    settle()
    before = list(Story.objects.values_list("pk", "article_count", "origin_count"))
    work = Work(article=article, stage="settle", next_at=DAY, why="new")
    work.entry = {"guid": "x", "url": article.url, "title": article.title, "content": OPERATION}
    work.save()
    settle()
    assert list(Story.objects.values_list("pk", "article_count", "origin_count")) == before
    assert Revision.objects.filter(article=article).count() == 1
    assert not any(finding.ids for finding in verifying.verify(NOW))


@pytest.mark.usefixtures("vocabulary")
def test_an_edited_headline_is_a_revision_of_the_same_article(outlet: Callable[..., Source]) -> None:
    source = outlet("tattler")
    article = put(source, "Azerbaijan launches operation in Karabakh", OPERATION, path="one")
    settle()
    story = story_of(article)
    put(
        source,
        "Azerbaijan launches 'anti-terror' operation in Karabakh",
        OPERATION,
        path="one",
        at=DAY + HOUR,
    )
    settle()
    article.refresh_from_db()
    assert Article.objects.count() == 1
    titles = list(article.revisions.order_by("number").values_list("title", flat=True))
    assert titles == [
        "Azerbaijan launches operation in Karabakh",
        "Azerbaijan launches 'anti-terror' operation in Karabakh",
    ]
    assert story_of(article) == story


@pytest.mark.usefixtures("vocabulary")
def test_an_article_that_keeps_killing_its_worker_is_held_for_a_person(outlet: Callable[..., Source]) -> None:
    article = put(outlet("tattler"), "Azerbaijan launches operation in Karabakh", OPERATION)
    Work.objects.filter(pk=article.pk).update(attempts=settling.MAX_ATTEMPTS)
    settle()
    work = Work.objects.get(pk=article.pk)
    assert work.stage == Work.Stage.HELD
    assert work.code == "kept_failing"
    assert settling.retry_held([article.pk], NOW) == 1
    settle()
    assert not Work.objects.exists()
