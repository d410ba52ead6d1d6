"""The time zone an outlet writes in, what its row says or that of its country's newsrooms, and days there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from babel.core import get_global

from aggregator.models import Article, Source
from aggregator.pipeline.happened import local_day

# Countries of several zones: the one that nearly all newsrooms of the whole country keep.
_NEWSROOMS = {
    "AR": "America/Argentina/Buenos_Aires", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "CA": "America/Toronto", "CD": "Africa/Kinshasa", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta", "KZ": "Asia/Almaty", "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland", "PS": "Asia/Hebron", "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow", "UA": "Europe/Kiev", "US": "America/New_York", "UZ": "Asia/Tashkent",
}  # fmt: skip


def zone_of(source: Source) -> str:
    """Return an outlet's IANA time zone, `UTC` when neither its row nor its country tells one."""
    return source.time_zone or time_zone_of(source.country) or "UTC"


def newest_day(articles: Iterable[Article]) -> date:
    """Return the newest day on which one of some articles (at least one) was reported, each in its outlet's zone."""
    return max(local_day(one.reported_at, zone_of(one.source)) for one in articles)


def time_zone_of(country: str) -> str:
    """Return the time zone of a country's newsrooms (CLDR where it has one only); '' when it is not known."""
    zones = get_global("territory_zones").get(country, [])
    return zones[0] if len(zones) == 1 else _NEWSROOMS.get(country, "")
