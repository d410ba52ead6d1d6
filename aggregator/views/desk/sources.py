"""Outlets at the desk: the list, adding one, and its page."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from aggregator import clock
from aggregator.errors import AggregatorError
from aggregator.models import LogEntry, Region, Source
from aggregator.pipeline.opml import MAX_BYTES
from aggregator.services import feed_care, fetching, opml, site_previews, source_lists, sourcing
from aggregator.services.curation import undo, withdrawing
from aggregator.services.roles import MAY_CURATE, MAY_LOOK
from aggregator.views.desk.doors import actor, back, desk_page, number, numbers, show

PER_PAGE = 100
KINDS = (
    "national", "public-broadcaster", "regional", "analysis", "state-aligned", "state-media", "state-funded",
    "investigative", "igo", "specialist", "wire", "official", "aggregator", "ngo", "advocacy-press", "opposition-press",
)  # fmt: skip


@desk_page()
def sources(request: HttpRequest) -> HttpResponse:
    """List outlets by name, one status or all, a hundred a page."""
    status, words, after = (request.GET.get(name, "")[:230] for name in ("status", "q", "after"))
    rows = Source.objects.select_related("publisher").prefetch_related("feeds").order_by("name", "pk")
    if status in Source.Status.values:
        rows = rows.filter(status=status)
    if words.strip():
        rows = rows.filter(name__icontains=words.replace("\x00", "").strip())
    pk, _, name = after.replace("\x00", "").partition(" ")
    if number(pk) is not None:
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=number(pk)))
    found, counts = list(rows[: PER_PAGE + 1]), sourcing.status_counts()
    context = {
        "title": "Sources",
        "sources": found[:PER_PAGE],
        "more": f"{found[PER_PAGE - 1].pk} {found[PER_PAGE - 1].name}" if len(found) > PER_PAGE else "",
        "status": status,
        "statuses": [(value, label, counts.get(value, 0)) for value, label in Source.Status.choices],
        "total": sum(counts.values()),
        "q": words,
    }
    return show(request, "desk/sources.html", context)


@desk_page(MAY_CURATE)
def add(request: HttpRequest) -> HttpResponse:
    """Paste an address, see what is there, and propose or approve it."""
    address = request.POST.get("address", "").replace("\x00", "").strip()[:2000]
    context = {"title": "Add a source", "address": address, "kinds": KINDS}
    if request.method != "POST" or not address:
        return show(request, "desk/source_add.html", context)
    try:
        found = site_previews.preview(fetching.open_network(), address, clock.now())
    except AggregatorError as error:
        return show(request, "desk/source_add.html", {**context, "error": error.sentence}, status=400)
    regions = Region.objects.order_by("name").values_list("slug", "name")
    return show(request, "desk/source_add.html", {**context, "found": found, "regions": regions})


@desk_page(MAY_CURATE)
def create(request: HttpRequest) -> HttpResponse:
    """Make the outlet that the preview was about, and approve it when asked to."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("desk-source-add"))
    who, post = actor(request), request.POST
    source = sourcing.propose(who, _wanted(request))
    if post.get("act") == "approve":
        sourcing.change_status(who, [source.pk], "approve")
    messages.success(
        request, f"{source.name} is {'read from now on' if post.get('act') == 'approve' else 'proposed'}."
    )
    return HttpResponseRedirect(reverse("desk-source", args=[source.pk]))


def _wanted(request: HttpRequest) -> sourcing.Wanted:
    post = request.POST
    titles = {url: title for url, _, title in (each.partition(" ") for each in post.getlist("title")[:50])}
    return sourcing.Wanted(
        name=post.get("name", ""),
        homepage=post.get("homepage", "")[:500],
        feeds=tuple((url, titles.get(url, "")) for url in post.getlist("feed")[:50]),
        publisher_id=number(post.get("publisher")),
        country=post.get("country", ""),
        language=post.get("language", ""),
        home_region=post.get("home_region", "")[:80],
        kind=post.get("kind", ""),
        state_control=number(post.get("state_control")) or 0,
    )


