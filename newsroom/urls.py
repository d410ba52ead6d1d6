"""Every address on one screen."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from aggregator.admin.site import desk
from aggregator.views import health, hub

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("status.json", health.status_json, name="status-json"),
    path("metrics", health.figures, name="metrics"),
    path("hub/<slug:token>", hub.callback, name="hub"),
    path("desk/", include("aggregator.urls_desk")),
    path("desk/", desk.urls),
    path("", include("aggregator.urls")),
]
handler400 = "aggregator.views.answers.handler400"
handler404 = "aggregator.views.answers.handler404"
