"""What stands beside and below a list, put together in Python as `lists` does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from html import escape
from urllib.parse import quote

from django import template
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext

from aggregator.models import Region
from aggregator.services import addresses
from aggregator.services.atlas import Outlet
from aggregator.services.lists import Share
from aggregator.services.outside import Piece
from aggregator.services.timelines import Timeline
from aggregator.templatetags.lists import outlet_rows
from aggregator.templatetags.reading import kind_name, moment
from aggregator.templatetags.reading import said as _
from aggregator.templatetags.terms import form_name

register = template.Library()

HOME_OUTLETS = 12  # named beside a region


@register.simple_tag
def follow_box(
    address: str, title: str, faces: Iterable[tuple[str, str, str]], mailed: bool = False
) -> SafeString:
    """Return the ways to follow a list: on this device, by feed, by mail where that is offered, in an account."""
    language, prefix = get_language() or "", get_script_prefix()
    feed = next((f'<a href="{escape(href)}">{_("feed", language)}</a>' for label, href, _kind in faces if label == "Atom"), "")  # fmt: skip
    asked = escape(quote(address, safe="/"))
    mail, account = (escape(addresses.fixed(name, prefix)) for name in ("digest", "account-follow"))
    by_mail = (
        f' {_("or by", language)} <a href="{mail}?list={asked}" rel="nofollow">{_("mail", language)}</a>'
    )
    return SafeString(
        f'<div class="follow" data-follow="{escape(address)}" data-name="{escape(title)}"><button type="button" hidden'
        f' data-on="{_("Following", language)}" data-off="{_("Follow this list", language)}"'
        f' data-full="{_("This device follows 500 lists: remove one first", language)}">{_("Follow this list", language)}'
        f"</button><p>{_('On this device, no account needed. Or by', language)} {feed}{by_mail if mailed else ''}"
        f' {_("or in", language)} <a href="{account}?list={asked}" rel="nofollow">{_("your account", language)}</a>.</p></div>\n'
    )


@register.simple_tag
def embed_box(address: str, title: str) -> SafeString:
    """Return the line with which another site shows a list."""
    return SafeString(
        f'<details class="embed"><summary>{_("Embed this list", get_language() or "")}</summary><p class="cite">&lt;iframe'
        f' src="{escape(address)}" title="{escape(title)}" width="360" height="600"&gt;&lt;/iframe&gt;</p></details>'
    )


@register.simple_tag
def shares_list(shares: Iterable[Share]) -> SafeString:
    """List the kinds of outlets behind the stories shown, with their shares of the articles."""
    rows = "".join(
        f"<li><span>{share.outlets} × {escape(kind_name(share.kind))}</span><span>{share.percent} %</span></li>"
        for share in shares
    )
    heading = _("Who reports these stories", get_language() or "")
    return SafeString(f'<h2>{heading}</h2><ul class="rows">{rows}</ul>' if rows else "")


@register.simple_tag
def also_list(pieces: Iterable[Piece]) -> SafeString:
    """List opinion and other pieces outside stories."""
    prefix = get_script_prefix()
    rows = "".join(
        f'<li><span class="label">{escape(form_name(one.form))}</span> <a href="{addresses.article(one.pk, prefix)}"'
        f' lang="{escape(one.language)}" dir="auto">{escape(one.title)}</a>'
        f' <span class="soft">{escape(one.source_name)}, {moment(one.reported_at)}</span></li>'
        for one in pieces
    )
    heading = _("Also published: outside the count", get_language() or "")
    return SafeString(
        f'<section class="also"><h2 class="sec">{heading}</h2><ul>{rows}</ul></section>' if rows else ""
    )


@register.simple_tag
def home_outlets(outlets: Collection[Outlet], region: Region) -> SafeString:
    """List the first of the outlets at home in a region, with the way to all their feeds."""
    language, n = get_language() or "", len(outlets)
    heading = f"<h2>{_('Outlets at home here', language)}</h2>"
    if not outlets:
        nobody = _("None of the outlets we read has its home here.", language)
        return SafeString(f'{heading}<p class="soft">{nobody}</p>')
    count = escape(ngettext("%(n)s outlet", "%(n)s outlets", n) % {"n": n})
    feeds = escape(addresses.page("region-opml", region.slug))
    return SafeString(
        f'{heading}{outlet_rows(list(outlets)[:HOME_OUTLETS])}<p class="soft"><a href="{feeds}">OPML</a> · {count}</p>'
    )


@register.simple_tag
def older_page(timeline: Timeline) -> SafeString:
    """Return the way down, or say that this is the beginning."""
    language = get_language() or ""
    if timeline.older:
        address = f"{escape(timeline.subject.path)}?{escape(timeline.older)}"
        return SafeString(
            f'<p class="pager"><a rel="next" href="{address}">{_("Older stories", language)} ↓</a></p>'
        )
    end = _("This is the beginning of this list.", language)
    return SafeString(f'<p class="gap end">{end}</p>' if timeline.cards else "")
