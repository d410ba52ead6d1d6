"""The vocabulary at the desk: topics and their cues, with a dry run; the other rows are edited as rows."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from aggregator.errors import CurationError
from aggregator.models import LogEntry, Topic, TopicGroup
from aggregator.services import vocabulary_edits as edits
from aggregator.services.roles import MAY_CURATE
from aggregator.views.desk.doors import actor, desk_page, show


@desk_page()
def vocabulary(request: HttpRequest) -> HttpResponse:
    """List what can be edited."""
    groups = TopicGroup.objects.prefetch_related("topics")
    return show(request, "desk/vocabulary.html", {"title": "Vocabulary", "groups": groups})


@desk_page(to_post=MAY_CURATE)
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a topic's cues; try or make a change of them."""
    row = Topic.objects.select_related("group").filter(slug=slug).first()
    if row is None:
        raise CurationError(f"There is no topic '{slug}'.", code="topic_unknown")
    if request.method == "POST":
        return _start(request, row)
    context = {
        "title": row.name,
        "topic": row,
        "lists": [(name, "\n".join(row.data.get(name, []))) for name in edits.LISTS],
        "by_language": json.dumps(row.data.get("by_language", {}), ensure_ascii=False, indent=1),
        "log": LogEntry.objects.filter(target_type="topic", target_id=row.pk).order_by("-at", "-pk")[:10],
    }
    return show(request, "desk/topic.html", context)


def _start(request: HttpRequest, row: Topic) -> HttpResponse:
    who = actor(request)
    data = edits.cues_from_form(request.POST, row)
    assert request.user.pk is not None
    job = edits.start(edits.DRY_RUN, row, data, request.user.pk, who.reason)
    return HttpResponseRedirect(reverse("desk-job", args=[job.id]))


@desk_page()
def job(request: HttpRequest, pk: str) -> HttpResponse:
    """Show how a job goes, what a dry run found, and the button that applies it."""
    found = edits.find_job(pk)
    added, removed = edits.samples(found)
    context = {
        "title": "Dry run" if found.kind == edits.DRY_RUN else "Change of cues",
        "job": found, "added": added, "removed": removed, "waiting": edits.waiting(found),
    }  # fmt: skip
    return show(request, "desk/job.html", context)


@desk_page()
def job_state(request: HttpRequest, pk: str) -> JsonResponse:
    """Give a job's state, for the page that waits for it."""
    found = edits.find_job(pk)
    return JsonResponse({"state": found.state, "sentence": found.sentence, "waiting": edits.waiting(found)})


@desk_page(MAY_CURATE)
def job_act(request: HttpRequest, pk: str, name: str) -> HttpResponse:
    """Apply a dry run, or cancel a job."""
    here = HttpResponseRedirect(reverse("desk-job", args=[pk]))
    if request.method != "POST":
        return here
    found = edits.find_job(pk)
    if name == "cancel":
        edits.cancel(pk)
        messages.success(request, "Cancelled.")
        return here
    row = Topic.objects.filter(slug=found.topic).first()
    if row is None or found.kind != edits.DRY_RUN or found.state != "done":
        raise CurationError("Only a dry run that is done can be applied.", code="not_possible")
    assert request.user.pk is not None
    who = actor(request)
    new = edits.start(edits.APPLY, row, found.data, request.user.pk, who.reason or found.reason)
    return HttpResponseRedirect(reverse("desk-job", args=[new.id]))
