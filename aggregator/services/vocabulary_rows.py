"""What a curator may edit of the vocabulary: read as content, checked, tried, written.

Topics, regions and conflicts are here, all else in `family_rows`. A slug that is renamed redirects (`slugs`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from aggregator.errors import CurationError
from aggregator.models import Agency, Conflict, LearnedLine, Party, Publisher, Region, Source, Topic
from aggregator.pipeline.agencies import Agencies
from aggregator.pipeline.cues import bad_cue
from aggregator.services import family_rows, slugs, vocabulary
from aggregator.services.loading import PARTY_FIELDS, conflict_content, link_regions, region_content

MODELS: dict[str, Any] = {
    "topic": Topic, "region": Region, "conflict": Conflict,
    "publisher": Publisher, "source": Source, "agency": Agency, "line": LearnedLine,
}  # fmt: skip
FAMILIES = ("publisher", "source", "agency", "line")
CUE_LISTS = ("strong", "weak", "negative", "sure")
REGION_FIELDS = ("name", "parent", "also_in", "status_note", "data")
CONFLICT_FIELDS = (
    *("name", "status", "status_as_of", "type", "regions", "started_on", "note", "data", "parties"),
)
IN_TREE = ("slug", "name", "parent", "also_in")  # what cards and timelines of stories show of a region
MOST_NAMES = 500  # aliases of one row
MAX_NAME = 120  # characters of an alias

Content = dict[str, Any]


def find_row(kind: str, slug: str) -> Any:
    """Return a row of the vocabulary. Raises CurationError when there is none."""
    if kind == "line":
        row: Any = family_rows.find_line(slug)
        if row is None:
            raise CurationError("There is no such outlet or line.", code="slug_unknown")
        return row
    row = MODELS[kind].objects.filter(slug=slug).first() if kind in MODELS else None
    if row is None and kind in slugs.MODELS:
        row = MODELS[kind].objects.filter(slug=slugs.current(kind, slug)).first()
    if row is None:
        raise CurationError(f"There is no {kind} '{slug}'.", code="slug_unknown")
    return row


def read_content(kind: str, row: Any) -> Content:
    """Return what of a row may be edited, as JSON values."""
    if kind in FAMILIES:
        return family_rows.read(kind, row)
    if kind == "topic":
        return {"slug": row.slug, "data": row.data}
    whole, names = (
        (region_content(row), REGION_FIELDS) if kind == "region" else (conflict_content(row), CONFLICT_FIELDS)
    )
    return {"slug": row.slug, **{name: whole[name] for name in names}}


def write_content(kind: str, row: Any, content: Content) -> None:
    """Write content into a row, inside the caller's transaction. Raises CurationError when a value is no use."""
    if kind in slugs.MODELS:
        slugs.rename(kind, row, content.get("slug", row.slug))
    if kind in FAMILIES:
        return family_rows.write(kind, row, content)
    writers: dict[str, Callable[[Any, Content], None]] = {
        "topic": _write_topic, "region": _write_region, "conflict": _write_conflict,
    }  # fmt: skip
    return writers[kind](row, content)


def slug_of(kind: str, row: Any) -> str:
    """Return what names a row in a job."""
    return family_rows.line_slug(row.source.slug, row.line) if kind == "line" else str(row.slug)


def agencies_with(slug: str, content: Content) -> Agencies:
    """Return the agencies as they would be with one of them changed; nothing stays written.

    Raises CurationError with one sentence about what cannot be used.
    """
    with transaction.atomic():
        write_content("agency", find_row("agency", slug), content)
        found = vocabulary.agencies_of_rows()
        transaction.set_rollback(True)
    return found


def check(kind: str, slug: str, content: Content, now: datetime) -> vocabulary.Rules | None:
    """Raise CurationError with one sentence about what of a content cannot be used; nothing stays written.

    Returns the rules as they would be, where the content changes them: they take seconds to build.
    """
    row = find_row(kind, slug)
    if kind not in FAMILIES and changes_rules(read_content(kind, row), content):
        return rules_with(kind, slug, content)
    with transaction.atomic():
        if kind == "line" and not row.pk:
            row.learned_at = now
        write_content(kind, row, content)
        transaction.set_rollback(True)
    return None


def changes_rules(before: Content, after: Content) -> bool:
    """Return whether anything but the slug is changed: rules go on knowing a row by its first one."""
    return {**before, "slug": ""} != {**after, "slug": ""}


def rules_with(kind: str, slug: str, content: Content) -> vocabulary.Rules:
    """Return the rules as they would be with a row's content changed; nothing stays written.

    Those that hold now, where the row has that content. Raises CurationError with one sentence about what cannot be used.
    """
    row = find_row(kind, slug)
    if not changes_rules(read_content(kind, row), content):
        current = vocabulary.current_rules()
        if current.version:  # else they are the packaged ones, which stand in for rows that are not there
            return current
    with transaction.atomic():
        write_content(kind, row, content)
        rules = vocabulary.build_rules()
        transaction.set_rollback(True)
    return rules


