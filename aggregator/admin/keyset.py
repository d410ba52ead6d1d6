"""Lists of rows that are neither counted nor paged by offset, so that they cost the same however long they grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import ModelAdmin, ShowFacets
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.functional import cached_property

MOST_COMPLETED = 200  # rows that completing a name offers, all pages taken together


class KeysetList(ChangeList):
    """A page of rows after the row that `p` names; the ordering may use plain columns of the row only."""

    def get_ordering_field(self, field_name: Any) -> Any:
        """Return the column to order by, None for what is no plain column: that is left out."""
        found = super().get_ordering_field(field_name)
        plain = {field.name for field in self.lookup_opts.concrete_fields if not field.is_relation}
        return found if found in plain else None

    def get_results(self, request: HttpRequest) -> None:
        """Take one page and one row more, which tells whether there is a next page."""
        given = request.GET.get(PAGE_VAR, "")
        last = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
        anchor = self.root_queryset.filter(pk=last).first() if last is not None else None
        rows = self.queryset
        if anchor is not None:
            rows = rows.filter(after(anchor, rows.query.order_by))
        found = list(rows[: self.list_per_page + 1])
        more = len(found) > self.list_per_page
        found = found[: self.list_per_page]
        self.result_list = found  # type: ignore[assignment]
        self.result_count = len(found)
        self.full_result_count = self.result_count  # type: ignore[assignment]
        self.show_full_result_count = False
        self.show_admin_actions = bool(found)
        self.can_show_all = self.multi_page = False
        self.first_url = self.get_query_string(remove=[PAGE_VAR]) if anchor is not None else ""
        self.next_url = self.get_query_string({PAGE_VAR: found[-1].pk}) if more else ""


def after(row: Model, ordering: Sequence[Any]) -> Q:
    """Return the condition that rows come after `row`; PostgreSQL has nulls last in an order, first in its reverse."""
    rows, same = Q(pk__in=[]), Q()
    for name in ordering:
        column, down = str(name).removeprefix("-"), str(name).startswith("-")
        value = getattr(row, column)
        if value is None:
            beyond = Q(**{f"{column}__isnull": False}) if down else Q(pk__in=[])
            equal = Q(**{f"{column}__isnull": True})
        else:
            beyond = Q(**{f"{column}__{'lt' if down else 'gt'}": value})
            if not down:
                beyond |= Q(**{f"{column}__isnull": True})
            equal = Q(**{column: value})
        rows, same = rows | (same & beyond), same & equal
    return rows


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of the first MOST_COMPLETED rows; for completing a name, where nobody turns pages for long."""

    @cached_property
    def count(self) -> int:
        """Rows, counted no further than MOST_COMPLETED."""
        rows: Any = self.object_list
        return len(rows.order_by().values_list("pk")[:MOST_COMPLETED])


class Uncounted(ModelAdmin):  # type: ignore[type-arg]
    """Rows whose list is paged by key, and which are never counted."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = BoundedPaginator
    list_per_page = 100

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Name the page by what it lists."""
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList
