"""The addresses that readers see: permanent nouns. Included by newsroom/urls.py."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, register_converter

from aggregator.views import (
    about,
    account,
    api,
    articles,
    digests,
    embeds,
    followed,
    following,
    front,
    lists,
    log,
    reports,
    search,
    sources,
    stories,
)


class FaceConverter:
    """The ending of a face."""

    regex = "atom|json|csv|geojson|ics"

    def to_python(self, value: str) -> str:
        """Return the ending as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """Return the ending as it stands."""
        return value


register_converter(FaceConverter, "face")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", front.front, name="front"),
    path("feed.<face:face>", front.front, name="front-face"),
    path("regions/", lists.regions, name="regions"),
    path("regions/<slug:slug>/", lists.region, name="region"),
    path("regions/<slug:slug>.<face:face>", lists.region, name="region-face"),
    path("regions/<slug:slug>.opml", sources.region_opml, name="region-opml"),
    path("topics/", lists.topics, name="topics"),
    path("topics/<slug:slug>/", lists.topic, name="topic"),
    path("topics/<slug:slug>.<face:face>", lists.topic, name="topic-face"),
    path("conflicts/", lists.conflicts, name="conflicts"),
    path("conflicts/<slug:slug>/", lists.conflict, name="conflict"),
    path("conflicts/<slug:slug>.<face:face>", lists.conflict, name="conflict-face"),
    path("stories/<int:pk>/", stories.story, name="story-id"),
    path("stories/<int:pk>.<face:face>", stories.story, name="story-face"),
    path("stories/<int:pk>.bib", stories.citation, {"form": "bib"}, name="story-bibtex"),
    path("stories/<int:pk>.ris", stories.citation, {"form": "ris"}, name="story-ris"),
    path("stories/<int:pk>.png", stories.picture, name="story-picture"),
    path("stories/<int:pk>-<str:slug>/", stories.story, name="story"),
    path("articles/<int:pk>/", articles.article, name="article"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<slug:slug>/", sources.source, name="source"),
    path("sources/<slug:slug>.<face:face>", sources.source, name="source-face"),
    path("embed/<str:kind>/<slug:slug>/", embeds.embed, name="embed"),
    path("manifest.webmanifest", about.manifest, name="manifest"),
    path("search/", search.search, name="search"),
    path("search.<face:face>", search.search, name="search-face"),
    path("report/thanks/", reports.thanks, name="report-thanks"),
    path("report/<str:kind>/<int:pk>/", reports.report, name="report"),
    path("following/", following.following, name="following"),
    path("following/<slug:token>.<face:face>", followed.private_feed, name="private-feed"),
    path("account/", followed.lists, name="account"),
    path("account/follow/", followed.follow, name="account-follow"),
    path("account/settings/", account.settings_page, name="account-settings"),
    path("account/sign-in/", account.sign_in, name="account-sign-in"),
    path("account/sign-up/", account.sign_up, name="account-sign-up"),
    path("account/sign-out/", account.sign_out, name="account-sign-out"),
    path("account/mail/<str:token>/", account.confirm_mail, name="account-mail"),
    path("account/<slug:name>/", followed.act, name="account-act"),
    path("digests/", digests.ask, name="digest"),
    path("digests/confirm/<slug:token>/", digests.confirm, name="digest-confirm"),
    path("digests/leave/<slug:token>/", digests.leave, name="digest-leave"),
    path("log/", log.log, name="log"),
    path("log.csv", log.export, name="log-csv"),
    path("robots.txt", about.robots, name="robots"),
    path("status/", about.status, name="status"),
    path("api/", about.api_docs, name="api-docs"),
    path("api/v1/", api.opened()),
    path("methodology/", about.methodology, name="methodology"),
]
