"""The log and the overrides at the desk; undo and lift."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aggregator.models import Override
from aggregator.services import act_log
from aggregator.services.curation import undo as undoing
from aggregator.services.curation import verdicts
from aggregator.services.roles import MAY_CURATE
from aggregator.views.desk.doors import actor, back, desk_page, number, show


@desk_page()
def log(request: HttpRequest) -> HttpResponse:
    """List acts, newest first."""
    act, people_only = request.GET.get("act", "")[:32], request.GET.get("by") == "people"
    page = act_log.desk_page(
        act=act.replace("\x00", ""), people_only=people_only, before=number(request.GET.get("before")) or 0
    )
    lines = [(entry, undoing.can_undo(entry)) for entry in page.entries]
    context = {
        "title": "Log", "lines": lines, "more": page.more, "act": act, "acts": act_log.acts_known(),
        "people_only": people_only,
    }  # fmt: skip
    return show(request, "desk/log.html", context)


@desk_page()
def export(request: HttpRequest) -> HttpResponse:
    """Give the log as a table."""
    response = HttpResponse(act_log.export_csv(public=False), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="newsroom-log.csv"'
    return response


@desk_page(MAY_CURATE)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo one act."""
    if request.method == "POST":
        undoing.undo(actor(request), pk)
        messages.success(request, "The act is undone.")
    return back(request, reverse("desk-log"))


@desk_page()
def overrides(request: HttpRequest) -> HttpResponse:
    """List the overrides that hold, or those that were lifted."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in Override.Kind.values else ""
    lifted = request.GET.get("lifted") == "1"
    rows, more = act_log.overrides(kind=kind, lifted=lifted, before=number(request.GET.get("before")) or 0)
    context = {
        "title": "Overrides", "rows": rows, "more": more, "kind": kind, "kinds": Override.Kind.choices, "lifted": lifted,
    }  # fmt: skip
    return show(request, "desk/overrides.html", context)


@desk_page(MAY_CURATE)
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift one override."""
    if request.method == "POST":
        verdicts.lift_override(actor(request), pk)
        messages.success(request, "The override is lifted; the rules decide again.")
    return back(request, reverse("desk-overrides"))
