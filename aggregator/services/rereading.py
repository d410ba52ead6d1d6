"""A change of an agency or a boilerplate line: which stored texts would be read otherwise?

Both are compared on the texts as they are kept, before anything was taken out. What a page said beside its
text (the addresses in its head) is kept as credits; pages themselves are not, so that nothing else of them
can be read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from aggregator.models import Article, ArticleBody, FingerprintRow, LearnedLine, Work
from aggregator.pipeline import boilerplate, credits
from aggregator.pipeline.agencies import Agencies, Agency
from aggregator.pipeline.domains import owners_domain
from aggregator.pipeline.types import ArticleText, Credit
from aggregator.services.family_rows import Content
from aggregator.services.independence import Standing
from aggregator.services.reading import stored_texts

Place = tuple[datetime, int]  # of the newest article not looked at yet: its time and id


def settled(since: datetime, before: Place | None) -> QuerySet[Article]:
    """Return articles that readers or curators see, reported since a time, newest first, from a place on."""
    rows = Article.objects.filter(reported_at__gte=since)
    rows = rows.exclude(status__in=(Article.Status.WITHDRAWN, Article.Status.UNDER_WAY))
    if before is not None:
        at, pk = before
        rows = rows.filter(reported_at__lte=at).filter(Q(reported_at__lt=at) | Q(pk__lt=pk))
    return rows.order_by("-reported_at", "-pk")


# -- agencies --------------------------------------------------------------------------------


@dataclass(frozen=True)
class AgencyChange:
    """An agency before and after; `forms` and `sites` are those that only one of the two has."""

    slug: str
    old: Agencies
    new: Agencies
    forms: frozenset[str]
    sites: frozenset[str]

    @property
    def reads_otherwise(self) -> bool:
        """Whether any text could be credited otherwise."""
        return bool(self.forms or self.sites)

    def may_alter(self, ids: Sequence[int]) -> list[int]:
        """Return those of some articles in which one of the forms stands, or that are on one of the sites.

        Texts are stored packed, so that they are looked through here and not by the database.
        """
        rows = Article.objects.filter(pk__in=ids).values_list(
            "pk", "author", "url", "source__publisher__homepage_domains", "body__text", "body__full_text",
            "body__removed",
        )  # fmt: skip
        return [pk for pk, author, *rest in rows if self._stands_in(author, *rest)]

    def _stands_in(
        self, author: str, url: str, domains: Sequence[str], text: str | None, full: str | None, removed: Any
    ) -> bool:
        texts = (author, full or text or "", json.dumps(removed, ensure_ascii=False) if removed else "")
        if any(form in one for one in texts for form in self.forms):
            return True
        return any(site in url or site in domains for site in self.sites)


def agency_change(slug: str, old: Agencies, new: Agencies) -> AgencyChange:
    """Return what differs between the agencies before and after a change of one of them."""
    before, after = _agency(slug, old), _agency(slug, new)
    forms = _said(before) ^ _said(after)
    sites = {owners_domain(d) for d in before.domains} ^ {owners_domain(d) for d in after.domains}
    # A form that is a name of a person is read otherwise, too.
    forms |= set(before.personal) ^ set(after.personal)
    return AgencyChange(slug, old, new, frozenset(form for form in forms if form), frozenset(sites))


def _said(agency: Agency) -> set[str]:
    return {form.strip("/ ") for form in agency.forms}


def _agency(slug: str, agencies: Agencies) -> Agency:
    known = (*agencies.by_form.values(), *agencies.by_domain.values())
    return next((one for one in known if one.slug == slug), Agency(slug, "", (), ()))


@dataclass(frozen=True)
class Credited:
    """An article whose credits would change."""

    article: Article
    what: str  # added | removed | other: whether the agency is credited then
    credits: tuple[Credit, ...]

    @property
    def agency(self) -> Credit | None:
        """The agency that it would be credited to."""
        return next((one for one in self.credits if one.kind == "agency"), None)


def credited_otherwise(ids: Sequence[int], change: AgencyChange) -> list[Credited]:
    """Return those of some articles whose credited agency a change would alter."""
    rows = Article.objects.filter(pk__in=change.may_alter(ids)).select_related("source__publisher")
    articles = {row.pk: row for row in rows}
    found = []
    for pk, text in stored_texts(list(articles)).items():
        before, after = (_credits(articles[pk], text, each) for each in (change.old, change.new))
        if _agencies(before) != _agencies(after):
            had, has = (change.slug in _agencies(each) for each in (before, after))
            what = "added" if has and not had else "removed" if had and not has else "other"
            found.append(Credited(articles[pk], what, after))
    return sorted(found, key=lambda one: ids.index(one.article.pk))


def _credits(article: Article, text: ArticleText, agencies: Agencies) -> tuple[Credit, ...]:
    own = tuple(article.source.publisher.homepage_domains)
    return credits.find_credits(text, url=article.url, own_domains=own, agencies=agencies)


def _agencies(found: Iterable[Credit]) -> list[str]:
    return [one.slug for one in found if one.kind == "agency"]


def groups_of(article_ids: Iterable[int]) -> dict[int, int]:
    """Return every article that shares a text with some articles → the original of it."""
    some = Article.objects.filter(pk__in=list(article_ids)).values_list("pk", "copy_of_id")
    roots = {root or pk for pk, root in some}
    members = Article.objects.filter(Q(pk__in=roots) | Q(copy_of_id__in=roots))
    return {pk: root or pk for pk, root in members.values_list("pk", "copy_of_id")}


def standings(found: Sequence[Credited], agencies: Agencies) -> dict[int, Standing]:
    """Return what the articles of the touched groups would count as: an agency, else what its original is."""
    groups = groups_of(one.article.pk for one in found)
    said = {pk: _agency_of(rows) for pk, rows in _stored_credits(groups).items()}
    said |= {one.article.pk: one.agency.slug if one.agency else "" for one in found}
    controls = {one.slug: one.state_control for one in agencies.by_form.values()}
    families = Article.objects.filter(pk__in=set(groups.values())).select_related("source__publisher")
    own = {row.pk: (f"family:{row.source.family}", row.source.state_control) for row in families}
    of_group: dict[int, str] = {}
    for pk, root in sorted(groups.items(), key=lambda pair: pair[0] != pair[1]):  # originals speak first
        of_group[root] = of_group.get(root) or said.get(pk, "")
    return {
        pk: (f"agency:{slug}", controls.get(slug, 0)) if (slug := of_group[root]) else own[root]
        for pk, root in groups.items()
        if root in own or of_group[root]
    }


def _stored_credits(article_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    rows = FingerprintRow.objects.filter(pk__in=list(article_ids))
    return dict(rows.values_list("pk", "credits"))


def _agency_of(rows: Sequence[dict[str, Any]]) -> str:
    return next((str(row.get("slug", "")) for row in rows if row.get("kind") == "agency"), "")


def keep_credits(found: Sequence[Credited]) -> None:
    """Store what articles are credited to, so that tracing their groups again finds no word of before."""
    rows = FingerprintRow.objects.in_bulk([one.article.pk for one in found])
    for one in found:
        if row := rows.get(one.article.pk):
            row.credits = [{k: v for k, v in asdict(each).items() if v} for each in one.credits]
    FingerprintRow.objects.bulk_update(rows.values(), ["credits"])


# -- boilerplate lines -----------------------------------------------------------------------


@dataclass(frozen=True)
class LineChange:
    """A line of an outlet that is to be taken out, or left in again."""

    source_id: int
    line_hash: int
    out: bool  # after the change
    others: frozenset[int]  # the outlet's other lines


def line_change(row: LearnedLine, content: Content) -> LineChange:
    """Return what a change of a line means for its outlet's texts."""
    lines = LearnedLine.objects.filter(source=row.source, active=True).exclude(line_hash=row.line_hash)
    others = frozenset(lines.values_list("line_hash", flat=True))
    return LineChange(row.source_id, row.line_hash, bool(content["active"]), others)


