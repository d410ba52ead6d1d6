"""The read-only API: the same lists as the pages, as JSON, with cursors. Open to every site, without a key."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from ninja import NinjaAPI, Query, Status
from ninja.errors import ValidationError

from aggregator.models import Article
from aggregator.services import (
    article_page,
    filters,
    limits,
    slugs,
    source_page,
    story_page,
    subjects,
    timelines,
)
from aggregator.services import search as search_service
from aggregator.services.article_page import GoneError
from aggregator.services.cards import Card
from aggregator.services.filters import FilterError
from aggregator.services.story_page import RetiredError
from aggregator.services.subjects import MovedError, UnknownError
from aggregator.views.answers import public
from aggregator.views.api_shapes import (
    ArticleOut,
    ArticlePageOut,
    ListQuery,
    Named,
    Page,
    Sentence,
    SourceOut,
    StoryDetail,
)
from aggregator.views.reports import sender

api = NinjaAPI(
    title="Newsroom",
    version="1",
    description="Stories, articles and outlets as the pages show them. Read-only; no key; no cookie.",
    urls_namespace="api",
    docs_url=None,
)


WRONG = {400: Sentence, 404: Sentence, 410: Sentence, 429: Sentence}


@api.exception_handler(ValidationError)
def _unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Say in one sentence which value cannot be read."""
    first = error.errors[0]
    return api.create_response(request, {"detail": f"{first['loc'][-1]}: {first['msg']}."}, status=400)


class _TooManyError(Exception):
    """One address has asked oftener than a reader would; the sentence says how often it may."""


