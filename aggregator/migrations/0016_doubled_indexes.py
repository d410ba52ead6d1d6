"""Indexes that another one begins with, or that nothing asks: a fiftieth of the disk an article."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0015_texts_packed"),
    ]

    operations = [
        migrations.AlterField(
            model_name="article",
            name="origin",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="articles",
                to="aggregator.origin",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="articles",
                to="aggregator.source",
            ),
        ),
        migrations.AlterField(
            model_name="articleregion",
            name="article",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="regions",
                to="aggregator.article",
            ),
        ),
        migrations.AlterField(
            model_name="articletopic",
            name="article",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="topics",
                to="aggregator.article",
            ),
        ),
        migrations.AlterField(
            model_name="item",
            name="feed",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="aggregator.feed",
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="story",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="memberships",
                to="aggregator.story",
            ),
        ),
        migrations.AlterField(
            model_name="revision",
            name="article",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="revisions",
                to="aggregator.article",
            ),
        ),
        migrations.AlterField(
            model_name="story",
            name="slug",
            field=models.SlugField(blank=True, db_index=False, default="", max_length=120),
        ),
        migrations.AlterField(
            model_name="storyconflict",
            name="story",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="conflict_rows",
                to="aggregator.story",
            ),
        ),
        migrations.AlterField(
            model_name="storyregion",
            name="story",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="region_rows",
                to="aggregator.story",
            ),
        ),
        migrations.AlterField(
            model_name="storytopic",
            name="story",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="topic_rows",
                to="aggregator.story",
            ),
        ),
    ]
