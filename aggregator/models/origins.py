"""Origins, and what tracing needs to find them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Origin(models.Model):
    """An original with all its copies, a wire agency, or an outside outlet that we do not poll."""

    class Kind(models.TextChoices):
        ORIGINAL = "original", "original"
        AGENCY = "agency", "agency"
        OUTSIDE = "outside", "outside outlet"

    kind = models.CharField(max_length=10, choices=Kind)
    key = models.CharField(
        max_length=300, unique=True, help_text="agency:SLUG, outside:DOMAIN-OR-NAME or article:ID"
    )
    independence_key = models.CharField(
        max_length=300, help_text="what counts once: agency:SLUG, outside:DOMAIN or family:SLUG"
    )
    name = models.CharField(max_length=200, blank=True, default="")
    url = models.TextField(blank=True, default="")
    article = models.OneToOneField(
        "Article", models.CASCADE, null=True, blank=True, related_name="own_origin", help_text="kind original"
    )
    publisher = models.ForeignKey("Publisher", models.PROTECT, null=True, blank=True)
    state_control = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["independence_key"], name="origin_independence")]

    def __str__(self) -> str:
        return self.name or self.key


class Agency(models.Model):
    """A wire agency: its texts count once, whoever carries them. Curators edit the forms that name it."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    forms = ArrayField(
        models.CharField(max_length=120),
        default=list,
        blank=True,
        help_text="as they stand in bylines, datelines and source lines: whole words, with their case",
    )
    personal = ArrayField(
        models.CharField(max_length=120),
        default=list,
        blank=True,
        help_text="those of the forms that are names of people too: a byline alone does not make them the agency",
    )
    state_control = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True, help_text="off: its forms are not looked for")
    note = models.TextField(blank=True, default="")
    loaded_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "agencies"
        constraints = [
            models.CheckConstraint(condition=Q(state_control__lte=3), name="agency_state_control_0_to_3")
        ]

    def __str__(self) -> str:
        return self.name


class FingerprintRow(models.Model):
    """What the tracing rule compares: sampled shingle hashes of an article's text."""

    article = models.OneToOneField("Article", models.CASCADE, primary_key=True, related_name="fingerprint")
    reported_on = models.DateField(help_text="at most a week before it was found, whatever its outlet says")
    shingles = ArrayField(models.IntegerField(), default=list)
    quoted = ArrayField(models.IntegerField(), default=list)
    numbers = ArrayField(models.CharField(max_length=40), default=list)
    words = models.PositiveIntegerField(default=0)
    text_hash = models.BigIntegerField()
    title_hash = models.BigIntegerField()
    absent_at = models.DateTimeField(
        null=True,
        help_text="its feed was read then and the article was not in it; null: found in the first poll",
    )
    credits = models.JSONField(default=list, help_text="whom the article names as the origin of its text")

    class Meta:
        indexes = [models.Index(fields=["text_hash"], name="fingerprint_text_hash")]

    def __str__(self) -> str:
        return f"fingerprint {self.article_id}"


class LearnedLine(models.Model):
    """A line that is boilerplate of one source: seen in several of its articles, or named by a curator."""

    source = models.ForeignKey("Source", models.CASCADE, related_name="learned_lines")
    line_hash = models.BigIntegerField()
    line = models.TextField()
    article_count = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    learned_at = models.DateTimeField()
    by_hand = models.BooleanField(default=False, help_text="a curator's rule, not learned")
    example = models.ForeignKey(
        "Article",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="an article that has it",
    )

    class Meta:
        indexes = [models.Index(fields=["-learned_at", "-id"], name="learned_line_newest")]
        constraints = [models.UniqueConstraint(fields=["source", "line_hash"], name="learned_line_once")]

    def __str__(self) -> str:
        return self.line[:60]
