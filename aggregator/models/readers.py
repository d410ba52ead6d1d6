"""Readers: what they follow, and the digests they asked for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Follow(models.Model):
    """Something an account follows: a region, topic, conflict (or a mix) or a search."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows")
    query = models.CharField(
        max_length=500, help_text="the path and query of the list, e.g. /regions/mali/?topic=battles"
    )
    name = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "query"], name="follow_once")]

    def __str__(self) -> str:
        return self.name


class DigestSubscription(models.Model):
    """A mail digest of a list, to a confirmed address; no account needed."""

    class Rhythm(models.TextChoices):
        DAILY = "daily", "daily"
        WEEKLY = "weekly", "weekly"
        KEY = "key", "at each key story"

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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["email", "query", "rhythm"], name="digest_once")]
        indexes = [
            models.Index(fields=["next_at"], name="digest_due", condition=Q(confirmed_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.rhythm} {self.name}"
