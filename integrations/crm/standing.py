"""How the CRM sync stands, for the banner that staff see and for /metrics."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from integrations.crm.models import CrmConnection


def trouble_in_words() -> str:
    """Return one sentence for staff while a CRM is not reached, or an empty string.

    Says since when what we know of accounts may be old: their tiers are held, never lowered.
    """
    row = CrmConnection.objects.in_trouble().order_by("stale_since", "pk").first()
    if row is None:
        return ""
    values = {"name": row.name, "since": _since(row.stale_since)}
    if row.state == CrmConnection.State.REVOKED:
        return (
            _(
                "%(name)s has withdrawn our access: facts about accounts are as of %(since)s. "
                "No tier is lowered for that."
            )
            % values
        )
    return (
        _(
            "%(name)s is not reached: facts about accounts are as of %(since)s. "
            "No tier is lowered for that."
        )
        % values
    )


def _since(instant: datetime | None) -> str:
    return date_format(localtime(instant), _("j M, H:i")) if instant is not None else "?"
