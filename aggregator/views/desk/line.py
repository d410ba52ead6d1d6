"""The line at the desk."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aggregator import clock
from aggregator.services import article_desk, line_page, nudge
from aggregator.services.roles import MAY_CURATE
from aggregator.services.settling import retry_held
from aggregator.views.desk.doors import actor, back, desk_page, numbers, show


@desk_page()
def line(request: HttpRequest) -> HttpResponse:
    """Show what is under way, what is held, and what failed."""
    return show(request, "desk/line.html", {"title": "Line", "line": line_page.read_line(clock.now())})


@desk_page(MAY_CURATE)
def retry(request: HttpRequest) -> HttpResponse:
    """Give held articles another chance: the ticked ones, or all of one code."""
    if request.method == "POST":
        code = request.POST.get("code")
        held = line_page.held_ids(code[:40]) if code is not None else numbers(request.POST.getlist("article"))
        done = retry_held(held, actor(request).now)
        nudge.advance()
        messages.success(request, f"{done} article{'s' if done != 1 else ''} will be tried again.")
    return back(request, reverse("desk-line"))


@desk_page()
def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an article with every decision about it."""
    sheet = article_desk.read_article(pk)
    title = sheet.article.title or f"Article {pk}"
    return show(request, "desk/article.html", {"title": title, "sheet": sheet})
