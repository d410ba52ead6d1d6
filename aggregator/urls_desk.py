"""The desk's own pages; all else under /desk/ is the stock admin. Included by newsroom/urls.py."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from aggregator.views.desk import account, feeds, line, logs, queues, sources, stories, vocabulary

urlpatterns: list[URLPattern | URLResolver] = [
    path("queues/<slug:slug>/", queues.queue, name="desk-queue"),
    path("queues/<slug:slug>/<slug:name>/", queues.act, name="desk-queue-act"),
    path("sources/", sources.sources, name="desk-sources"),
    path("sources/add/", sources.add, name="desk-source-add"),
    path("sources/create/", sources.create, name="desk-source-create"),
    path("sources/status/", sources.change_status, name="desk-source-status"),
    path("sources/import/", sources.import_list, name="desk-source-import"),
    path("sources/export.opml", sources.export, {"ending": "opml"}, name="desk-source-opml"),
    path("sources/export.csv", sources.export, {"ending": "csv"}, name="desk-source-csv"),
    path("sources/<int:pk>/", sources.source, name="desk-source"),
    path("sources/<int:pk>/withdraw/", sources.withdraw, name="desk-source-withdraw"),
    path("sources/<int:pk>/extraction/", sources.selector, name="desk-source-selector"),
    path("feeds/", feeds.feeds, name="desk-feeds"),
    path("feeds/<int:pk>/", feeds.feed, name="desk-feed"),
    path("feeds/<int:pk>/polls.json", feeds.polls, name="desk-feed-polls"),
    path("feeds/<int:pk>/<slug:name>/", feeds.act, name="desk-feed-act"),
    path("stories/", stories.stories, name="desk-stories"),
    path("stories/<int:pk>/", stories.story, name="desk-story"),
    path("stories/<int:pk>/merge/", stories.merge, name="desk-merge"),
    path("stories/<int:pk>/<slug:name>/", stories.act, name="desk-story-act"),
    path("diff/<int:left>/<int:right>/", stories.diff, name="desk-diff"),
    path("articles/<int:pk>/", line.article, name="desk-article"),
    path("overrides/", logs.overrides, name="desk-overrides"),
    path("overrides/<int:pk>/lift/", logs.lift, name="desk-lift"),
    path("log/", logs.log, name="desk-log"),
    path("log.csv", logs.export, name="desk-log-csv"),
    path("log/<int:pk>/undo/", logs.undo, name="desk-undo"),
    path("vocabulary/", vocabulary.vocabulary, name="desk-vocabulary"),
    path("vocabulary/topics/<slug:slug>/", vocabulary.topic, name="desk-topic"),
    path("vocabulary/regions/<slug:slug>/", vocabulary.region, name="desk-region"),
    path("vocabulary/conflicts/<slug:slug>/", vocabulary.conflict, name="desk-conflict"),
    path("jobs/<str:pk>/", vocabulary.job, name="desk-job"),
    path("jobs/<str:pk>/state.json", vocabulary.job_state, name="desk-job-state"),
    path("jobs/<str:pk>/<slug:name>/", vocabulary.job_act, name="desk-job-act"),
    path("line/", line.line, name="desk-line"),
    path("line/retry/", line.retry, name="desk-retry"),
    path("account/", account.account, name="desk-account"),
    path("account/factor/<slug:name>/", account.factor, name="desk-factor"),
    path("account/sessions/", account.everybody, name="desk-sessions"),
    path("account/sessions/end/", account.end_session, name="desk-session-end"),
]
