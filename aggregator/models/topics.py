"""Topics: labels of our vocabulary, in groups."""

from __future__ import annotations

from django.db import models
from django.urls import reverse


class TopicGroup(models.Model):
    """A group of topics."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    blurb = models.TextField(blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    loaded_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Topic(models.Model):
    """A label with a definition, and the cues by which the rules find it."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    group = models.ForeignKey(TopicGroup, models.PROTECT, related_name="topics")
    definition = models.TextField(blank=True, default="")
    includes = models.JSONField(default=list, blank=True)
    excludes = models.JSONField(default=list, blank=True)
    data = models.JSONField(default=dict, blank=True, help_text="cues as the rules read them")
    position = models.PositiveSmallIntegerField(default=0)
    loaded_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("topic", args=[self.slug])
