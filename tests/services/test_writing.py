"""Many rows in one statement: what is saved is what is read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from aggregator.models import Article, Story
from aggregator.services.writing import save_rows
from tests.factories import make_article, make_source, make_story

NOON = datetime(2023, 9, 19, 12, tzinfo=UTC)
VALUES = {
    "title": "\"Words\" \\ 'of' {another},NULL",
    "noindex": ["nosnippet", 'a"b\\c', "{,}", "NULL", ""],
    "mentions": [["kyiv", 'it\'s "there"', None, 3]],
    "copy_reason": {"code": "ж", "share": 0.5, "near": []},
    "happened_on": date(2023, 9, 18),
    "published_at": NOON,
    "copy_score": 0.25,
    "indexed": True,
    "looks": 7,
}
NOTHING = dict.fromkeys(("happened_on", "published_at", "copy_score", "next_look_at")) | {
    "title": "",
    "noindex": [],
    "mentions": [],
    "copy_reason": {},
}


@pytest.mark.parametrize("values", [VALUES, NOTHING], ids=["odd values", "nothing"])
def test_rows_are_saved_as_they_are(db, values):
    source = make_source()
    changed, other = make_article(source), make_article(source)
    title = other.title
    for name, value in values.items():
        setattr(changed, name, value)
    save_rows([changed, other], sorted(values))
    stored = Article.objects.get(pk=changed.pk)
    assert {name: getattr(stored, name) for name in values} == values
    assert Article.objects.get(pk=other.pk).title == title


def test_references_are_saved_by_their_ids_and_other_fields_left(db):
    source = make_source()
    first, second = make_article(source), make_article(source)
    story = make_story([first])
    story.speaker, story.languages, story.headline = second, ["en", "ru"], "not to be saved"
    save_rows([story], ["speaker", "languages"])
    stored = Story.objects.get(pk=story.pk)
    assert (stored.speaker_id, stored.languages) == (second.pk, ["en", "ru"])
    assert stored.headline != "not to be saved"


def test_nothing_is_asked_for_no_rows(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        save_rows([], ["title"])
