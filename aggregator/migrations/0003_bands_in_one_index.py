"""Bands are found by their primary key alone: 64 rows a text must not be indexed three times."""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table anew; what was traced before is found again as it is settled again."""

    dependencies = [("aggregator", "0002_search_and_sequence")]

    operations = [
        migrations.DeleteModel(name="Band"),
        migrations.CreateModel(
            name="Band",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key", "reported_on", "article_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.BigIntegerField(help_text="hash of the band's number and its two minima")),
                ("reported_on", models.DateField()),
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
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["article"], name="band_article"
                    )
                ],
            },
        ),
    ]
