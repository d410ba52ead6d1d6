"""Articles: an extract and a link; the text stays with its outlet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from aggregator.services import article_page
from aggregator.services.article_page import GoneError
from aggregator.views.answers import page, reader_page


@reader_page("article")
def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an article's extract, chain, versions and tags; a tombstone when it was withdrawn."""
    try:
        found = article_page.read_article(pk)
    except GoneError as gone:
        return page(request, "articles/gone.html", {"article": gone.article, "log": gone.log}, status=410)
    response = page(request, "articles/article.html", {"page": found, "article": found.article})
    response["X-Robots-Tag"] = "noindex"
    return response
