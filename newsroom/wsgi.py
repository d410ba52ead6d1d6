"""The door for web servers."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from newsroom import env

env.default("DJANGO_SETTINGS_MODULE", "newsroom.settings")
application = get_wsgi_application()
