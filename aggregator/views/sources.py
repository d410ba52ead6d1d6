"""Outlets."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aggregator.models import Feed, Region
from aggregator.pipeline.faces import opml
from aggregator.services import changes, faces, source_page, subjects
from aggregator.views import face_answers
from aggregator.views.answers import page, public, reader_page
from aggregator.views.paging import page_key


@reader_page("source")
def source(request: HttpRequest, slug: str, face: str = "") -> HttpResponse:
    """Show an outlet, or its newest articles as a face."""
    if face:
        return _face(request, slug, face)
    found = source_page.read_source(slug)
    context = {
        "page": found,
        "source": found.source,
        "face_links": face_answers.links("source-face", slug, placed=False),
        "canonical": found.source.get_absolute_url(),
    }
    return page(request, "sources/source.html", context)


def _face(request: HttpRequest, slug: str, face: str) -> HttpResponse:
    row = source_page.find_source(slug)
    listed = faces.of_articles(
        source_page.recent_articles(row),
        title=f"{row.name} · {face_answers.site_name()}",
        site=face_answers.site(),
        home=row.get_absolute_url(),
        own=reverse("source-face", args=[slug, face]),
    )
    return face_answers.answer(request, listed, face)


def sources(request: HttpRequest) -> HttpResponse:
    """List the outlets that are read."""
    after = page_key(request)
    part = f"{reverse('sources')} {after} {changes.newest().acts}"
    listed = cache(lambda: source_page.listed_sources(after))
    return page(request, "sources/index.html", {"listed": listed, "part": part, "paged": bool(after)})


@reader_page("region")
def region_opml(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the feeds of the outlets at home in a region, for a feed reader."""
    row = subjects.find("region", slug)
    assert isinstance(row, Region)
    rows = source_page.at_home(row)
    feeds = Feed.objects.filter(source__in=rows, enabled=True).order_by("source__name", "title", "pk")
    outlines = faces.outlines(rows, feeds.values_list("source_id", "title", "url"))
    title = f"{row.name} · {face_answers.site_name()}"
    return public(HttpResponse(opml(title, outlines), content_type="text/x-opml; charset=utf-8"))
