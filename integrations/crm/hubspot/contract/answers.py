"""What the stand-in answers when it does not do what it was asked, worded as documented."""

from dataclasses import dataclass, field
from typing import Any

SCOPES_PAGE = "https://developers.hubspot.com/scopes"


@dataclass(slots=True)
class Answer(Exception):
    """A status with a JSON body; raised where the request goes no further."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, message: str, category: str, **more: Any) -> Answer:
    """Return the vendor's common error body (evidence D; every field is optional there)."""
    body = {"status": "error", "message": message, "category": category, **more}
    return Answer(status, body)


def invalid(message: str) -> Answer:
    """400: what was sent is not what the documentation allows."""
    return error(400, message, "VALIDATION_ERROR")


def not_found() -> Answer:
    """404: there is no such object, or it is archived."""
    return error(404, "resource not found", "OBJECT_NOT_FOUND")


def unauthenticated() -> Answer:
    """401 without a usable token (evidence C)."""
    return error(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and "
        "you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def expired() -> Answer:
    """401 with a token that was good once (evidence C)."""
    return error(
        401,
        "The OAuth token used to make this call expired. You can use your refresh token to get "
        "a new token, and then retry the call.",
        "EXPIRED_AUTHENTICATION",
    )


def missing_scopes(*scopes: str) -> Answer:
    """403: the token is good, the app was not given this permission (evidence C)."""
    return error(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about "
        f"required scopes here: {SCOPES_PAGE}.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        links={"scopes": SCOPES_PAGE},
    )


def too_many(policy: str) -> Answer:
    """429 of a policy: SECONDLY, TEN_SECONDLY_ROLLING or DAILY (evidence C)."""
    return Answer(
        429,
        {
            "status": "error",
            "message": f"You have reached your {policy.lower()} limit.",
            "errorType": "RATE_LIMIT",
            "policyName": policy,
        },
    )


def locked() -> Answer:
    """423: the object is being changed by a bulk operation; wait two seconds (evidence D)."""
    return error(423, "The resource is locked. Wait at least 2 seconds.", "LOCKED")


def migrating(retry_after: int) -> Answer:
    """477: the account is being moved to another data centre (evidence D)."""
    answer = error(477, "Migration in progress.", "MIGRATION_IN_PROGRESS")
    answer.headers["Retry-After"] = str(retry_after)
    return answer


def bad_refresh_token(*, old_style: bool = False) -> Answer:
    """400 of the token endpoint once the access was taken back (evidence C)."""
    if old_style:
        return Answer(
            400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}
        )
    return Answer(
        400,
        {
            "error": "invalid_grant",
            "error_description": "missing or invalid refresh token",
            "status": "BAD_REFRESH_TOKEN",
            "message": "missing or invalid refresh token",
        },
    )
