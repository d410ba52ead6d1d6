"""Rows that are edited as rows: outlets, vocabulary, people. What is shown nowhere else can be looked at here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, URLField
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from aggregator import clock
from aggregator.admin.keyset import Uncounted
from aggregator.admin.site import desk
from aggregator.models import (
    Agency,
    Conflict,
    Feed,
    LearnedLine,
    Party,
    Publisher,
    Region,
    Source,
    Topic,
    TopicGroup,
)
from aggregator.services.curation.acts import Actor
from aggregator.services.curation.edits import log_edit, values_of
from aggregator.services.family_rows import PUBLISHER_FIELDS
from aggregator.services.family_rows import SOURCE_FIELDS as FAMILY_FIELDS
from aggregator.services.loading import link_regions
from aggregator.services.vocabulary_rows import CONFLICT_FIELDS, REGION_FIELDS


class Logged(Uncounted):
    """A form whose changes go into the log; nothing is deleted here, so that slugs are never lost."""

    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    with_dry_run: tuple[str, ...] = ()  # fields that have a page of their own at the desk

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = list(super().get_readonly_fields(request, obj))
        if obj is None:
            return fixed
        slug = ["slug"] if any(f.name == "slug" for f in obj._meta.fields) else []
        return [*fixed, *slug, *self.with_dry_run]

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool) -> None:
        old = type(obj)._default_manager.get(pk=obj.pk) if change else None
        super().save_model(request, obj, form, change)
        assert request.user.is_authenticated
        before = values_of(old, form.changed_data) if old is not None else None
        log_edit(Actor(request.user, clock.now()), before, obj, form.changed_data)


@admin.register(Source, site=desk)
class SourceAdmin(Logged):
    list_display = ("name", "publisher", "country", "kind", "state_control", "status")
    list_filter = ("status", "kind", "state_control")
    list_select_related = ("publisher",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("publisher",)
    readonly_fields = ("status", "status_note", "created_at")
    with_dry_run = FAMILY_FIELDS


@admin.register(Feed, site=desk)
class FeedAdmin(Logged):
    list_display = ("title", "source", "state", "enabled")
    list_filter = ("state", "enabled")
    list_select_related = ("source",)
    search_fields = ("title", "source__name")
    fields = (
        "source",
        "title",
        "section",
        "language",
        "region_hint",
        "enabled",
        "url",
        "state",
        "state_words",
    )
    readonly_fields = ("source", "url", "enabled", "state", "state_words")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Publisher, site=desk)
class PublisherAdmin(Logged):
    list_display = ("name", "country", "owner_group", "state_control")
    search_fields = ("name", "slug")
    with_dry_run = PUBLISHER_FIELDS


@admin.register(Agency, site=desk)
class AgencyAdmin(Logged):
    """A new one has a name alone: the forms that name it are given on its own page, with a dry run."""

    list_display = ("name", "state_control", "active")
    search_fields = ("name", "slug")
    fields = ("name", "slug", "note")
    with_dry_run = ("name",)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> Any:
        return HttpResponseRedirect(reverse("desk-agency", args=[obj.slug]))


@admin.register(Region, site=desk)
class RegionAdmin(Logged):
    list_display = ("name", "kind", "parent", "iso2")
    list_filter = ("kind",)
    list_select_related = ("parent",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("parent",)
    readonly_fields = ("last_story_at",)
    with_dry_run = REGION_FIELDS

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            link_regions()


class PartyInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Party
    extra = 0


@admin.register(Conflict, site=desk)
class ConflictAdmin(Logged):
    list_display = ("name", "status", "type", "started_on")
    list_filter = ("status",)
    search_fields = ("name", "slug")
    autocomplete_fields = ("regions", "parent")
    with_dry_run = tuple(name for name in CONFLICT_FIELDS if name != "parties")

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        return () if obj is not None else (PartyInline,)


@admin.register(TopicGroup, site=desk)
class TopicGroupAdmin(Logged):
    list_display = ("name", "position")


@admin.register(Topic, site=desk)
class TopicAdmin(Logged):
    list_display = ("name", "group", "position")
    list_select_related = ("group",)
    search_fields = ("name", "slug")
    exclude = ("data",)  # cues have a page of their own, with a dry run


@admin.register(LearnedLine, site=desk)
class LearnedLineAdmin(Logged):
    list_display = ("line", "source", "article_count", "active")
    list_filter = ("active",)
    list_select_related = ("source",)
    search_fields = ("source__name",)
    fields = ("source", "line", "article_count", "learned_at", "active")
    readonly_fields = ("source", "line", "article_count", "learned_at", "active")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(User, site=desk)
class PersonAdmin(Uncounted, UserAdmin):  # type: ignore[type-arg]
    """People; only a superuser makes or touches superusers and single permissions."""

    list_display = ("username", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = ("last_login", "date_joined")
        return fixed if request.user.is_superuser else (*fixed, "is_superuser", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)


@admin.register(Group, site=desk)
class GroupAdmin(Uncounted):
    filter_horizontal = ("permissions",)


@admin.register(TOTPDevice, site=desk)
class FactorAdmin(Uncounted):
    """Second factors: an admin may take one away from somebody who lost it, and never sees the secret."""

    list_display = ("user", "name", "confirmed")
    fields = ("user", "name", "confirmed")
    readonly_fields = ("user", "name", "confirmed")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
