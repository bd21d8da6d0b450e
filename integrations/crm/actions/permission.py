"""Who may touch connections: ops and admins alone."""

from django.utils.translation import gettext as _

from people.models import User
from portal.kit.refused import NotPermitted


def check_ops(by: User) -> None:
    """Raise NotPermitted for everybody else."""
    if not by.runs_operations:
        raise NotPermitted("not_ops", _("Only ops may change how facts come from the CRM."))
