"""Every address on one screen."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from aggregator.views import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("status.json", health.status_json, name="status-json"),
    path("desk/", admin.site.urls),
    path("", include("aggregator.urls")),
]
handler404 = "aggregator.views.answers.handler404"
