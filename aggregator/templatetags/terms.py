"""Names of the program's fixed lists in the page's language: forms, kinds of copies, states of conflicts and articles."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.translation import get_language, gettext, gettext_noop

register = template.Library()

TERMS = {
    "form": {
        "analysis": gettext_noop("analysis"),
        "anniversary": gettext_noop("anniversary"),
        "breaking": gettext_noop("breaking news"),
        "correction": gettext_noop("correction"),
        "explainer": gettext_noop("explainer"),
        "fact-check": gettext_noop("fact check"),
        "gallery": gettext_noop("pictures"),
        "interview": gettext_noop("interview"),
        "investigation": gettext_noop("investigation"),
        "live-blog": gettext_noop("live blog"),
        "map-data": gettext_noop("maps and data"),
        "newsletter": gettext_noop("newsletter"),
        "obituary": gettext_noop("obituary"),
        "official-statement": gettext_noop("official statement"),
        "opinion": gettext_noop("opinion"),
        "podcast": gettext_noop("podcast"),
        "press-review": gettext_noop("press review"),
        "report": gettext_noop("report"),
        "republication": gettext_noop("republication"),
        "situation-report": gettext_noop("situation report"),
        "video": gettext_noop("video"),
    },
    "copy": {
        "original": gettext_noop("original"),
        "exact": gettext_noop("exact copy"),
        "republished": gettext_noop("republished"),
        "truncated": gettext_noop("truncated copy"),
        "padded": gettext_noop("padded copy"),
        "updated": gettext_noop("updated version"),
    },
    "conflict": {
        "active-war": gettext_noop("active war"),
        "armed-conflict": gettext_noop("armed conflict"),
        "ceasefire": gettext_noop("ceasefire"),
        "frozen": gettext_noop("frozen"),
        "post-conflict": gettext_noop("after the conflict"),
        "tension": gettext_noop("tension"),
    },
    "article": {
        "hidden": gettext_noop("hidden"),
        "under_way": gettext_noop("under way"),
        "visible": gettext_noop("visible"),
        "withdrawn": gettext_noop("withdrawn"),
    },
    "stage": {
        "held": gettext_noop("for a person"),
        "page": gettext_noop("for its page"),
        "settle": gettext_noop("for the rules"),
    },
}


@lru_cache(maxsize=500)
def _term(of: str, value: str, language: str | None) -> str:
    return gettext(TERMS[of].get(value, value.replace("-", " "))) if value else ""


@register.filter
def form_name(form: str) -> str:
    """Return the form of an article in words, such as "live blog"."""
    return _term("form", form, get_language())


@register.filter
def copy_name(kind: str) -> str:
    """Return in words what kind of copy an article is."""
    return _term("copy", kind, get_language())


@register.filter
def article_state(status: str) -> str:
    """Return the status of articles in words."""
    return _term("article", status, get_language())


@register.filter
def stage_name(stage: str) -> str:
    """Return in words what articles under way wait for."""
    return _term("stage", stage, get_language())


@register.filter
def conflict_state(status: str) -> str:
    """Return the status of a conflict in words; what a curator wrote stays, without its hyphens."""
    return _term("conflict", status, get_language())
