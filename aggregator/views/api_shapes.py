"""What the API gives and takes: the shapes that its document describes."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Field, Schema


class Named(Schema):
    """A region, topic, conflict or outlet."""

    slug: str
    name: str


class StoryOut(Schema):
    """A story on a list. `happened_on` is a date of the place; times are UTC."""

    id: int
    url: str
    headline: str
    extract: str = Field(description="at most 300 characters, in an outlet's own words")
    language: str
    first_reported_at: datetime
    last_reported_at: datetime
    changed_at: datetime
    happened_on: date
    happened_precision: str
    origins: int
    outlets: int
    articles: int
    is_key: bool
    regions: list[Named]
    topics: list[Named]
    conflicts: list[Named]


class Page(Schema):
    """A page of stories; `next` is the cursor of the next one."""

    items: list[StoryOut]
    next: str | None = None


class ArticleOut(Schema):
    """An article: headline, extract and link; its text stays with its outlet."""

    id: int
    url: str = Field(description="at the outlet")
    page: str
    title: str
    extract: str
    language: str
    source: Named
    reported_at: datetime
    found_at: datetime
    copy_kind: str
    copy_of: int | None = None
    origin: str = ""


class StoryDetail(StoryOut):
    """A story with its articles, oldest first."""

    members: list[ArticleOut]


class ArticlePageOut(Schema):
    """A page of articles; `next` is the cursor of the next one."""

    items: list[ArticleOut]
    next: str | None = None


class SourceOut(Schema):
    """An outlet."""

    slug: str
    name: str
    homepage: str
    country: str
    languages: list[str]
    kind: str
    state_control: int
    publisher: str


class Sentence(Schema):
    """What is wrong, in one sentence."""

    detail: str


class ListQuery(Schema):
    """The filters of a list, as on its page."""

    topic: str = ""
    region: str = ""
    conflict: str = ""
    kind: str = ""
    language: str = ""
    from_: str = Field("", alias="from")
    to: str = ""
    asof: str = ""
    key: str = ""
    thin: str = ""
    order: str = ""
    cursor: str = ""
