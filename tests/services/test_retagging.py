"""A change of cues is tried before it is made, and a curator's own tags are never touched."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.errors import CurationError
from aggregator.models import LogEntry, Override, Topic, Work
from aggregator.services import retagging
from aggregator.services.loading import load_vocabulary
from tests import factories
from tests.factories import DAY

pytestmark = pytest.mark.django_db
TEXT = "The army said zorblax units shelled the besieged town and rebels fired rockets at soldiers."


@pytest.fixture
def topic():
    load_vocabulary(DAY, sources=False)
    return Topic.objects.get(slug="sanctions")


@pytest.fixture
def articles():
    source = factories.make_source()
    made = []
    for number, title in enumerate(
        ("Zorblax units shell besieged town", "Army and rebels fight over town", "Cup final")
    ):
        article = factories.make_article(
            source=source, title=title, language="en", reported_at=DAY, found_at=DAY
        )
        article.body.text = TEXT if number == 0 else title
        article.body.save()
        made.append(article)
    return made


def test_a_dry_run_says_what_would_be_added_and_writes_nothing(topic, articles):
    data = {**topic.data, "sure": ["zorblax"]}
    preview = retagging.preview_cues(topic, data, DAY + timedelta(days=1))
    assert preview.added == (articles[0].pk,)
    assert preview.removed == ()
    assert preview.checked == 3
    assert preview.sentence.startswith("This change would add 1 and remove 0 of the last 30 days")
    assert "sure" not in Topic.objects.get(pk=topic.pk).data
    assert not Work.objects.filter(why="retag").exists()


def test_making_the_change_logs_it_and_queues_only_what_it_touches(topic, articles):
    before = topic.data
    entry = retagging.change_cues(topic, {"sure": ["zorblax"]}, DAY + timedelta(days=1), reason="a new word")
    assert Topic.objects.get(pk=topic.pk).data["sure"] == ["zorblax"]
    assert entry.before["data"] == before
    assert entry.after["queued"] == 1
    assert LogEntry.objects.get(pk=entry.pk).reason == "a new word"
    assert list(Work.objects.filter(why="retag").values_list("article_id", flat=True)) == [articles[0].pk]


def test_an_article_with_a_curators_topics_is_left_out(topic, articles):
    Override.objects.create(kind="topics", article=articles[0], value={"slugs": ["battles"]}, made_at=DAY)
    preview = retagging.preview_cues(topic, {**topic.data, "sure": ["zorblax"]}, DAY + timedelta(days=1))
    assert preview.checked == 2
    assert preview.added == ()


def test_older_articles_are_left_out(topic, articles):
    preview = retagging.preview_cues(topic, {**topic.data, "sure": ["zorblax"]}, DAY + timedelta(days=60))
    assert preview.checked == 0


def test_an_article_under_way_is_not_queued_twice(topic, articles):
    Work.objects.create(article=articles[0], stage="settle", next_at=DAY, why="edited")
    assert retagging.queue_retag([a.pk for a in articles], DAY) == 2
    assert Work.objects.get(article=articles[0]).why == "edited"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param({"strong": ["of"]}, "matches too much", id="a word of two letters"),
        pytest.param({"strong": ["!!"]}, "at least one word", id="no word at all"),
        pytest.param({"weak": "war"}, "list of words", id="not a list"),
        pytest.param({"strong": ["a b c d e f g h i"]}, "at most 8 words", id="a sentence"),
        pytest.param({"by_language": ["war"]}, "for each language", id="languages that are none"),
        pytest.param({"by_language": {"fr": [3]}}, "language fr", id="a number among the cues"),
    ],
)
def test_a_cue_that_cannot_be_used_is_refused_in_a_sentence(topic, data, said):
    with pytest.raises(CurationError, match=said):
        retagging.preview_cues(topic, data, DAY)
