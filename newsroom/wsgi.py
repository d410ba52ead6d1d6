"""The door for web servers."""

from __future__ import annotations

import sys

from django.core.wsgi import get_wsgi_application

from newsroom import children, env

env.default("DJANGO_SETTINGS_MODULE", "newsroom.settings")
if env.flag("NEWSROOM_SUPERVISED"):
    children.die_with_parent()
try:
    application = get_wsgi_application()
except env.EnvError as error:
    sys.exit(f"newsroom: {error}")
