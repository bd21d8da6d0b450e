"""What the pages of one version share: finding it, the way to it, what may be done with it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from tiers.models import TierPolicy
from tiers.views.ops.frame import render_ops


def version_or_404(version: int) -> TierPolicy:
    """Return a version by its number, with who wrote and who published it."""
    found = TierPolicy.objects.select_related(
        "author", "published_by", "parent", "asked_by", "discarded_by"
    )
    return get_object_or_404(found, version=version)


def publish_address(policy: TierPolicy) -> str:
    """Return where a draft is published; that page stands in the room above this one."""
    try:
        return reverse("ops_publish_policy", args=[policy.version])
    except NoReverseMatch:  # this room without the tickets
        return ""


def render_version(
    request: HttpRequest, template: str, policy: TierPolicy, *, here: str, title: str = "",
    status: int = 200, **context: Any,
) -> HttpResponse:  # fmt: skip
    """Render a page about one version; ``here`` is its place among the version's pages."""
    crumbs = [(reverse("ops_policy"), _("Tier policy"))]
    number = _("Version %(version)s") % {"version": policy.version}
    if title:
        crumbs.append((reverse("ops_policy_promises", args=[policy.version]), number))
    return render_ops(
        request,
        template,
        title=title or number,
        icon="list-ol",
        crumbs=crumbs,
        status=status,
        policy=policy,
        here=here,
        publish_url=publish_address(policy) if policy.is_approved else "",
        is_superseded=_is_superseded(policy),
        **context,
    )


def _is_superseded(policy: TierPolicy) -> bool:
    """Whether somebody published another version after this draft was begun."""
    return policy.is_underway and policy.parent is not None and not policy.parent.is_live
