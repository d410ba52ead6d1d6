"""Edits of rows by a form: logged with the values as they are stored, so that they can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core import serializers
from django.db.models import Model

from aggregator.models import LogEntry
from aggregator.services.curation.acts import Actor, ground_moved, log_act

APP = "aggregator"


def values_of(row: Model, names: Iterable[str]) -> dict[str, Any]:
    """Return the stored values of a row's own fields among `names`, as JSON values."""
    fields = json.loads(serializers.serialize("json", [row]))[0]["fields"]
    own = {field.name for field in row._meta.concrete_fields}
    return {name: fields[name] for name in names if name in own and name in fields}


def log_edit(actor: Actor, before: dict[str, Any] | None, row: Model, names: Iterable[str]) -> LogEntry:
    """Log that a form has changed a row, or added one when there is no `before`; what stayed is left out."""
    after = values_of(row, names)
    if before is None:
        return log_act(actor, "add", row, before={}, after=after)
    changed = [name for name, value in after.items() if before.get(name) != value]
    return log_act(
        actor,
        "edit",
        row,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def undo_edit(actor: Actor, entry: LogEntry) -> LogEntry:
    """Give the fields of a row their values of before. Raises CurationError when one has changed since."""
    model = apps.get_model(APP, entry.target_type) if _is_ours(entry.target_type) else None
    row = (
        model._default_manager.select_for_update().filter(pk=entry.target_id or 0).first() if model else None
    )
    if row is None or values_of(row, entry.after) != entry.after or not entry.before:
        raise ground_moved("A later change of it")
    for name, value in entry.before.items():
        field = row._meta.get_field(name)
        setattr(row, field.attname, field.to_python(value))
    row.save(update_fields=list(entry.before))
    return log_act(actor, "undo", row, before=entry.after, after=entry.before, undo_of=entry)


def _is_ours(name: str) -> bool:
    return name in apps.get_app_config(APP).models
