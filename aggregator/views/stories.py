"""Stories."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse

from aggregator.pipeline import citation as citations
from aggregator.pipeline import share_image
from aggregator.services import faces, story_page
from aggregator.services.story_page import RetiredError
from aggregator.views import face_answers
from aggregator.views.answers import page, public, reader_page


@reader_page("story")
def story(request: HttpRequest, pk: int, slug: str = "", face: str = "") -> HttpResponse:
    """Show a story, or its articles as a face; a retired one leads to the one it was merged into."""
    try:
        found = story_page.read_story(pk)
    except RetiredError as retired:
        target = retired.target
        address = reverse("story-face", args=[target.pk, face]) if face else target.get_absolute_url()
        return public(HttpResponsePermanentRedirect(address))
    address = found.story.get_absolute_url()
    if face:
        return _face(request, found, face)
    if slug != (found.story.slug or "story"):
        return public(HttpResponsePermanentRedirect(address))
    context = {
        "page": found,
        "story": found.story,
        "canonical": address,
        "face_links": face_answers.links("story-face", pk, placed=False),
    }
    return page(request, "stories/story.html", context)


def _face(request: HttpRequest, found: story_page.StoryPage, face: str) -> HttpResponse:
    reports = [report.article for report in reversed(found.reports)]
    listed = faces.of_articles(
        reports,
        title=found.story.headline,
        site=face_answers.site(),
        home=found.story.get_absolute_url(),
        own=reverse("story-face", args=[found.story.pk, face]),
    )
    return face_answers.answer(request, listed, face)


@reader_page("story")
def citation(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Give a story for a reference manager, as BibTeX or RIS."""
    try:
        found = story_page.find_story(pk)
    except RetiredError as retired:
        return public(HttpResponsePermanentRedirect(f"/stories/{retired.target.pk}.{form}"))
    cited = citations.Citation(
        number=found.pk,
        title=found.headline,
        site=face_answers.site_name(),
        url=face_answers.site() + reverse("story-id", args=[found.pk]),
        language=found.language,
        published_on=found.first_at.date(),
        changed_at=found.changed_at,
        version=found.version,
    )
    write, kind = CITED[form]
    response = HttpResponse(write(cited), content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="story-{found.pk}.{form}"'
    return public(response, found.changed_at)


CITED = {
    "bib": (citations.bibtex, "application/x-bibtex"),
    "ris": (citations.ris, "application/x-research-info-systems"),
}


@reader_page("story")
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw a story's dots, for share previews."""
    try:
        found = story_page.find_story(pk)
    except RetiredError as retired:
        return public(HttpResponsePermanentRedirect(reverse("story-picture", args=[retired.target.pk])))
    image = share_image.draw(found.origin_count, found.copy_count)
    return public(HttpResponse(image, content_type="image/png"))
