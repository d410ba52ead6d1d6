"""Texts are stored deflated and read as they were."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
from django.db import connection

from aggregator.models import ArticleBody
from tests.factories import make_article, make_source

TEXT = "Shelling was reported near the port on Tuesday, the mayor's office said. " * 40


def stored(pk: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM aggregator_articlebody WHERE article_id = %s", [pk])
        return bytes(cursor.fetchone()[0])


@pytest.mark.parametrize(
    "text", [TEXT, "", "ж", "\u200bслово 停战 🕊" * 30], ids=["long", "none", "short", "scripts"]
)
def test_a_text_is_read_as_it_was_written(db, text):
    pk = make_article(make_source()).pk
    ArticleBody.objects.update_or_create(article_id=pk, defaults={"text": text, "full_text": text[::-1]})
    body = ArticleBody.objects.get(pk=pk)
    assert (body.text, body.full_text) == (text, text[::-1])
    assert ArticleBody.objects.filter(pk=pk, text="").exists() == (not text)
    assert list(ArticleBody.objects.values_list("text", flat=True)) == [text]


def test_a_long_text_takes_a_fraction_of_its_room(db):
    pk = make_article(make_source()).pk
    ArticleBody.objects.update_or_create(article_id=pk, defaults={"text": TEXT})
    assert len(stored(pk)) < len(TEXT) / 3


def test_the_migration_packs_and_unpacks_every_text(db, monkeypatch):
    migration = importlib.import_module("aggregator.migrations.0015_texts_packed")
    monkeypatch.setattr(migration, "CHUNK", 2)
    source = make_source()
    texts = {make_article(source).pk: f"{number} {TEXT}" for number in range(5)}
    for pk, text in texts.items():
        ArticleBody.objects.update_or_create(
            article_id=pk, defaults={"text": text, "removed": [{"line": "x"}]}
        )
    editor = SimpleNamespace(connection=connection)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        migration.backward(None, editor)
        cursor.execute("SELECT article_id, text FROM aggregator_articlebody")
        assert dict(cursor.fetchall()) == texts
        migration.forward(None, editor)
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE conrelid = 'aggregator_articlebody'::regclass"
                       " AND contype IN ('p', 'f')")  # fmt: skip
        assert cursor.fetchone() == (2,)
    assert dict(ArticleBody.objects.values_list("pk", "text")) == texts
    assert {body.removed[0]["line"] for body in ArticleBody.objects.all()} == {"x"}
