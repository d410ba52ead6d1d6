"""Text search helpers of PostgreSQL, and the sequence that numbers changes of stories."""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0001_initial")]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(
            "CREATE SEQUENCE IF NOT EXISTS story_change_number",
            "DROP SEQUENCE IF EXISTS story_change_number",
        ),
    ]
