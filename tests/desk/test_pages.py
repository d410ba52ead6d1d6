"""The desk's other pages: queues, vocabulary, line, log, people, rows; and what each page costs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aggregator import clock
from aggregator.admin.site import desk
from aggregator.models import (
    LogEntry,
    Membership,
    Override,
    Poll,
    ReaderReport,
    Region,
    Source,
    Story,
    Work,
)
from aggregator.services import desk_jobs, line_page, queues, roles, story_queues
from aggregator.services import vocabulary_edits as edits
from aggregator.services.curation.acts import Actor
from aggregator.services.curation.visibility import withdraw_articles
from tests.desk.conftest import PASSWORD
from tests.factories import DAY, make_article, make_feed, make_source, make_story, make_topic

pytestmark = pytest.mark.django_db


def fill(count: int, land: Any) -> None:
    """Make `count` of everything that waits."""
    for n in range(count):
        source = make_source(status=Source.Status.PROPOSED)
        feed = make_feed(state="failing", state_since=DAY)
        Poll.objects.create(feed=feed, at=DAY, outcome="failed", code="status_500")
        make_article(source, relevance="ask")
        held = make_article(source)
        Work.objects.create(article=held, stage="held", next_at=DAY, code="kept_failing")
        copy = make_article(copy_of=held)
        story = make_story(
            [held, copy], headline=f"Shelling near Martakert kills many {n}", regions=[land.karabakh]
        )
        story.memberships.update(score=0.3)
        make_story()
        ReaderReport.objects.create(at=DAY, kind="other", story=story, text="No!")
        Override.objects.create(kind="hidden", article=held, made_at=DAY)
        LogEntry.objects.create(at=DAY, act="hide", target_type="story", target_id=story.pk, role="curator")


LISTS = ["/desk/", "/desk/sources/", "/desk/feeds/", "/desk/stories/", "/desk/overrides/", "/desk/log/", "/desk/line/",
    "/log/", *(f"/desk/queues/{queue.slug}/" for queue in queues.QUEUES)]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_a_page_asks_as_often_with_one_row_as_with_many(
    curator: Client, land, path: str, django_assert_max_num_queries
):
    def cost() -> int:
        with django_assert_max_num_queries(60) as caught:
            assert curator.get(path).status_code == 200
        return len(caught)

    fill(2, land)
    cost()  # what a first visit fills
    one = cost()
    fill(14, land)
    cost()  # what new rows fill once
    assert cost() <= one


def test_every_kind_of_rows_can_be_listed_opened_and_added(people):
    make_feed()
    make_topic()
    for model, admin in desk._registry.items():
        base = f"/desk/{model._meta.app_label}/{model._meta.model_name}/"
        assert people["superuser"].get(base, {"q": "x"} if admin.search_fields else {}).status_code == 200, (
            base
        )
        row = model._default_manager.first()
        if row is not None:
            assert people["superuser"].get(f"{base}{row.pk}/change/").status_code == 200, base
            assert people["superuser"].get(f"{base}{row.pk}/delete/").status_code in (200, 403)
        assert people["superuser"].get(f"{base}add/").status_code in (200, 403), base


def test_a_slug_is_never_lost(people):
    source = make_source("the-courier")
    page = people["superuser"].get(f"/desk/aggregator/source/{source.pk}/change/").content.decode()
    assert 'name="slug"' not in page
    assert people["superuser"].get(f"/desk/aggregator/source/{source.pk}/delete/").status_code == 403


def test_an_edit_is_logged_with_before_and_after(curator: Client):
    topic = make_topic("shelling")
    form = {
        "name": "Shelling and mortars",
        "group": topic.group_id,
        "definition": "d",
        "includes": "[]",
        "excludes": "[]",
        "position": 0,
    }
    curator.post(f"/desk/aggregator/topic/{topic.pk}/change/", form)
    entry = LogEntry.objects.get(act="edit")
    assert entry.before["name"] == "Shelling"
    assert entry.after["name"] == "Shelling and mortars"


def test_roles_are_made_once_and_may_be_made_again():
    roles.make_roles()
    roles.make_roles()
    assert set(Group.objects.values_list("name", flat=True)) == {"reader", "curator", "admin"}
    assert not User.objects.exists()


def test_guessing_a_password_is_locked_out(client: Client, settings):
    User.objects.create_user("curator", password=PASSWORD, is_staff=True)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/desk/login/", {"username": "curator", "password": "wrong", "next": "/desk/"})
    response = client.post("/desk/login/", {"username": "curator", "password": PASSWORD, "next": "/desk/"})
    assert response.status_code in (403, 429)


def test_a_queue_gives_the_next_item_at_once(curator: Client):
    first, second = (make_source(name, status="proposed") for name in ("aaa", "bbb"))
    queue = reverse("desk-queue", args=["sources"])
    page = curator.get(queue)
    assert (page.context["item"].pk, page.context["skip"]) == (first.pk, second.pk)
    act = reverse("desk-queue-act", args=["sources", "approve"])
    response = curator.post(act, {"pk": first.pk, "next": page.context["next"]}, follow=True)
    assert response.context["item"].pk == second.pk
    assert response.context["left"] == 1


@pytest.mark.parametrize("slug", ["duplicates", "weak", "untagged", "contested"])
def test_a_queue_about_stories_says_how_far_it_looked_and_goes_on(
    curator: Client, land, monkeypatch, slug: str
):
    monkeypatch.setattr(story_queues, "RECENT", 4)
    Region.objects.filter(pk=land.karabakh.pk).update(kind="contested-area")
    waiting = set()
    for n in range(10):
        at = clock.now() - timedelta(hours=n)
        one, two = make_article(at=at), make_article(at=at)
        headline = "Shelling near Martakert kills many" if slug == "duplicates" else f"Story {n}"
        story = make_story([one, two], headline=headline, regions=[land.karabakh])
        story.memberships.update(score=0.3)
        story.region_rows.update(focus=True)
        Story.objects.filter(pk=story.pk).update(last_at=at, first_at=at, headline=headline)
        story.timeline_rows.update(report_at=at)
        waiting.add(story.pk)
    path, met, looks = reverse("desk-queue", args=[slug]), set(), 0
    while path:
        page = curator.get(path)
        items = [page.context["item"], *page.context["items"]] if page.context["item"] else []
        met |= {pk for item in items for pk in (item.story, item.other_story) if pk}
        assert "stories, back to" in page.content.decode()
        older, looks = page.context["older"], looks + 1
        path = reverse("desk-queue", args=[slug]) + f"?before={older}" if older else ""
        assert looks < 6
    assert met == waiting
    assert looks == 3


def test_the_next_item_of_an_older_look_is_older_too(curator: Client, monkeypatch):
    monkeypatch.setattr(story_queues, "RECENT", 2)
    for n in range(4):
        Story.objects.filter(pk=make_story().pk).update(last_at=DAY - timedelta(hours=n))
    queue = reverse("desk-queue", args=["untagged"])
    page = curator.get(queue + f"?before={curator.get(queue).context['older']}")
    form = {"pk": page.context["item"].pk, "next": page.context["next"]}
    after = curator.post(reverse("desk-queue-act", args=["untagged", "right"]), form, follow=True)
    assert after.context["item"].pk == page.context["items"][0].pk
    assert after.context["is_later"]


@pytest.mark.parametrize("before", ["0", "x", "-1", "9" * 40, "424242"])
def test_a_look_from_a_story_that_is_not_there_begins_at_the_newest(curator: Client, before: str):
    story = make_story()
    page = curator.get(reverse("desk-queue", args=["untagged"]), {"before": before})
    assert page.context["item"].pk == story.pk


def test_the_start_page_shows_kept_counts_until_something_is_done(curator: Client, redis_url: str):
    cache.clear()
    story = make_story()

    def shown() -> dict[str, int]:
        return {one.queue.slug: one.count for one in curator.get("/desk/").context["queues"]}

    assert shown()["untagged"] == 1
    with CaptureQueriesContext(connection) as asked:
        shown()
    assert not any("aggregator_story" in each["sql"] for each in asked)
    make_story()
    assert shown()["untagged"] == 1
    queues.count_all(clock.now())
    assert shown()["untagged"] == 2
    curator.post(reverse("desk-queue-act", args=["untagged", "right"]), {"pk": story.pk})
    assert shown()["untagged"] == 1


def test_without_a_cache_the_start_page_counts(curator: Client, monkeypatch):
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise ConnectionError

    monkeypatch.setattr(queues, "cache", Away())
    make_story()
    counts = {one.queue.slug: one.count for one in curator.get("/desk/").context["queues"]}
    assert counts["untagged"] == 1


def test_a_failing_feed_and_a_new_outlet_are_understood_in_their_queues(curator: Client):
    feed = make_feed(state="failing", state_since=DAY, state_sentence="The server says 404.")
    Poll.objects.create(feed=feed, at=DAY, outcome="failed", code="status_404", status=404, duration_ms=81)
    page = curator.get(reverse("desk-queue", args=["feeds"])).content.decode()
    assert "status_404" in page
    assert "81" in page
    outlet = make_source(name="The Courier", status="proposed", country="AM", everything_relevant=True)
    make_feed(outlet, url="https://courier.example/feed")
    page = curator.get(reverse("desk-queue", args=["sources"])).content.decode()
    assert "https://courier.example/feed" in page
    assert "everything counts as relevant" in page


def test_a_story_that_is_right_leaves_one_queue_only(curator: Client):
    story = make_story()
    for slug, left in (("untagged", 1),):
        assert curator.get(reverse("desk-queue", args=[slug])).context["left"] == left
    curator.post(reverse("desk-queue-act", args=["untagged", "right"]), {"pk": story.pk})
    assert curator.get(reverse("desk-queue", args=["untagged"])).context["left"] == 0
    assert not LogEntry.objects.get(act="reviewed").public


def test_a_report_is_closed_with_what_came_of_it(curator: Client, said):
    report = ReaderReport.objects.create(
        at=DAY, kind="wrong_place", story=make_story(), text="<b>It is Lachin</b>"
    )
    page = curator.get(reverse("desk-queue", args=["reports"])).content.decode()
    assert "&lt;b&gt;It is Lachin" in page
    act = reverse("desk-queue-act", args=["reports", "close"])
    curator.post(act, {"pk": report.pk, "reason": "put right"})
    report.refresh_from_db()
    assert report.outcome == "put right"
    assert "closed already" in said(curator.post(act, {"pk": report.pk}, follow=True))[0]


def test_an_article_in_doubt_is_decided_and_the_decision_undone(curator: Client):
    article = make_article(relevance="ask")
    curator.post(reverse("desk-queue-act", args=["ask", "relevant"]), {"pk": article.pk})
    article.refresh_from_db()
    assert article.relevance == "in"
    assert article.overrides.get().value == {"relevance": "in"}
    assert Work.objects.get(article=article).why == "retag"
    curator.post(reverse("desk-undo", args=[LogEntry.objects.get(act="relevance").pk]))
    article.refresh_from_db()
    assert article.relevance == "ask"
    assert article.overrides.get().lifted_at is not None


def test_held_articles_are_tried_again_in_bulk(curator: Client):
    held = [make_article() for _ in range(3)]
    for article in held:
        Work.objects.create(article=article, stage="held", next_at=DAY, code="kept_failing")
    curator.post(reverse("desk-retry"), {"article": [article.pk for article in held[:2]]})
    assert Work.objects.filter(stage="held").count() == 1


@pytest.mark.parametrize("by_language", ["{", "[]", '{"fr": 3}', '{"fr": [3]}', "null"])
def test_cues_that_cannot_be_used_are_told(curator: Client, said, by_language: str):
    make_topic("shelling", data={"strong": ["shelling"]})
    response = curator.post(
        reverse("desk-topic", args=["shelling"]), {"by_language": by_language}, follow=True
    )
    assert response.status_code == 200


def test_the_public_log_has_roles_not_names_and_no_withdrawn_headline(curator: Client):
    article = make_article(title="A headline to be withdrawn")
    story = make_story([article])
    curator.post(reverse("desk-story-act", args=[story.pk, "speaker"]), {"article": article.pk})
    user = User.objects.get(username="curator")
    User.objects.filter(pk=user.pk).update(username="jane-doe")
    withdraw_articles(Actor(user, DAY, "a court says so"), [article.pk])
    for path in ("/log/", "/log.csv"):
        page = Client().get(path).content.decode()
        assert "a court says so" in page
        assert "jane-doe" not in page
        assert "A headline to be withdrawn" not in page


def test_the_log_can_be_exported_and_filtered(curator: Client):
    LogEntry.objects.create(at=DAY, act="hide", target_type="story", target_id=1, reason="=cmd()")
    assert "'=cmd()" in curator.get(reverse("desk-log-csv")).content.decode()
    assert len(curator.get(reverse("desk-log"), {"act": "merge"}).context["lines"]) == 0
    assert curator.get(reverse("desk-log"), {"act": "\x00", "before": "x"}).status_code == 200


def test_weak_merges_are_those_the_line_made(curator: Client):
    one, two = make_article(), make_article()
    story = make_story([one, two])
    story.memberships.filter(article=one).update(score=0.02, reason={"rule": "model", "story": story.pk + 99})
    story.memberships.filter(article=two).update(score=0.2, reason={"rule": "model", "story": story.pk})
    page = curator.get(reverse("desk-queue", args=["weak"]))
    assert page.context["left"] == 1
    assert "0.20" in page.context["item"].why
    for reason in ({"code": "curator"}, {"rule": "curator"}, {"rule": "opened", "story": story.pk}):
        story.memberships.update(reason=reason)
        assert curator.get(reverse("desk-queue", args=["weak"])).context["left"] == 0


def test_the_line_page_names_workers_queues_and_codes(curator: Client, redis_url: str):
    held = [make_article() for _ in range(3)]
    for n, article in enumerate(held):
        code = "kept_failing" if n else "too_long"
        Work.objects.create(article=article, stage="held", next_at=DAY, code=code, sentence="It stopped.")
    feed = make_feed(make_source(name="The Courier"))
    for _ in range(2):
        Poll.objects.create(feed=feed, at=clock.now(), outcome="failed", code="status_500")
    line_page.note_worker("cpu@here", clock.now())
    line_page.note_worker("network@here", clock.now())
    cache.delete("worker-awake:network@here")
    page = curator.get(reverse("desk-line"))
    line = page.context["line"]
    assert [(w.name, w.quiet) for w in line.workers] == [("cpu@here", False), ("network@here", True)]
    assert line.held_codes == (("kept_failing", 2), ("too_long", 1))
    assert [(one.code, one.count, str(one.sample.source)) for one in line.troubles] == [
        ("status_500", 2, "The Courier")
    ]
    assert [name for name, _ in line.messages] == ["cpu", "network"]
    assert "Try all 2 again: kept_failing" in page.content.decode()


def test_all_of_one_code_are_tried_again_at_once(curator: Client):
    for n in range(3):
        code = "kept_failing" if n else "too_long"
        Work.objects.create(article=make_article(), stage="held", next_at=DAY, code=code)
    curator.post(reverse("desk-retry"), {"code": "kept_failing"})
    assert list(Work.objects.filter(stage="held").values_list("code", flat=True)) == ["too_long"]


def test_a_broker_that_is_away_is_said(curator: Client, monkeypatch):
    monkeypatch.setattr(line_page.nudge, "current_app", None)
    assert "The broker does not answer" in curator.get(reverse("desk-line")).content.decode()


@pytest.mark.parametrize(
    ("facts", "act", "after"),
    [
        ({"moved_to": "https://new.example/feed"}, "Accept", {"url": "https://new.example/feed"}),
        ({"last_new_at": DAY}, "Retire the outlet", {"source__status": "retired"}),
    ],
)
def test_a_suggested_act_is_done_by_its_button(curator: Client, redis_url: str, facts, act, after):
    feed = make_feed(make_source(), **facts)
    page = curator.get(reverse("desk-feeds")).content.decode()
    form = next(each for each in page.split("<form")[1:] if f">{act}<" in each.partition("</form>")[0])
    action = form.partition('action="')[2].partition('"')[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.partition("</form>")[0]))
    curator.post(action, fields)
    assert type(feed).objects.filter(pk=feed.pk, **after).exists()


def test_of_an_outlet_with_other_feeds_the_silent_one_is_switched_off(curator: Client):
    source = make_source()
    silent = make_feed(source, last_new_at=DAY)
    make_feed(source)
    assert (
        "switch it off? The outlet has other feeds"
        in curator.get(reverse("desk-feed", args=[silent.pk])).content.decode()
    )


def test_a_queue_offers_to_undo_the_act_that_led_to_it(curator: Client):
    story = make_story()
    act = reverse("desk-queue-act", args=["untagged", "right"])
    page = curator.post(act, {"pk": story.pk}, follow=True)
    entry = LogEntry.objects.get(act="reviewed")
    assert page.context["done"] == entry
    page = curator.post(reverse("desk-undo", args=[entry.pk]), {"next": page.context["here"]}, follow=True)
    assert page.context["item"].pk == story.pk
    assert page.context["done"] is None


def test_an_edit_of_a_row_is_undone_while_nobody_has_changed_it_since(curator: Client, said):
    source = make_source("the-courier", name="The Courier", country="AM")
    path = f"/desk/aggregator/source/{source.pk}/change/"
    page = curator.get(path).context["adminform"].form
    form = {name: "" if value is None else value for name, value in page.initial.items()}
    form |= {"languages": "en", "home_regions": "", "publisher": source.publisher_id}
    curator.post(path, form | {"name": "The Herald", "everything_relevant": "on"})
    curator.post(path, form | {"name": "The Echo", "everything_relevant": "on"})
    first, second = LogEntry.objects.filter(act="edit").order_by("pk")
    assert first.before == {"name": "The Courier", "everything_relevant": False}
    told = said(curator.post(reverse("desk-undo", args=[first.pk]), follow=True))
    assert "came after it" in told[0]
    for entry in (second, first):
        curator.post(reverse("desk-undo", args=[entry.pk]))
    source.refresh_from_db()
    assert (source.name, source.everything_relevant) == ("The Courier", False)


def test_the_public_log_names_people_where_the_operator_wants_it(curator: Client, settings):
    story = make_story()
    curator.post(reverse("desk-story-act", args=[story.pk, "hide"]), {"reason": "a hoax"})
    user = User.objects.get(username="curator")
    User.objects.filter(pk=user.pk).update(username="jane-doe")
    for names, shown, not_shown in ((False, "curator", "jane-doe"), (True, "jane-doe", ">curator<")):
        settings.LOG_NAMES = names
        for path in ("/log/", "/log.csv"):
            page = Client().get(path).content.decode()
            assert shown in page
            assert not_shown not in page


@pytest.mark.parametrize("kind", ["story", "merge", "source", "feed", "vocabulary", "sessions", "job"])
def test_a_page_of_one_thing_asks_as_often_whatever_hangs_on_it(
    people, land, redis_url: str, kind: str, django_assert_max_num_queries
):
    source, topic = make_source(), make_topic("mortars", data={"strong": ["shelling"]})
    feed = make_feed(source)
    story, other = make_story([make_article(source)]), make_story()
    job = edits.start(edits.DRY_RUN, "topic", topic.slug, {"data": {"strong": ["mortar"]}}, 0)
    path = {
        "story": reverse("desk-story", args=[story.pk]), "merge": reverse("desk-merge", args=[story.pk]) + f"?other={other.pk}",
        "source": reverse("desk-source", args=[source.pk]), "feed": reverse("desk-feed", args=[feed.pk]),
        "vocabulary": reverse("desk-vocabulary"), "sessions": reverse("desk-sessions"), "job": reverse("desk-job", args=[job.id]),
    }[kind]  # fmt: skip

    def cost() -> int:
        people["admin"].get(path)
        with django_assert_max_num_queries(60) as caught:
            assert people["admin"].get(path).status_code == 200
        return len(caught)

    def grow(n: int) -> None:
        for number in range(n):
            article = make_article(source, regions=[land.karabakh], topics=[topic], copy_of=None)
            Membership.objects.create(story=story, article=article, score=0.5, joined_at=DAY)
            Override.objects.create(kind="regions", article=article, value={"slugs": ["x"]}, made_at=DAY)
            entry = LogEntry.objects.create(at=DAY, act="hide", target_type="story", target_id=story.pk)
            LogEntry.objects.create(
                at=DAY, act="undo", target_type="story", target_id=story.pk, undo_of=entry
            )
            LogEntry.objects.create(at=DAY, act="pause", target_type="source", target_id=source.pk)
            Poll.objects.create(feed=make_feed(source), at=DAY, outcome="failed")
            Poll.objects.create(feed=feed, at=DAY, outcome="new", new_count=number)
            make_topic(f"topic-{number}-{n}")
            kept = edits.find_job(job.id)
            kept.added.append(article.pk)
            desk_jobs.keep(kept)

    grow(2)
    few = cost()
    grow(12)
    assert cost() <= few
