"""Addresses of pages by slug or number: what `reverse` gives, at a tenth of its cost. A list page has a hundred."""

from __future__ import annotations

import re
from functools import lru_cache

from django.urls import get_script_prefix, reverse

_PLAIN = re.compile(r"[-\w]+", re.ASCII)  # what needs no quoting in an address
_SLUG, _NUMBER = "slug-of-a-page", 7_000_007


def page(name: str, slug: str, prefix: str | None = None) -> str:
    """Return the address of a slug's page: region, topic, conflict, source.

    `prefix` is that of the page's language, as `get_script_prefix` gives it.
    """
    if not _PLAIN.fullmatch(slug):
        return reverse(name, args=[slug])
    before, after = _by_slug(name, get_script_prefix() if prefix is None else prefix)
    return f"{before}{slug}{after}"


@lru_cache(maxsize=200)
def _by_slug(name: str, prefix: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[_SLUG]).partition(_SLUG)
    return before, after


@lru_cache(maxsize=100)
def fixed(name: str, prefix: str) -> str:
    """Return the address of a page that has but one, in the language of `prefix`."""
    return reverse(name)


def face(kind: str, slug: str, name: str) -> str:
    """Return the address of a face (atom, json, …) of a slug's page."""
    if not _PLAIN.fullmatch(slug):
        return reverse(f"{kind}-face", args=[slug, name])
    before, after = _face(kind, name, get_script_prefix())
    return f"{before}{slug}{after}"


@lru_cache(maxsize=200)
def _face(kind: str, name: str, prefix: str) -> tuple[str, str]:
    before, _, after = reverse(f"{kind}-face", args=[_SLUG, name]).partition(_SLUG)
    return before, after


def story(pk: int, slug: str, prefix: str | None = None) -> str:
    """Return the address of a story's page."""
    if slug and not _PLAIN.fullmatch(slug):
        return reverse("story", args=[pk, slug])
    before, between, after = _story(get_script_prefix() if prefix is None else prefix)
    return f"{before}{pk}{between}{slug or 'story'}{after}"


@lru_cache(maxsize=8)
def _story(prefix: str) -> tuple[str, str, str]:
    before, _, rest = reverse("story", args=[_NUMBER, _SLUG]).partition(str(_NUMBER))
    between, _, after = rest.partition(_SLUG)
    return before, between, after


def article(pk: int, prefix: str | None = None) -> str:
    """Return the address of an article's page."""
    before, after = _article(get_script_prefix() if prefix is None else prefix)
    return f"{before}{pk}{after}"


@lru_cache(maxsize=8)
def _article(prefix: str) -> tuple[str, str]:
    before, _, after = reverse("article", args=[_NUMBER]).partition(str(_NUMBER))
    return before, after
