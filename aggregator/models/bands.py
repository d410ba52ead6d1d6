"""LSH bands: under which keys a text is found by its copies."""

from __future__ import annotations

from django.db import models


class Band(models.Model):
    """One LSH band of an article: equal keys make candidates.

    There are 64 a text, so the look-up's index is the only one, and no constraint checks the article: a band
    without one finds nothing. For the same reason bands are only added: what a text no longer has makes a candidate
    that the rule turns down. The month leads the index: what is asked and written lies together in the last months,
    however long the archive grows.
    """

    pk = models.CompositePrimaryKey("month", "key", "article_id")
    month = models.SmallIntegerField(
        help_text="of the date under which the article is filed, from January 1970"
    )
    key = models.BigIntegerField(help_text="hash of the band's number and its two minima")
    article = models.ForeignKey(
        "Article", models.DO_NOTHING, related_name="bands", db_index=False, db_constraint=False
    )

    def __str__(self) -> str:
        return f"band {self.key}"


class OldBands(models.Model):
    """Bands of a month long past whose keys begin alike, packed: see services/old_bands.py."""

    pk = models.CompositePrimaryKey("month", "bucket")
    month = models.SmallIntegerField()
    bucket = models.SmallIntegerField(help_text="the first 16 bits of the keys")
    packed = models.BinaryField(help_text="11 bytes a band: the other 48 bits of its key, its article's id")

    def __str__(self) -> str:
        return f"bands {self.month}:{self.bucket}"
