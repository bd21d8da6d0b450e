"""Queues: who serves them, how much waits in them."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.kit import clock
from portal.kit.access import viewer_of_request
from portal.kit.refused import Refused
from portal.kit.words import tier_label
from tickets.actions.archiving_queues import archive_queue, revive_queue, why_not_archived
from tickets.actions.queues import (
    MembersChange,
    add_queue,
    change_queue_details,
    move_queue,
    set_queue_members,
)
from tickets.forms.ops import ArchiveForm, MembersForm, QueueForm
from tickets.models import Queue, QueueMember, Ticket
from tiers.program import live_policy_at
from tiers.views.ops.frame import (
    header_button,
    me,
    ops_view,
    put_into,
    render_ops,
    telling_refusals,
)


@ops_view
@require_GET
def queues(request: HttpRequest) -> HttpResponse:
    """Show every queue with its people and its open tickets."""
    everything = list(Queue.objects.visible_to(viewer_of_request(request)))
    counts = _open_counts()
    people = _people()
    rows = [row for row in everything if row.archived_at is None]
    return render_ops(
        request,
        "ops/queues.html",
        title=_("Queues"),
        buttons=[
            header_button(_("Add queue"), reverse("ops_queue_new"), "plus"),
            header_button(_("History"), reverse("ops_routing_history"), "history"),
        ],
        archived=[
            {"queue": row, **counts.get(row.pk, _NOTHING)}
            for row in everything
            if row.archived_at is not None
        ],
        rows=[
            {"queue": row, "people": people.get(row.pk, []), **counts.get(row.pk, _NOTHING)}
            for row in rows
        ],
    )


_NOTHING: Mapping[str, int] = {"open": 0, "unassigned": 0}


def _open_counts() -> dict[int, Mapping[str, int]]:
    """Return open and unassigned tickets per queue, in one query over the open ones."""
    rows = (
        Ticket.objects.active()
        .values("queue_id")
        .annotate(open=Count("pk"), assigned=Count("assignee_id"))
        .order_by()
    )
    return {
        row["queue_id"]: {"open": row["open"], "unassigned": row["open"] - row["assigned"]}
        for row in rows
    }


def _people() -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    members = QueueMember.objects.select_related("agent").order_by("agent__name", "agent__email")
    for member in members:
        found.setdefault(member.queue_id, []).append(member.agent)
    return found


def _tiers() -> dict[str, str]:
    order = live_policy_at(clock.now()).tier_order
    return {tier: str(tier_label(tier)) for tier in reversed(order)}


@ops_view
@require_http_methods(["GET", "POST"])
def queue_new(request: HttpRequest) -> HttpResponse:
    """Add a queue."""
    form = QueueForm(request.POST or None, tiers=_tiers())
    if request.method == "POST" and form.is_valid():
        try:
            made = add_queue(by=me(request), now=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(request, _("%(name)s was added. Say who serves it.") % {"name": made})
            return redirect("ops_queue", made.key)
    return render_ops(
        request,
        "ops/queue_form.html",
        title=_("Add queue"),
        crumbs=[(reverse("ops_queues"), _("Queues"))],
        form=form,
    )


@ops_view
@require_http_methods(["GET", "POST"])
def queue(request: HttpRequest, key: str) -> HttpResponse:
    """Show one queue and who serves it, or change its name and tier."""
    row = get_object_or_404(Queue.objects.visible_to(viewer_of_request(request)), key=key)
    form = QueueForm(
        request.POST or None, tiers=_tiers(), initial={"name": row.name, "tier": row.tier}
    )
    if request.method == "POST" and form.is_valid():
        try:
            changed = change_queue_details(
                queue=row,
                by=me(request),
                now=clock.now(),
                revision=_revision(request),
                **form.cleaned_data,
            )
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(request, _("%(name)s was changed.") % {"name": changed})
            return redirect("ops_queue", row.key)
    return _render_queue(request, row, form, MembersForm(initial={"agents": row.agents.all()}))


@ops_view
@require_http_methods(["POST"])
def queue_members(request: HttpRequest, key: str) -> HttpResponse:
    """Let exactly the ticked people serve a queue."""
    row = get_object_or_404(Queue.objects.visible_to(viewer_of_request(request)), key=key)
    form = MembersForm(request.POST)
    if form.is_valid():
        try:
            change = set_queue_members(
                queue=row,
                agents=form.cleaned_data["agents"],
                by=me(request),
                now=clock.now(),
                revision=_revision(request),
            )
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(request, _told(row, change))
            return redirect("ops_queue", row.key)
    details = QueueForm(tiers=_tiers(), initial={"name": row.name, "tier": row.tier})
    return _render_queue(request, row, details, form)


def _revision(request: HttpRequest) -> int | None:
    """Return which state of the queue the form was made from."""
    typed = request.POST.get("revision", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else None


@ops_view
@require_POST
def queue_move(request: HttpRequest, key: str) -> HttpResponse:
    """Move a queue one place up or down."""
    row = get_object_or_404(Queue.objects.visible_to(viewer_of_request(request)), key=key)
    with telling_refusals(request):
        is_up = request.POST.get("to") == "up"
        move_queue(queue=row, is_up=is_up, by=me(request), now=clock.now())
    return redirect(reverse("ops_queues") + f"#queue-{row.key}")


@ops_view
@require_POST
def queue_archive(request: HttpRequest, key: str) -> HttpResponse:
    """Take a queue out of use; its open tickets go where the form says."""
    row = get_object_or_404(Queue.objects.visible_to(viewer_of_request(request)), key=key)
    form = ArchiveForm(request.POST, queue=row)
    if form.is_valid():
        try:
            target = form.cleaned_data["moves_to"]
            archive_queue(queue=row, moves_to=target, by=me(request), now=clock.now())
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(request, _archived_told(row, target))
            return redirect("ops_queues")
    details = QueueForm(tiers=_tiers(), initial={"name": row.name, "tier": row.tier})
    members = MembersForm(initial={"agents": row.agents.all()})
    return _render_queue(request, row, details, members, archiving=form)


def _archived_told(row: Queue, target: Queue | None) -> str:
    if target is None:
        return _("%(name)s is archived.") % {"name": row}
    words = {"name": row, "target": target}
    return _("%(name)s is archived. Its open tickets are moving to %(target)s.") % words


@ops_view
@require_POST
def queue_revive(request: HttpRequest, key: str) -> HttpResponse:
    """Bring an archived queue back into use."""
    row = get_object_or_404(Queue.objects.visible_to(viewer_of_request(request)), key=key)
    with telling_refusals(request):
        revive_queue(queue=row, by=me(request), now=clock.now())
        messages.success(request, _("%(name)s is in use again.") % {"name": row})
    return redirect("ops_queue", row.key)


def _render_queue(
    request: HttpRequest,
    row: Queue,
    form: QueueForm,
    members: MembersForm,
    archiving: ArchiveForm | None = None,
) -> HttpResponse:
    # Read again: a form that was refused is about what the queue is by now.
    row.refresh_from_db()
    counts = _open_counts().get(row.pk, _NOTHING)
    return render_ops(
        request,
        "ops/queue.html",
        title=row.name,
        crumbs=[(reverse("ops_queues"), _("Queues"))],
        buttons=[
            header_button(_("History"), reverse("ops_queue_history", args=[row.key]), "history")
        ],
        queue=row,
        form=form,
        members=members,
        archiving=archiving or ArchiveForm(queue=row),
        in_the_way=[] if row.archived_at else why_not_archived(row),
        open=counts["open"],
        serves_nobody=not row.members.filter(agent__is_active=True).exists(),
        loads=_loads(row),
    )


def _loads(row: Queue) -> list[tuple[str, int]]:
    """Return who has open tickets of a queue, and how many; most first."""
    rows = (
        Ticket.objects.active()
        .filter(queue=row, assignee__isnull=False)
        .values("assignee__name", "assignee__email")
        .annotate(tickets=Count("pk"))
        .order_by("-tickets", "assignee__name")
    )
    return [(one["assignee__name"] or one["assignee__email"], one["tickets"]) for one in rows]


def _told(row: Queue, change: MembersChange) -> str:
    """Say who came, who went, and what they leave behind."""
    parts = []
    if change.added:
        names = ", ".join(str(user) for user in change.added)
        parts.append(_("%(names)s now serve %(queue)s.") % {"names": names, "queue": row})
    if change.removed:
        names = ", ".join(str(user) for user in change.removed)
        parts.append(_("%(names)s no longer serve %(queue)s.") % {"names": names, "queue": row})
    if change.left_behind:
        parts.append(
            ngettext(
                "%(count)s open ticket stays assigned to them: reassign it at the desk.",
                "%(count)s open tickets stay assigned to them: reassign them at the desk.",
                change.left_behind,
            )
            % {"count": change.left_behind}
        )
    return " ".join(parts) or _("Nothing was changed.")