def moves_stories(kind: str, before: Content, after: Content) -> bool:
    """Return whether a change alters what cards and timelines say of a row, beyond tags of articles."""
    names = ("slug",) if kind == "topic" else IN_TREE if kind in ("region", "conflict") else ()
    return any(before.get(name) != after.get(name) for name in names)


def lines(text: str) -> list[str]:
    """Return the lines of a field, without doubles."""
    return list(dict.fromkeys(each.strip() for each in text.replace("\x00", "").splitlines() if each.strip()))


# -- topics ----------------------------------------------------------------------------------


def _write_topic(row: Topic, content: Content) -> None:
    check_cues(content["data"])
    row.data = content["data"]
    row.save(update_fields=["data"])


def check_cues(data: Mapping[str, Any]) -> None:
    """Raise CurationError with one sentence about the first cue that cannot be used."""
    lists = [(name, data.get(name, [])) for name in CUE_LISTS]
    by_language = data.get("by_language", {})
    if not isinstance(by_language, Mapping):
        raise CurationError("Cues by language need a list for each language.", code="bad_cue")
    lists += [(f"language {language}", cues) for language, cues in by_language.items()]
    for name, cues in lists:
        if not isinstance(cues, list | tuple) or not all(isinstance(cue, str) for cue in cues):
            raise CurationError(f"The {name} cues have to be a list of words.", code="bad_cue")
        for cue in cues:
            if fault := bad_cue(cue):
                raise CurationError(f"“{cue[:80]}”: {fault}", code="bad_cue")


# -- regions ---------------------------------------------------------------------------------


def _write_region(row: Region, content: Content) -> None:
    before = read_content("region", row)
    _check_place(row.slug, content)
    _check_names(content["data"])
    parent = content["parent"]
    row.name, row.status_note, row.data = content["name"], content["status_note"], content["data"]
    row.also_in = list(content["also_in"])
    row.parent = find_row("region", parent) if parent else None
    _save(row)
    if any(before[name] != content[name] for name in ("parent", "also_in")):
        link_regions()


def _check_place(slug: str, content: Content) -> None:
    """Raise CurationError when a region would lie in itself, in an unknown one, or nowhere."""
    above = dict(Region.objects.values_list("slug", "parent__slug"))
    wanted = [each for each in (content["parent"], *content["also_in"]) if each]
    for each in wanted:
        if each not in above:
            raise CurationError(f"There is no region '{each[:80]}'.", code="slug_unknown")
    if above.get(slug) and not content["parent"]:
        raise CurationError("Say in which region it lies.", code="value_bad")
    for start in wanted:
        step: str | None = start
        seen: set[str] = set()
        while step and step not in seen:
            if step == slug:
                raise CurationError("A region cannot lie in itself.", code="region_ring")
            seen.add(step)
            step = above.get(step)


def _check_names(data: Mapping[str, Any]) -> None:
    lists = [data.get(key, []) for key in ("aliases", "cues")]
    if any(not isinstance(names, list) or len(names) > MOST_NAMES for names in lists):
        raise CurationError(f"At most {MOST_NAMES} names, one a line.", code="value_bad")
    for name in (name for names in lists for name in names):
        if not isinstance(name, str) or not re.search(r"\w\w", name) or len(name) > MAX_NAME:
            raise CurationError(f"“{str(name)[:80]}” is no name to look for.", code="value_bad")


# -- conflicts -------------------------------------------------------------------------------


def _write_conflict(row: Conflict, content: Content) -> None:
    data = content["data"]
    _check_names(data)
    regions = _regions(content["regions"])
    _regions([*data.get("areas", ()), *data.get("waters", ())])
    for name in ("name", "status", "status_as_of", "type", "note", "data"):
        setattr(row, name, content[name])
    row.started_on = _day(content["started_on"])
    _save(row)
    row.regions.set(regions)
    parties = [
        Party(conflict=row, **{name: each[name] for name in PARTY_FIELDS}) for each in content["parties"]
    ]
    for party in parties:
        _check_names({"aliases": party.aliases})
        _clean(party)
    row.parties.all().delete()
    Party.objects.bulk_create(parties)


def _regions(slugs: Iterable[str]) -> list[Region]:
    rows = {row.slug: row for row in Region.objects.filter(slug__in=list(slugs))}
    unknown = next((slug for slug in slugs if slug not in rows), None)
    if unknown is not None:
        raise CurationError(f"There is no region '{unknown[:80]}'.", code="slug_unknown")
    return list(rows.values())


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise CurationError("Give the day as 2023-09-19.", code="value_bad") from None


def _save(row: Any) -> None:
    _clean(row)
    row.save()


def _clean(row: Any) -> None:
    """Check a row's fields; say the first fault in one sentence."""
    try:
        row.clean_fields(exclude={"data", "also_in", "conflict", "aliases"})
    except ValidationError as error:
        field, faults = next(iter(error.message_dict.items()))
        raise CurationError(
            f"{field.replace('_', ' ').capitalize()}: {faults[0]}", code="value_bad"
        ) from None
