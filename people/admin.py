"""Django's own admin for the people room, for admins: read mostly, changed by actions alone."""

from typing import Any

# Loaded first, so that what they registered can be replaced.
from allauth.account import admin as _account_admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _mfa_admin  # noqa: F401
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as _sessions_admin  # noqa: F401
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people import actions
from people.models import (
    AccountTeamMember,
    ApiToken,
    IdempotentRequest,
    Invitation,
    Membership,
    Notice,
    Organization,
    OrganizationDomain,
    StaffRole,
    User,
)
from people.viewers import person_of
from portal.kit import clock


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows rows; nothing is added, changed or deleted here."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class Rows(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that belong to the one shown, to read."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


class MembershipRows(Rows):
    """Memberships of a user or of an organization."""

    model = Membership
    fk_name: str | None = None
    fields = readonly_fields = ("user", "organization", "role", "status", "created_at")


class UserMembershipRows(MembershipRows):
    """The organizations of a user."""

    fk_name = "user"


class DomainRows(Rows):
    """The e-mail domains of an organization."""

    model = OrganizationDomain
    fields = readonly_fields = ("domain", "verified_at", "verified_by")


@admin.register(User)
class UserAdmin(ReadOnly):
    """Everybody; staff are hired here, and roles are given and taken."""

    list_display = ("email", "name", "staff_role", "is_active", "last_login")
    list_filter = ("staff_role", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    inlines = (UserMembershipRows,)
    fields = (
        "email", "name", "job_title", "staff_role", "is_active", "time_zone", "language",
        "last_login", "date_joined",
    )  # fmt: skip
    editable = ("staff_role", "is_active")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Admins hire; customers sign up or are invited."""
        return person_of(request).staff_role == StaffRole.ADMIN

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Admins give roles, to others than themselves."""
        me = person_of(request)
        return me.staff_role == StaffRole.ADMIN and (obj is None or obj.pk != me.pk)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what is asked of somebody new, or shown of somebody known."""
        return self.fields if obj else ("email", "name", "staff_role")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return everything but what an action changes."""
        return tuple(name for name in self.fields if name not in self.editable) if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> "type[forms.ModelForm[User]]":
        """Ask for the role of somebody who is hired: without one, nobody is made here."""
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None:
            form.base_fields["staff_role"].required = True
        return form

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[Any, ...]:
        """Return memberships of somebody known."""
        return self.inlines if obj else ()

    def save_model(
        self, request: HttpRequest, obj: User, form: "forms.ModelForm[User]", change: bool
    ) -> None:
        """Hire, or change role and access, by the actions for it."""
        by, now = person_of(request), clock.now()
        if not change:
            role = form.cleaned_data["staff_role"]
            hired = actions.hire(email=obj.email, name=obj.name, role=role, by=by, now=now)
            obj.pk, obj.email = hired.pk, hired.email
            return
        if "staff_role" in form.changed_data:
            actions.set_staff_role(user=obj, role=obj.staff_role, by=by, now=now)
        if "is_active" in form.changed_data:
            actions.set_active(user=obj, is_active=obj.is_active, by=by)


@admin.register(Organization)
class OrganizationAdmin(ReadOnly):
    """Customer companies; their people and domains are changed on the organization's page."""

    list_display = ("name", "external_id", "joins_by_domain", "is_suspended", "created_at")
    list_filter = ("is_suspended",)
    search_fields = ("name", "external_id", "public_id")
    inlines = (DomainRows, MembershipRows)
    fields = ("name", "external_id", "public_id", "joins_by_domain", "is_suspended", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever runs operations."""
        return person_of(request).runs_operations

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever runs operations."""
        return person_of(request).runs_operations

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what is asked of a new one, or shown of a known one."""
        return self.fields if obj else ("name", "external_id", "joins_by_domain")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return everything but what an action changes here."""
        return tuple(name for name in self.fields if name != "is_suspended") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[Any, ...]:
        """Return people and domains of a known one."""
        return self.inlines if obj else ()

    def save_model(
        self,
        request: HttpRequest,
        obj: Organization,
        form: "forms.ModelForm[Organization]",
        change: bool,
    ) -> None:
        """Create or suspend by the actions for it."""
        if not change:
            obj.pk = actions.create_organization(**form.cleaned_data).pk
        elif "is_suspended" in form.changed_data:
            actions.set_suspended(
                organization=obj, is_suspended=obj.is_suspended, by=person_of(request)
            )


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    """Who belongs to which organization."""

    list_display = ("user", "organization", "role", "status", "created_at", "decided_by")
    list_filter = ("status", "role")
    list_select_related = ("user", "organization", "decided_by")
    search_fields = ("user__email", "organization__name")


@admin.register(Invitation)
class InvitationAdmin(ReadOnly):
    """Invitations, open and over. Their tokens are nowhere."""

    list_display = ("email", "organization", "role", "expires_at", "accepted_at", "revoked_at")
    list_select_related = ("organization",)
    search_fields = ("email", "organization__name")
    exclude = ("token_digest",)


@admin.register(AccountTeamMember)
class AccountTeamAdmin(ReadOnly):
    """The vendor's people named to customers."""

    list_display = ("organization", "duty", "user", "valid_from", "valid_to")
    list_filter = ("duty",)
    list_select_related = ("organization", "user")
    search_fields = ("organization__name", "user__email")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    """API tokens: whose, what for, when last used."""

    list_display = ("user", "name", "hint", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "name")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description=gettext_lazy("Revoke the chosen tokens"))
    def revoke(self, request: HttpRequest, rows: "QuerySet[ApiToken]") -> None:
        """Stop the tokens from opening anything."""
        for token in rows:
            actions.revoke_token(token=token, now=clock.now())
        self.message_user(request, _("The tokens are revoked."), messages.SUCCESS)


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    """The outbox. Codes and links that are still to be sent are not shown."""

    list_display = (
        "kind", "address", "subject", "created_at", "sent_at", "attempts", "dead_at", "last_error",
    )  # fmt: skip
    list_filter = ("kind", "transport", ("dead_at", admin.EmptyFieldListFilter),
                   ("sent_at", admin.EmptyFieldListFilter))  # fmt: skip
    search_fields = ("address", "dedupe_key", "about", "message_id")
    ordering = ("-id",)
    actions = ("try_again",)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Hide the text of what is for the recipient's eyes alone."""
        return ("body_text", "body_html") if obj is not None and obj.is_secret else ("body_html",)

    @admin.action(description=gettext_lazy("Try the chosen notices again"))
    def try_again(self, request: HttpRequest, rows: "QuerySet[Notice]") -> None:
        """Give notices that were given up another day."""
        for notice in rows:
            actions.retry_notice(notice=notice, by=person_of(request), now=clock.now())
        self.message_user(request, _("The notices are tried again."), messages.SUCCESS)


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnly):
    """Requests with an idempotency key of the last day."""

    list_display = ("user", "key", "status", "created_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "key")


for replaced in (EmailAddress, Authenticator, UserSession):
    admin.site.unregister(replaced)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnly):
    """Addresses people log in with. Only their owner can prove one."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("verified",)
    list_select_related = ("user",)
    search_fields = ("email", "user__name")


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly):
    """Second factors, without their secrets; deleted here when somebody lost theirs."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    exclude = ("data",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Admins, for others than themselves."""
        me = person_of(request)
        return me.staff_role == StaffRole.ADMIN and (obj is None or obj.user_id != me.pk)


@admin.register(UserSession)
class UserSessionAdmin(ReadOnly):
    """Devices that are logged in."""

    list_display = ("user", "created_at", "ip", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip")
    exclude = ("session_key", "data")
