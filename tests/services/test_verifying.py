"""Each promise is broken by hand: `verify` names exactly it, and what `repair` mends stays mended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from aggregator.models import Article, Feed, Host, Item, Override
from aggregator.models.packed import pack
from aggregator.pipeline.identity import place_of
from aggregator.services import grouping, indexing, settling, verifying
from aggregator.services.curation import visibility
from aggregator.services.curation.acts import Actor
from tests import factories
from tests.test_line import COPY_PROMO, OPERATION, TABLOID_PROMO, put

pytestmark = pytest.mark.django_db
DAY = datetime(2023, 9, 19, 12, tzinfo=UTC)
NOW = DAY + timedelta(days=1)
TALKS = """Heavy fighting went on in the south of Khartoum, where the army and the Rapid Support Forces shelled each other
across the Nile. Doctors in Omdurman said that eleven people had been brought in with shrapnel wounds, among them two
children, and that the generator of the hospital would run for one more day. The army spoke of an attack on its
armoured corps; the paramilitaries said that they had taken a depot. A ceasefire that was agreed in Jeddah did not hold."""


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    grouping.forget()
    yield
    grouping.forget()


@pytest.fixture
def line(loaded_vocabulary: None) -> dict[str, Any]:
    """A small archive as the line leaves it: an original, its copy, another story, one withdrawn."""
    made = {}
    for slug in ("tattler", "mirrorsite", "courier", "gone"):
        publisher = factories.make_publisher(f"{slug}-house", homepage_domains=[f"{slug}.example"])
        fields = {"text_from": "feed", "homepage": f"https://www.{slug}.example/"}
        made[slug] = factories.make_source(slug, publisher=publisher, **fields)
    title = "Azerbaijan launches military operation in Nagorno-Karabakh"
    first = put(made["tattler"], title, OPERATION + TABLOID_PROMO, at=DAY)
    copy = put(made["mirrorsite"], title, OPERATION + COPY_PROMO, at=DAY + timedelta(hours=2))
    talks = put(
        made["courier"], "Shelling in Khartoum as ceasefire fails", TALKS, at=DAY + timedelta(hours=20)
    )
    gone = put(made["gone"], "Two killed near Stepanakert, officials say", TALKS[::-1], at=DAY)
    _settle()
    visibility.withdraw_articles(Actor(None, NOW, "asked to"), [gone.pk])
    _settle()
    feed = factories.make_feed(made["courier"], next_poll_at=NOW + timedelta(minutes=5))
    host = Host.objects.create(key="www.courier.example:443", due_at=NOW + timedelta(minutes=5))
    Feed.objects.filter(pk=feed.pk).update(host=host, enabled=True)
    return {
        "first": first.pk,
        "copy": copy.pk,
        "talks": talks.pk,
        "gone": gone.pk,
        "host": host.pk,
        "feed": feed.pk,
    }


def _settle() -> None:
    while settling.settle_due(NOW):
        pass
    while indexing.index_due():
        pass


def wrong() -> dict[str, tuple[int, ...]]:
    return {finding.check: finding.ids for finding in verifying.verify(NOW) if finding.ids}


def run(statement: str, ids: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for part in statement.split(";"):
            cursor.execute(part.format(story=_story(ids["first"]), other=_story(ids["talks"]), **ids))


def _story(pk: int) -> int:
    return int(Article.objects.get(pk=pk).membership.story_id)


BROKEN = [  # what is broken, how, and whose id is named
    ("lost", "UPDATE aggregator_article SET status = 'under_way' WHERE id = {talks}", "talks"),
    (
        "pages_nowhere",
        "INSERT INTO aggregator_work (article_id, stage, why, next_at, attempts, alone, entry, charset, final_url, code, sentence) "
        "VALUES ({talks}, 'page', 'look', '2023-09-20', 0, false, '{{}}', '', '', '', '')",
        "talks",
    ),
    (
        "work_late",
        "INSERT INTO aggregator_work (article_id, stage, why, next_at, attempts, alone, entry, charset, final_url, code, sentence) "
        "VALUES ({talks}, 'settle', 'retag', '2038-01-19', 0, false, '{{}}', '', '', '', '')",
        "talks",
    ),
    ("feeds_late", "UPDATE aggregator_feed SET next_poll_at = '2038-01-19' WHERE id = {feed}", "feed"),
    ("hosts_held", "UPDATE aggregator_host SET lease_until = '2038-01-19' WHERE id = {host}", "host"),
    ("hosts_due", "UPDATE aggregator_host SET due_at = NULL WHERE id = {host}", "host"),
    ("looks_late", "UPDATE aggregator_article SET next_look_at = '2038-01-19' WHERE id = {talks}", "talks"),
    ("regions", "DELETE FROM aggregator_regionlink WHERE depth = 2", None),
    ("change_numbers", "UPDATE aggregator_story SET changed_no = 9000000 WHERE id = {story}", None),
    ("chains", "UPDATE aggregator_article SET copy_kind = 'original' WHERE id = {copy}", "copy"),
    ("chains", "UPDATE aggregator_article SET copy_of_id = {copy}, copy_kind = 'exact' WHERE id = {talks}", "talks"),
    ("chains", "UPDATE aggregator_article SET copy_of_id = {talks}, copy_kind = 'exact' WHERE id = {talks}", "talks"),
    ("origins", "UPDATE aggregator_article SET origin_id = NULL WHERE id = {talks}", "talks"),
    (
        "origins",
        "UPDATE aggregator_article SET origin_id = (SELECT origin_id FROM aggregator_article WHERE id = {talks}) WHERE id = {copy}",
        "copy",
    ),
    ("origin_keys", "UPDATE aggregator_origin SET key = 'article:0' WHERE article_id = {talks}", None),
    ("fingerprints", "DELETE FROM aggregator_fingerprintrow WHERE article_id = {talks}", "talks"),
    ("fingerprint_values", "UPDATE aggregator_fingerprintrow SET text_hash = 1 WHERE article_id = {talks}", "talks"),
    ("bands", "DELETE FROM aggregator_band WHERE article_id = {talks}", "talks"),
    ("lone_bands", "UPDATE aggregator_band SET article_id = 99999 WHERE article_id = {first}", None),
    ("revisions", "UPDATE aggregator_article SET revision_count = 7 WHERE id = {talks}", "talks"),
    ("revisions", "DELETE FROM aggregator_revision WHERE article_id = {talks}", "talks"),
    ("withdrawn", "UPDATE aggregator_article SET title = 'Words' WHERE id = {gone}", "gone"),
    ("withdrawn", "UPDATE aggregator_revision SET text = 'Words' WHERE article_id = {gone}", "gone"),
    ("search", "DELETE FROM aggregator_searchrow WHERE article_id = {talks}", "talks"),
    ("search", "UPDATE aggregator_searchrow SET reported_at = '2020-01-01' WHERE article_id = {talks}", "talks"),
    ("retired", "UPDATE aggregator_story SET retired_into_id = {story} WHERE id = {other}", None),
    ("hidden", "UPDATE aggregator_story SET hidden = true WHERE id = {other}", "talks"),
    (
        "unmet",
        "UPDATE aggregator_article SET relevance = 'out' WHERE id = {first}; "
        "DELETE FROM aggregator_membership WHERE article_id IN ({first}, {copy})",
        "copy",
    ),
    ("story_counts", "UPDATE aggregator_story SET origin_count = 9 WHERE id = {story}", "story"),
    ("story_counts", "UPDATE aggregator_story SET last_at = '2020-01-01' WHERE id = {story}", "story"),
    ("story_counts", "UPDATE aggregator_story SET speaker_id = {talks} WHERE id = {story}", "story"),
    ("story_tags", "DELETE FROM aggregator_storyregion WHERE story_id = {story}", "story"),
    ("timelines", "DELETE FROM aggregator_timelineentry WHERE story_id = {story} AND topic_id IS NOT NULL", "story"),
    ("timelines", "UPDATE aggregator_timelineentry SET is_key = NOT is_key WHERE story_id = {story}", "story"),
    ("day_counts", "UPDATE aggregator_daycount SET story_count = story_count + 1", None),
]  # fmt: skip


FOR_A_PERSON = [
    ("addresses", "UPDATE aggregator_article SET url_hash = 7 WHERE id = {talks}"),
    ("bodies", "DELETE FROM aggregator_articlebody WHERE article_id = {talks}"),
    (
        "hashes",
        f"UPDATE aggregator_articlebody SET text = '\\x{pack('Others').hex()}', full_text = '' WHERE article_id = {{talks}}",
    ),
]


@contextmanager
def undone() -> Iterator[None]:
    """Take back what happens inside; what grouping remembers goes too."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    grouping.forget()


