"""Stories at the desk: find one, see what the line thought, and put right what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from aggregator.errors import CurationError
from aggregator.models import Conflict, LogEntry, Region, Topic
from aggregator.services import previews, story_desk
from aggregator.services.curation import membership, tagging, undo, verdicts, visibility
from aggregator.services.curation.acts import Actor, need_reason
from aggregator.services.roles import MAY_CURATE
from aggregator.views.desk.doors import actor, back, desk_page, did, number, numbers, show

SUBJECTS: dict[str, type[Region] | type[Topic] | type[Conflict]] = {
    "region": Region, "topic": Topic, "conflict": Conflict,
}  # fmt: skip


@desk_page()
def stories(request: HttpRequest) -> HttpResponse:
    """Find stories by words, number or address."""
    words = request.GET.get("q", "")[:300]
    found = story_desk.find_stories(words, before=number(request.GET.get("before")) or 0)
    context = {
        "title": "Stories",
        "q": words,
        "stories": found[: story_desk.PER_PAGE],
        "more": found[story_desk.PER_PAGE - 1].pk if len(found) > story_desk.PER_PAGE else 0,
    }
    return show(request, "desk/stories.html", context)


@desk_page()
def story(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the workbench of one story."""
    bench = story_desk.read_bench(pk)
    context = {
        "title": bench.story.headline or f"Story {pk}",
        "bench": bench,
        "story": bench.story,
        "log": [(entry, undo.can_undo(entry)) for entry in bench.log],
        "suggestions": story_desk.suggestions(bench.story) if not bench.story.retired_into_id else [],
        "vocabulary": vocabulary_lists(),
    }
    return show(request, "desk/story.html", context)


def vocabulary_lists() -> dict[str, list[tuple[str, str]]]:
    """Return (slug, name) of everything that a story can be tagged with; three queries."""
    return {
        name + "s": list(model.objects.order_by("name").values_list("slug", "name"))
        for name, model in SUBJECTS.items()
    }


@desk_page(MAY_CURATE)
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a merge would change; with a reason, do it."""
    other = story_desk.story_number((request.POST or request.GET).get("other", ""))
    if not other:
        raise CurationError("Give the number or the address of the other story.", code="story_unknown")
    if request.method == "POST":
        seen, seen_other = _seen(request), number(request.POST.get("seen_other"))
        entry = _guarded(
            pk, lambda: membership.merge_stories(actor(request), pk, other, seen=seen, seen_other=seen_other)
        )
        _tell(request, "The stories are one now.", entry)
        return HttpResponseRedirect(did(back(request, reverse("desk-story", args=[pk])).url, entry))
    preview = story_desk.preview_merge(pk, other)
    left, right = story_desk.read_bench(pk), story_desk.read_bench(other)
    context = {
        "title": "Merge two stories",
        "preview": preview,
        "sides": (left, right),
        "story": preview.survivor,
    }
    return show(request, "desk/merge.html", context)


@desk_page(MAY_CURATE)
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Do one act on a story."""
    here = reverse("desk-story", args=[pk])
    if request.method != "POST":
        return HttpResponseRedirect(here)
    if name not in ACTS:
        raise CurationError("There is no such act on a story.", code="act_not_known")
    sentence, do = ACTS[name]
    if request.POST.get("preview"):
        return _preview(request, pk, name, do)
    entry = _guarded(pk, lambda: do(actor(request), pk, request))
    _tell(request, sentence, entry)
    return HttpResponseRedirect(did(back(request, here).url, entry))


def _preview(
    request: HttpRequest, pk: int, name: str, do: Callable[[Actor, int, HttpRequest], LogEntry]
) -> HttpResponse:
    """Show what an act would change, with a button that does it."""
    if name in NOT_TRIED:
        raise CurationError("This act is done at once or not at all.", code="not_possible")
    who = actor(request)
    effect = previews.preview_act(pk, lambda: _guarded(pk, lambda: do(who, pk, request)))
    given = [(key, value) for key in request.POST for value in request.POST.getlist(key)]
    context = {
        "title": f"Before you {name}",
        "story": story_desk.find_story(pk),
        "effect": effect,
        "name": name,
        "given": [(key, value) for key, value in given if key not in ("preview", "csrfmiddlewaretoken")],
    }
    return show(request, "desk/preview.html", context)


