"""Many rows in one statement: arrays instead of one parameter a value.

Rows are sorted by their unique key, so that two workers that write the same rows wait for each other
instead of locking each other out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

NO_CONFLICT = "ON CONFLICT DO NOTHING"


@cache
def _defaults(model: type[models.Model]) -> dict[str, tuple[str, Any]]:
    """Return column → (database type, default value) of every column but the automatic key."""
    found: dict[str, tuple[str, Any]] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField):
            continue
        kind = field.db_type(connection) or "text"
        found[str(field.column)] = (kind, field)
    return found


def insert_rows(
    model: type[models.Model],
    columns: Mapping[str, Sequence[Any]],
    *,
    conflict: str = NO_CONFLICT,
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert rows given as columns of equal length; columns that are left out take the field's default.

    JSON columns are given as JSON text. Returns the `returning` columns of the rows that were really
    inserted: with the usual `conflict` clause those that were there already are passed over.
    """
    kinds = _defaults(model)
    size = len(next(iter(columns.values())))
    if not size:
        return []
    given, params = [], {}
    for name, values in columns.items():
        given.append(f"%({name})s::{_array_of(kinds[name][0])}[]")
        params[name] = list(values)
    constants = {name: field for name, (_, field) in kinds.items() if name not in columns}
    for name, field in constants.items():
        params[f"c_{name}"] = field.get_db_prep_save(field.get_default(), connection)
    names = ", ".join(f'"{name}"' for name in [*columns, *constants])
    chosen = [_cast(name, kinds[name][0]) for name in columns]
    chosen += [f"%(c_{name})s::{kinds[name][0]}" for name in constants]
    own = ", ".join(f'"{name}"' for name in columns)
    statement = (
        f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {", ".join(chosen)} '
        f"FROM unnest({', '.join(given)}) AS given({own}) {conflict}"
    )
    return _run(statement, params, returning)


def _array_of(kind: str) -> str:
    """JSON and array values travel as text: arrays of them cannot be told from nested arrays."""
    return "text" if kind == "jsonb" or kind.endswith("[]") else kind.partition("(")[0]


def _cast(name: str, kind: str) -> str:
    return f'given."{name}"::{kind}' if _array_of(kind) == "text" else f'given."{name}"'


def update_rows(
    model: type[models.Model], columns: Mapping[str, Sequence[Any]], *, key: str = "id", where: str = ""
) -> None:
    """Set columns of many rows at once; `columns` includes the key. JSON columns are given as JSON text."""
    kinds = _defaults(model)
    key_kind = "bigint"
    size = len(columns[key])
    if not size:
        return
    given = [f"%({name})s::{key_kind if name == key else _array_of(kinds[name][0])}[]" for name in columns]
    sets = ", ".join(f'"{name}" = {_cast(name, kinds[name][0])}' for name in columns if name != key)
    names = ", ".join(f'"{name}"' for name in columns)
    statement = (
        f'UPDATE "{model._meta.db_table}" AS row SET {sets} '
        f'FROM unnest({", ".join(given)}) AS given({names}) WHERE row."{key}" = given."{key}" {where}'
    )
    _run(statement, {name: list(values) for name, values in columns.items()}, ())


def _run(statement: str, params: Mapping[str, Any], returning: Sequence[str]) -> list[tuple[Any, ...]]:
    if returning:
        statement += " RETURNING " + ", ".join(f'"{name}"' for name in returning)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if returning else []
