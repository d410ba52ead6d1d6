"""Django's least page and a ready-made list of fifty rows: what pages of the site are measured against.

A WSGI application on the database and with the server of the site (`bench.scale` starts it). `/trivial` answers
"ok" without middleware; `/ready` shows the newest fifty articles, headline, time and extract as they are stored.
"""

from __future__ import annotations

import os

import django
from django.conf import settings

LIST = """{% for a in rows %}<article><h2><a href="{{ a.url }}">{{ a.title }}</a></h2><p class="meta">{{ a.author }} \
<time datetime="{{ a.iso }}">{{ a.day }}</time></p><p>{{ a.extract }}</p></article>{% endfor %}"""
LOADER = (
    "django.template.loaders.cached.Loader",
    [("django.template.loaders.locmem.Loader", {"list.html": LIST})],
)

settings.configure(
    DEBUG=False,
    SECRET_KEY="yardstick",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": "newsroom", "USER": "newsroom",
            "HOST": os.environ["SITE_SOCKETS"], "CONN_MAX_AGE": 600,
        }
    },
    TEMPLATES=[
        {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": [LOADER]}}
    ],
)  # fmt: skip
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402
from django.urls import path  # noqa: E402


class Article(models.Model):
    """The site's articles, as far as a list shows them."""

    url = models.TextField()
    title = models.TextField()
    author = models.TextField()
    extract = models.TextField()
    reported_at = models.DateTimeField()

    class Meta:
        app_label = "yardsticks"
        db_table = "aggregator_article"
        managed = False

    def __str__(self) -> str:
        return self.title


def trivial(request: HttpRequest) -> HttpResponse:
    """Answer "ok"."""
    return HttpResponse("ok")


def ready(request: HttpRequest) -> HttpResponse:
    """Show the newest fifty articles from what is stored ready made."""
    rows = Article.objects.order_by("-reported_at", "-id").values(
        "url", "title", "author", "extract", "reported_at"
    )
    made = [{**a, "iso": a["reported_at"].isoformat(), "day": str(a["reported_at"])[:16]} for a in rows[:50]]
    return HttpResponse(render_to_string("list.html", {"rows": made}))


urlpatterns = [path("trivial", trivial), path("ready", ready)]
application = get_wsgi_application()
