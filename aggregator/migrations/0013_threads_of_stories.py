"""What the last look at stories said of an original, so that the next look can begin after it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add two columns without a default: no row is rewritten."""

    dependencies = [("aggregator", "0012_shorter_fingerprints")]

    operations = [
        migrations.AddField(
            "groupfeatures",
            "thread",
            models.BigIntegerField(
                blank=True,
                null=True,
                help_text="the article that opened its thread, as the last look at stories saw it",
            ),
        ),
        migrations.AddField(
            "groupfeatures",
            "unites",
            models.BigIntegerField(
                blank=True,
                null=True,
                help_text="another thread that became one with this one at this article",
            ),
        ),
    ]
