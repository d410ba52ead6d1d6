"""The vocabulary at the desk: topics, regions and conflicts, each with a dry run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from aggregator.errors import CurationError
from aggregator.models import Conflict, LogEntry, Region, TopicGroup
from aggregator.services import vocabulary_edits as edits
from aggregator.services import vocabulary_rows as rows
from aggregator.services.curation import undo
from aggregator.services.roles import MAY_CURATE
from aggregator.services.vocabulary_rows import Content, lines
from aggregator.views.desk.doors import actor, desk_page, show

ACTS_SHOWN = 10


@desk_page()
def vocabulary(request: HttpRequest) -> HttpResponse:
    """List what can be edited."""
    context = {
        "title": "Vocabulary",
        "groups": TopicGroup.objects.prefetch_related("topics"),
        "regions": Region.objects.order_by("name").values_list("slug", "name"),
        "conflicts": Conflict.objects.order_by("name").values_list("slug", "name"),
    }
    return show(request, "desk/vocabulary.html", context)


@desk_page(to_post=MAY_CURATE)
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a topic's cues; try a change of them."""
    return _edit(request, "topic", slug, _cues)


@desk_page(to_post=MAY_CURATE)
def region(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a region's names and place; try a change of them."""
    return _edit(request, "region", slug, _region)


@desk_page(to_post=MAY_CURATE)
def conflict(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a conflict with its parties and areas; try a change of them."""
    return _edit(request, "conflict", slug, _conflict)


def _edit(
    request: HttpRequest, kind: str, slug: str, read: Callable[[QueryDict, Content], Content]
) -> HttpResponse:
    row, content = edits.current(kind, slug)
    if request.method == "POST":
        assert request.user.pk is not None
        wanted = read(request.POST, content)
        job = edits.start(edits.DRY_RUN, kind, slug, wanted, request.user.pk, reason=actor(request).reason)
        return HttpResponseRedirect(reverse("desk-job", args=[job.id]))
    data = content["data"]
    log = LogEntry.objects.filter(target_type=kind, target_id=row.pk).select_related("actor", "undone_by")
    context = {
        "title": row.name,
        "row": row,
        "content": content,
        "lists": [(name, "\n".join(data.get(name, []))) for name in rows.CUE_LISTS],
        "names": {name: "\n".join(data.get(name, [])) for name in NAME_LISTS},
        "by_language": json.dumps(data.get(LANGUAGES[kind], {}), ensure_ascii=False, indent=1),
        "parties": "\n".join(party_line(each) for each in content.get("parties", [])),
        "log": [(entry, undo.can_undo(entry)) for entry in log.order_by("-at", "-pk")[:ACTS_SHOWN]],
    }
    return show(request, f"desk/{kind}.html", context)


NAME_LISTS = ("aliases", "cues", "areas", "waters")
LANGUAGES = {"topic": "by_language", "region": "aliases_i18n", "conflict": "aliases_i18n"}


def _by_language(post: QueryDict, example: str) -> dict[str, Any]:
    try:
        found = json.loads(post.get("by_language") or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CurationError(f"By language is JSON, such as {example}.", code="bad_cue")
    return found


def _with(data: Content, **changed: Any) -> Content:
    """Return data with some values changed; an empty one is not added where there was none."""
    return {**data, **{name: value for name, value in changed.items() if value or name in data}}


def _cues(post: QueryDict, content: Content) -> Content:
    lists = {name: lines(post.get(name, "")) for name in rows.CUE_LISTS}
    slug = _line(post, "slug") or content["slug"]
    data = _with(content["data"], **lists, by_language=_by_language(post, '{"fr": ["bombardement"]}'))
    rows.check_cues(data)
    return {"slug": slug, "data": data}


def _region(post: QueryDict, content: Content) -> Content:
    names = {"aliases": lines(post.get("aliases", ""))}
    return {
        "slug": _line(post, "slug") or content["slug"],
        "name": _line(post, "name"),
        "parent": _line(post, "parent") or None,
        "also_in": _line(post, "also_in").split(),
        "status_note": post.get("status_note", "").replace("\x00", "").strip(),
        "data": _with(content["data"], **names, aliases_i18n=_by_language(post, '{"fr": ["Soudan"]}')),
    }


def _conflict(post: QueryDict, content: Content) -> Content:
    names = {name: lines(post.get(name, "")) for name in NAME_LISTS}
    return {
        "slug": _line(post, "slug") or content["slug"],
        **{name: _line(post, name) for name in ("name", "status", "status_as_of", "type")},
        "regions": sorted(set(_line(post, "regions").split())),
        "started_on": _line(post, "started_on") or None,
        "note": post.get("note", "").replace("\x00", "").strip(),
        "data": _with(content["data"], **names),
        "parties": [_party(n, each) for n, each in enumerate(lines(post.get("parties", "")))],
    }


def _line(post: QueryDict, name: str) -> str:
    return " ".join(post.get(name, "").replace("\x00", "").split())


def _party(position: int, line: str) -> dict[str, Any]:
    """Return a party written as `name | side | kind | other name; other name`."""
    name, side, kind, aliases = (*(part.strip() for part in line.split("|", 3)), "", "", "")[:4]
    others = [each.strip() for each in aliases.split(";") if each.strip()]
    return {"name": name, "side": side, "kind": kind, "aliases": others, "position": position}


def party_line(party: dict[str, Any]) -> str:
    """Return a party as a curator writes it."""
    parts = [party["name"], party["side"], party["kind"], "; ".join(party["aliases"])]
    return " | ".join(parts).rstrip(" |")
