"""Run every pure rule over a batch in memory: values in, drafts out; nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.models import Article, Override, Work
from aggregator.pipeline import classify, credits, fingerprint, happened, locate
from aggregator.pipeline.types import (
    ArticleText,
    Classified,
    Happened,
    Located,
    Reason,
    RegionScore,
    TopicScore,
)
from aggregator.services import vocabulary
from aggregator.services.drafts import Draft
from aggregator.services.zones import zone_of

FUTURE_SLACK = timedelta(minutes=10)
OLDEST = datetime.fromisoformat("1995-01-01T00:00:00+00:00")  # before it no outlet had a site


def judge(pairs: Sequence[tuple[Work, ArticleText]], now: datetime) -> list[Draft]:
    """Return a draft for each (work row, text): located, classified, fingerprinted and dated.

    A curator's overrides win over the rules.
    """
    rules = vocabulary.current_rules()
    overrides = _overrides([work.article_id for work, _ in pairs])
    return [_judge_one(work, text, rules, overrides[work.article_id], now) for work, text in pairs]


def _judge_one(
    work: Work, text: ArticleText, rules: vocabulary.Rules, overrides: list[Override], now: datetime
) -> Draft:
    article = work.article
    _take_text(article, text, now, keep_dates=work.why != "new")
    located = locate.locate(
        text.title,
        text.text,
        gazetteer=rules.gazetteer,
        home_region=rules.home(article.source.home_regions),
        language=article.language,
    )
    classified = classify.classify(
        text.title,
        text.text,
        url=article.url,
        language=article.language,
        located=located,
        rules=rules.classifier,
        everything_relevant=article.source.everything_relevant,
        reported_on=article.reported_at.date(),
    )
    for override in overrides:
        located, classified = _apply(override, located, classified)
    draft = Draft(
        article=article,
        work=work,
        text=text,
        fingerprint=fingerprint.fingerprint(text.title, _traceable(text), article.language),
        located=located,
        classified=classified,
        credits=credits.find_credits(
            text, url=article.url, own_domains=_own_domains(article), agencies=rules.agencies
        ),
        happened=_happened(article, text, classified),
        is_new=work.why == "new",
    )
    _take_verdicts(article, draft)
    if any(o.kind == Override.Kind.HIDDEN for o in overrides):
        article.status = Article.Status.HIDDEN
    return draft


def _traceable(text: ArticleText) -> str:
    """A stub (paywall, consent wall) is never traced: it would be a copy of every other stub."""
    return text.text if text.kind == "text" else ""


def _take_text(article: Article, text: ArticleText, now: datetime, *, keep_dates: bool) -> None:
    article.title = text.title or article.title
    article.author = (text.author or article.author)[:300]
    article.language = text.language or article.language or (article.source.languages or [""])[0]
    article.extract = "" if "nosnippet" in text.noindex else text.extract
    article.text_kind, article.text_method = text.kind, text.method
    article.word_count = len(text.text.split())
    article.noindex = list(text.noindex)
    if not keep_dates:
        _take_date(article, text)
    article.settled_at = now
    if article.status == Article.Status.UNDER_WAY:
        article.status = Article.Status.VISIBLE


def _take_date(article: Article, text: ArticleText) -> None:
    """Keep the outlet's date as it says it; what orders reports is never after we saw it."""
    published, kind = text.published_at, text.published_kind
    if published is None:
        published, kind = article.published_at, article.published_kind
    if published is not None and published < OLDEST:
        published, kind = None, "missing"
    if published is not None and published > article.found_at:
        if published > article.found_at + FUTURE_SLACK:
            kind = "clamped"
        published = article.found_at
    article.published_at = published
    article.published_kind = kind if published else "missing"
    article.reported_at = published or article.found_at


def _take_verdicts(article: Article, draft: Draft) -> None:
    classified, happened_value = draft.classified, draft.happened
    article.relevance = classified.relevance
    article.relevance_score = classified.relevance_score
    article.relevance_reason = _reason(classified.relevance_reason)
    article.form, article.form_reason = classified.form, _reason(classified.form_reason)
    article.conflicts = [{"slug": slug, "reason": _reason(reason)} for slug, reason in classified.conflicts]
    article.mentions = [[m.region, m.name, m.kind, m.field, m.start] for m in draft.located.mentions[:60]]
    if happened_value:
        article.happened_on, article.happened_precision = happened_value.on, happened_value.precision
        article.happened_reason = _reason(happened_value.reason)


def _reason(reason: Reason) -> dict[str, object]:
    return {"code": reason.code, **reason.evidence}


def _happened(article: Article, text: ArticleText, classified: Classified) -> Happened:
    return happened.find_happened(
        text.title,
        text.text,
        reported_at=article.reported_at,
        time_zone=zone_of(article.source),
        language=article.language,
        form=classified.form,
    )


def _own_domains(article: Article) -> tuple[str, ...]:
    return tuple(article.source.publisher.homepage_domains)


def _overrides(article_ids: Sequence[int]) -> dict[int, list[Override]]:
    found: dict[int, list[Override]] = defaultdict(list)
    rows = Override.objects.filter(article_id__in=article_ids, lifted_at__isnull=True).order_by("made_at")
    for row in rows:
        found[row.article_id].append(row)
    return found


def _apply(override: Override, located: Located, classified: Classified) -> tuple[Located, Classified]:
    """Return both verdicts with a curator's word in the place of the rule's."""
    value, because = override.value, Reason("curator", {"override": override.pk})
    match override.kind:
        case Override.Kind.REGIONS:
            slugs = value["slugs"]
            regions = tuple(RegionScore(slug, 1.0, True, rule="curator") for slug in slugs)
            located = replace(located, regions=regions, focus=slugs[0] if slugs else None)
        case Override.Kind.TOPICS:
            topics = tuple(TopicScore(slug, 1.0, "curator") for slug in value["slugs"])
            classified = replace(classified, topics=topics)
        case Override.Kind.CONFLICTS:
            conflicts = tuple((slug, because) for slug in value["slugs"])
            classified = replace(classified, conflicts=conflicts)
        case Override.Kind.FORM:
            classified = replace(classified, form=value["form"], form_reason=because)
        case Override.Kind.RELEVANCE:
            classified = replace(classified, relevance=value["relevance"], relevance_reason=because)
    return located, classified
