"""Readers: their accounts, what they follow and have read, and the digests they asked for."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class ReaderAccount(models.Model):
    """What an account keeps for its reader beside name and password."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reading")
    mail = models.EmailField(blank=True, default="", help_text="confirmed by its owner; '' for none")
    time_zone = models.CharField(max_length=64, default="UTC")
    feed_token = models.CharField(
        max_length=64, unique=True, null=True, blank=True, help_text="in the address of the private feed"
    )

    def __str__(self) -> str:
        return f"account {self.user_id}"


class Follow(models.Model):
    """Something an account follows: a region, topic, conflict (or a mix) or a search."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows")
    query = models.CharField(
        max_length=500, help_text="the path and query of the list, e.g. /regions/mali/?topic=battles"
    )
    name = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(
        null=True, blank=True, help_text="what entered the list later is new to the reader"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "query"], name="follow_once")]

    def __str__(self) -> str:
        return self.name


class ReadMark(models.Model):
    """A story that a reader has marked as read, before marking the whole list."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="read_marks", db_index=False
    )
    story = models.ForeignKey("Story", models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "story"], name="read_mark_once")]

    def __str__(self) -> str:
        return f"{self.user_id} read {self.story_id}"


class DigestSubscription(models.Model):
    """A mail digest of a list, to a confirmed address; no account needed, `user` where there is one."""

    class Rhythm(models.TextChoices):
        DAILY = "daily", "daily"
        WEEKLY = "weekly", "weekly"
        KEY = "key", "at each key story"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="digests"
    )
    email = models.EmailField()
    query = models.CharField(max_length=500)
    name = models.CharField(max_length=200)
    rhythm = models.CharField(max_length=8, choices=Rhythm, default=Rhythm.DAILY)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=8, default="en")
    token = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    bounces = models.PositiveSmallIntegerField(default=0)
    told = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="key stories of the newest alerts"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["email", "query", "rhythm"], name="digest_once")]
        indexes = [
            models.Index(fields=["next_at"], name="digest_due", condition=Q(confirmed_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.rhythm} {self.name}"
