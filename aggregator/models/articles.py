"""Articles, their revisions and tags, and the queue rows of those under way."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from aggregator.models.packed import PackedTextField
from aggregator.pipeline.group import OUTSIDE_FORMS


class ArticleQuerySet(models.QuerySet["Article"]):
    """Questions about articles."""

    def published(self) -> ArticleQuerySet:
        """Articles that readers may see."""
        return self.filter(status=Article.Status.VISIBLE, relevance="in")


class Article(models.Model):
    """One published text of one source at one canonical address."""

    class Status(models.TextChoices):
        UNDER_WAY = "under_way", "under way"
        VISIBLE = "visible", "visible"
        HIDDEN = "hidden", "hidden"
        WITHDRAWN = "withdrawn", "withdrawn"

    class CopyKind(models.TextChoices):
        ORIGINAL = "original", "original"
        EXACT = "exact", "exact copy"
        REPUBLISHED = "republished", "republished"
        TRUNCATED = "truncated", "truncated copy"
        PADDED = "padded", "padded copy"
        UPDATED = "updated", "updated version"

    source = models.ForeignKey("Source", models.PROTECT, related_name="articles", db_index=False)
    feed = models.ForeignKey("Feed", models.SET_NULL, null=True, blank=True, related_name="articles")
    url = models.TextField()
    url_hash = models.BigIntegerField(editable=False)
    title = models.TextField(blank=True, default="")
    author = models.CharField(max_length=300, blank=True, default="")
    language = models.CharField(max_length=12, blank=True, default="")
    extract = models.CharField(max_length=300, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status, default=Status.UNDER_WAY)

    published_at = models.DateTimeField(null=True, blank=True, help_text="as the outlet says")
    published_kind = models.CharField(max_length=12, default="missing")
    found_at = models.DateTimeField(help_text="when we saw it")
    reported_at = models.DateTimeField(help_text="published_at, distrusted: never after found_at")
    settled_at = models.DateTimeField(null=True, blank=True)
    happened_on = models.DateField(null=True, blank=True)
    happened_precision = models.CharField(max_length=10, blank=True, default="")
    happened_reason = models.JSONField(default=dict, blank=True)

    form = models.CharField(max_length=32, blank=True, default="")
    form_reason = models.JSONField(default=dict, blank=True)
    relevance = models.CharField(max_length=4, blank=True, default="")
    relevance_score = models.FloatField(default=0)
    relevance_reason = models.JSONField(default=dict, blank=True)
    text_kind = models.CharField(max_length=8, blank=True, default="", help_text="text, stub or empty")
    text_method = models.CharField(max_length=16, blank=True, default="")
    page_code = models.CharField(max_length=40, blank=True, default="", help_text="why there is no page")

    origin = models.ForeignKey(
        "Origin", models.SET_NULL, null=True, blank=True, related_name="articles", db_index=False
    )
    copy_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="copies")
    copy_kind = models.CharField(max_length=12, choices=CopyKind, blank=True, default="")
    copy_score = models.FloatField(null=True, blank=True)
    copy_reason = models.JSONField(default=dict, blank=True)

    mentions = models.JSONField(default=list, blank=True)
    conflicts = models.JSONField(default=list, blank=True, help_text="[{slug, reason}]")
    word_count = models.PositiveIntegerField(default=0)
    revision_count = models.PositiveSmallIntegerField(default=1)
    page_etag = models.CharField(max_length=200, blank=True, default="")
    page_modified = models.CharField(max_length=60, blank=True, default="")
    next_look_at = models.DateTimeField(null=True, blank=True)
    looks = models.PositiveSmallIntegerField(default=0)
    indexed = models.BooleanField(default=False, help_text="its search row is up to date")
    noindex = ArrayField(models.CharField(max_length=12), default=list, blank=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "url_hash"], name="article_one_per_source_and_address"),
            models.CheckConstraint(
                condition=Q(reported_at__lte=models.F("found_at")), name="article_reported_not_after_found"
            ),
        ]
        indexes = [
            models.Index(fields=["source", "-reported_at", "-id"], name="article_source_time"),
            models.Index(fields=["-reported_at", "-id"], name="article_time"),
            models.Index(fields=["language", "-reported_at", "-id"], name="article_language_time"),
            models.Index(fields=["url_hash"], name="article_url_hash"),
            models.Index(fields=["origin"], name="article_origin"),
            models.Index(fields=["id"], name="article_not_indexed", condition=Q(indexed=False)),
            models.Index(
                fields=["next_look_at"], name="article_next_look", condition=Q(next_look_at__isnull=False)
            ),
            models.Index(
                fields=["-reported_at", "-id"],
                name="article_ask",
                condition=Q(relevance="ask", status="visible"),
            ),
            models.Index(
                fields=["-reported_at", "-id"],
                name="article_outside",
                condition=Q(relevance="in", status="visible", form__in=sorted(OUTSIDE_FORMS)),
            ),
        ]

    def __str__(self) -> str:
        return self.title[:80]

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.pk])

    @property
    def is_published(self) -> bool:
        """Whether readers may see it, as `published` has it for many."""
        return self.status == Article.Status.VISIBLE and self.relevance == "in"

    @property
    def is_copy(self) -> bool:
        return self.copy_kind not in ("", "original")


class ArticleBody(models.Model):
    """The full text: for search, tracing and curators only."""

    article = models.OneToOneField(Article, models.CASCADE, primary_key=True, related_name="body")
    text = PackedTextField(blank=True, default="")
    full_text = PackedTextField(
        blank=True, default="", help_text="before boilerplate is removed; '' if the same"
    )
    removed = models.JSONField(default=list, blank=True)
    rule_version = models.PositiveIntegerField(default=1)
    text_sha256 = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"text of {self.article_id}"


class Item(models.Model):
    """An id under which a feed has given an article; identity is (feed, id)."""

    feed = models.ForeignKey("Feed", models.CASCADE, related_name="items", db_index=False)
    key_hash = models.BigIntegerField()
    article = models.ForeignKey(Article, models.CASCADE, null=True, related_name="items")
    alias_hash = models.BigIntegerField(
        null=True, help_text="of headline, date and path: stays when ids churn"
    )
    content_hash = models.BigIntegerField(null=True)
    dated_at = models.DateTimeField(null=True, help_text="as the feed last said")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "key_hash"], name="item_one_per_feed_and_id")]
        indexes = [models.Index(fields=["feed", "alias_hash"], name="item_alias")]

    def __str__(self) -> str:
        return f"{self.feed_id}:{self.key_hash}"


class Revision(models.Model):
    """One version of an article's headline and text."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="revisions", db_index=False)
    number = models.PositiveSmallIntegerField()
    title = models.TextField(blank=True, default="")
    text = models.TextField(blank=True, default="", help_text="'' for the newest: see ArticleBody")
    text_sha256 = models.CharField(max_length=64, blank=True, default="")
    found_at = models.DateTimeField()
    rule_version = models.PositiveIntegerField(default=1)
    title_changed = models.BooleanField(default=False)
    passages_changed = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["article", "number"]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="revision_one_per_number")]

    def __str__(self) -> str:
        return f"{self.article_id} v{self.number}"


