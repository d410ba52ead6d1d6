"""Agencies become rows that curators edit; boilerplate lines tell whether a curator named them, and an example."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the rows, two fields and the index of the newest lines."""

    atomic = False
    dependencies = [
        ("aggregator", "0009_pieces_outside_stories"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agency",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "domains",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=253), blank=True, default=list, size=None
                    ),
                ),
                (
                    "forms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        help_text="as they stand in bylines, datelines and source lines: whole words, with their case",
                        size=None,
                    ),
                ),
                (
                    "personal",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        help_text="those of the forms that are names of people too: a byline alone does not make them the agency",
                        size=None,
                    ),
                ),
                ("state_control", models.PositiveSmallIntegerField(default=0)),
                ("active", models.BooleanField(default=True, help_text="off: its forms are not looked for")),
                ("note", models.TextField(blank=True, default="")),
                ("loaded_hash", models.CharField(blank=True, default="", editable=False, max_length=64)),
            ],
            options={
                "verbose_name_plural": "agencies",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state_control__lte", 3)), name="agency_state_control_0_to_3"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="learnedline",
            name="by_hand",
            field=models.BooleanField(default=False, help_text="a curator's rule, not learned"),
        ),
        migrations.AddField(
            model_name="learnedline",
            name="example",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="an article that has it",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="aggregator.article",
            ),
        ),
        migrations.AlterField(  # its help text alone
            model_name="work",
            name="why",
            field=models.CharField(
                default="new", help_text="new, edited, look, retag, reread", max_length=12
            ),
        ),
        AddIndexConcurrently(
            model_name="learnedline",
            index=models.Index(fields=["-learned_at", "-id"], name="learned_line_newest"),
        ),
    ]
