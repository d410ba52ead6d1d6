"""Publishers, outlets' families, agencies and boilerplate at the desk: each is changed with a dry run."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from aggregator.errors import CurationError
from aggregator.models import LearnedLine, LogEntry, Publisher, Source
from aggregator.services import family_rows, vocabulary_lists
from aggregator.services import vocabulary_edits as edits
from aggregator.services.curation import undo
from aggregator.services.roles import MAY_CURATE
from aggregator.services.vocabulary_rows import Content, lines
from aggregator.views.desk.doors import actor, desk_page, number, show

ACTS_SHOWN = 10
CONTROL = (
    (0, "0: none known"),
    (1, "1: public funds, independent by law"),
    (2, "2: under influence of a state"),
    (3, "3: controlled by a state"),
)


@desk_page()
def publishers(request: HttpRequest) -> HttpResponse:
    """List publishers with their families and outlets."""
    said = _line(request.GET, "q")[:80]
    part = vocabulary_lists.publishers(said, request.GET.get("after", "").replace("\x00", "")[:200])
    return show(request, "desk/publishers.html", {"title": "Publishers", "part": part, "said": said})


@desk_page(to_post=MAY_CURATE)
def publisher(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a publisher, its family and outlets; try a change of it."""
    row, content = edits.current("publisher", slug)
    if request.method == "POST":
        return _dry_run(request, "publisher", row.slug, _publisher(request.POST, content))
    assert isinstance(row, Publisher)
    context = {
        "domains": "\n".join(content["homepage_domains"]),
        "family": vocabulary_lists.family_of(row),
        "outlets": vocabulary_lists.outlets_of(row),
    }
    return _page(request, "publisher", row, content, context)


@desk_page(to_post=MAY_CURATE)
def outlet(request: HttpRequest, slug: str) -> HttpResponse:
    """Show whose an outlet is; try a change of that."""
    row, content = edits.current("source", slug)
    if request.method == "POST":
        return _dry_run(request, "source", slug, _outlet(request.POST, content))
    assert isinstance(row, Source)
    publishers = Publisher.objects.order_by("name").values_list("slug", "name")
    return _page(request, "source", row, content, {"publishers": publishers})


@desk_page()
def agencies(request: HttpRequest) -> HttpResponse:
    """List wire agencies and how they are named."""
    context = {"title": "Agencies", "agencies": vocabulary_lists.agencies()}
    return show(request, "desk/agencies.html", context)


@desk_page(to_post=MAY_CURATE)
def agency(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the forms that name an agency; try a change of them."""
    row, content = edits.current("agency", slug)
    if request.method == "POST":
        return _dry_run(request, "agency", slug, _agency(request.POST))
    texts = {name: "\n".join(content[name]) for name in ("forms", "personal", "domains")}
    return _page(request, "agency", row, content, {"texts": texts})


@desk_page(to_post=MAY_CURATE)
def boilerplate(request: HttpRequest) -> HttpResponse:
    """List the lines that are taken out of outlets' texts; try a new one."""
    if request.method == "POST":
        return _try_line(request)
    state, said = request.GET.get("state", ""), _line(request.GET, "outlet")[:80]
    context = {
        "title": "Boilerplate lines",
        "part": vocabulary_lists.lines(state, said, request.GET.get("after", "")),
        "states": list(vocabulary_lists.STATES.items()),
        "state": state if state in vocabulary_lists.STATES else "",
        "said": said,
    }
    return show(request, "desk/lines.html", context)


def _try_line(request: HttpRequest) -> HttpResponse:
    source = Source.objects.filter(slug=_line(request.POST, "outlet")).first()
    if source is None:
        raise CurationError("Name the outlet by its slug, as in its address.", code="value_bad")
    said = request.POST.get("line", "").replace("\x00", "").strip()
    if "\n" in said:
        raise CurationError("A rule is one line, as it stands in the text.", code="value_bad")
    content = {"source": source.slug, "line": said, "active": True}
    return _dry_run(request, "line", family_rows.line_slug(source.slug, said), content)


@desk_page(to_post=MAY_CURATE)
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a boilerplate line; try switching it off or on."""
    row = LearnedLine.objects.select_related("source", "example").filter(pk=pk).first()
    if row is None:
        raise CurationError("There is no such line.", code="line_unknown")
    content = {"source": row.source.slug, "line": row.line, "active": row.active}
    if request.method == "POST":
        slug = f"{row.source.slug}:{row.line_hash}"
        return _dry_run(request, "line", slug, {**content, "active": not row.active})
    return _page(request, "line", row, content, {"title": row.line[:80]})


# -- what all of them share ------------------------------------------------------------------


def _dry_run(request: HttpRequest, subject: str, slug: str, wanted: Content) -> HttpResponse:
    assert request.user.pk is not None
    job = edits.start(edits.DRY_RUN, subject, slug, wanted, request.user.pk, reason=actor(request).reason)
    return HttpResponseRedirect(reverse("desk-job", args=[job.id]))


def _page(
    request: HttpRequest, subject: str, row: Any, content: Content, context: dict[str, Any]
) -> HttpResponse:
    acts = LogEntry.objects.filter(target_type=row._meta.model_name, target_id=row.pk)
    acts = acts.select_related("actor", "undone_by").order_by("-at", "-pk")
    shared = {
        "title": str(row),
        "row": row,
        "content": content,
        "control": CONTROL,
        "log": [(entry, undo.can_undo(entry)) for entry in acts[:ACTS_SHOWN]],
    }
    return show(request, TEMPLATES[subject], {**shared, **context})


TEMPLATES = {
    "publisher": "desk/publisher.html",
    "source": "desk/family.html",
    "agency": "desk/agency.html",
    "line": "desk/boilerplate.html",
}


def _publisher(post: QueryDict, content: Content) -> Content:
    slug = _line(post, "slug") or content["slug"]
    group = _line(post, "owner_group")
    if slug != content["slug"] and not group:
        group = content["slug"]  # it goes on counting under the name that its family had
    return {
        "slug": slug,
        "name": _line(post, "name"),
        "country": _line(post, "country").upper(),
        "owner_group": group,
        "owner_note": _text(post, "owner_note"),
        "state_control": _control(post),
        "state_control_basis": _text(post, "state_control_basis"),
        "homepage_domains": [each.lower() for each in lines(post.get("homepage_domains", ""))],
    }


def _outlet(post: QueryDict, content: Content) -> Content:
    return {
        "slug": _line(post, "slug") or content["slug"],
        "publisher": _line(post, "publisher") or content["publisher"],
        "state_control": _control(post),
        "kind": _line(post, "kind") or content["kind"],
    }


def _agency(post: QueryDict) -> Content:
    return {
        "name": _line(post, "name"),
        "domains": [each.lower() for each in lines(post.get("domains", ""))],
        "forms": lines(post.get("forms", "")),
        "personal": lines(post.get("personal", "")),
        "state_control": _control(post),
        "active": bool(post.get("active")),
    }


def _control(post: QueryDict) -> int:
    found = number(post.get("state_control"))
    return -1 if found is None else found  # which is refused in a sentence


def _line(post: QueryDict, name: str) -> str:
    return " ".join(post.get(name, "").replace("\x00", "").split())


def _text(post: QueryDict, name: str) -> str:
    return post.get(name, "").replace("\x00", "").strip()
