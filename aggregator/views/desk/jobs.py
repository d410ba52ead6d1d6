"""A job of the desk as a page: how it goes, what a dry run found, and the button that makes the change."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from aggregator.errors import CurationError
from aggregator.models import Article
from aggregator.services import independence, rereading, text_edits
from aggregator.services import vocabulary_edits as edits
from aggregator.services.roles import MAY_CURATE
from aggregator.views.desk.doors import actor, desk_page, show
from aggregator.views.desk.vocabulary import party_line

TAGS = (("added", "Would get it"), ("removed", "Would lose it"), ("other", "Would be tagged otherwise"))
LISTS = {
    "agency": (("added", "Would be credited to it"), ("removed", "Would be credited to it no more"), ("other", "Would be credited otherwise")),
    "line": (("added", "Would lose passages"), ("removed", "Would regain passages")),
    "publisher": (), "source": (),
}  # fmt: skip
PAGES = {
    "topic": "desk-topic", "region": "desk-region", "conflict": "desk-conflict", "publisher": "desk-publisher",
    "source": "desk-family", "agency": "desk-agency",
}  # fmt: skip
SAMPLES = 4  # texts shown with what would change in them


@desk_page()
def job(request: HttpRequest, pk: str) -> HttpResponse:
    """Show how a job goes, what a dry run found, and the button that applies it."""
    found = edits.find_job(pk)
    some, stories = edits.samples(found), edits.stories(found)
    lists = LISTS.get(found.subject, TAGS)
    context = {
        "title": "Dry run" if found.kind == edits.DRY_RUN else "Change",
        "job": found,
        "subject_page": _subject_page(found),
        "effects": [
            (words, found.effects[what], stories.get(what, []))
            for what, words in independence.WHAT.items()
            if found.effects.get(what)
        ],
        "passages": _passages(found, some) if found.kind == edits.DRY_RUN else [],
        "found": [(words, len(getattr(found, name)), some[name]) for name, words in lists],
        "waiting": edits.waiting(found),
        "differences": _differences(found),
        "is_open": found.state in edits.OPEN,
    }
    return show(request, "desk/job.html", context)


def _subject_page(job: edits.Job) -> tuple[str, str]:
    """Return the address and name of what a job is about."""
    if job.subject == "line":
        return reverse("desk-boilerplate"), "Boilerplate lines"
    return reverse(PAGES[job.subject], args=[job.slug]), job.slug


def _passages(
    job: edits.Job, some: dict[str, list[Article]]
) -> list[tuple[Article, list[rereading.Passage]]]:
    """Return some texts with what a change of a boilerplate line would take out or leave in."""
    if job.subject != "line" or job.state != "done":
        return []
    change = text_edits.line_change(job)
    articles = [*some["added"][:SAMPLES], *some["removed"][:SAMPLES]]
    return [(each, rereading.passages(each.pk, change)) for each in articles]


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
        return "; ".join(party_line(each) if isinstance(each, dict) else str(each) for each in kept)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict)
        else ""
        if value is None
        else str(value)
    )


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
