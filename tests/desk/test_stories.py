"""Acts on stories as a curator does them: previewed, locked against others, undone, logged."""

# ruff: noqa: F811
from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aggregator.models import LogEntry, Membership, Override, Pin, Story, TimelineEntry
from tests.factories import make_article
from tests.services.test_curation import faces, world  # noqa: F401

pytestmark = pytest.mark.django_db


def act(client: Client, story: Story, name: str, **form: Any):
    story.refresh_from_db()
    form = {"seen": story.version} | form
    return client.post(reverse("desk-story-act", args=[story.pk, name]), form, follow=True)


def merge(client: Client, one: Story, other: Story, **form: Any):
    one.refresh_from_db()
    form = {"other": other.pk, "seen": one.version, "reason": "one event"} | form
    return client.post(reverse("desk-merge", args=[one.pk]), form, follow=True)


def test_a_merge_is_previewed_done_and_undone_with_everything_as_before(
    curator: Client, world: dict[str, Any], said
):
    first, second = world["first"], world["second"]
    before = faces()
    page = curator.get(reverse("desk-merge", args=[first.pk]), {"other": second.pk}).content.decode()
    assert "Moves 1 article;" in page
    assert f"redirects to {first.get_absolute_url()}" in page or "redirects to" in page
    assert faces() == before
    assert "one now" in said(merge(curator, first, second))[0]
    assert Membership.objects.filter(story=first).count() == 3
    old = Client().get(reverse("story-id", args=[second.pk]))
    assert old.status_code == 301
    entry = LogEntry.objects.get(act="merge")
    curator.post(reverse("desk-undo", args=[entry.pk]))
    assert faces() == before
    log = Client().get("/log/").content.decode()
    assert "merge" in log
    assert "undo" in log
    assert "one event" in log
    assert ">curator<" in log


def test_the_second_of_two_curators_is_told_what_changed(
    curator: Client, people, world: dict[str, Any], said
):
    first, second = world["first"], world["second"]
    seen = Story.objects.get(pk=first.pk).version
    merge(people["admin"], first, second)
    before = faces()
    told = said(act(curator, first, "split", article=[world["a"].pk], seen=seen))
    assert "changed while you were looking" in told[0]
    assert "merge by admin" in told[0]
    assert "one event" in told[0]
    assert faces() == before
    told = said(merge(curator, second, first))
    assert f"has been merged into story {first.pk}" in told[0]


def test_a_merge_or_a_hide_needs_a_reason(curator: Client, world: dict[str, Any], said):
    assert "needs a reason" in said(merge(curator, world["first"], world["second"], reason=" "))[0]
    assert "needs a reason" in said(act(curator, world["first"], "hide"))[0]
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize(
    "other", ["", "x", "0", "-1", "999999", "9" * 40, "٣", "\x00", "https://evil.example/"]
)
def test_a_merge_with_nothing_is_refused_in_a_sentence(curator: Client, world: dict[str, Any], other: str):
    before = faces()
    response = curator.get(reverse("desk-merge", args=[world["first"].pk]), {"other": other})
    assert response.status_code in (404, 409)
    curator.post(reverse("desk-merge", args=[world["first"].pk]), {"other": other, "reason": "r"})
    assert faces() == before


def test_a_story_is_not_merged_with_itself_nor_in_a_ring(curator: Client, world: dict[str, Any], said):
    first, second = world["first"], world["second"]
    assert "merged with itself" in said(merge(curator, first, first))[0]
    assert curator.get(reverse("desk-merge", args=[first.pk]), {"other": first.pk}).status_code == 409
    merge(curator, first, second)
    assert "has been merged" in said(merge(curator, first, second))[0]
    assert curator.get(reverse("desk-merge", args=[second.pk]), {"other": first.pk}).status_code == 409


def test_a_merge_finds_the_other_story_by_its_address(curator: Client, world: dict[str, Any]):
    address = "http://testserver" + world["second"].get_absolute_url()
    assert curator.get(reverse("desk-merge", args=[world["first"].pk]), {"other": address}).status_code == 200


def test_splitting_all_or_none_is_refused(curator: Client, world: dict[str, Any], said):
    everything = [world["a"].pk, world["b"].pk]
    for ticked in ([], everything):
        assert "not none and not all" in said(act(curator, world["first"], "split", article=ticked))[0]
    assert "not in this story" in said(act(curator, world["first"], "split", article=[world["c"].pk]))[0]


def test_split_move_and_speaker_do_what_they_say(curator: Client, world: dict[str, Any]):
    first, second = world["first"], world["second"]
    act(curator, first, "speaker", article=[world["b"].pk])
    assert Story.objects.get(pk=first.pk).speaker_id == world["b"].pk
    act(curator, first, "move", article=[world["b"].pk], to=second.pk)
    assert Membership.objects.get(article=world["b"]).story_id == second.pk
    act(curator, second, "split", article=[world["b"].pk])
    assert Membership.objects.get(article=world["b"]).story_id not in (first.pk, second.pk)


def test_undo_twice_is_refused(curator: Client, world: dict[str, Any], said):
    merge(curator, world["first"], world["second"])
    entry = LogEntry.objects.get(act="merge")
    curator.post(reverse("desk-undo", args=[entry.pk]))
    again = curator.post(reverse("desk-undo", args=[entry.pk]), follow=True)
    assert "undone already" in said(again)[0]


