"""Articles go back in the queue once; a cue that is no use is told in a sentence."""

from __future__ import annotations

import pytest

from aggregator.errors import CurationError
from aggregator.models import Work
from aggregator.services import retagging, vocabulary_rows
from tests import factories
from tests.factories import DAY

pytestmark = pytest.mark.django_db


def test_an_article_under_way_is_not_queued_twice():
    articles = [factories.make_article() for _ in range(3)]
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
def test_a_cue_that_cannot_be_used_is_refused_in_a_sentence(data, said):
    with pytest.raises(CurationError, match=said):
        vocabulary_rows.check_cues(data)
