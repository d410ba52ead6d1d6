"""What every list page reads: one row per subject and story, and maintained day counters.

A subject is a region (ancestors and also_in included) or a conflict, with a topic or none.
Region World stands for "everywhere": a topic timeline is World × topic.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class TimelineEntry(models.Model):
    """A story on the timeline of one subject."""

    region = models.ForeignKey("Region", models.CASCADE, null=True, related_name="+", db_index=False)
    conflict = models.ForeignKey("Conflict", models.CASCADE, null=True, related_name="+", db_index=False)
    topic = models.ForeignKey("Topic", models.CASCADE, null=True, related_name="+", db_index=False)
    story = models.ForeignKey("Story", models.CASCADE, related_name="timeline_rows")
    report_at = models.DateTimeField(help_text="first report")
    event_on = models.DateField(help_text="happened_on")
    last_at = models.DateTimeField()
    added_at = models.DateTimeField(help_text="when it entered this timeline")
    origin_count = models.PositiveIntegerField(default=0)
    is_key = models.BooleanField(default=False)
    is_thin = models.BooleanField(default=False)
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    source_kinds = ArrayField(models.CharField(max_length=32), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(region__isnull=False, conflict__isnull=True)
                | Q(region__isnull=True, conflict__isnull=False),
                name="timeline_entry_one_subject",
            ),
            models.UniqueConstraint(
                fields=["region", "conflict", "topic", "story"],
                name="timeline_entry_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["region", "topic", "-report_at", "-story"], name="timeline_region_report"),
            models.Index(
                fields=["region", "topic", "-event_on", "-report_at", "-story"], name="timeline_region_event"
            ),
            models.Index(
                fields=["conflict", "topic", "-report_at", "-story"], name="timeline_conflict_report"
            ),
            models.Index(
                fields=["conflict", "topic", "-event_on", "-report_at", "-story"],
                name="timeline_conflict_event",
            ),
            models.Index(
                fields=["region", "topic", "-report_at", "-story"],
                name="timeline_region_key",
                condition=Q(is_key=True),
            ),
            models.Index(
                fields=["region", "topic", "-report_at", "-story"],
                name="timeline_region_thin",
                condition=Q(is_thin=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_id or self.conflict_id} {self.topic_id} {self.story_id}"


class DayCount(models.Model):
    """Stories of one subject on one day, by report date or event date; maintained, never counted on request."""

    class Clock(models.TextChoices):
        REPORT = "report", "report date"
        EVENT = "event", "event date"

    region = models.ForeignKey("Region", models.CASCADE, null=True, related_name="+", db_index=False)
    conflict = models.ForeignKey("Conflict", models.CASCADE, null=True, related_name="+", db_index=False)
    topic = models.ForeignKey("Topic", models.CASCADE, null=True, related_name="+", db_index=False)
    clock = models.CharField(max_length=6, choices=Clock)
    on = models.DateField()
    story_count = models.IntegerField(default=0)
    key_count = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "conflict", "topic", "clock", "on"],
                name="day_count_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["clock", "on", "region"], name="day_count_day"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.story_count}"


class Pin(models.Model):
    """A story pinned to the top of a subject's timeline."""

    region = models.ForeignKey("Region", models.CASCADE, null=True, blank=True, related_name="pins")
    conflict = models.ForeignKey("Conflict", models.CASCADE, null=True, blank=True, related_name="pins")
    topic = models.ForeignKey("Topic", models.CASCADE, null=True, blank=True, related_name="pins")
    story = models.ForeignKey("Story", models.CASCADE, related_name="pins")
    pinned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"pin {self.story_id}"