def _guarded(pk: int, do: Callable[[], LogEntry]) -> LogEntry:
    """Do an act; when somebody else was faster, say what they did."""
    try:
        return do()
    except CurationError as error:
        if error.code in ("story_changed", "not_a_member", "story_retired"):
            told = f"{error.sentence} {story_desk.last_change(pk)}".strip()
            raise CurationError(told, code=error.code) from None
        raise


def _tell(request: HttpRequest, sentence: str, entry: LogEntry) -> None:
    messages.success(
        request,
        f"{sentence} Act {entry.pk}: it can be undone from the log." if undo.can_undo(entry) else sentence,
    )


def _seen(request: HttpRequest) -> int | None:
    return number(request.POST.get("seen"))


def _split(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    return membership.split_story(who, pk, numbers(request.POST.getlist("article")), seen=_seen(request))[0]


def _move(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    ticked, target = (
        numbers(request.POST.getlist("article")),
        story_desk.story_number(request.POST.get("to", "")),
    )
    if len(ticked) != 1 or not target:
        raise CurationError(
            "Tick one article and give the number of the story to move it to.", code="move_one"
        )
    return membership.move_article(who, ticked[0], target, seen=_seen(request))


def _withdraw(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    ticked = numbers(request.POST.getlist("article"))
    need_reason(who)
    members = {row.article_id for row in story_desk.read_bench(pk).members}
    entries = visibility.withdraw_articles(who, [each for each in ticked if each in members])
    if not entries:
        raise CurationError("Tick the articles to withdraw.", code="nothing_ticked")
    return entries[0]


def _speaker(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    return tagging.set_speaker(who, pk, _one_ticked(request), seen=_seen(request))


def _original(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    return verdicts.mark_original(who, _one_ticked(request))


def _one_ticked(request: HttpRequest) -> int:
    ticked = numbers(request.POST.getlist("article"))
    if len(ticked) != 1:
        raise CurationError("Tick one article.", code="tick_one")
    return ticked[0]


def _date(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    try:
        on = date.fromisoformat(request.POST.get("on", ""))
    except ValueError:
        raise CurationError("Give the day as 2023-09-19.", code="value_bad") from None
    return tagging.set_event_date(who, pk, on, seen=_seen(request))


def _retag(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    slugs = list(dict.fromkeys(slug for slug in request.POST.getlist("slug")[:20] if slug))
    return tagging.retag_story(who, pk, request.POST.get("kind", ""), slugs, seen=_seen(request))


def _pin(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    kind, _, slug = request.POST.get("on", "").partition(":")
    found = SUBJECTS[kind].objects.filter(slug=slug).first() if kind in SUBJECTS else None
    if found is None:
        raise CurationError("Choose the page to pin it on.", code="slug_unknown")
    return visibility.pin_story(who, pk, found, seen=_seen(request))


def _unpin(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    return visibility.unpin_story(who, number(request.POST.get("pin")) or 0)


def _hide(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    return visibility.hide_story(who, pk, seen=_seen(request))


def _apart(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    other = number(request.POST.get("other")) or 0
    return verdicts.keep_apart(who, pk, other, seen=_seen(request))


def _undo(who: Actor, pk: int, request: HttpRequest) -> LogEntry:
    return undo.undo(who, number(request.POST.get("entry")) or 0)


ACTS: dict[str, tuple[str, Callable[[Actor, int, HttpRequest], LogEntry]]] = {
    "split": ("The ticked articles are a story of their own now.", _split),
    "move": ("The article has moved.", _move),
    "withdraw": ("The ticked articles are withdrawn.", _withdraw),
    "speaker": ("The ticked article speaks for the story now.", _speaker),
    "original": ("The article counts as an original now.", _original),
    "date": ("The day of the event is set.", _date),
    "retag": ("The tags are set.", _retag),
    "pin": ("The story is pinned.", _pin),
    "unpin": ("The pin is gone.", _unpin),
    "hide": ("The story is hidden from readers.", _hide),
    "apart": ("The two stories stay two.", _apart),
    "undo": ("The act is undone.", _undo),
}


NOT_TRIED = ("undo", "withdraw", "original")  # what cannot be taken back, or is the line's to do


@desk_page()
def diff(request: HttpRequest, left: int, right: int) -> HttpResponse:
    """Show two articles side by side."""
    return show(request, "desk/diff.html", {"title": "Side by side", "diff": story_desk.compare(left, right)})
