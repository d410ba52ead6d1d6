"""Faces as answers: Atom, JSON Feed, CSV, GeoJSON."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from aggregator.pipeline import calendar
from aggregator.pipeline import faces as render
from aggregator.pipeline.faces import Face
from aggregator.services import addresses, faces
from aggregator.views.answers import public

_RENDER = {
    "atom": render.atom,
    "json": render.json_feed,
    "csv": render.csv_table,
    "geojson": render.geo_json,
    "ics": calendar.ical,
}


LABELS = (
    ("atom", "Atom", "application/atom+xml"),
    ("json", "JSON", "application/feed+json"),
    ("csv", "CSV", "text/csv"),
    ("geojson", "GeoJSON", "application/geo+json"),
    ("ics", "iCal", "text/calendar"),
)


def links(name: str, *args: object, query: str = "", placed: bool = True) -> list[tuple[str, str, str]]:
    """Return label, address and type of a list's faces; `name` is the address's name, `query` its filters."""
    ending = f"?{query}" if query else ""
    return [
        (label, _address(name, args, face) + ending, kind)
        for face, label, kind in LABELS
        if placed or face not in ("geojson", "ics")
    ]


def _address(name: str, args: Sequence[object], face: str) -> str:
    if len(args) == 1 and isinstance(args[0], str):
        return addresses.face(name.removesuffix("-face"), args[0], face)
    return reverse(name, args=[*args, face])


def site() -> str:
    """Return the address of the site, as settings give it: faces hold absolute links."""
    return str(settings.SITE_URL).rstrip("/")


def answer(request: HttpRequest, face: Face, name: str) -> HttpResponse:
    """Return a face with its type; readable from other sites."""
    response = HttpResponse(_RENDER[name](face), content_type=faces.FORMATS[name])
    response["Access-Control-Allow-Origin"] = "*"
    if name == "csv":
        response["Content-Disposition"] = 'inline; filename="newsroom.csv"'
    return public(response, face.updated_at)


def site_name() -> str:
    """Return the site's name."""
    return str(settings.SITE_NAME)
