"""Slugs that were renamed: the old one leads to the new one for ever, and the rules go on knowing the first.

Rows, lists and addresses use the slug of now. The packaged names, cues and models know a region, topic or
conflict by the slug that it came with: `keys` translates for them, and `ids` understands what they answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import F, Func, Value

from aggregator.errors import CurationError
from aggregator.models import Conflict, Feed, Publisher, Region, SlugRedirect, Source, Topic

MODELS: dict[str, Any] = {
    "region": Region, "topic": Topic, "conflict": Conflict, "publisher": Publisher, "source": Source,
}  # fmt: skip
FIXED = {("region", "world")}  # the program itself goes there
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_IN_DATA = {"region": ("areas", "waters"), "conflict": ("within",)}  # of a conflict's data


def current(kind: str, slug: str) -> str:
    """Return the slug that took the place of a retired one, else the slug itself."""
    target = SlugRedirect.objects.filter(kind=kind, slug=slug[:100]).values_list("target_slug", flat=True)
    return target.first() or slug


def ids(kind: str) -> dict[str, int]:
    """Return the ids of all rows of a kind by every slug that they have or had."""
    found = dict(MODELS[kind].objects.values_list("slug", "pk"))
    retired = SlugRedirect.objects.filter(kind=kind).values_list("slug", "target_slug")
    return {**{slug: found[target] for slug, target in retired if target in found}, **found}


def retired(kind: str) -> dict[str, str]:
    """Return every retired slug of a kind → the slug of now."""
    return dict(SlugRedirect.objects.filter(kind=kind).values_list("slug", "target_slug"))


def keys(kind: str, known: Collection[str]) -> dict[str, str]:
    """Return the slugs of now that rules do not know → the retired ones that they know (`known`)."""
    return {now: old for old, now in retired(kind).items() if old in known and now not in known}


def rename(kind: str, row: Any, slug: str) -> None:
    """Give a row another slug, inside the caller's transaction; the old one redirects from then on.

    Raises CurationError when the slug is none, is taken, or belongs to something else's past.
    """
    old = row.slug
    if slug == old:
        return
    _check(kind, old, slug)
    SlugRedirect.objects.filter(kind=kind, slug=slug).delete()
    SlugRedirect.objects.filter(kind=kind, target_slug=old).update(target_slug=slug)
    SlugRedirect.objects.create(kind=kind, slug=old, target_slug=slug)
    MODELS[kind].objects.filter(pk=row.pk).update(slug=slug)
    row.slug = slug
    _rewrite(kind, old, slug)


def _check(kind: str, old: str, slug: str) -> None:
    if (kind, old) in FIXED:
        raise CurationError(f"The address of {old} cannot be changed.", code="value_bad")
    if not _SLUG.fullmatch(slug) or len(slug) > 80:
        raise CurationError("A slug is small letters, digits and hyphens, 80 at most.", code="value_bad")
    if MODELS[kind].objects.filter(slug=slug).exists():
        raise CurationError(f"There is a {kind} '{slug}' already.", code="slug_taken")
    target = SlugRedirect.objects.filter(kind=kind, slug=slug).values_list("target_slug", flat=True).first()
    if target and target != old:
        raise CurationError(f"'{slug}' leads to '{target}', whose address it was.", code="slug_taken")


def _rewrite(kind: str, old: str, new: str) -> None:
    """Write the new slug where rows name others by theirs."""
    if kind == "region":
        for model, field in ((Region, "also_in"), (Source, "home_regions"), (Feed, "region_hint")):
            rows = model.objects.filter(**{f"{field}__contains": [old]})  # type: ignore[attr-defined]
            rows.update(**{field: Func(F(field), Value(old), Value(new), function="array_replace")})
    for row in Conflict.objects.all() if kind in _IN_DATA else ():
        if any(old in row.data.get(name, ()) for name in _IN_DATA[kind]):
            named = {
                name: [new if one == old else one for one in row.data.get(name, ())]
                for name in _IN_DATA[kind]
            }
            row.data = {**row.data, **{name: value for name, value in named.items() if name in row.data}}
            row.save(update_fields=["data"])


def moved_query(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a query with every retired region, topic, conflict or outlet by its slug of now."""
    return {name: current(name, value) if name in MODELS else value for name, value in query.items()}
