"""Bands of months long past: packed, and as good as before for what comes late."""

from __future__ import annotations

import importlib
from datetime import timedelta

import pytest
from django.db import connection

from aggregator.models import Article, Band, OldBands
from aggregator.services import old_bands, verifying
from tests.factories import make_source
from tests.pipeline.texts import OTHER, REPORT, changed
from tests.services.test_tracing import NOON, draft_of, trace

LONG_AGO = NOON - timedelta(days=120)
HEADLINE = "What is said on the river"  # without a number: other numbers on another day make another report


def told_long_ago(text: str = REPORT) -> Article:
    (article,) = trace(draft_of(make_source(), text, title=HEADLINE, found_at=LONG_AGO))
    return article


def told_late(text: str) -> Article:
    """Trace what is found now and was published a day after the old report."""
    at = LONG_AGO + timedelta(days=1)
    (article,) = trace(draft_of(make_source(), text, title=HEADLINE, found_at=NOON, at=at))
    return article


def bands() -> list[tuple[int, int, int]]:
    return sorted(Band.objects.values_list("month", "key", "article_id"))


def test_only_months_that_nothing_new_asks_for_are_packed(db):
    old = told_long_ago()
    (fresh,) = trace(draft_of(make_source(), OTHER, found_at=NOON))
    assert old_bands.pack_old(NOON) == 64
    assert set(Band.objects.values_list("article_id", flat=True)) == {fresh.pk}
    assert [ids for _, ids in old_bands.articles_by_month()] == [{old.pk}]
    assert old_bands.pack_old(NOON) == 0


@pytest.mark.parametrize("is_packed", [False, True], ids=["as they were", "packed"])
def test_what_comes_late_finds_the_old_text_that_it_repeats(db, is_packed):
    old = told_long_ago()
    if is_packed:
        assert old_bands.pack_old(NOON)
        assert not Band.objects.exists()
    late = told_late(changed(REPORT))
    assert (late.copy_of_id, late.copy_kind) == (old.pk, "republished")
    assert late.origin_id == old.origin_id


def test_another_old_report_stays_an_original(db):
    told_long_ago()
    old_bands.pack_old(NOON)
    assert told_late(OTHER).copy_of_id is None


def test_what_came_late_is_packed_beside_what_lies_there(db):
    first = told_long_ago()
    old_bands.pack_old(NOON)
    second = told_long_ago(OTHER)
    assert old_bands.pack_old(NOON) == 64
    assert [ids for _, ids in old_bands.articles_by_month()] == [{first.pk, second.pk}]
    assert told_late(changed(REPORT)).copy_of_id == first.pk
    assert told_late(changed(OTHER)).copy_of_id == second.pk


def test_packing_goes_on_where_it_was_stopped(db, monkeypatch):
    monkeypatch.setattr(old_bands, "BATCH", 20)
    old = told_long_ago()
    assert old_bands.pack_old(NOON, batches=1) == 21
    assert Band.objects.count() == 64 - 21
    assert told_late(changed(REPORT)).copy_of_id == old.pk
    assert old_bands.pack_old(NOON) == 64 - 21
    assert not Band.objects.filter(article=old).exists()


def test_packed_bands_are_missed_by_no_check(db):
    told_long_ago()
    old_bands.pack_old(NOON)
    assert not [one for one in verifying.verify(NOON) if "bands" in one.check and one.ids]
    OldBands.objects.all().delete()
    [missing] = [one for one in verifying.repair(NOON) if one.check == "bands"]
    assert (len(missing.ids), Band.objects.count()) == (1, 64)


def test_an_edited_article_is_found_by_its_new_words_and_read_once(db):
    draft = draft_of(make_source(), REPORT)
    trace(draft)
    before = bands()
    trace(draft)
    assert bands() == before
    draft.fingerprint = draft_of(make_source(), OTHER).fingerprint
    trace(draft)
    (copy,) = trace(draft_of(make_source(), changed(OTHER), found_at=NOON + timedelta(hours=1)))
    assert copy.copy_of_id == draft.article.pk
    (none,) = trace(draft_of(make_source(), changed(REPORT), found_at=NOON + timedelta(hours=1)))
    assert none.copy_of_id is None


def test_a_text_that_lost_its_fingerprint_but_not_its_bands_is_traced_again(db):
    draft = draft_of(make_source(), REPORT)
    trace(draft)
    before = bands()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM aggregator_fingerprintrow")
    trace(draft, draft_of(make_source(), OTHER))
    assert set(before) < set(bands())


def test_the_migration_packs_and_unpacks_the_same_bands(db):
    migration = importlib.import_module("aggregator.migrations.0011_old_bands_packed")
    told_long_ago()
    trace(draft_of(make_source(), OTHER, found_at=NOON))
    before = bands()
    with connection.cursor() as cursor:
        cursor.execute(migration._FORWARD)
        assert (Band.objects.count(), OldBands.objects.exists()) == (64, True)
        cursor.execute(migration._BACKWARD)
    assert bands() == before
