"""The one domain error.

An action that cannot be done raises ``Refused`` (the state does not allow it)
or ``NotPermitted`` (this person may not). They are different noes: the first
is answered 409, the second 403. What must not even be known to exist is a
404, raised as Django's own ``Http404``. Each door translates them once:
``portal.kit.refused_answers`` for pages, htmx fragments and the API.
"""

from collections.abc import Mapping


class Refused(Exception):
    """The request was understood, but the present state does not allow it.

    ``code`` is stable and for programs; ``message`` is a sentence for people
    that says what to do. ``fields`` names the inputs at fault, if any.
    """

    status = 409

    def __init__(self, code: str, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = dict(fields or {})


class InvalidInput(Refused):
    """What was sent cannot be accepted as it is; ``fields`` says where."""

    status = 400


class NotPermitted(Refused):
    """This person may see the thing but may not do this to it."""

    status = 403


class Unprocessable(Refused):
    """The same request was made before with different content (idempotency)."""

    status = 422
