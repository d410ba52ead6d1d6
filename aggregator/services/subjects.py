"""What a timeline is about: a region, a topic, a conflict, or a mix, as addresses name it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from aggregator.models import Conflict, DayCount, Region, SlugRedirect, Topic
from aggregator.services import addresses, atlas
from aggregator.services.kept import forget
from aggregator.services.kept import until_act as kept

WORLD = "world"


class MovedError(LookupError):
    """The slug was retired; `target` is the one that took its place."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class UnknownError(LookupError):
    """Nothing has this slug; `near` are (slug, name) of a few that look alike."""

    def __init__(self, slug: str, near: list[tuple[str, str]]) -> None:
        super().__init__(slug)
        self.slug, self.near = slug, near


@dataclass(frozen=True)
class Subject:
    """A region or a conflict, with a topic or none; `kind` says whose page it is."""

    kind: str  # region | topic | conflict
    region: Region | None = None
    conflict: Conflict | None = None
    topic: Topic | None = None

    @property
    def owner(self) -> Region | Conflict | Topic:
        """The row whose page this is."""
        found = {"region": self.region, "conflict": self.conflict, "topic": self.topic}[self.kind]
        assert found is not None
        return found

    @property
    def name(self) -> str:
        """The name for headings and feeds, e.g. "Shelling · Mali"."""
        return self.owner.name

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from other subjects."""
        return (self.kind, *(row.pk if row else None for row in (self.region, self.conflict, self.topic)))

    @property
    def path(self) -> str:
        """The address of the page, without its filters."""
        return addresses.page(self.kind, self.owner.slug)

    def days(self) -> QuerySet[DayCount]:
        """The day totals of this subject."""
        return DayCount.objects.filter(region=self.region, conflict=self.conflict, topic=self.topic)


_MODELS: dict[str, type[Region] | type[Topic] | type[Conflict]] = {
    "region": Region,
    "topic": Topic,
    "conflict": Conflict,
}


_RELATED = {"region": ["parent__parent__parent__parent"], "topic": ["group"], "conflict": ["parent"]}


def find(kind: str, slug: str) -> Region | Topic | Conflict:
    """Return the row of a slug. Raises MovedError when it was retired, UnknownError when nothing has it."""
    if kind == "region" and (region := atlas.regions().by_slug.get(slug)):
        return region
    return kept((kind, slug), lambda: _find(kind, slug))


def topics() -> list[Topic]:
    """Return all topics with their groups, in the vocabulary's order."""
    return kept("topics", _topics)


def _topics() -> list[Topic]:
    rows = Topic.objects.select_related("group").defer("data", "includes", "excludes", "definition")
    return list(rows.order_by("group__position", "position", "name"))


def topics_by_pk() -> dict[int, Topic]:
    """Return all topics by id."""
    return kept("topics by id", lambda: {row.pk: row for row in topics()})


def _find(kind: str, slug: str) -> Region | Topic | Conflict:
    model = _MODELS[kind]
    row = model._default_manager.select_related(*_RELATED[kind]).filter(slug=slug).first()
    if row is not None:
        return row  # type: ignore[no-any-return]
    moved = SlugRedirect.objects.filter(kind=kind, slug=slug).values_list("target_slug", flat=True).first()
    if moved:
        raise MovedError(moved)
    raise UnknownError(slug, near(kind, slug))


Find = Callable[[str, str], Region | Topic | Conflict]


def find_many(wanted: Iterable[tuple[str, str]]) -> Find:
    """Return a `find` for these (kind, slug) pairs, with a query a kind; a retired slug gives what took its place."""
    slugs: dict[str, set[str]] = defaultdict(set)
    for kind, slug in wanted:
        slugs[kind].add(slug)
    moved = {
        (kind, slug): target
        for kind, slug, target in SlugRedirect.objects.filter(
            slug__in={slug for found in slugs.values() for slug in found}
        ).values_list("kind", "slug", "target_slug")
    }
    rows: dict[tuple[str, str], Region | Topic | Conflict] = {}
    for kind, found in slugs.items():
        targets = {moved.get((kind, slug), slug) for slug in found}
        for row in _MODELS[kind]._default_manager.filter(slug__in=found | targets):
            rows[kind, row.slug] = row

    def find_one(kind: str, slug: str) -> Region | Topic | Conflict:
        row = rows.get((kind, slug)) or rows.get((kind, moved.get((kind, slug), "")))
        if row is None:
            raise UnknownError(slug, [])
        return row

    return find_one


def near(kind: str, slug: str, limit: int = 5) -> list[tuple[str, str]]:
    """Return (slug, name) of the rows whose slugs look most like `slug`, by trigrams."""
    from django.contrib.postgres.search import TrigramSimilarity

    rows = _MODELS[kind]._default_manager.annotate(like=TrigramSimilarity("slug", slug[:80]))
    return list(rows.filter(like__gt=0.25).order_by("-like", "slug").values_list("slug", "name")[:limit])


def world() -> Region:
    """Return the region that stands for "everywhere". Raises UnknownError before the vocabulary is loaded."""
    row = find("region", WORLD)
    assert isinstance(row, Region)
    return row


def names(kind: str) -> list[dict[str, str]]:
    """Return slug and name of every region, topic or conflict, by name."""
    rows = _MODELS[kind]._default_manager.order_by("name").values_list("slug", "name")
    return [{"slug": slug, "name": name} for slug, name in rows]


__all__ = [
    "WORLD",
    "Find",
    "MovedError",
    "Subject",
    "UnknownError",
    "find",
    "find_many",
    "forget",
    "kept",
    "names",
    "near",
    "topics",
    "topics_by_pk",
    "world",
]
