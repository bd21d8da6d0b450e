"""Addresses of the people room.

``login_doors`` are addresses of other people's login pages. They must come
before the ``include`` of Wagtail's and of Django's admin, or those answer.
"""

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from people.views.customer import domains, front_door, members, organization, profile
from people.views.public import doors, invitations
from portal.kit.access import access

login_doors: list[URLPattern | URLResolver] = [
    path("ops/login/", doors.staff_login, {"home": "/ops/"}, name="ops_login_door"),
    path("admin/login/", doors.staff_login, {"home": "/admin/"}, name="admin_login_door"),
    re_path(r"^ops/password_reset/", doors.password_reset, name="ops_password_reset_door"),
    # Wagtail's login for restricted pages, wherever its pages are mounted.
    re_path(r"^(?:.*/)?_util/login/$", doors.staff_login, {"home": "/"}, name="pages_login_door"),
    # People are changed by actions, which Django's admin calls and Wagtail's would not.
    re_path(
        r"^ops/(?:users/|bulk/people/user/)",
        access("ops")(RedirectView.as_view(pattern_name="admin:people_user_changelist")),
        name="ops_users_door",
    ),
]

_people = [
    path("profile/", profile.profile, name="profile"),
    path("profile/tokens/", profile.tokens, name="tokens"),
    path("profile/tokens/new/", profile.new_token, name="new_token"),
    path("profile/tokens/<int:pk>/revoke/", profile.revoke, name="revoke_token"),
    path("organization/", organization.organization_page, name="organization"),
    path("organization/none/", front_door.no_organization, name="no_organization"),
    path(
        "organization/none/decline/",
        front_door.decline_opened_invitation,
        name="decline_opened_invitation",
    ),
    path(
        "organization/none/invitations/<int:pk>/accept/",
        front_door.accept_open_invitation,
        name="accept_open_invitation",
    ),
    path(
        "organization/<slug:public_id>/",
        include(
            [
                path("invitations/new/", organization.invite_person, name="invite"),
                path("invitations/<int:pk>/revoke/", organization.revoke, name="revoke_invitation"),
                path("joining/", organization.joining, name="joining"),
                path("leave/", members.leave, name="leave"),
                path("people/<int:pk>/let-in/", members.let_in, name="let_in"),
                path("people/<int:pk>/turn-away/", members.turn_away, name="turn_away"),
                path("people/<int:pk>/remove/", members.remove, name="remove_member"),
                path("people/<int:pk>/manager/", members.make_manager, name="make_manager"),
                path("people/<int:pk>/member/", members.make_member, name="make_member"),
                path("domains/new/", domains.add, name="add_domain"),
                path("domains/<int:pk>/remove/", domains.remove, name="remove_domain"),
                path("domains/<int:pk>/verify/", domains.verify, name="verify_domain"),
            ]
        ),
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("start/", front_door.front_door, name="front_door"),
    path("invitations/<str:token>/", invitations.accept, name="accept_invitation"),
    path("", include((_people, "people"))),
]
