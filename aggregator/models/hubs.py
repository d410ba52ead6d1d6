"""Subscriptions at the hubs that feeds name."""

from __future__ import annotations

from django.db import models

from .sources import Feed


class HubSubscription(models.Model):
    """A feed's subscription at its hub (WebSub): the hub tells us that there is news, we fetch it as ever."""

    feed = models.OneToOneField(Feed, models.CASCADE, primary_key=True, related_name="hub_subscription")
    hub_url = models.TextField()
    topic_url = models.TextField(help_text="the name under which the hub knows the feed")
    token = models.CharField(max_length=64, unique=True, help_text="in the address that the hub calls")
    secret = models.CharField(max_length=64, help_text="with which the hub signs")
    next_at = models.DateTimeField(null=True, blank=True, help_text="when the hub is asked, or asked again")
    asked_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="as the hub confirmed")
    pushed_at = models.DateTimeField(null=True, blank=True, help_text="when it last told of news")
    failures = models.PositiveSmallIntegerField(default=0)
    code = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="hub_next")]

    def __str__(self) -> str:
        return f"{self.feed_id} at {self.hub_url}"
