"""How a request to the API says who it is: a bearer token, or a session."""

from typing import Any

from rest_framework import authentication, exceptions
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from people.actions.tokens import find_token_user
from people.models import User
from people.viewers import viewer_of
from portal.kit import clock


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session with its CSRF check; answers 401 to strangers."""

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return "Bearer"


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer kept_…``."""

    keyword = "bearer"

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        """Return the token's user; raise when a token is given and not valid."""
        parts = authentication.get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword.encode():
            return None
        if len(parts) != 2:
            raise exceptions.AuthenticationFailed("Send one token: Authorization: Bearer TOKEN.")
        user = find_token_user(parts[1].decode("latin-1"), now=clock.now())
        if user is None:
            raise exceptions.AuthenticationFailed("The token is unknown, expired or revoked.")
        request._request.viewer = viewer_of(user)  # type: ignore[attr-defined]
        return user, parts[1]

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return "Bearer"


class PrincipalThrottle(SimpleRateThrottle):
    """Count requests per user, or per address for strangers."""

    scope = "principal"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Return whose requests these are."""
        ident = request.user.pk if request.user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
