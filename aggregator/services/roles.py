"""The three roles of the desk, as Django groups: reader, curator, admin."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

READER, CURATOR, ADMIN = "reader", "curator", "admin"
# What the desk's own pages ask for; each is the permission of the row that the page is about.
MAY_LOOK = "aggregator.view_story"
MAY_CURATE = "aggregator.change_story"
MAY_MANAGE_PEOPLE = "auth.change_user"

CURATED = (
    *("source", "feed", "publisher", "topic", "topicgroup", "region", "conflict", "party"),
    *("learnedline", "agency"),
)
CHANGED = (*CURATED, "story", "article", "override", "readerreport", "work", "pin")


def make_roles() -> None:
    """Make the groups with their permissions; may be repeated, and leaves other permissions alone."""
    look = Permission.objects.filter(content_type__app_label="aggregator", codename__startswith="view_")
    curate = Permission.objects.filter(content_type__app_label="aggregator").filter(
        Q(codename__in=[f"change_{name}" for name in CHANGED])
        | Q(codename__in=[f"add_{name}" for name in CURATED])
    )
    people = Permission.objects.filter(
        content_type__app_label="auth",
        codename__in=["view_user", "add_user", "change_user", "view_group"],
    )
    _grant(READER, look)
    _grant(CURATOR, look | curate)
    _grant(ADMIN, [*(look | curate), *people])


def _grant(name: str, permissions: Iterable[Permission]) -> None:
    group, _ = Group.objects.get_or_create(name=name)
    group.permissions.add(*permissions)
