"""Connections to CRMs: see how they stand, connect, test, pause, resume, disconnect."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.crm import actions
from integrations.crm.forms import ConnectionForm
from integrations.crm.ledger_page import in_words, report_of
from integrations.crm.models import CrmConnection, CrmEvent
from integrations.crm.registry import vendor_of, vendors
from integrations.crm.standing_words import standing_words
from integrations.crm.vendor import Vendor
from integrations.crm.views.hooks import hook_address
from portal.kit import clock
from portal.kit.refused import Refused
from tiers.views.ops.frame import Crumb, me, ops_view, put_into, render_ops, telling_refusals

RECENT = 8
SHOWN = 10


def connection_of(public_id: str) -> CrmConnection:
    """Return a connection by its public id, or 404."""
    return get_object_or_404(CrmConnection, public_id=public_id)


def whole(text: str) -> int:
    """Return a number of an address or a form; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def crm_crumb() -> Crumb:
    """Return the way back to the list of connections."""
    return reverse("ops_crm"), _("CRM")


def page_of(connection: CrmConnection) -> str:
    """Return the address of a connection's page."""
    return reverse("ops_crm_connection", args=[connection.public_id])


def crumbs_of(connection: CrmConnection) -> list[Crumb]:
    """Return the pages above those of a connection."""
    return [crm_crumb(), (page_of(connection), connection.name)]


@ops_view
@require_GET
def connections(request: HttpRequest) -> HttpResponse:
    """List the connections with their state in words."""
    now = clock.now()
    rows = CrmConnection.objects.prefetch_related("mappings")
    return render_ops(
        request,
        "integrations/crm/connections.html",
        title=_("CRM"),
        icon="link",
        rows=[{"connection": row, "standing": standing_words(row, now)} for row in rows],
        vendors=vendors(),
    )


@ops_view
@require_http_methods(["GET", "POST"])
def connection_new(request: HttpRequest, vendor: str) -> HttpResponse:
    """Show the form of a new connection, or store it and show its webhook address once."""
    kind = _vendor(vendor)
    form = ConnectionForm(request.POST or None, vendor=kind)
    if request.method == "POST" and form.is_valid():
        try:
            made, token = actions.create_connection(
                vendor=vendor, name=form.cleaned_data["name"], credentials=form.secrets_given(),
                settings=form.settings_given(), by=me(request), now=clock.now(),
            )  # fmt: skip
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            return _address(request, made, token, is_new=True)
    return render_ops(
        request,
        "integrations/crm/connection_form.html",
        title=_("Connect %(crm)s") % {"crm": kind.label},
        icon="link",
        crumbs=[crm_crumb()],
        form=form,
        vendor=kind,
        status=422 if form.errors else 200,
    )


@ops_view
@require_GET
def connection(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show how a connection stands, what came lately, and what to do next."""
    row, now = connection_of(public_id), clock.now()
    recent = CrmEvent.objects.filter(connection=row).with_everything().order_by("-pk")[:RECENT]
    template = "integrations/crm/connection.html"
    return render_ops(
        request,
        f"{template}#lately" if getattr(request, "htmx", False) else template,
        title=row.name,
        icon="link",
        crumbs=[crm_crumb()],
        connection=row,
        standing=standing_words(row, now),
        mappings=list(row.mappings.all()),
        waiting=row.records.inbox().count(),
        attention=row.records.needing_attention().count(),
        unreadable=row.records.with_problems().count(),
        linked=row.records.linked().count(),
        report=report_of(row),
        steps=vendor_of(row.vendor).steps,
        events=in_words(list(recent)),
        given_up=row.deliveries.dead().order_by("-pk")[:SHOWN],
        given_up_count=row.deliveries.dead().count(),
        parked=row.dirty.parked().order_by("pk")[:SHOWN],
        parked_count=row.dirty.parked().count(),
        address_is_known=row.deliveries.exists(),
    )


@ops_view
@require_http_methods(["GET", "POST"])
def connection_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a connection; secrets that are left empty stay."""
    row = connection_of(public_id)
    form = ConnectionForm(request.POST or None, vendor=_vendor(row.vendor), connection=row)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_connection(
                connection=row, by=me(request), name=form.cleaned_data["name"],
                credentials=form.secrets_given(), settings=form.settings_given(),
                unknown_companies=form.cleaned_data["unknown_companies"],
                follows_names=form.cleaned_data["follows_names"],
            )  # fmt: skip
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, _("Saved. Test the connection after a change of secrets."))
            return redirect(page_of(row))
    return render_ops(
        request,
        "integrations/crm/connection_form.html",
        title=_("Change %(name)s") % {"name": row.name},
        icon="link",
        crumbs=crumbs_of(row),
        form=form,
        vendor=form.vendor,
        connection=row,
        status=422 if form.errors else 200,
    )