class ArticleRegion(models.Model):
    """A region that an article is about or mentions; ancestors are not stored here."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="regions", db_index=False)
    region = models.ForeignKey("Region", models.CASCADE, related_name="article_rows")
    about = models.BooleanField(default=False)
    focus = models.BooleanField(default=False)
    score = models.FloatField(default=0)
    reason = models.JSONField(default=dict, blank=True)

    reported_at = models.DateTimeField(
        null=True, editable=False, help_text="the article's; filled by the database"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "region"], name="article_region_once")]
        indexes = [
            models.Index(
                fields=["region", "-reported_at", "-article"],
                name="article_region_time",
                condition=Q(about=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.article_id} {self.region_id}"


class ArticleTopic(models.Model):
    """A topic of an article."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="topics", db_index=False)
    topic = models.ForeignKey("Topic", models.CASCADE, related_name="article_rows")
    rank = models.PositiveSmallIntegerField(default=0)
    score = models.FloatField(default=0)
    reason = models.JSONField(default=dict, blank=True)

    reported_at = models.DateTimeField(
        null=True, editable=False, help_text="the article's; filled by the database"
    )

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["article", "topic"], name="article_topic_once")]
        indexes = [models.Index(fields=["topic", "-reported_at", "-article"], name="article_topic_time")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.topic_id}"


class SearchRow(models.Model):
    """The search index of an article, made in batches off the poll path."""

    article = models.OneToOneField(Article, models.CASCADE, primary_key=True, related_name="search_row")
    reported_at = models.DateTimeField()
    config = models.CharField(
        max_length=20, default="simple", help_text="text search configuration; a query asks each by its own"
    )
    vector = SearchVectorField(null=True)

    class Meta:
        indexes = [
            GinIndex(fields=["vector"], name="search_vector"),
            models.Index(fields=["-reported_at", "-article"], name="search_time"),
        ]

    def __str__(self) -> str:
        return f"search {self.article_id}"


class Work(models.Model):
    """An article under way: the row is the queue."""

    class Stage(models.TextChoices):
        PAGE = "page", "waits for its page"
        SETTLE = "settle", "waits for the rules"
        HELD = "held", "held for a person"

    article = models.OneToOneField(Article, models.CASCADE, primary_key=True, related_name="work")
    stage = models.CharField(max_length=8, choices=Stage)
    why = models.CharField(max_length=12, default="new", help_text="new, edited, look, retag, reread")
    host = models.ForeignKey("Host", models.PROTECT, null=True, blank=True, related_name="work")
    next_at = models.DateTimeField()
    reported_at = models.DateTimeField(
        null=True, blank=True, help_text="the article's: a backlog is settled oldest report first"
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    alone = models.BooleanField(default=False, help_text="its batch died: it is retried by itself")
    entry = models.JSONField(default=dict, blank=True)
    body = models.BinaryField(null=True, blank=True)
    charset = models.CharField(max_length=40, blank=True, default="")
    final_url = models.TextField(blank=True, default="")
    code = models.CharField(max_length=40, blank=True, default="")
    sentence = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["host", "next_at"], name="work_page_due", condition=Q(stage="page")),
            models.Index(
                fields=["reported_at", "article"], name="work_settle_order", condition=Q(stage="settle")
            ),
            models.Index(fields=["article"], name="work_held", condition=Q(stage="held")),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} {self.stage}"
