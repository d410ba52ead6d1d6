"""Bands of months long past are packed, and found by their key alone: nothing is dropped."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

# The two newest months stay as they are; the rest is packed by the first bits of the keys. The table is written anew,
# so that the room comes back at once. A million articles with 64 bands each take some minutes.
_FORWARD = """
SET LOCAL work_mem = '128MB';
SET LOCAL maintenance_work_mem = '256MB';
ALTER TABLE aggregator_oldbands ALTER COLUMN packed SET STORAGE EXTERNAL;
INSERT INTO aggregator_oldbands (month, bucket, packed)
SELECT month, key >> 48,
    string_agg(substr(int8send(key), 3) || substr(int8send(article_id), 4), ''::bytea ORDER BY key, article_id)
FROM aggregator_band WHERE month < (SELECT max(month) - 1 FROM aggregator_band) GROUP BY 1, 2;
CREATE TABLE aggregator_band_new (LIKE aggregator_band INCLUDING DEFAULTS);
INSERT INTO aggregator_band_new (month, key, article_id)
SELECT month, key, article_id FROM aggregator_band WHERE month >= (SELECT max(month) - 1 FROM aggregator_band);
DROP TABLE aggregator_band;
ALTER TABLE aggregator_band_new RENAME TO aggregator_band;
ALTER TABLE aggregator_band ADD CONSTRAINT aggregator_band_pkey PRIMARY KEY (month, key, article_id);
ANALYZE aggregator_band;
"""
_BACKWARD = """
INSERT INTO aggregator_band (month, key, article_id)
SELECT month, (bucket::bigint << 48) | ('x' || encode(substr(packed, place + 1, 6), 'hex'))::bit(48)::bigint,
    ('x' || encode(substr(packed, place + 7, 5), 'hex'))::bit(40)::bigint
FROM aggregator_oldbands, generate_series(0, length(packed) - 11, 11) AS place
ON CONFLICT DO NOTHING;
CREATE INDEX band_article ON aggregator_band USING brin (article_id) WITH (autosummarize = on);
"""


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0010_agencies_and_boilerplate_by_hand")]

    operations = [
        migrations.CreateModel(
            name="OldBands",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "month", "bucket", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.SmallIntegerField()),
                ("bucket", models.SmallIntegerField(help_text="the first 16 bits of the keys")),
                (
                    "packed",
                    models.BinaryField(
                        help_text="11 bytes a band: the other 48 bits of its key, its article's id"
                    ),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_FORWARD, _BACKWARD)],
            state_operations=[
                migrations.RemoveIndex(model_name="band", name="band_article"),
                migrations.AlterField(
                    model_name="band",
                    name="article",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="bands",
                        to="aggregator.article",
                    ),
                ),
            ],
        ),
    ]
