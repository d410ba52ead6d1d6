"""What a curator may edit of publishers, outlets' families, wire agencies and boilerplate lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from aggregator.errors import CurationError
from aggregator.models import Agency, LearnedLine, Publisher, Source
from aggregator.pipeline import boilerplate
from aggregator.pipeline.domains import owners_domain
from aggregator.services import slugs

PUBLISHER_FIELDS = (
    *("name", "country", "owner_group", "owner_note"),
    *("state_control", "state_control_basis", "homepage_domains"),
)
SOURCE_FIELDS = ("publisher", "state_control", "kind")
AGENCY_FIELDS = ("name", "domains", "forms", "personal", "state_control", "active")
MOST_FORMS = 200  # of one agency
MOST_DOMAINS = 60
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_GROUP = re.compile(r"[-\w]{1,80}")

Content = dict[str, Any]


def read(kind: str, row: Any) -> Content:
    """Return what of a row may be edited, as JSON values."""
    if kind == "source":
        return {
            "slug": row.slug,
            "publisher": row.publisher.slug,
            "state_control": row.state_control,
            "kind": row.kind,
        }
    if kind == "line":
        return {"source": row.source.slug, "line": row.line, "active": row.active if row.pk else False}
    names = PUBLISHER_FIELDS if kind == "publisher" else AGENCY_FIELDS
    slug = {"slug": row.slug} if kind == "publisher" else {}
    return {**slug, **{name: _plain(getattr(row, name)) for name in names}}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def write(kind: str, row: Any, content: Content) -> None:
    """Write content into a row, inside the caller's transaction. Raises CurationError when a value is no use."""
    writers: dict[str, Callable[[Any, Content], None]] = {
        "publisher": _write_publisher, "source": _write_source, "agency": _write_agency, "line": _write_line,
    }  # fmt: skip
    writers[kind](row, content)


# -- publishers and outlets ------------------------------------------------------------------


def _write_publisher(row: Publisher, content: Content) -> None:
    if content["owner_group"] and not _GROUP.fullmatch(content["owner_group"]):
        raise CurationError("A family is one word, such as 'reach-plc'.", code="value_bad")
    _check_control(content["state_control"])
    _check_domains(content["homepage_domains"])
    others = Publisher.objects.exclude(pk=row.pk).filter(
        homepage_domains__overlap=content["homepage_domains"]
    )
    added = set(content["homepage_domains"]) - set(row.homepage_domains)
    for other in others:
        if taken := added & set(other.homepage_domains):
            raise CurationError(f"{min(taken)} is a domain of {other.name} already.", code="value_bad")
    _fill(row, content, PUBLISHER_FIELDS)


def _write_source(row: Source, content: Content) -> None:
    publisher = Publisher.objects.filter(slug=content["publisher"]).first()
    if publisher is None:
        raise CurationError(f"There is no publisher '{content['publisher'][:80]}'.", code="slug_unknown")
    _check_control(content["state_control"])
    row.publisher = publisher
    _fill(row, content, ("state_control", "kind"))


def _check_control(value: Any) -> None:
    if value not in (0, 1, 2, 3) or isinstance(value, bool):
        raise CurationError("State control is a number from 0 to 3.", code="value_bad")


def _check_domains(domains: Iterable[str]) -> None:
    domains = list(domains)
    if len(domains) > MOST_DOMAINS:
        raise CurationError(f"At most {MOST_DOMAINS} domains, one a line.", code="value_bad")
    for domain in domains:
        if not _DOMAIN.fullmatch(domain):
            raise CurationError(f"“{domain[:80]}” is no domain, such as example.org.", code="value_bad")


# -- agencies --------------------------------------------------------------------------------


def _write_agency(row: Agency, content: Content) -> None:
    _check_control(content["state_control"])
    _check_domains(content["domains"])
    _check_forms(content["forms"], content["personal"])
    if content["active"]:
        _check_free(row, content)
    _fill(row, content, AGENCY_FIELDS)


def _check_forms(forms: list[str], personal: list[str]) -> None:
    if len(forms) > MOST_FORMS:
        raise CurationError(f"At most {MOST_FORMS} forms, one a line.", code="value_bad")
    for form in forms:
        if len(form) > 120 or not re.search(r"[^\W\d_]\W*[^\W\d_]", form):
            raise CurationError(f"“{form[:80]}” is no form to look for.", code="value_bad")
    if stray := next((form for form in personal if form not in forms), None):
        raise CurationError(f"“{stray[:80]}” is not among the forms.", code="value_bad")


def _check_free(row: Agency, content: Content) -> None:
    """Raise CurationError when another agency has a form or a site already: a text would be credited to either."""
    forms = {form.strip("/ ") for form in content["forms"]}
    sites = {owners_domain(domain) for domain in content["domains"]}
    for other in Agency.objects.filter(active=True).exclude(pk=row.pk):
        taken = forms & {form.strip("/ ") for form in other.forms}
        taken |= sites & {owners_domain(domain) for domain in other.domains}
        if taken:
            raise CurationError(f"“{min(taken)}” is {other.name}'s already.", code="value_bad")


# -- boilerplate lines -----------------------------------------------------------------------


def line_slug(source_slug: str, line: str) -> str:
    """Return what stands for a line of an outlet in a job. Raises CurationError when it cannot be looked for."""
    number = boilerplate.line_hash(line)
    if not number or len(line) < boilerplate.LEARN_MIN_CHARACTERS or len(line) > 2000:
        raise CurationError(
            f"A line has {boilerplate.LEARN_MIN_CHARACTERS} to 2000 characters, with words in them.",
            code="value_bad",
        )
    return f"{source_slug}:{number}"


def find_line(slug: str, *, line: str = "") -> LearnedLine | None:
    """Return the row of a line, None without its outlet.

    One that nobody stored yet is new: `learned_at` has to be set before it is written.
    """
    of, _, number = slug.partition(":")
    source = Source.objects.filter(slug=slugs.current("source", of)).first()
    if source is None or not number.isdigit():
        return None
    row = LearnedLine.objects.select_related("source").filter(source=source, line_hash=int(number)).first()
    return row or LearnedLine(source=source, line_hash=int(number), line=line, active=False, by_hand=True)


def _write_line(row: LearnedLine, content: Content) -> None:
    if not row.pk:
        line_slug(content["source"], content["line"])
        row.line = content["line"]
    row.active = content["active"]
    row.save()


# -- all -------------------------------------------------------------------------------------


def _fill(row: Any, content: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        setattr(row, name, content[name])
    try:
        row.clean_fields(exclude={"homepage_domains", "domains", "forms", "personal", "publisher"})
    except ValidationError as error:
        field, faults = next(iter(error.message_dict.items()))
        raise CurationError(
            f"{field.replace('_', ' ').capitalize()}: {faults[0]}", code="value_bad"
        ) from None
    row.save()
