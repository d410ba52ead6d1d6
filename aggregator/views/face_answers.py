"""Faces as answers: Atom, JSON Feed, CSV, GeoJSON."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from aggregator.pipeline import faces as render
from aggregator.pipeline.faces import Face
from aggregator.services import faces
from aggregator.views.answers import public

_RENDER = {
    "atom": render.atom,
    "json": render.json_feed,
    "csv": render.csv_table,
    "geojson": render.geo_json,
}


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
