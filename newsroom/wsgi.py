"""The door for web servers."""

from __future__ import annotations

import gc
import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from newsroom import children, env, stopping
from newsroom.front_cache import Application, FrontCache

env.default("DJANGO_SETTINGS_MODULE", "newsroom.settings")
if env.flag("NEWSROOM_SUPERVISED"):
    children.die_with_leader()


def _application() -> Application:
    site: Application = get_wsgi_application()
    if not settings.PAGE_CACHE_SECONDS:
        return site
    from aggregator.services import changes

    return FrontCache(site, changes.newest_or_none, settings.PAGE_CACHE_SECONDS)


def _spare_the_collector() -> None:
    """Leave what was loaded at the start alone, and look at the rest less often.

    A page makes some thousand short-lived objects: with Python's own thresholds a fifth of its time went into looking
    through the program's.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


try:
    application = _application()
    stopping.wake_main_thread_on_signals()
    _spare_the_collector()
except env.EnvError as error:
    sys.exit(f"newsroom: {error}")
