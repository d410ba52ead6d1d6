"""Who is read: publishers (families that count once), their outlets, and the feeds of those."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aggregator.pipeline import feedstate


class Publisher(models.Model):
    """Who owns outlets: the family that counts once for independence."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2, blank=True, default="")
    owner_group = models.CharField(
        max_length=80, blank=True, default="", help_text="Publishers with the same group count as one family."
    )
    owner_note = models.TextField(blank=True, default="")
    state_control = models.PositiveSmallIntegerField(default=0)
    state_control_basis = models.TextField(blank=True, default="")
    homepage_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    loaded_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(state_control__lte=3), name="publisher_state_control_0_to_3")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def family(self) -> str:
        """The slug under which this publisher counts for independence."""
        return self.owner_group or self.slug


class SourceQuerySet(models.QuerySet["Source"]):
    """Questions about outlets."""

    def approved(self) -> SourceQuerySet:
        """Outlets that are read."""
        return self.filter(status=Source.Status.APPROVED)


class Source(models.Model):
    """An outlet we chose."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        APPROVED = "approved", "approved"
        PAUSED = "paused", "paused"
        REJECTED = "rejected", "rejected"
        RETIRED = "retired", "retired"
        WITHDRAWN = "withdrawn", "withdrawn"

    class Text(models.TextChoices):
        PAGE = "page", "the article's page"
        FEED = "feed", "the feed alone"

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    publisher = models.ForeignKey(Publisher, models.PROTECT, related_name="sources")
    homepage = models.URLField(max_length=500, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    home_regions = ArrayField(models.SlugField(max_length=80), default=list, blank=True)
    kind = models.CharField(max_length=32, default="national")
    state_control = models.PositiveSmallIntegerField(default=0)
    paywall = models.BooleanField(default=False)
    counts_as_source = models.BooleanField(default=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.PROPOSED)
    status_note = models.TextField(blank=True, default="")
    text_from = models.CharField(max_length=8, choices=Text, default=Text.PAGE)
    everything_relevant = models.BooleanField(default=False)
    revisions_on = models.BooleanField(default=True)
    extraction_selector = models.CharField(max_length=300, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")
    poll_min = models.DurationField(null=True, blank=True)
    poll_max = models.DurationField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    loaded_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["status", "name"], name="source_status_name")]
        constraints = [
            models.CheckConstraint(condition=Q(state_control__lte=3), name="source_state_control_0_to_3")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("source", args=[self.slug])

    @property
    def family(self) -> str:
        return self.publisher.family


class FeedQuerySet(models.QuerySet["Feed"]):
    """Questions about feeds."""

    def polled(self) -> FeedQuerySet:
        """Feeds that are read: of approved outlets, neither paused nor muted."""
        return self.filter(source__status=Source.Status.APPROVED, enabled=True)

    def switched_off(self) -> FeedQuerySet:
        """Feeds of approved outlets that a curator has muted."""
        return self.filter(source__status=Source.Status.APPROVED, enabled=False)

    def due(self, now: datetime) -> FeedQuerySet:
        return self.polled().filter(next_poll_at__lte=now)


class Feed(models.Model):
    """One address of a source that we read; inbound only."""

    class State(models.TextChoices):
        NEW = "new", _("not polled yet")
        OK = "ok", _("ok")
        STALE = "stale", _("stale")
        EMPTY = "empty", _("empty")
        NOT_A_FEED = "not_a_feed", _("not a feed")
        FAILING = "failing", _("failing")
        DEAD = "dead", _("dead")
        MOVED = "moved", _("moved")
        MUTED = "muted", _("muted")

    source = models.ForeignKey(Source, models.CASCADE, related_name="feeds")
    host = models.ForeignKey("Host", models.PROTECT, related_name="feeds", null=True, blank=True)
    slug = models.SlugField(max_length=100, blank=True, default="")
    title = models.CharField(max_length=300, blank=True, default="")
    url = models.TextField()
    url_hash = models.BigIntegerField(unique=True, editable=False)
    section = models.CharField(max_length=120, blank=True, default="")
    language = models.CharField(max_length=12, blank=True, default="")
    region_hint = ArrayField(models.SlugField(max_length=80), default=list, blank=True)
    enabled = models.BooleanField(default=True)
    loaded_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    state_code = models.CharField(max_length=40, blank=True, default="")
    state_sentence = models.TextField(
        blank=True, default=""
    )  # as the translators know it; shown by `state_words`
    state_since = models.DateTimeField(null=True, blank=True)

    next_poll_at = models.DateTimeField(null=True, blank=True)
    last_polled_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_new_at = models.DateTimeField(null=True, blank=True)
    last_full_get_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    every_seconds = models.PositiveIntegerField(default=900)
    etag = models.TextField(blank=True, default="")
    last_modified = models.TextField(blank=True, default="")
    body_hash = models.BigIntegerField(null=True, blank=True)
    id_policy = models.PositiveSmallIntegerField(default=0)
    moved_to = models.TextField(blank=True, default="")
    moved_count = models.PositiveIntegerField(default=0)
    moved_since = models.DateTimeField(null=True, blank=True)
    extra = models.JSONField(default=dict, blank=True)

    objects = FeedQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        indexes = [
            models.Index(fields=["host", "next_poll_at"], name="feed_host_next_poll"),
            models.Index(fields=["next_poll_at"], name="feed_due", condition=Q(enabled=True)),
            models.Index(fields=["state"], name="feed_state"),
        ]

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def state_words(self) -> str:
        """The sentence of its state, in the language of the page."""
        return feedstate.said(self.state_sentence, self.extra, gettext)


class Poll(models.Model):
    """One attempt to read a feed."""

    class Outcome(models.TextChoices):
        NEW = "new", "new items"
        UNCHANGED = "unchanged", "unchanged"
        FAILED = "failed", "failed"

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="polls")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    code = models.CharField(max_length=40, blank=True, default="")
    status = models.PositiveSmallIntegerField(null=True)
    bytes = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    item_count = models.PositiveIntegerField(default=0)
    new_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["feed", "-at"], name="poll_feed_at"),
            models.Index(fields=["at"], name="poll_at"),
            models.Index(fields=["-at"], name="poll_failed", condition=Q(outcome="failed")),
        ]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.outcome}"


class PollDay(models.Model):
    """The polls of a feed on one day (UTC), summed up when they are old."""

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="poll_days")
    day = models.DateField()
    polls = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    new_count = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["feed", "day"], name="poll_day_once")]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.day}"
