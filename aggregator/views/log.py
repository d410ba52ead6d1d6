"""The public log: every act of curation, with roles in the place of names."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from aggregator.services import act_log
from aggregator.views.answers import page, public


def log(request: HttpRequest) -> HttpResponse:
    """Show the newest acts."""
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    lines, more = act_log.public_page(before=before)
    return page(request, "log.html", {"lines": lines, "more": more, "canonical": request.path})


def export(request: HttpRequest) -> HttpResponse:
    """Give the log as a table."""
    return public(HttpResponse(act_log.export_csv(public=True), content_type="text/csv; charset=utf-8"))
