"""The only writers of the people room. Callers import from here."""

from people.actions.delivery import DeliveryError, deliver_due_notices
from people.actions.housekeeping import forget_expired_rows
from people.actions.idempotency import answer_once
from people.actions.importing import (
    PastOrganization,
    PastPerson,
    import_organizations,
    import_people,
)
from people.actions.invitations import (
    accept_invitation,
    find_invitation,
    invite,
    revoke_invitation,
)
from people.actions.memberships import (
    end_membership,
    give_membership,
    join_by_domain,
    let_in,
    may_manage,
    set_membership_role,
    turn_away,
)
from people.actions.notices import queue_notice
from people.actions.organizations import (
    add_domain,
    create_organization,
    follow_crm,
    name_account_team_member,
    remove_domain,
    set_joining,
    set_suspended,
    verify_domain,
)
from people.actions.retrying import retry_dead_notices, retry_notice
from people.actions.tokens import issue_token, revoke_token
from people.actions.users import (
    create_user,
    hire,
    set_active,
    set_staff_role,
    update_profile,
)

__all__ = [
    "DeliveryError",
    "PastOrganization",
    "PastPerson",
    "accept_invitation",
    "add_domain",
    "answer_once",
    "create_organization",
    "create_user",
    "deliver_due_notices",
    "end_membership",
    "find_invitation",
    "follow_crm",
    "forget_expired_rows",
    "give_membership",
    "hire",
    "import_organizations",
    "import_people",
    "invite",
    "issue_token",
    "join_by_domain",
    "let_in",
    "may_manage",
    "name_account_team_member",
    "queue_notice",
    "remove_domain",
    "retry_dead_notices",
    "retry_notice",
    "revoke_invitation",
    "revoke_token",
    "set_active",
    "set_joining",
    "set_membership_role",
    "set_staff_role",
    "set_suspended",
    "turn_away",
    "update_profile",
    "verify_domain",
]