def _door(view: Callable[..., Any]) -> Callable[..., Any]:
    """Count the sender, and answer what cannot be found or read with one sentence."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not limits.allowed(sender(request), "api"):
            return Status(429, {"detail": f"At most {settings.LIMITS['api'][0]} requests a minute."})
        try:
            return Status(200, view(request, *args, **kwargs))
        except _TooManyError as error:
            return Status(429, {"detail": str(error)})
        except FilterError as error:
            return Status(400, {"detail": str(error)})
        except MovedError as moved:
            return _moved(request, moved, kwargs.get("kind", ""), kwargs.get("slug", ""))
        except RetiredError as moved:
            return HttpResponsePermanentRedirect(f"{request.path.rpartition('/')[0]}/{moved.target.pk}")
        except GoneError:
            return Status(410, {"detail": "It was withdrawn."})
        except UnknownError:
            return Status(404, {"detail": "There is no such thing here."})

    return answer


def _moved(request: HttpRequest, moved: MovedError, kind: str, slug: str) -> HttpResponse:
    """Lead from a retired slug, of the list or of one of its filters, to the one of now."""
    path = request.path
    if slugs.current(kind, slug) == moved.target:
        path = path.replace(f"/{slug}/", f"/{moved.target}/")
    query = urlencode(slugs.moved_query(request.GET.dict()))
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)


@api.get("/{kind}s/{slug}/stories", response={200: Page, **WRONG}, operation_id="list_stories")
@_door
def list_stories(request: HttpRequest, kind: str, slug: str, query: Query[ListQuery]) -> Any:
    """Return a page of a timeline; `kind` is region, topic or conflict."""
    if kind not in ("region", "topic", "conflict") or not filters.SLUG.fullmatch(slug):
        raise UnknownError(slug, [])
    asked = filters.read(
        {**query.dict(), "from": query.from_, "before": query.cursor},
        default_order=filters.REPORT if kind == "region" else filters.EVENT,
    )
    found = timelines.read(timelines.subject_of(kind, slug, asked), asked)
    following = dict(pair.split("=", 1) for pair in found.older.split("&") if pair).get("before")
    return {"items": [_story(card) for card in found.all_cards], "next": following}


@api.get("/stories/{pk}", response={200: StoryDetail, **WRONG}, operation_id="get_story")
@_door
def get_story(request: HttpRequest, pk: int) -> Any:
    """Return a story with its articles."""
    from aggregator.services.cards import card_of_story

    found = story_page.read_story(pk)
    members = [_article(report.article) for report in found.reports]
    return {**_story(card_of_story(found.story)), "members": members}


@api.get("/articles/{pk}", response={200: ArticleOut, **WRONG}, operation_id="get_article")
@_door
def get_article(request: HttpRequest, pk: int) -> Any:
    """Return an article."""
    return _article(article_page.read_article(pk).article)


@api.get("/search", response={200: ArticlePageOut, **WRONG}, operation_id="search")
@_door
def search(request: HttpRequest, q: str, query: Query[ListQuery]) -> Any:
    """Return articles that match, newest first."""
    asked = filters.read({**query.dict(), "from": query.from_, "before": query.cursor})
    wanted = search_service.read_query(q)
    if wanted.empty:
        raise FilterError("q", "Say what to look for.")
    if not limits.allowed(sender(request), "search"):
        raise _TooManyError(f"At most {settings.LIMITS['search'][0]} searches a minute.")
    found = search_service.search(wanted, asked)
    return {"items": [_article(hit.article) for hit in found.hits], "next": found.older or None}


@api.get("/sources", response={200: list[SourceOut], **WRONG}, operation_id="list_sources")
@_door
def list_sources(request: HttpRequest) -> Any:
    """Return the outlets that are read."""
    return [_source(source) for source in source_page.all_sources()]


@api.get("/regions", response={200: list[Named], **WRONG}, operation_id="list_regions")
@_door
def list_regions(request: HttpRequest) -> Any:
    """Return all regions."""
    return subjects.names("region")


@api.get("/topics", response={200: list[Named], **WRONG}, operation_id="list_topics")
@_door
def list_topics(request: HttpRequest) -> Any:
    """Return all topics."""
    return subjects.names("topic")


@api.get("/conflicts", response={200: list[Named], **WRONG}, operation_id="list_conflicts")
@_door
def list_conflicts(request: HttpRequest) -> Any:
    """Return all conflicts."""
    return subjects.names("conflict")


def _story(card: Card) -> dict[str, Any]:
    story = card.story
    return {
        "id": story.pk,
        "url": story.get_absolute_url(),
        "headline": story.headline,
        "extract": story.extract,
        "language": story.language,
        "first_reported_at": story.first_at,
        "last_reported_at": story.last_at,
        "changed_at": story.changed_at,
        "happened_on": story.happened_on,
        "happened_precision": story.happened_precision,
        "origins": story.origin_count,
        "outlets": story.source_count,
        "articles": story.article_count,
        "is_key": story.is_key,
        **{name: story.card.get(name) or [] for name in ("regions", "topics", "conflicts")},
    }


def _article(article: Article) -> dict[str, Any]:
    return {
        "id": article.pk,
        "url": article.url,
        "page": article.get_absolute_url(),
        "title": article.title,
        "extract": article.extract,
        "language": article.language,
        "source": {"slug": article.source.slug, "name": article.source.name},
        "reported_at": article.reported_at,
        "found_at": article.found_at,
        "copy_kind": article.copy_kind,
        "copy_of": article.copy_of_id,
        "origin": article.origin.name if article.origin else "",
    }


def _source(source: Any) -> dict[str, Any]:
    names = ("slug", "name", "homepage", "country", "languages", "kind", "state_control")
    return {**{name: getattr(source, name) for name in names}, "publisher": source.publisher.name}


def opened() -> Any:
    """Return the addresses of the API, each readable from other sites."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        pattern.callback = _open_to_all(pattern.callback)
    return patterns, app_name, namespace


def _open_to_all(view: Any) -> Callable[..., HttpResponse]:
    """Let other sites read an answer, and shared caches keep a good one."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        return public(response) if response.status_code == 200 else response

    return answer
