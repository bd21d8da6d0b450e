"""One's own account: profile and API tokens."""

from datetime import timedelta
from typing import cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from people.actions import issue_token, revoke_token, update_profile
from people.forms import ProfileForm, TokenForm
from people.models import ApiToken, User
from people.viewers import person_of
from people.views.acting import (
    FORM_METHODS,
    NOT_VALID,
    PAGE_METHODS,
    ask_first,
    posted,
    tried,
)
from portal.kit import clock
from portal.kit.access import access


@access("signed_in")
@require_http_methods(FORM_METHODS)
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change what somebody says about themselves."""
    # A copy: the form writes what was typed into its instance, and the page's header
    # must not show it before it is saved.
    person = User.objects.get(pk=person_of(request).pk)
    form = ProfileForm(posted(request), instance=person)
    if request.method == "POST" and tried(
        form, lambda: update_profile(user=person, **form.cleaned_data)
    ):
        with translation.override(person.language):
            messages.success(request, _("Saved."))
        return redirect("people:profile")
    status = NOT_VALID if form.is_bound else 200
    return render(request, "people/profile.html", {"form": form}, status=status)


@access("signed_in")
@require_http_methods(PAGE_METHODS)
def tokens(request: HttpRequest) -> HttpResponse:
    """List one's own API tokens that still work."""
    usable = ApiToken.objects.usable_at(clock.now()).filter(user=person_of(request))
    return render(request, "people/tokens.html", {"tokens": usable})


@access("signed_in")
@never_cache
@reauthentication_required(app="allauth.account")
@require_http_methods(FORM_METHODS)
def new_token(request: HttpRequest) -> HttpResponse:
    """Issue a token and show it, once; a borrowed session is not enough to get one."""
    form = TokenForm(posted(request))
    issued: list[tuple[ApiToken, str]] = []
    if request.method == "POST" and tried(
        form, lambda: issued.append(_issue(person_of(request), form))
    ):
        row, token = issued[0]
        return render(request, "people/token_issued.html", {"row": row, "token": token})
    status = NOT_VALID if form.is_bound else 200
    return render(request, "people/token_new.html", {"form": form}, status=status)


def _issue(user: User, form: TokenForm) -> tuple[ApiToken, str]:
    days = cast(int, form.cleaned_data["days"])
    return issue_token(
        user=user,
        name=form.cleaned_data["name"],
        valid_for=timedelta(days=days),
        now=clock.now(),
    )


@access("signed_in")
@require_http_methods(FORM_METHODS)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of one's own tokens, after asking."""
    token = get_object_or_404(ApiToken, pk=pk, user=person_of(request), revoked_at=None)
    if request.method == "POST":
        revoke_token(token=token, now=clock.now())
        messages.success(request, _("“%(name)s” no longer works.") % {"name": token.name})
        return redirect("people:tokens")
    return ask_first(
        request,
        title=_("Revoke “%(name)s”?") % {"name": token.name},
        text=_("Whatever uses it is refused from this moment on."),
        button=_("Revoke “%(name)s”") % {"name": token.name},
        back="/profile/tokens/",
        is_dangerous=True,
    )
