"""The vocabulary is loaded as often as one likes, and a curator's edits stay."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from aggregator.models import Conflict, Feed, LogEntry, Region, RegionLink, Source, Topic
from aggregator.services import vocabulary
from aggregator.services.loading import load_vocabulary

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_first_load_fills_every_kind_of_row():
    loaded = load_vocabulary(NOW)
    assert loaded.created["region"] == Region.objects.count() > 400
    assert loaded.created["conflict"] == Conflict.objects.count() == 63
    assert Topic.objects.count() == 30
    assert Feed.objects.count() == loaded.created["feed"] > 260
    assert RegionLink.objects.filter(region__slug="nagorno-karabakh", ancestor__slug="azerbaijan").exists()


def test_a_second_load_writes_nothing():
    load_vocabulary(NOW)
    log = LogEntry.objects.count()
    again = load_vocabulary(NOW)
    assert not again.changed
    assert not again.kept
    assert LogEntry.objects.count() == log


def test_only_sources_with_an_enabled_feed_start_approved():
    load_vocabulary(NOW)
    approved = set(Source.objects.approved().values_list("slug", flat=True))
    assert approved
    assert Source.objects.exclude(slug__in=approved).filter(status="proposed").exists()
    assert not Source.objects.approved().exclude(feeds__enabled=True).exists()


def test_what_a_curator_edited_is_left_alone():
    load_vocabulary(NOW)
    topic = Topic.objects.get(slug="sanctions")
    topic.data = {**topic.data, "strong": ["only this"]}
    topic.save()
    conflict = Conflict.objects.get(slug="sudan")
    conflict.parties.first().delete()
    Topic.objects.filter(slug="battles").update(loaded_hash="an older load")
    again = load_vocabulary(NOW)
    assert Topic.objects.get(slug="sanctions").data["strong"] == ["only this"]
    assert again.kept["topic"] == ["battles"]  # it differs from what was loaded: an edit


def test_a_row_that_is_still_as_loaded_takes_a_newer_vocabulary(tmp_path):
    import json
    import shutil

    from aggregator.services.loading import FOLDER

    load_vocabulary(NOW, sources=False)
    for name in ("regions", "topics", "conflicts", "agencies"):
        shutil.copy(FOLDER / f"{name}.json", tmp_path)
    data = json.loads((tmp_path / "topics.json").read_text("utf-8"))
    for topic in data["topics"]:
        topic["definition"] += " Newer."
    (tmp_path / "topics.json").write_text(json.dumps(data), "utf-8")
    Topic.objects.filter(slug="sanctions").update(definition="Mine.")
    again = load_vocabulary(NOW, sources=False, folder=tmp_path)
    assert again.updated == {"topic": 29}
    assert again.kept == {"topic": ["sanctions"]}
    assert Topic.objects.get(slug="sanctions").definition == "Mine."


def test_a_source_that_a_curator_deleted_does_not_come_back():
    load_vocabulary(NOW)
    Source.objects.get(slug="bbc-news").delete()
    again = load_vocabulary(NOW)
    assert not Source.objects.filter(slug="bbc-news").exists()
    assert "bbc-news" in again.kept["source"]


def test_the_command_says_what_it_did(capsys):
    call_command("load_vocabulary", "--without-sources")
    assert "30 topics" in capsys.readouterr().out


def test_the_rules_of_the_rows_follow_an_edit():
    load_vocabulary(NOW, sources=False)
    first = vocabulary.current_rules()
    assert vocabulary.current_rules() is first
    topic = Topic.objects.get(slug="sanctions")
    topic.data = {**topic.data, "strong": [*topic.data["strong"], "zorblax measures"]}
    topic.save()
    second = vocabulary.current_rules()
    assert second.version != first.version
    rule = next(r for r in second.classifier.topics if r.slug == "sanctions")
    assert "zorblax measures" in rule.strong


def test_without_rows_the_packaged_vocabulary_serves():
    assert len(vocabulary.current_rules().classifier.topics) == 30
