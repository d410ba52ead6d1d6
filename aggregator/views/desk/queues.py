"""Queues: one item at a time, one key an act, and the next item at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from aggregator import clock
from aggregator.errors import CurationError
from aggregator.models import LogEntry
from aggregator.services import article_desk, feed_care, line_page, nudge, queues, sourcing, story_desk
from aggregator.services.curation import undo, verdicts
from aggregator.services.curation.acts import Actor
from aggregator.services.roles import MAY_CURATE
from aggregator.services.settling import retry_held
from aggregator.views.desk.doors import actor, back, desk_page, did, number, numbers, show
from aggregator.views.desk.stories import vocabulary_lists

LISTED = 25
POLLS = 6  # of a failing feed


@desk_page()
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the first item of a queue (or the one that `at` names) with its acts, and the next ones.

    `before` names the story that an earlier look ended with: the queue goes on with older ones.
    """
    found, before = queues.find_queue(slug), number(request.GET.get("before")) or 0
    look = queues.look(found, clock.now(), before)
    at, items = number(request.GET.get("at")), look.items
    place = next((n for n, item in enumerate(items) if item.pk == at), 0)
    item = items[place] if items else None
    start = f"before={before}&" if before else ""
    here = reverse("desk-queue", args=[slug]) + (f"?before={before}" if before else "")
    skip = items[place + 1].pk if len(items) > place + 1 else 0
    context = {
        "title": found.name,
        "queue": found,
        "item": item,
        "items": items[place + 1 : place + 1 + LISTED],
        "left": len(items),
        "most": queues.MOST,
        "skip": skip,
        "from": start,
        "next": f"{reverse('desk-queue', args=[slug])}?{start}at={skip}" if skip else here,
        "here": request.get_full_path() if not request.GET.get("did") else here,
        "done": _done(number(request.GET.get("did"))),
        "codes": line_page.held_codes() if slug == "held" and items else [],
        "looked_at": _looked_at(look, before),
        "older": look.older,
        "is_later": bool(before),
        **(_about(item) if item else {}),
    }
    return show(request, "desk/queue.html", context)


def _looked_at(look: queues.Look, before: int) -> str:
    """Say how far a queue about stories looked, '' for the others and where there are so few that all were seen."""
    if look.since is None or not (look.older or before):
        return ""
    which = "older" if before else "newest"
    return f"Looked at the {look.looked} {which} stories, back to {look.since.astimezone(UTC):%-d %b %Y, %H:%M} UTC."


def _done(entry_id: int | None) -> LogEntry | None:
    """Return the act that led here while it can be undone."""
    entry = LogEntry.objects.select_related("undone_by").filter(pk=entry_id).first() if entry_id else None
    return entry if entry is not None and undo.can_undo(entry) else None


def _about(item: queues.Item) -> dict[str, Any]:
    """Return what the page needs to show an item."""
    found: dict[str, Any] = {}
    if item.story:
        bench = story_desk.read_bench(item.story)
        found = {"bench": bench, "story": bench.story, "vocabulary": vocabulary_lists()}
    if item.other_story:
        found["other"] = story_desk.read_bench(item.other_story)
    if item.kind in ("article", "work"):
        found["sheet"] = article_desk.read_article(item.pk)
    if item.kind == "feed":
        feed = feed_care.find_feed(item.pk)
        found = {
            "feed": feed,
            "advice": feed_care.advise(feed, clock.now()),
            "polls": feed_care.last_polls(feed)[:POLLS],
        }
    if item.kind == "source":
        found["source"] = sourcing.find_source(item.pk)
    return found


@desk_page(MAY_CURATE)
def act(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Do one act on an item of a queue and go on with the next."""
    here = reverse("desk-queue", args=[slug])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    if name not in ACTS:
        raise CurationError("There is no such act in a queue.", code="act_not_known")
    sentence, entry = ACTS[name](actor(request), slug, request)
    messages.success(request, sentence)
    return HttpResponseRedirect(did(back(request, here).url, entry))


Done = tuple[str, LogEntry | None]


def _right(who: Actor, slug: str, request: HttpRequest) -> Done:
    return "Left as it is.", queues.review(who, slug, _pk(request))


def _relevant(who: Actor, slug: str, request: HttpRequest) -> Done:
    return "It is relevant: the line places it now.", verdicts.set_relevance(who, _pk(request), "in")


def _irrelevant(who: Actor, slug: str, request: HttpRequest) -> Done:
    return "It is not relevant: readers do not see it.", verdicts.set_relevance(who, _pk(request), "out")


def _close(who: Actor, slug: str, request: HttpRequest) -> Done:
    return "The report is closed.", queues.close_report(who, _pk(request), request.POST.get("reason", ""))


def _retry(who: Actor, slug: str, request: HttpRequest) -> Done:
    done = retry_held(numbers(request.POST.getlist("pk")), who.now)
    nudge.advance()
    return f"{done} article{'s' if done != 1 else ''} will be tried again.", None


def _source(what: str) -> Callable[[Actor, str, HttpRequest], Done]:
    def do(who: Actor, slug: str, request: HttpRequest) -> Done:
        sourcing.change_status(who, [_pk(request)], what)
        acts = LogEntry.objects.filter(target_type="source", target_id=_pk(request), act=what)
        return f"Done: {what}.", acts.order_by("-pk").first()

    return do


def _pk(request: HttpRequest) -> int:
    return number(request.POST.get("pk")) or 0


ACTS: dict[str, Callable[[Actor, str, HttpRequest], Done]] = {
    "right": _right,
    "relevant": _relevant,
    "irrelevant": _irrelevant,
    "close": _close,
    "retry": _retry,
    "approve": _source("approve"),
    "reject": _source("reject"),
}
