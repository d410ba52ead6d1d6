"""Hosts: fetching is claimed by host, so that no host is asked twice at once."""

from __future__ import annotations

from django.db import models


class Host(models.Model):
    """One address and port that we talk to."""

    key = models.CharField(max_length=260, unique=True, help_text="scheme-independent name:port")
    due_at = models.DateTimeField(null=True, blank=True, help_text="when its next feed or page is due")
    hold_until = models.DateTimeField(
        null=True, blank=True, help_text="the host asked to be left alone until then"
    )
    free_at = models.DateTimeField(null=True, blank=True, help_text="real time before which it is not asked")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="real time")
    lease_token = models.BigIntegerField(null=True, blank=True)
    crawl_delay_seconds = models.FloatField(default=0)
    robots_txt = models.TextField(blank=True, default="")
    robots_state = models.CharField(max_length=20, blank=True, default="")
    robots_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="host_due")]

    def __str__(self) -> str:
        return self.key
