"""The newest pieces outside stories, for region pages: made without holding up writers."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# As the rules had them when this was written.
FORMS = [
    "anniversary",
    "explainer",
    "live-blog",
    "newsletter",
    "opinion",
    "podcast",
    "press-review",
    "situation-report",
]


class Migration(migrations.Migration):
    """Add one index."""

    atomic = False
    dependencies = [("aggregator", "0008_hub_subscriptions")]

    operations = [
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(
                condition=models.Q(("form__in", FORMS), ("relevance", "in"), ("status", "visible")),
                fields=["-reported_at", "-id"],
                name="article_outside",
            ),
        ),
    ]
