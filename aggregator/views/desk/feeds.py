"""Feeds at the desk: how each is, its polls, and mending it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from aggregator import clock
from aggregator.errors import CurationError
from aggregator.models import Feed
from aggregator.services import feed_care
from aggregator.services.roles import MAY_CURATE
from aggregator.views.desk.doors import actor, back, desk_page, number, show


@desk_page()
def feeds(request: HttpRequest) -> HttpResponse:
    """List the feeds that are read, by state."""
    state = request.GET.get("state", "")
    state = state if state in (*Feed.State.values, feed_care.OFF) else ""
    lines = feed_care.list_feeds(clock.now(), state=state, after=number(request.GET.get("after")) or 0)
    counts = feed_care.state_counts()
    context = {
        "title": "Feeds",
        "lines": lines,
        "state": state,
        "states": [
            *((value, label, counts.get(value, 0)) for value, label in Feed.State.choices),
            (feed_care.OFF, "switched off", feed_care.switched_off_count()),
        ],
        "total": sum(counts.values()),
        "more": lines[-1].feed.pk if len(lines) == feed_care.PER_PAGE else 0,
    }
    return show(request, "desk/feeds.html", context)


@desk_page()
def feed(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one feed: state, reason, last polls, next poll."""
    row, now = feed_care.find_feed(pk), clock.now()
    context = {
        "title": str(row),
        "feed": row,
        "bars": feed_care.sparklines([pk], now)[pk],
        "advice": feed_care.advise(row, now),
        "polls": feed_care.last_polls(row),
        "every": _span(row.every_seconds),
    }
    return show(request, "desk/feed.html", context)


def _span(seconds: int) -> str:
    """Return a wait as people say it: "15 min", "4 h"."""
    return f"{seconds / 3600:.3g} h" if seconds >= 7200 else f"{round(seconds / 60)} min"


@desk_page()
def polls(request: HttpRequest, pk: int) -> JsonResponse:
    """Give the polls after an id, for the page that waits for "poll now"."""
    row = feed_care.find_feed(pk)
    found = feed_care.last_polls(row, number(request.GET.get("after")) or 0)
    return JsonResponse(
        {
            "state": row.get_state_display(),
            "sentence": row.state_words,
            "polls": [
                {
                    "id": poll.pk, "at": f"{poll.at:%Y-%m-%d %H:%M:%S}", "outcome": poll.get_outcome_display(),
                    "code": poll.code, "status": poll.status, "bytes": poll.bytes, "ms": poll.duration_ms,
                    "items": poll.item_count, "new": poll.new_count,
                }
                for poll in found
            ],
        }
    )  # fmt: skip


@desk_page(MAY_CURATE)
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Poll now, switch on or off, or change the address."""
    here = reverse("desk-feed", args=[pk])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    who = actor(request)
    if name == "poll":
        newest = feed_care.last_polls(feed_care.find_feed(pk))[:1]
        feed_care.poll_at_once(who, pk)
        messages.success(request, "The feed is being polled; the result appears below.")
        return HttpResponseRedirect(f"{here}?wait={newest[0].pk if newest else 0}")
    if name in ("on", "off"):
        feed_care.switch(who, pk, on=name == "on")
        messages.success(request, f"The feed is switched {name}.")
    elif name == "address":
        feed_care.change_address(who, pk, request.POST.get("address", ""))
        messages.success(request, "The feed has a new address and is polled there.")
    else:
        raise CurationError("There is no such act on a feed.", code="act_not_known")
    return back(request, here)