def texts_otherwise(ids: Sequence[int], change: LineChange) -> tuple[dict[int, str], int]:
    """Return what happens to texts ('added' loses the line, 'removed' gets it again), and how many are not kept."""
    bodies = ArticleBody.objects.filter(pk__in=ids).values_list("pk", "text", "full_text")
    found, kept = {}, 0
    for pk, text, full in bodies:
        kept += bool(text or full)
        if what := _what(text, full, change):
            found[pk] = what
    return found, len(ids) - kept


def _what(text: str, full: str, change: LineChange) -> str:
    """Compare only texts in which the line stands: taking boilerplate out of all would be slow."""
    whole = full or text
    if all(boilerplate.line_hash(line) != change.line_hash for line in whole.split("\n") if line.strip()):
        return ""
    lines = change.others | {change.line_hash} if change.out else change.others
    now = boilerplate.read_again(whole, lines).text
    if now == text:
        return ""
    return "added" if len(now) < len(text) else "removed"


def queue_rereading(article_ids: Sequence[int], now: datetime) -> int:
    """Put articles back in the queue to have boilerplate taken out of their kept text anew; return how many."""
    under_way = set(Work.objects.filter(article_id__in=article_ids).values_list("article_id", flat=True))
    rows = [
        Work(article_id=pk, stage=Work.Stage.SETTLE, next_at=now, why="reread")
        for pk in article_ids
        if pk not in under_way
    ]
    return len(Work.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500))


@dataclass(frozen=True)
class Passage:
    """A piece of a text; `change` says what would happen to it."""

    text: str
    change: str = ""  # '' stays, 'goes', 'comes', 'out' is boilerplate before and after


def passages(article_id: int, change: LineChange, *, most: int = 14) -> list[Passage]:
    """Return the lines of a text about those that a change would take out or leave in."""
    body = ArticleBody.objects.filter(pk=article_id).first()
    if body is None:
        return []
    lines = [line.strip() for line in (body.full_text or body.text).split("\n") if line.strip()]
    before = set(body.text.split("\n"))
    all_out = change.others | {change.line_hash} if change.out else change.others
    after = set(boilerplate.read_again("\n".join(lines), all_out).text.split("\n"))
    marked = [Passage(line[:400], _marked(line in before, line in after)) for line in lines]
    at = [n for n, one in enumerate(marked) if one.change in ("goes", "comes")]
    shown = {n + step for n in at for step in (-1, 0, 1)} | {0}
    return [one for n, one in enumerate(marked) if n in shown][:most]


def _marked(was: bool, will: bool) -> str:
    return {(True, True): "", (True, False): "goes", (False, True): "comes", (False, False): "out"}[was, will]
