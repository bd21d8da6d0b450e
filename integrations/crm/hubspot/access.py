"""Which access token counts, and how an old one is renewed: once, however many workers ask."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from hubspot import HubSpot

from integrations.crm.hubspot.calls import NEVER_REPEAT, Caller
from integrations.crm.vendor import Rejected, Renew, Revoked, Secrets

# Renewed this long before its end, so that no call starts with a token that ends on its way.
MARGIN = timedelta(seconds=90)
REFRESHED = "oauth_access_token"
REFRESHED_UNTIL = "oauth_access_until"


class AccessTokens:
    """The token of a private app or service key, or those of a public app (OAuth)."""

    def __init__(
        self,
        secrets: Secrets,
        renew: Renew | None,
        *,
        host: str,
        call: Caller,
        now: Callable[[], datetime],
    ) -> None:
        self.secrets = dict(secrets.values)
        self.renew = renew
        self.host = host
        self.call = call
        self.now = now

    @property
    def is_oauth(self) -> bool:
        """Whether the token can be renewed."""
        return bool(self.secrets.get("refresh_token"))

    def current(self) -> str:
        """Return a token that is good for a while; raises CrmError."""
        if not self.is_oauth:
            token = self.secrets.get("access_token", "")
            if not token:
                raise Revoked(_("No access token is entered for this connection."))
            return token
        if self._is_old(self.secrets):
            self.refresh()
        return self.secrets[REFRESHED]

    def refresh(self) -> None:
        """Get a new token, or take the one that another worker got meanwhile."""
        if self.renew is None:
            self.secrets |= self._fetch(self.secrets)
        else:
            self.secrets = dict(self.renew(self.secrets, self._fetch))

    def _is_old(self, secrets: Mapping[str, str]) -> bool:
        until = secrets.get(REFRESHED_UNTIL, "")
        if not secrets.get(REFRESHED) or not until:
            return True
        return self.now() + MARGIN >= datetime.fromisoformat(until)

    def _fetch(self, secrets: Mapping[str, str]) -> Mapping[str, str]:
        tokens = HubSpot(host=self.host, retry=NEVER_REPEAT).oauth.tokens_api
        try:
            answer: Any = self.call(
                tokens.create,
                grant_type="refresh_token",
                client_id=secrets.get("client_id", ""),
                # The newest: during a rotation the older ones still sign webhooks.
                client_secret=newest_secret(secrets.get("app_secret", "")),
                refresh_token=secrets.get("refresh_token", ""),
            )
        except Rejected as refusal:
            # 400 and nothing else says that the grant is gone, in an older and a newer form.
            raise Revoked(
                _("HubSpot no longer accepts the connection: the app was removed from the account.")
            ) from refusal
        finally:
            tokens.api_client.rest_client.pool_manager.clear()
        until = self.now() + timedelta(seconds=int(answer.expires_in))
        return {
            **secrets,
            REFRESHED: str(answer.access_token),
            REFRESHED_UNTIL: until.isoformat(),
            "refresh_token": str(answer.refresh_token or secrets.get("refresh_token", "")),
        }


def newest_secret(lines: str) -> str:
    """Return the first of the app secrets, one per line."""
    return next((line.strip() for line in lines.splitlines() if line.strip()), "")
