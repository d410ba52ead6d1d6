"""Stories: the articles about one happening."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse


class StoryQuerySet(models.QuerySet["Story"]):
    """Questions about stories."""

    def live(self) -> StoryQuerySet:
        """Stories that readers see: neither retired into another nor hidden."""
        return self.filter(retired_into__isnull=True, hidden=False)


class Story(models.Model):
    """The articles about one happening; its span is at most 72 hours from its first report."""

    slug = models.SlugField(max_length=120, blank=True, default="", db_index=False)
    headline = models.TextField(blank=True, default="")
    extract = models.CharField(max_length=300, blank=True, default="")
    language = models.CharField(max_length=12, blank=True, default="")
    speaker = models.ForeignKey(
        "Article",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="the member that speaks",
    )
    speaker_reason = models.JSONField(default=dict, blank=True)
    first_article = models.ForeignKey("Article", models.SET_NULL, null=True, blank=True, related_name="+")
    first_at = models.DateTimeField(help_text="first report")
    last_at = models.DateTimeField(help_text="newest report")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="last change of members, headline or counts")
    changed_no = models.BigIntegerField(default=0, help_text="grows with each change, from one sequence")
    happened_on = models.DateField()
    happened_precision = models.CharField(max_length=10, default="reported")
    happened_reason = models.JSONField(default=dict, blank=True)

    origin_count = models.PositiveIntegerField(default=0)
    source_count = models.PositiveIntegerField(default=0)
    article_count = models.PositiveIntegerField(default=0)
    is_key = models.BooleanField(default=False, help_text="two origins or more, one not state-controlled")
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    source_kinds = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    growth_score = models.FloatField(default=0, help_text="recent growth of origins; orders the front page")
    card = models.JSONField(default=dict, blank=True, help_text="what a list card shows, made at ingest")

    retired_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="retired")
    hidden = models.BooleanField(default=False)
    earlier = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="later_stories")
    version = models.PositiveIntegerField(default=1)

    objects = StoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "stories"
        indexes = [
            models.Index(fields=["-changed_no"], name="story_changed_no"),
            models.Index(fields=["-last_at", "-id"], name="story_last"),
            models.Index(fields=["-first_at", "-id"], name="story_first"),
            models.Index(
                fields=["retired_into"], name="story_retired", condition=Q(retired_into__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.headline[:80]

    def get_absolute_url(self) -> str:
        return reverse("story", args=[self.pk, self.slug or "story"])

    @property
    def copy_count(self) -> int:
        return max(self.article_count - self.origin_count, 0)


class Membership(models.Model):
    """An article in a story, and why."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="memberships", db_index=False)
    article = models.OneToOneField("Article", models.CASCADE, related_name="membership")
    score = models.FloatField(default=0)
    reason = models.JSONField(default=dict, blank=True)
    joined_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["story", "article"], name="membership_story")]

    def __str__(self) -> str:
        return f"{self.article_id} in {self.story_id}"


class GroupFeatures(models.Model):
    """What grouping compares: hashed words and a vector of an original, in one narrow row."""

    article = models.OneToOneField("Article", models.CASCADE, primary_key=True, related_name="group_features")
    packed = models.BinaryField()
    about_story = models.ForeignKey(
        Story,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="outside_pieces",
        help_text="the story that an opinion or explainer, itself outside stories, is about",
    )
    thread = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="the article that opened its thread, as the last look at stories saw it",
    )
    unites = models.BigIntegerField(
        null=True, blank=True, help_text="another thread that became one with this one at this article"
    )

    def __str__(self) -> str:
        return f"features {self.article_id}"


class StoryRegion(models.Model):
    """A region that a story is about; ancestors are in TimelineEntry, not here."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="region_rows", db_index=False)
    region = models.ForeignKey("Region", models.CASCADE, related_name="story_rows")
    focus = models.BooleanField(default=False)
    score = models.FloatField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "region"], name="story_region_once")]

    def __str__(self) -> str:
        return f"{self.story_id} {self.region_id}"


class StoryTopic(models.Model):
    """A topic of a story, by vote of its originals."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="topic_rows", db_index=False)
    topic = models.ForeignKey("Topic", models.CASCADE, related_name="story_rows")
    rank = models.PositiveSmallIntegerField(default=0)
    score = models.FloatField(default=0)

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["story", "topic"], name="story_topic_once")]

    def __str__(self) -> str:
        return f"{self.story_id} {self.topic_id}"


class StoryConflict(models.Model):
    """A conflict that a story belongs to."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="conflict_rows", db_index=False)
    conflict = models.ForeignKey("Conflict", models.CASCADE, related_name="story_rows")
    reason = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["story", "conflict"], name="story_conflict_once")]

    def __str__(self) -> str:
        return f"{self.story_id} {self.conflict_id}"