@ops_view
@require_POST
def connection_act(request: HttpRequest, public_id: str, act: str) -> HttpResponse:
    """Test, pause, resume, disconnect, or look at the CRM now."""
    row, now = connection_of(public_id), clock.now()
    with telling_refusals(request):
        match act:
            case "test":
                _test(request, row)
            case "pause":
                actions.pause_connection(connection=row, by=me(request))
                messages.success(request, _("Paused. Webhooks are kept and wait."))
            case "resume":
                actions.resume_connection(connection=row, by=me(request), now=now)
                messages.success(request, _("It is running."))
            case "disconnect":
                actions.disconnect(connection=row, by=me(request))
                messages.success(request, _("Disconnected. The secrets are gone, facts stay."))
            case "look":
                actions.look_now(connection=row, by=me(request), now=now)
                messages.success(request, _("Changes are asked for in a moment."))
            case "retry":
                _retry(request, row)
            case "compare":
                actions.look_now(connection=row, by=me(request), now=now, everything=True)
                messages.success(request, _("Everything is compared in a moment."))
            case "gone":
                count = whole(request.POST.get("count", ""))
                actions.confirm_gone(connection=row, count=count, by=me(request), now=now)
                messages.success(request, _("Everything is compared in a moment."))
            case _:
                raise Http404
    back = "ops_crm_drift" if request.POST.get("next") == "drift" else "ops_crm_connection"
    return redirect(back, row.public_id)


@ops_view
@require_POST
def connection_address(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a new webhook address and show it, once."""
    row = connection_of(public_id)
    return _address(request, row, actions.new_address(connection=row, by=me(request)))


def _address(
    request: HttpRequest, row: CrmConnection, token: str, *, is_new: bool = False
) -> HttpResponse:
    return render_ops(
        request,
        "integrations/crm/address.html",
        title=_("Webhook address of %(name)s") % {"name": row.name},
        icon="link",
        crumbs=crumbs_of(row),
        connection=row,
        address=hook_address(row, token),
        steps=vendor_of(row.vendor).steps,
        is_new=is_new,
    )


def _test(request: HttpRequest, row: CrmConnection) -> None:
    """Test a connection and say what was found."""
    found = actions.test_connection(connection=row, by=me(request), now=clock.now())
    name = found.account_name or found.account_id
    messages.success(request, _("The CRM let us in: %(account)s.") % {"account": name})
    if found.missing_scopes:
        messages.warning(
            request,
            _("Permissions are missing: %(scopes)s. Give them to the app in the CRM, then test "
              "again.") % {"scopes": ", ".join(found.missing_scopes)},
        )  # fmt: skip
    for note in found.notes:
        messages.info(request, note)


def _retry(request: HttpRequest, row: CrmConnection) -> None:
    """Try everything of a connection again that was given up."""
    by, now = me(request), clock.now()
    count = actions.retry_deliveries(deliveries=row.deliveries.dead(), by=by, now=now)
    count += actions.retry_parked(records=row.dirty.parked(), by=by, now=now)
    said = ngettext("%(count)s is tried again now.", "%(count)s are tried again now.", count)
    messages.success(request, said % {"count": count})


def put_beside(form: ConnectionForm, refusal: Refused) -> None:
    """Put what an action refused beside the field of the form that it means."""
    fields: dict[str, Any] = {}
    for name, said in refusal.fields.items():
        places = [one for one in (f"setting_{name}", f"secret_{name}") if one in form.fields]
        fields[places[0] if places else name] = said
    put_into(form, Refused(refusal.code, refusal.message, fields=fields))


def _vendor(key: str) -> Vendor:
    try:
        return vendor_of(key)
    except LookupError as error:
        raise Http404 from error
