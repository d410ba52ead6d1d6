"""Regions and topics of articles in the order of their reports, for searching within them.

The column is a copy of the article's own, filled by the database itself, so that no writer can forget it. Filling it takes
about a minute a million articles; the indexes are made without holding up writers.
"""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

FILL = """
CREATE FUNCTION tag_takes_report_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.reported_at := (SELECT reported_at FROM aggregator_article WHERE id = NEW.article_id);
    RETURN NEW;
END $$;
CREATE TRIGGER tag_report_time BEFORE INSERT ON aggregator_articleregion
    FOR EACH ROW EXECUTE FUNCTION tag_takes_report_time();
CREATE TRIGGER tag_report_time BEFORE INSERT ON aggregator_articletopic
    FOR EACH ROW EXECUTE FUNCTION tag_takes_report_time();
CREATE FUNCTION report_time_moves_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE aggregator_articleregion SET reported_at = NEW.reported_at WHERE article_id = NEW.id;
    UPDATE aggregator_articletopic SET reported_at = NEW.reported_at WHERE article_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER article_report_time AFTER UPDATE OF reported_at ON aggregator_article
    FOR EACH ROW WHEN (OLD.reported_at IS DISTINCT FROM NEW.reported_at) EXECUTE FUNCTION report_time_moves_tags();
UPDATE aggregator_articleregion AS tag SET reported_at = article.reported_at
    FROM aggregator_article AS article WHERE article.id = tag.article_id;
UPDATE aggregator_articletopic AS tag SET reported_at = article.reported_at
    FROM aggregator_article AS article WHERE article.id = tag.article_id;
"""
UNDO = """
DROP TRIGGER article_report_time ON aggregator_article;
DROP TRIGGER tag_report_time ON aggregator_articleregion;
DROP TRIGGER tag_report_time ON aggregator_articletopic;
DROP FUNCTION report_time_moves_tags();
DROP FUNCTION tag_takes_report_time();
"""
TIME = models.DateTimeField(editable=False, help_text="the article's; filled by the database", null=True)


class Migration(migrations.Migration):
    """Add the column, fill it, and add the indexes."""

    atomic = False
    dependencies = [("aggregator", "0013_threads_of_stories")]

    operations = [
        migrations.AddField("articleregion", "reported_at", TIME),
        migrations.AddField("articletopic", "reported_at", TIME.clone()),
        migrations.RunSQL(FILL, UNDO),
        AddIndexConcurrently(
            "articleregion",
            models.Index(
                condition=models.Q(("about", True)),
                fields=["region", "-reported_at", "-article"],
                name="article_region_time",
            ),
        ),
        AddIndexConcurrently(
            "articletopic",
            models.Index(fields=["topic", "-reported_at", "-article"], name="article_topic_time"),
        ),
        AddIndexConcurrently(
            "article",
            models.Index(fields=["language", "-reported_at", "-id"], name="article_language_time"),
        ),
    ]
