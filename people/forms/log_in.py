"""The login form."""

from typing import Any

from allauth.account.forms import LoginForm

from people.invited import invited_address


class LogInForm(LoginForm):
    """Asks first for the address that was invited, if the visitor came by an invitation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("login", invited_address(self.request))
