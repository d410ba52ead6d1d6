"""Makes the derived items that `derived.toml` lists."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from newsroom.samplewire.items import Item
from newsroom.samplewire.operations import OPERATIONS

PLAN = Path(__file__).with_name("derived.toml")


def plan() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the plan by operation."""
    return tomllib.loads(PLAN.read_text(encoding="utf-8"))


def derive(reports: Iterable[Item]) -> tuple[Item, ...]:
    """Return every derived item. Raises KeyError when the plan names an unknown report or operation."""
    by_key = {item.key: item for item in reports}
    return tuple(_apply(operation, dict(row), by_key) for operation, rows in plan().items() for row in rows)


def _apply(operation: str, row: dict[str, Any], by_key: dict[str, Item]) -> Item:
    return OPERATIONS[operation](by_key[row.pop("of")], **row)
