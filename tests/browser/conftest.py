"""A real Chromium: the system's, given by CHROMIUM or found on the PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's own loop runs in this thread
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Return a running browser; skip where there is none, fail in CI."""
    if not CHROMIUM:
        sentence = "no Chromium on this machine (set CHROMIUM)"
        pytest.fail(sentence) if os.environ.get("CI") == "true" else pytest.skip(sentence)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, live_server, settings, redis_url):  # type: ignore[no-untyped-def]
    """Return a function that opens a new tab; what goes wrong in it fails the test at its end."""
    settings.SITE_URL = live_server.url
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    contexts, troubles = [], []

    def open_tab(**options):  # type: ignore[no-untyped-def]
        context = chromium.new_context(**({"timezone_id": "UTC", "base_url": live_server.url} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("console", lambda line: _note(line, troubles))
        page.on("request", lambda request: _foreign(request, live_server.url, troubles))
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert not troubles


def _note(line, troubles: list[str]) -> None:  # type: ignore[no-untyped-def]
    if line.type == "error" and "status of 4" not in line.text:
        troubles.append(f"console: {line.text}")


def _foreign(request, home: str, troubles: list[str]) -> None:  # type: ignore[no-untyped-def]
    if not request.url.startswith((home, "data:", "about:", "blob:")):
        troubles.append(f"left the site: {request.url}")
