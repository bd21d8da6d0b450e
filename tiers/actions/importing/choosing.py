"""Say what the columns of an uploaded file are, and have it checked."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, NotPermitted, Refused
from tiers.actions.importing.uploading import TARGETS
from tiers.models import AccountFact, FactImport, FactImportFile
from tiers.program import live_policy_at
from tiers.rules.sheet_columns import IDENTIFIERS, NAME, NOTHING

Status = FactImport.Status
CHOOSABLE = (Status.UPLOADED, Status.CHECKING, Status.READY, Status.FAILED)


@transaction.atomic
def choose_columns(
    *,
    fact_import: FactImport,
    columns: Sequence[str],
    decimal_sign: str,
    creates: bool,
    by: User,
    now: datetime,
) -> FactImport:
    """Store what each column is and begin a new check, whose preview replaces the one before.

    Raises InvalidInput that says what is missing, Refused when it is being applied or over.
    """
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops bring in facts."))
    row: FactImport = lock(FactImport.objects.filter(pk=fact_import.pk)).get()
    if row.status not in CHOOSABLE or not FactImportFile.objects.filter(fact_import=row).exists():
        raise Refused("import_over", _("This import is over. Upload the file again."))
    _check(row, columns, decimal_sign, creates)
    row.lines.all().delete()
    row.columns, row.decimal_sign, row.creates = list(columns), decimal_sign, creates
    row.status, row.round, row.problem = Status.CHECKING, row.round + 1, ""
    row.policy = live_policy_at(now)
    row.checked_until, row.fingerprint, row.checked_at = 0, "", None
    row.lease_until = None
    row.save()
    return row


def _check(row: FactImport, columns: Sequence[str], decimal_sign: str, creates: bool) -> None:
    chosen = Counter(one for one in columns if one != NOTHING)
    problem = ""
    if len(columns) != len(row.headings) or not set(chosen) <= set(TARGETS):
        problem = _("Choose what each column is.")
    elif any(times > 1 for times in chosen.values()):
        problem = _("Two columns are said to be the same. Choose one of them.")
    elif not chosen.keys() & set(IDENTIFIERS):
        problem = _("Choose the column that says which organization a line is about.")
    elif not chosen.keys() & set(AccountFact.Name.values):
        problem = _("Choose at least one column that holds a fact.")
    elif creates and NAME not in chosen:
        problem = _("New organizations need a name: choose its column, or leave unknown ones out.")
    elif decimal_sign not in {".", ","}:
        problem = _("Choose the decimal sign.")
    if problem:
        raise InvalidInput("columns_invalid", problem)
