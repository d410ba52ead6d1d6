"""Bands by month: what is asked and written lies together in the index, however long the archive grows."""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

_FIELDS = [
    (
        "pk",
        models.CompositePrimaryKey(
            "month", "key", "article_id", blank=True, editable=False, primary_key=True, serialize=False
        ),
    ),
    (
        "month",
        models.SmallIntegerField(help_text="of the date under which the article is filed, from January 1970"),
    ),
    ("key", models.BigIntegerField(help_text="hash of the band's number and its two minima")),
    (
        "article",
        models.ForeignKey(
            db_constraint=False,
            db_index=False,
            on_delete=django.db.models.deletion.CASCADE,
            related_name="bands",
            to="aggregator.article",
        ),
    ),
]
_OPTIONS = {
    "indexes": [
        django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["article"], name="band_article")
    ],
}
# Rows keep their order, by article: the BRIN index lives on it.
_FORWARD = """
ALTER TABLE aggregator_band ADD COLUMN month smallint;
UPDATE aggregator_band SET month = (extract(year FROM reported_on) - 1970) * 12 + extract(month FROM reported_on) - 1;
ALTER TABLE aggregator_band ALTER COLUMN month SET NOT NULL;
ALTER TABLE aggregator_band DROP CONSTRAINT aggregator_band_pkey;
ALTER TABLE aggregator_band DROP COLUMN reported_on;
ALTER TABLE aggregator_band ADD PRIMARY KEY (month, key, article_id);
"""
_BACKWARD = """
ALTER TABLE aggregator_band ADD COLUMN reported_on date;
UPDATE aggregator_band SET reported_on = make_date(1970 + month / 12, month % 12 + 1, 1);
ALTER TABLE aggregator_band ALTER COLUMN reported_on SET NOT NULL;
ALTER TABLE aggregator_band DROP CONSTRAINT aggregator_band_pkey;
ALTER TABLE aggregator_band DROP COLUMN month;
ALTER TABLE aggregator_band ADD PRIMARY KEY (key, reported_on, article_id);
"""


class Migration(migrations.Migration):
    """Give the table its new key in place: what was traced before is found as it was."""

    dependencies = [("aggregator", "0006_desk_reports_sessions_and_indexes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_FORWARD, _BACKWARD)],
            state_operations=[
                migrations.DeleteModel(name="Band"),
                migrations.CreateModel(name="Band", fields=_FIELDS, options=_OPTIONS),
            ],
        ),
    ]
