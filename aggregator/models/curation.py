"""A curator's word: overrides about articles, the log of every act, readers' reports."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Override(models.Model):
    """A curator's decision about an article; it wins over the rules and survives every re-run."""

    class Kind(models.TextChoices):
        MUST_LINK = "must_link", "belongs with"
        CANNOT_LINK = "cannot_link", "does not belong with"
        IS_ORIGINAL = "is_original", "is an original"
        COPY_OF = "copy_of", "is a copy of"
        REGIONS = "regions", "regions"
        TOPICS = "topics", "topics"
        CONFLICTS = "conflicts", "conflicts"
        FORM = "form", "form"
        RELEVANCE = "relevance", "relevance"
        EVENT_DATE = "event_date", "event date"
        SPEAKER = "speaker", "speaks for its story"
        HIDDEN = "hidden", "hidden"

    kind = models.CharField(max_length=12, choices=Kind)
    article = models.ForeignKey("Article", models.CASCADE, related_name="overrides")
    other = models.ForeignKey("Article", models.CASCADE, null=True, blank=True, related_name="+")
    value = models.JSONField(default=dict, blank=True)
    reason = models.TextField(blank=True, default="")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    log_entry = models.ForeignKey(
        "LogEntry", models.SET_NULL, null=True, blank=True, related_name="overrides"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["article", "kind"], name="override_article", condition=Q(lifted_at__isnull=True)
            ),
            models.Index(
                fields=["other", "kind"], name="override_other", condition=Q(lifted_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.article_id}"


class LogEntry(models.Model):
    """One act: who, when, what, why, before and after. Never deleted."""

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    role = models.CharField(max_length=20, default="machine", help_text="machine, curator or admin")
    act = models.CharField(max_length=32)
    target_type = models.CharField(max_length=20)
    target_id = models.BigIntegerField(null=True)
    target_name = models.CharField(max_length=300, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    undo_of = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")
    public = models.BooleanField(default=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "log entries"
        indexes = [
            models.Index(fields=["target_type", "target_id", "-at"], name="log_target"),
            models.Index(fields=["-at", "-id"], name="log_time"),
            models.Index(fields=["act", "-id"], name="log_act"),
            models.Index(fields=["-id"], name="log_people", condition=~Q(role="machine")),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.target_type} {self.target_id}"

    @property
    def by(self) -> str:
        """Who acted, as readers are told: a role, or the name where the operator wants names."""
        named = settings.LOG_NAMES and self.actor is not None
        return str(self.actor) if named else self.role


class ReaderReport(models.Model):
    """A reader says that something is wrong; it feeds the desk."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=24)
    story = models.ForeignKey("Story", models.CASCADE, null=True, blank=True, related_name="reports")
    article = models.ForeignKey("Article", models.CASCADE, null=True, blank=True, related_name="reports")
    text = models.TextField(blank=True, default="")
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="report_open", condition=Q(closed_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"


class HealthReport(models.Model):
    """The state of every feed on one day: the next day's mail tells what has changed."""

    on = models.DateField(unique=True)
    states = models.JSONField(default=dict, blank=True, help_text="feed id → state, moved to, silent")
    changes = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-on"]

    def __str__(self) -> str:
        return f"feeds on {self.on}"


class SignIn(models.Model):
    """A session that somebody opened by signing in: when and with which browser; no address is kept."""

    session_key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    agent = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.user_id} at {self.at:%Y-%m-%d %H:%M}"