def test_a_wrong_region_is_corrected_and_the_override_can_be_lifted(curator: Client, world: dict[str, Any]):
    first = world["first"]
    act(curator, first, "retag", kind="regions", slug=["azerbaijan", ""])
    assert list(first.region_rows.values_list("region__slug", flat=True)) == ["azerbaijan"]
    assert not TimelineEntry.objects.filter(story=first, region=world["area"]).exists()
    row = Override.objects.filter(kind="regions", lifted_at=None).first()
    assert row is not None
    assert "azerbaijan" in curator.get(reverse("desk-overrides")).content.decode()
    curator.post(reverse("desk-lift", args=[row.pk]))
    row.refresh_from_db()
    assert row.lifted_at is not None
    assert LogEntry.objects.filter(act="lift").exists()


@pytest.mark.parametrize(
    ("name", "form", "sentence"),
    [
        pytest.param("date", {"on": "yesterday"}, "2023-09-19", id="a day that is none"),
        pytest.param("date", {"on": "2099-01-01"}, "after the newest report", id="a day to come"),
        pytest.param("retag", {"kind": "moods", "slug": ["x"]}, "not a kind", id="a kind that is none"),
        pytest.param("retag", {"kind": "topics", "slug": ["nope"]}, "no such entry", id="a slug that is none"),
        pytest.param("pin", {"on": "region:nope"}, "Choose the page", id="a page that is none"),
        pytest.param("unpin", {"pin": "12"}, "gone already", id="a pin that is gone"),
        pytest.param("move", {"to": "5"}, "Tick one", id="nothing ticked"),
        pytest.param("withdraw", {"reason": "a court"}, "Tick the articles", id="nothing to withdraw"),
        pytest.param("original", {"article": ["7"] * 2}, "Tick one", id="two ticked"),
        pytest.param("dance", {}, "no such act", id="an act that is none"),
        pytest.param("undo", {"entry": "999"}, "no act 999", id="an act that never was"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_in_a_sentence(curator: Client, world, name, form, sentence, said):
    before = faces()
    assert sentence in said(act(curator, world["first"], name, **form))[0]
    assert faces() == before


def test_a_pin_is_set_and_taken_away(curator: Client, world: dict[str, Any]):
    act(curator, world["first"], "pin", on="region:azerbaijan")
    pin = Pin.objects.get()
    act(curator, world["first"], "unpin", pin=pin.pk)
    assert not Pin.objects.exists()


def test_withdraw_takes_only_members_of_the_story(curator: Client, world: dict[str, Any], said):
    told = said(act(curator, world["first"], "withdraw", article=[world["c"].pk], reason="court"))
    assert "Tick the articles" in told[0]
    world["c"].refresh_from_db()
    assert world["c"].status == "visible"


def test_stories_kept_apart_leave_the_queue_and_come_back_on_undo(curator: Client, world: dict[str, Any]):
    Story.objects.update(headline="Shelling kills three near Martakert village")
    for story in Story.objects.all():
        story.card = {"region": {"slug": "azerbaijan"}}
        story.save()
    queue = reverse("desk-queue", args=["duplicates"])
    assert curator.get(queue).context["left"] == 1
    act(curator, world["first"], "apart", other=world["second"].pk)
    assert curator.get(queue).context["left"] == 0
    curator.post(reverse("desk-undo", args=[LogEntry.objects.get(act="keep_apart").pk]))
    assert curator.get(queue).context["left"] == 1


def test_two_texts_stand_side_by_side_with_boilerplate_greyed(curator: Client):
    one = make_article(text="Shells fell.\nSubscribe to our letter.")
    one.body.removed = [{"line": "Subscribe to our letter.", "rule": "promo_cue", "position": "end"}]
    one.body.full_text = one.body.text
    one.body.save()
    two = make_article(text="Shells fell.\n<script>alert(1)</script>")
    page = curator.get(reverse("desk-diff", args=[one.pk, two.pk])).content.decode()
    assert 'class="grey">Subscribe' in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("query", ["shelling", "'; drop table", "\x00", "((", "a" * 500, "12", "#12", "-"])
def test_any_search_for_stories_answers(curator: Client, world, query: str):
    assert curator.get(reverse("desk-stories"), {"q": query}).status_code == 200


@pytest.mark.parametrize(
    ("name", "form", "told"),
    [
        ("split", {"article": "a"}, "Moves 1 article; the lists of"),
        ("move", {"article": "b", "to": "second"}, "Moves 1 article; the lists of"),
        ("hide", {"reason": "spam"}, "Moves no article; the lists of 3 pages change"),
        ("retag", {"kind": "regions", "slug": "azerbaijan"}, "Moves no article; the lists of 1 page change"),
        ("date", {"on": "2020-01-02"}, "no list changes"),
    ],
)
def test_an_act_shows_first_what_it_would_change_and_then_does_just_that(
    curator: Client, world: dict[str, Any], name: str, form: dict[str, str], told: str
):
    given = {key: world[value].pk if value in world else value for key, value in form.items()}
    before = faces()
    page = act(curator, world["first"], name, preview="1", **given)
    assert told in page.content.decode()
    assert faces() == before
    assert not LogEntry.objects.exists()
    assert not Override.objects.exists()
    again = dict(page.context["given"])
    curator.post(reverse("desk-story-act", args=[world["first"].pk, name]), again)
    assert LogEntry.objects.count() == 1
    assert faces() != before


def test_what_cannot_be_done_is_told_by_its_preview_too(curator: Client, world: dict[str, Any], said):
    assert "not none and not all" in said(act(curator, world["first"], "split", preview="1"))[0]
    assert "at once or not at all" in said(act(curator, world["first"], "withdraw", preview="1"))[0]
