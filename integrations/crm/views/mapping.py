"""Which CRM field is which fact: choose, check, try on real records, write the tier back."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from integrations.crm import actions
from integrations.crm.dry_runs import tried
from integrations.crm.field_lists import keep_fields, kept_fields
from integrations.crm.forms import MappingForm, RateForm, WriteBackForm
from integrations.crm.models import CrmConnection
from integrations.crm.rules.reading import KINDS
from integrations.crm.vendor import Field
from integrations.crm.views.connections import connection_of, crumbs_of
from portal.kit import clock
from portal.kit.refused import Refused
from tiers.program import live_policy_at
from tiers.views.ops.frame import me, ops_view, put_into, render_ops, telling_refusals


@ops_view
@require_GET
def fields(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show which field is which fact, with the CRM's fields if they were asked for lately."""
    return _page(request, connection_of(public_id))


@ops_view
@require_POST
def fields_load(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask the CRM which fields it has."""
    row = connection_of(public_id)
    with telling_refusals(request):
        keep_fields(row, actions.fields_of(connection=row, by=me(request), now=clock.now()))
    return redirect("ops_crm_fields", row.public_id)


@ops_view
@require_POST
def field_map(request: HttpRequest, public_id: str, fact: str) -> HttpResponse:
    """Say which field is a fact, or that none is."""
    row = connection_of(public_id)
    if fact not in KINDS:
        raise Http404
    offered = kept_fields(row)
    if offered is None:
        messages.warning(request, _("The list of fields is too old. It was not saved; load it."))
        return redirect("ops_crm_fields", row.public_id)
    form = _form(request, row, fact, offered)
    if not form.is_valid():
        return _page(request, row, form)
    try:
        _map(request, row, form)
    except Refused as refusal:
        put_into(form, refusal)
        return _page(request, row, form)
    return redirect(f"{_address(row)}#fact-{fact}")


def _map(request: HttpRequest, row: CrmConnection, form: MappingForm) -> None:
    name = form.cleaned_data["field"]
    if not name:
        if form.mapping is not None:
            actions.unmap_field(mapping=form.mapping, by=me(request))
            messages.success(
                request, _("%(fact)s is not read from the CRM any more.") % {"fact": form.label}
            )
        return
    field = form.by_name.get(name)
    if field is None:
        raise Refused("no_field", _("The CRM has no such field any more. Load its fields again."))
    actions.map_field(
        connection=row, fact=form.fact, field=field, by=me(request), now=clock.now(),
        currency=form.cleaned_data.get("currency", ""), translations=form.translations(),
    )  # fmt: skip
    messages.success(
        request,
        _("%(fact)s is read from %(field)s.") % {"fact": form.label, "field": field.label},
    )


@ops_view
@require_POST
def fields_try(request: HttpRequest, public_id: str) -> HttpResponse:
    """Read some records as they are and show what each would become; nothing is stored."""
    row, now = connection_of(public_id), clock.now()
    try:
        rows = tried(actions.dry_run(connection=row, by=me(request), now=now), now)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("ops_crm_fields", row.public_id)
    return render_ops(
        request,
        "integrations/crm/dry_run.html",
        title=_("Dry run on %(name)s") % {"name": row.name},
        icon="link",
        crumbs=[*crumbs_of(row), (_address(row), _("Fields"))],
        connection=row,
        rows=rows,
    )


@ops_view
@require_POST
def rate_set(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what a currency is worth."""
    row, form = connection_of(public_id), RateForm(request.POST)
    if form.is_valid():
        try:
            actions.set_rate(connection=row, by=me(request), now=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(request, _("Saved. All records are compared soon."))
            return redirect("ops_crm_fields", row.public_id)
    return _page(request, row, rate_form=form)


@ops_view
@require_POST
def write_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say into which field the tier is written, if any."""
    row, now = connection_of(public_id), clock.now()
    form = WriteBackForm(
        request.POST, connection=row, fields=kept_fields(row) or (),
        tiers=live_policy_at(now).tier_order,
    )  # fmt: skip
    if form.is_valid():
        try:
            actions.set_write_back(
                connection=row, field=form.cleaned_data["field"], values=form.values(),
                by=me(request), now=now,
            )  # fmt: skip
        except Refused as refusal:
            put_into(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("ops_crm_fields", row.public_id)
    return _page(request, row, tier_form=form)


def _page(
    request: HttpRequest,
    row: CrmConnection,
    asked: MappingForm | None = None,
    *,
    rate_form: RateForm | None = None,
    tier_form: WriteBackForm | None = None,
) -> HttpResponse:
    offered, policy = kept_fields(row), live_policy_at(clock.now())
    forms: Sequence[Any] = []
    if offered is not None:
        forms = [
            asked if asked is not None and asked.fact == fact else _form(None, row, fact, offered)
            for fact in KINDS
        ]
        tier_form = tier_form or WriteBackForm(
            None, connection=row, fields=offered, tiers=policy.tier_order
        )
    refused = [one for one in (asked, rate_form, tier_form) if one is not None and one.errors]
    return render_ops(
        request,
        "integrations/crm/fields.html",
        title=_("Fields of %(name)s") % {"name": row.name},
        icon="link",
        crumbs=crumbs_of(row),
        connection=row,
        mappings=list(row.mappings.all()),
        forms=forms,
        is_loaded=offered is not None,
        rates=list(row.rates.all()),
        rate_form=rate_form or RateForm(),
        tier_form=tier_form,
        currency=policy.currency,
        status=422 if refused else 200,
    )


def _form(
    request: HttpRequest | None, row: CrmConnection, fact: str, offered: Sequence[Field]
) -> MappingForm:
    return MappingForm(
        request.POST if request is not None else None,
        fact=fact,
        fields=actions.fields_for(fact, offered),
        mapping=row.mappings.filter(fact=fact).first(),
        tiers=live_policy_at(clock.now()).tier_order,
    )


def _address(row: CrmConnection) -> str:
    return reverse("ops_crm_fields", args=[row.public_id])
