"""Report a mistake: a small form, never cached."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from aggregator import clock
from aggregator.models import Article
from aggregator.services import reports, story_page
from aggregator.services.subjects import UnknownError
from aggregator.views.answers import page, private, reader_page


@reader_page("story")
def report(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Show the form, or store what it brings."""
    story, article = _target(kind, pk)
    back = (story or article).get_absolute_url()  # type: ignore[union-attr]
    context = {"back": back, "kinds": _kinds(), "name": story.headline if story else article.title}  # type: ignore[union-attr]
    if request.method != "POST":
        return private(page(request, "reports/report.html", context))
    if request.POST.get("website"):  # a field that people do not see
        return HttpResponseRedirect(reverse("report-thanks"))
    try:
        reports.file_report(
            request.POST.get("kind", ""),
            request.POST.get("text", ""),
            story=story,
            article=article,
            sender=sender(request),
            now=clock.now(),
        )
    except ValueError:
        context["error"] = _("Please choose what is wrong.")
        return private(page(request, "reports/report.html", context, status=400))
    except reports.TooManyError:
        context["error"] = _("That is more reports than we can take from one address in an hour.")
        return private(page(request, "reports/report.html", context, status=429))
    return HttpResponseRedirect(reverse("report-thanks"))


def thanks(request: HttpRequest) -> HttpResponse:
    """Say that the report has arrived."""
    context = {"heading": _("Thank you"), "sentence": _("Your report is in the curators' queue.")}
    return page(request, "message.html", context)


def sender(request: HttpRequest) -> str:
    """Return the address a request came from; it is only ever used as a digest."""
    return str(request.META.get("REMOTE_ADDR", ""))


def _target(kind: str, pk: int):  # type: ignore[no-untyped-def]
    if kind == "story":
        return story_page.find_story(pk), None
    article = Article.objects.published().filter(pk=pk).first()
    if article is None:
        raise UnknownError(str(pk), [])
    return None, article


def _kinds() -> list[tuple[str, str]]:
    words = {
        "wrong_place": _("It is about another place"),
        "wrong_topic": _("The topic is wrong"),
        "wrong_group": _("An article does not belong with the others"),
        "wrong_origin": _("A copy counts as an origin, or the reverse"),
        "wrong_date": _("The date is wrong"),
        "other": _("Something else"),
    }
    return list(words.items())
