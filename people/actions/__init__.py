"""The only writers of the people room. Callers import from here."""

from people.actions.idempotency import answer_once
from people.actions.notices import deliver_due_notices, queue_notice
from people.actions.organizations import (
    add_domain,
    create_organization,
    end_membership,
    give_membership,
    join_by_domain,
    let_in,
    name_account_team_member,
    set_membership_role,
    turn_away,
    verify_domain,
)
from people.actions.invitations import accept_invitation, invite, revoke_invitation
from people.actions.tokens import issue_token, revoke_token
from people.actions.users import create_user, set_staff_role, update_profile

__all__ = [
    "accept_invitation",
    "add_domain",
    "answer_once",
    "create_organization",
    "create_user",
    "deliver_due_notices",
    "end_membership",
    "give_membership",
    "invite",
    "issue_token",
    "join_by_domain",
    "let_in",
    "name_account_team_member",
    "queue_notice",
    "revoke_invitation",
    "revoke_token",
    "set_membership_role",
    "set_staff_role",
    "turn_away",
    "update_profile",
    "verify_domain",
]
