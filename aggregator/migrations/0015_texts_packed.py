"""Texts are stored deflated: half the room. The table is written anew; a million articles take some minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import migrations

from aggregator.models.packed import PackedTextField, pack, unpack

_TABLE = "aggregator_articlebody"
_COLUMNS = "article_id, text, full_text, removed, rule_version, text_sha256"
_KEYS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'aggregator_articlebody'::regclass AND contype IN ('p', 'f') ORDER BY contype = 'f'
"""
CHUNK = 2_000


def _rewrite(editor: Any, kind: str, storage: str, change: Callable[[Any], Any]) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute(_KEYS)
        keys = cursor.fetchall()
        cursor.execute(f"CREATE TABLE {_TABLE}_new (LIKE {_TABLE} INCLUDING DEFAULTS)")
        for column in ("text", "full_text"):
            cursor.execute(
                f"ALTER TABLE {_TABLE}_new ALTER COLUMN {column} TYPE {kind} USING NULL,"
                f" ALTER COLUMN {column} SET STORAGE {storage}"
            )
        last = -1
        while rows := _chunk(cursor, last):
            with cursor.copy(f"COPY {_TABLE}_new ({_COLUMNS}) FROM STDIN") as copy:
                for pk, text, full, *rest in rows:
                    copy.write_row((pk, change(text), change(full), *rest))
            last = rows[-1][0]
        cursor.execute(f"DROP TABLE {_TABLE}")
        cursor.execute(f"ALTER TABLE {_TABLE}_new RENAME TO {_TABLE}")
        for name, definition in keys:
            cursor.execute(f'ALTER TABLE {_TABLE} ADD CONSTRAINT "{name}" {definition}')
        cursor.execute(f"ANALYZE {_TABLE}")


def _chunk(cursor: Any, after: int) -> list[tuple[Any, ...]]:
    columns = _COLUMNS.replace("removed", "removed::text")
    cursor.execute(
        f"SELECT {columns} FROM {_TABLE} WHERE article_id > %s ORDER BY article_id LIMIT %s",  # noqa: S608
        [after, CHUNK],
    )
    return list(cursor.fetchall())


def forward(_apps: Any, editor: Any) -> None:
    _rewrite(editor, "bytea", "EXTERNAL", pack)


def backward(_apps: Any, editor: Any) -> None:
    _rewrite(editor, "text", "EXTENDED", lambda stored: unpack(bytes(stored)))


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0014_tags_by_report_time")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(forward, backward)],
            state_operations=[
                migrations.AlterField("articlebody", "text", PackedTextField(blank=True, default="")),
                migrations.AlterField(
                    "articlebody",
                    "full_text",
                    PackedTextField(
                        blank=True, default="", help_text="before boilerplate is removed; '' if the same"
                    ),
                ),
            ],
        ),
    ]
