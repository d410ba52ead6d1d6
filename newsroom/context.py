"""What every page may show about the site itself."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Return the site's name, its address and whether what it shows is sample data."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "sample_data": settings.SAMPLE_DATA,
        "version": settings.VERSION,
    }
