"""Conflicts: named, curated; parties, regions, start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.urls import reverse

if TYPE_CHECKING:
    from aggregator.models.places import Region


class Conflict(models.Model):
    """A named, curated conflict."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=160)
    status = models.CharField(max_length=32, blank=True, default="")
    status_as_of = models.CharField(max_length=10, blank=True, default="")
    type = models.CharField(max_length=32, blank=True, default="")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="children")
    regions: models.ManyToManyField[Region, Region] = models.ManyToManyField(
        "Region", related_name="conflicts", blank=True
    )
    started_on = models.DateField(null=True, blank=True)
    start_precision = models.CharField(max_length=8, blank=True, default="")
    note = models.TextField(blank=True, default="")
    data = models.JSONField(
        default=dict, blank=True, help_text="areas, waters, aliases and hints as the rules read them"
    )
    loaded_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("conflict", args=[self.slug])


class Party(models.Model):
    """A party to a conflict, on a side."""

    conflict = models.ForeignKey(Conflict, models.CASCADE, related_name="parties")
    name = models.CharField(max_length=160)
    side = models.CharField(max_length=20, blank=True, default="")
    kind = models.CharField(max_length=32, blank=True, default="")
    aliases = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["conflict", "position"]
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        return self.name
