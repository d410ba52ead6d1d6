"""Regions: published areas. `parent` is for navigation only and no statement of sovereignty."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse


class Region(models.Model):
    """A published area: macro, sub-region, country, territory, contested area, theatre, water."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=32)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    also_in = ArrayField(models.SlugField(max_length=80), default=list, blank=True)
    iso2 = models.CharField(max_length=2, blank=True, default="")
    m49 = models.CharField(max_length=3, blank=True, default="")
    status_note = models.TextField(blank=True, default="")
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    data = models.JSONField(
        default=dict, blank=True, help_text="names, aliases and cues as the rules read them"
    )
    loaded_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    last_story_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("region", args=[self.slug])


class RegionLink(models.Model):
    """Closure of parents and also_in: a page of `ancestor` shows what is in `region`."""

    region = models.ForeignKey(Region, models.CASCADE, related_name="ancestor_links")
    ancestor = models.ForeignKey(Region, models.CASCADE, related_name="descendant_links")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "ancestor"], name="region_link_once")]

    def __str__(self) -> str:
        return f"{self.region_id} in {self.ancestor_id}"


class SlugRedirect(models.Model):
    """A retired slug: it redirects for ever."""

    kind = models.CharField(max_length=12, help_text="region, topic, conflict or source")
    slug = models.SlugField(max_length=100)
    target_slug = models.SlugField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="slug_redirect_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug} → {self.target_slug}"