def test_what_is_broken_is_named_and_mended(line: dict[str, Any]) -> None:
    assert Article.objects.get(pk=line["copy"]).copy_of_id == line["first"]
    assert _story(line["first"]) == _story(line["copy"]) != _story(line["talks"])
    assert wrong() == {}
    failures = {}
    for check, statement, named in BROKEN:
        with undone():
            run(statement, line)
            found = wrong()
            reported = {finding.check: finding.ids for finding in verifying.repair(NOW)}
            _settle()  # what goes through the rules again does so now
            left = wrong()
            wanted = _story(line["first"]) if named == "story" else line.get(named or "")
            if (named and wanted not in found.get(check, ())) or reported[check] != found.get(check) or left:
                failures[statement] = (check, found, left)
    assert failures == {}


def test_what_only_a_person_can_decide_is_left_and_said(line: dict[str, Any]) -> None:
    for check, statement in FOR_A_PERSON:
        with undone():
            run(statement, line)
            assert wrong()[check] == (line["talks"],)
            reported = {finding.check: finding for finding in verifying.repair(NOW)}
            assert not reported[check].repaired
            assert wrong()[check] == (line["talks"],)


def test_an_item_without_a_page_of_its_own_is_in_order(line: dict[str, Any]) -> None:
    feed = Feed.objects.get(source__slug="courier")
    item = Item.objects.create(feed=feed, key_hash=11, article_id=line["talks"], seen_at=NOW)
    Article.objects.filter(pk=line["talks"]).update(
        url="https://www.courier.example/", url_hash=place_of(feed.pk, 11)
    )
    assert wrong() == {}
    item.delete()
    assert list(wrong()) == ["addresses"]


def test_the_word_of_a_curator_that_does_not_hold_is_named(line: dict[str, Any]) -> None:
    for kind, other in (("must_link", "talks"), ("cannot_link", "copy"), ("is_original", None)):
        with undone():
            word = {"kind": kind, "made_at": NOW, "other_id": line[other] if other else None}
            Override.objects.create(article_id=line["first" if other else "copy"], **word)
            check = "own_texts" if kind == "is_original" else "links"
            assert list(wrong()) == [check]
            verifying.repair(NOW)
            _settle()
            # Who stands where is for a person: merge or split at the desk.
            assert list(wrong()) == ([] if kind == "is_original" else ["links"]), kind


def test_every_check_is_broken_here() -> None:
    elsewhere = {"links", "own_texts", *(check for check, _ in FOR_A_PERSON)}
    assert {check.name for check in verifying.CHECKS} == {check for check, _, _ in BROKEN} | elsewhere
