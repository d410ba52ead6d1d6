"""The front page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aggregator import clock
from aggregator.services import faces, health, map_points
from aggregator.services import front as service
from aggregator.views import face_answers
from aggregator.views.answers import page


def front(request: HttpRequest, face: str = "") -> HttpResponse:
    """Show what is moving now, or one of its faces."""
    found = service.front(clock.now())
    if face:
        own = reverse("front-face", args=[face])
        home = reverse("front")
        listed = faces.of_cards(
            found.cards, title=face_answers.site_name(), site=face_answers.site(), home=home, own=own
        )
        return face_answers.answer(request, listed, face)
    feeds = health.feed_health()
    rows = [one.row for one in found.places]
    context = {
        "front": found,
        "feeds": feeds,
        "why_empty": health.why_empty(feeds, narrowed=False),
        "map": map_points.world(rows, {one.row.pk: one.now for one in found.places}),  # type: ignore[arg-type]
        "face_links": face_answers.links("front-face"),
        "canonical": reverse("front"),
    }
    return page(request, "front.html", context)
