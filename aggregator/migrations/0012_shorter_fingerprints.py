"""Hashes of sketches are kept by their upper half: the same answers in half the room."""

from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models

_CHANGE = """
CREATE FUNCTION pg_temp.changed({old}[]) RETURNS {new}[] LANGUAGE sql IMMUTABLE AS
$$ SELECT coalesce(array_agg(({how})::{new} ORDER BY place), '{{}}') FROM unnest($1) WITH ORDINALITY AS one (hash, place) $$;
ALTER TABLE aggregator_fingerprintrow
    ALTER COLUMN shingles TYPE {new}[] USING pg_temp.changed(shingles),
    ALTER COLUMN quoted TYPE {new}[] USING pg_temp.changed(quoted);
DROP FUNCTION pg_temp.changed({old}[]);
"""


def _array(field: models.Field) -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(base_field=field, default=list, size=None)


class Migration(migrations.Migration):
    """Back, the lower halves are gone: `verify --repair` makes those fingerprints again from the texts."""

    dependencies = [("aggregator", "0011_old_bands_packed")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    _CHANGE.format(old="bigint", new="integer", how="hash >> 32"),
                    _CHANGE.format(old="integer", new="bigint", how="hash::bigint << 32"),
                )
            ],
            state_operations=[
                migrations.AlterField("fingerprintrow", "shingles", _array(models.IntegerField())),
                migrations.AlterField("fingerprintrow", "quoted", _array(models.IntegerField())),
            ],
        ),
    ]
