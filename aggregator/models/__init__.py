"""Rows: fields, constraints, querysets. No HTTP, no rules."""

from .articles import Article, ArticleBody, ArticleRegion, ArticleTopic, Item, Revision, SearchRow, Work
from .bands import Band, OldBands
from .conflicts import Conflict, Party
from .curation import HealthReport, LogEntry, Override, ReaderReport, SignIn
from .hosts import Host
from .hubs import HubSubscription
from .origins import Agency, FingerprintRow, LearnedLine, Origin
from .places import Region, RegionLink, SlugRedirect
from .readers import DigestSubscription, Follow, ReaderAccount, ReadMark
from .sources import Feed, Poll, PollDay, Publisher, Source
from .stories import GroupFeatures, Membership, Story, StoryConflict, StoryRegion, StoryTopic
from .timeline import DayCount, Pin, TimelineEntry
from .topics import Topic, TopicGroup

__all__ = [
    "Agency",
    "Article",
    "ArticleBody",
    "ArticleRegion",
    "ArticleTopic",
    "Band",
    "Conflict",
    "DayCount",
    "DigestSubscription",
    "Feed",
    "FingerprintRow",
    "Follow",
    "GroupFeatures",
    "HealthReport",
    "Host",
    "HubSubscription",
    "Item",
    "LearnedLine",
    "LogEntry",
    "Membership",
    "OldBands",
    "Origin",
    "Override",
    "Party",
    "Pin",
    "Poll",
    "PollDay",
    "Publisher",
    "ReadMark",
    "ReaderAccount",
    "ReaderReport",
    "Region",
    "RegionLink",
    "Revision",
    "SearchRow",
    "SignIn",
    "SlugRedirect",
    "Source",
    "Story",
    "StoryConflict",
    "StoryRegion",
    "StoryTopic",
    "TimelineEntry",
    "Topic",
    "TopicGroup",
    "Work",
]
