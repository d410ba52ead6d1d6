"""The vocabulary at the desk: topics, regions and conflicts, each with a dry run; other rows are edited as rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
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
        "parties": "\n".join(_party_line(each) for each in content.get("parties", [])),
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
    data = _with(content["data"], **lists, by_language=_by_language(post, '{"fr": ["bombardement"]}'))
    rows.check_cues(data)
    return {"data": data}


def _region(post: QueryDict, content: Content) -> Content:
    names = {"aliases": lines(post.get("aliases", ""))}
    return {
        "name": _line(post, "name"),
        "parent": _line(post, "parent") or None,
        "also_in": _line(post, "also_in").split(),
        "status_note": post.get("status_note", "").replace("\x00", "").strip(),
        "data": _with(content["data"], **names, aliases_i18n=_by_language(post, '{"fr": ["Soudan"]}')),
    }


def _conflict(post: QueryDict, content: Content) -> Content:
    names = {name: lines(post.get(name, "")) for name in NAME_LISTS}
    return {
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


def _party_line(party: dict[str, Any]) -> str:
    parts = [party["name"], party["side"], party["kind"], "; ".join(party["aliases"])]
    return " | ".join(parts).rstrip(" |")


@desk_page()
def job(request: HttpRequest, pk: str) -> HttpResponse:
    """Show how a job goes, what a dry run found, and the button that applies it."""
    found = edits.find_job(pk)
    lists = (("added", "Would get it"), ("removed", "Would lose it"), ("other", "Would be tagged otherwise"))
    some = edits.samples(found)
    context = {
        "title": "Dry run" if found.kind == edits.DRY_RUN else "Change",
        "job": found,
        "found": [(words, len(getattr(found, name)), some[name]) for name, words in lists],
        "waiting": edits.waiting(found),
        "differences": _differences(found),
        "is_open": found.state in edits.OPEN,
    }
    return show(request, "desk/job.html", context)


def _differences(job: edits.Job) -> list[tuple[str, str, str]]:
    """Return (field, before, after) of what a job changes."""
    before, after = ({**each, **each.get("data", {})} for each in (job.before, job.content))
    return [
        (
            name.replace("_", " "),
            _told(before.get(name), after.get(name)),
            _told(after.get(name), before.get(name)),
        )
        for name in sorted({*before, *after} - {"data"})
        if job.before and before.get(name) != after.get(name)
    ]


def _told(value: Any, other: Any) -> str:
    """Return a value in words; of a list only what the other one has not."""
    if isinstance(value, list):
        kept = [each for each in value if not isinstance(other, list) or each not in other]
        return "; ".join(_party_line(each) if isinstance(each, dict) else str(each) for each in kept)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value or "")


@desk_page()
def job_state(request: HttpRequest, pk: str) -> JsonResponse:
    """Give a job's state, for the page that waits for it."""
    found = edits.find_job(pk)
    edits.look_after(found)
    waiting = edits.waiting(found)
    state = {"state": found.state, "sentence": found.sentence, "waiting": waiting, "percent": found.percent}
    return JsonResponse(state)


@desk_page(MAY_CURATE)
def job_act(request: HttpRequest, pk: str, name: str) -> HttpResponse:
    """Apply a dry run, or cancel a job."""
    here = HttpResponseRedirect(reverse("desk-job", args=[pk]))
    if request.method != "POST":
        return here
    found = edits.find_job(pk)
    if name == "cancel":
        edits.cancel(pk)
        messages.success(request, "It is being cancelled.")
        return here
    if name != "apply" or found.kind != edits.DRY_RUN or found.state != "done":
        raise CurationError("Only a dry run that is done can be applied.", code="not_possible")
    assert request.user.pk is not None
    reason = actor(request).reason or found.reason
    new = edits.start(edits.APPLY, found.subject, found.slug, found.content, request.user.pk, reason=reason)
    return HttpResponseRedirect(reverse("desk-job", args=[new.id]))
