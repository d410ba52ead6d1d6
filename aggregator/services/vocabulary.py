"""The vocabulary's rows as the rules read them, built once per state of the rows and process."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from aggregator.models import Agency, Conflict, Region, Topic
from aggregator.pipeline import classify_rules
from aggregator.pipeline.agencies import Agencies, agencies_from, load_agencies
from aggregator.pipeline.gazetteer import Gazetteer, load_gazetteer
from aggregator.pipeline.names import NameRow
from aggregator.pipeline.regions import RegionTree
from aggregator.services import slugs
from aggregator.services.loading import FOLDER, conflict_content, load_vocabulary, region_content
from aggregator.services.loading_shelf import Loaded

__all__ = ["Loaded", "Rules", "current_rules", "load_vocabulary", "packaged_classifier", "packaged_rules"]

_VERSION = """
WITH held AS (
  SELECT 1 AS kind, concat(slug, name, data::text) AS what FROM aggregator_topic
  UNION ALL SELECT 3, concat(slug, status, started_on, data::text) FROM aggregator_conflict
  UNION ALL SELECT 5, concat(conflict_id, name, side, kind, aliases::text) FROM aggregator_party
  UNION ALL SELECT 7, concat(slug, name, kind, parent_id, also_in::text, iso2, data::text)
    FROM aggregator_region
  UNION ALL SELECT 13, concat(slug, name, domains::text, forms::text, personal::text, state_control, active)
    FROM aggregator_agency
  UNION ALL SELECT 11, concat(conflict_id, '-', region_id) FROM aggregator_conflict_regions
)
SELECT coalesce(sum(kind * hashtextextended(what, kind)::numeric), 0) FROM held
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything of the vocabulary that the line's rules take as values."""

    classifier: classify_rules.Rules
    gazetteer: Gazetteer
    agencies: Agencies
    version: int
    keys: Mapping[str, str] = field(default_factory=dict)  # renamed regions by their slug of now

    def home(self, regions: Sequence[str]) -> str | None:
        """Return the region, as the rules know it, that an outlet is at home in; a world desk has none."""
        homes = [slug for slug in regions if slug != "world"]
        return self.keys.get(homes[0], homes[0]) if homes else None


_built: dict[int, Rules] = {}  # at most one: the newest state that this process has seen


def current_rules() -> Rules:
    """Return the rules of the rows as they are now.

    One small query a call; rebuilt (about a second with the name file, else 50 ms) only when a row
    has changed. With no topics loaded the packaged vocabulary serves.
    """
    version = rows_version()
    if version not in _built:
        rules = _from_rows(version) if Topic.objects.exists() else packaged_rules()
        _built.clear()
        _built[version] = rules
    return _built[version]


def build_rules() -> Rules:
    """Return the rules of the rows as this transaction sees them, without keeping them: for trying a change."""
    return _from_rows(0)


def rows_version() -> int:
    """Return a number that changes with any row that the rules read (63 bits, never negative)."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        return int(cursor.fetchone()[0]) & (2**63 - 1)


@cache
def packaged_rules() -> Rules:
    """Return the rules of the packaged vocabulary: for measuring, and before anything is loaded."""
    return Rules(packaged_classifier(), _packaged_gazetteer(), load_agencies(), 0)


@cache
def packaged_classifier() -> classify_rules.Rules:
    """Return topics, forms and conflicts of the packaged vocabulary."""
    return classify_rules.rules_from(_packaged("topics"), _packaged("forms"), _packaged("conflicts"))


@cache
def _packaged_gazetteer() -> Gazetteer:
    return load_gazetteer()


@cache
def _packaged(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return data


def _from_rows(version: int) -> Rules:
    keys = {kind: slugs.keys(kind, _known(kind)) for kind in ("region", "topic", "conflict")}
    topics = {
        "topics": [
            {"slug": keys["topic"].get(t.slug, t.slug), "name": t.name, "data": t.data}
            for t in Topic.objects.all()
        ],
        "relevance": _packaged("topics")["relevance"],
    }
    conflicts = Conflict.objects.select_related("parent").prefetch_related("regions", "parties")
    classifier = classify_rules.rules_from(
        topics,
        _packaged("forms"),
        {"conflicts": [_in_keys(conflict_content(row), keys) for row in conflicts]},
        version=version,
    )
    return Rules(classifier, _gazetteer_of_rows(keys["region"]), agencies_of_rows(), version, keys["region"])


def key_of(kind: str, slug: str) -> str:
    """Return the slug by which the rules know a region, topic or conflict."""
    return slugs.keys(kind, _known(kind)).get(slug, slug)


def _known(kind: str) -> set[str]:
    return {row["slug"] for row in _packaged(f"{kind}s")[f"{kind}s"]}


def _in_keys(conflict: dict[str, Any], keys: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return a conflict's content with every slug as the rules know it."""

    def of(kind: str, named: Sequence[str]) -> list[str]:
        return [keys[kind].get(slug, slug) for slug in named]

    data, parent = conflict["data"], conflict["parent"]
    named = {name: of("region", data[name]) for name in ("areas", "waters") if name in data}
    if "within" in data:
        named["within"] = of("conflict", data["within"])
    return {
        **conflict,
        "slug": keys["conflict"].get(conflict["slug"], conflict["slug"]),
        "parent": keys["conflict"].get(parent, parent) if parent else parent,
        "regions": of("region", conflict["regions"]),
        "data": {**data, **named},
    }


def agencies_of_rows() -> Agencies:
    """Return the agencies of the rows as this transaction sees them; the packaged ones before any are loaded."""
    names = ("slug", "name", "domains", "forms", "personal", "state_control", "active")
    rows = list(Agency.objects.order_by("slug").values(*names))
    return agencies_from(rows) if rows else load_agencies()


def _gazetteer_of_rows(keys: Mapping[str, str]) -> Gazetteer:
    """Return the packaged names, with what curators added to regions laid over them."""
    packaged = {row["slug"]: row for row in _packaged("regions")["regions"]}
    rows = [_region_in_keys(row, keys) for row in Region.objects.select_related("parent")]
    added = [row for row in rows if _aliases(row["data"]) - _aliases(packaged.get(row["slug"], {}))]
    moved = any(_place_in_tree(row) != _place_in_tree(packaged.get(row["slug"], {})) for row in rows)
    if not added and not moved and len(rows) == len(packaged):
        return _packaged_gazetteer()
    overlay = [
        NameRow(name, row["slug"], "area", prior=100.0)
        for row in added
        for name in _aliases(row["data"]) - _aliases(packaged.get(row["slug"], {}))
    ]
    return load_gazetteer(overlay=overlay, tree=RegionTree.from_rows(rows))


def _region_in_keys(row: Region, keys: Mapping[str, str]) -> dict[str, Any]:
    content = region_content(row)
    if not keys:
        return content
    parent = content["parent"]
    return {
        **content,
        "slug": keys.get(content["slug"], content["slug"]),
        "parent": keys.get(parent, parent) if parent else parent,
        "also_in": [keys.get(slug, slug) for slug in content["also_in"]],
    }


def _aliases(data: dict[str, Any]) -> set[str]:
    return {name for name in data.get("aliases") or () if isinstance(name, str) and len(name) > 1}


def _place_in_tree(row: dict[str, Any]) -> tuple[Any, ...]:
    return row.get("kind"), row.get("parent"), tuple(row.get("also_in") or ()), row.get("iso2") or ""