@desk_page()
def source(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an outlet with its feeds, what may be done about it, and its log."""
    row = sourcing.find_source(pk)
    acts = [act for act, (before, _) in sourcing.MOVES.items() if row.status in before]
    log = LogEntry.objects.filter(target_type="source", target_id=pk).select_related("actor", "undone_by")
    context = {
        "title": row.name,
        "source": row,
        "lines": feed_care.list_feeds(clock.now(), source=pk),
        "acts": acts,
        "log": [(entry, undo.can_undo(entry)) for entry in log.order_by("-at", "-pk")[:20]],
    }
    return show(request, "desk/source.html", context)


@desk_page(MAY_CURATE)
def selector(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a selector on an outlet's newest pages, and keep it."""
    row = sourcing.find_source(pk)
    given = request.POST.get("selector", row.extraction_selector).replace("\x00", "").strip()[:300]
    context = {"title": f"Extraction: {row.name}", "source": row, "selector": given}
    if request.method == "POST" and request.POST.get("act") == "keep":
        sourcing.keep_selector(actor(request), pk, given)
        messages.success(request, "The selector is kept.")
        return HttpResponseRedirect(reverse("desk-source", args=[pk]))
    if request.method == "POST":
        try:
            context["items"] = site_previews.try_selector(fetching.open_network(), pk, given, clock.now())
        except AggregatorError as error:
            context["error"] = error.sentence
    return show(request, "desk/selector.html", context)


@desk_page(MAY_CURATE)
def change_status(request: HttpRequest) -> HttpResponse:
    """Approve, reject, pause or retire one outlet or many."""
    if request.method == "POST":
        ids = numbers(request.POST.getlist("source"))
        done = sourcing.change_status(actor(request), ids, request.POST.get("act", ""))
        messages.success(request, f"{done} source{'s' if done != 1 else ''} changed.")
    return back(request, reverse("desk-sources"))


@desk_page(MAY_CURATE)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an outlet with all its articles, for good."""
    if request.method == "POST":
        withdrawing.withdraw_source(actor(request), pk)
        messages.success(request, "The outlet is withdrawn; the words of its articles are being taken out.")
    return HttpResponseRedirect(reverse("desk-source", args=[pk]))


@desk_page(MAY_CURATE)
def import_list(request: HttpRequest) -> HttpResponse:
    """Read a list of feeds, show what it would do, and do it."""
    context: dict[str, object] = {"title": "Import a list"}
    if request.method == "POST" and request.POST.get("token"):
        done = source_lists.apply(
            actor(request), request.POST["token"], approve=bool(request.POST.get("approve"))
        )
        messages.success(
            request, f"{done.feeds} feeds of {done.sources} new sources added, {done.known} known already."
        )
        return HttpResponseRedirect(reverse("desk-sources"))
    upload = request.FILES.get("file") if request.method == "POST" else None
    if upload is None:
        return show(request, "desk/import.html", context)
    document = upload.read(MAX_BYTES + 1)
    try:
        plan = source_lists.plan(document)
    except AggregatorError as error:
        return show(request, "desk/import.html", {**context, "error": error.sentence}, status=400)
    assert request.user.pk is not None
    token = source_lists.keep(document, request.user.pk)
    return show(request, "desk/import.html", {**context, "plan": plan, "token": token})


@desk_page(MAY_LOOK)
def export(request: HttpRequest, ending: str) -> HttpResponse:
    """Give the approved outlets' feeds as OPML or CSV."""
    if ending == "opml":
        response = HttpResponse(
            opml.export_opml("Newsroom sources"), content_type="text/x-opml; charset=utf-8"
        )
    else:
        response = HttpResponse(source_lists.export_csv(), content_type="text/csv; charset=utf-8")
    name = source_lists.export_name(clock.now(), ending)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
