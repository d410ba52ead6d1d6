"""The door for web servers."""

from __future__ import annotations

import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from newsroom import children, env
from newsroom.front_cache import Application, FrontCache

env.default("DJANGO_SETTINGS_MODULE", "newsroom.settings")
if env.flag("NEWSROOM_SUPERVISED"):
    children.die_with_parent()


def _application() -> Application:
    site: Application = get_wsgi_application()
    if not settings.PAGE_CACHE_SECONDS:
        return site
    from aggregator.services import changes

    return FrontCache(site, changes.newest_or_none, settings.PAGE_CACHE_SECONDS)


try:
    application = _application()
except env.EnvError as error:
    sys.exit(f"newsroom: {error}")
