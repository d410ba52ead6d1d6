"""The language of reader pages stands in their address: /fr/… is French, everything else the site's own.

So that pages are the same for everyone, and caches need not ask who is reading.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation


class ReaderLanguage:
    """Take a leading language from the path, and give it back to every address that a page makes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.others = {code for code, _name in settings.LANGUAGES} - {settings.LANGUAGE_CODE}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the language of the address."""
        prefix = get_script_prefix()
        code = self._take(request)
        request.LANGUAGE_CODE = code  # type: ignore[attr-defined]
        try:
            with translation.override(code):
                if code != settings.LANGUAGE_CODE:
                    set_script_prefix(f"{prefix}{code}/")
                response = self.get_response(request)
        finally:
            set_script_prefix(prefix)
        response.headers.setdefault("Content-Language", code)
        return response

    def _take(self, request: HttpRequest) -> str:
        first, _, rest = request.path_info.lstrip("/").partition("/")
        if first not in self.others:
            return str(settings.LANGUAGE_CODE)
        request.path_info = f"/{rest}"
        return first
