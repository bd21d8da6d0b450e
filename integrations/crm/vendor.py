"""What a vendor folder implements: the one language that the core speaks with every CRM.

A vendor folder (``integrations/crm/hubspot``) translates, and decides nothing: signatures,
webhook bodies, paging, rate limits and errors of its CRM become the values below. It writes no
row of ours and reads no clock. It is found by its dotted path in ``CRM_VENDORS``; the core
imports no vendor folder, and vendor folders import of the core only this module.

Rules for all vendors:

* Webhooks are hints. What counts is the record as ``Client.read`` finds it afterwards.
* An address that is called comes from the environment, or its host is checked against the
  vendor's own domains: what somebody typed into a page must never choose a host at will.
* Nothing that is secret appears in an exception, a log line or a ``repr``.
* A call ends within a few seconds: connect in 3 s, each answer in 10 s, no long sleeping. A
  client may repeat a call at once or after a second; longer waits are the core's, which keeps
  them in a row (``retry_after``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from django.utils.functional import Promise

# Text for a page, perhaps translated only when it is shown.
Words = str | Promise


def storable(text: str) -> str:
    """Return a text that every database takes: no NUL, and no half of a character.

    CRMs cut texts in the middle of an emoji, and JSON carries both.
    """
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


# -- What a CRM holds ----------------------------------------------------------


class FieldType(StrEnum):
    """What values a CRM field holds, as far as facts care."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    INSTANT = "instant"
    YES_NO = "yes_no"
    CHOICE = "choice"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the CRM's company record, as the mapping page offers it.

    ``options`` are the stored values of a choice. ``currency_field`` names the field of the same
    record that says the currency of this amount; empty when the account has one currency.
    """

    name: str
    label: str
    type: FieldType
    options: tuple[str, ...] = ()
    is_money: bool = False
    currency_field: str = ""
    is_writable: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """One company as the CRM has it now.

    ``properties`` holds the fields that were asked for, as text: numbers as the CRM wrote them
    (never with an exponent), days as ``2026-12-31``, instants as ISO 8601 with a zone, yes/no as
    ``true``/``false``. None says that the CRM has no value. A field that the CRM does not know
    (any more) or may not be read is absent, which says nothing.

    ``updated_at`` (UTC) is the CRM's own instant of the last change of the record; it guards
    against older readings that arrive later; of an archived record it is not before the
    archiving. ``merged_into`` is the id of the surviving record; ``absorbed`` are the ids of
    records that were merged into this one, where the CRM says so.
    ``domain`` is the company's web domain in lower case, for a proposal to ops and never more.
    """

    id: str
    properties: Mapping[str, str | None]
    updated_at: datetime
    archived: bool = False
    merged_into: str | None = None
    name: str = ""
    domain: str = ""
    absorbed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make what people typed into the CRM storable."""
        read = {
            name: value if value is None else storable(value)
            for name, value in self.properties.items()
        }
        object.__setattr__(self, "properties", read)
        object.__setattr__(self, "name", storable(self.name))
        object.__setattr__(self, "domain", storable(self.domain))


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of an incremental poll, and the cursor behind them.

    The core stores a cursor only when the whole run completed.
    """

    records: Sequence[Record]
    cursor: str


@dataclass(frozen=True, slots=True)
class Connected:
    """What the test button finds: which account this is, and what we may do there.

    ``currency`` is the account's default currency (ISO 4217), empty when it does not say.
    ``notes`` are sentences worth reading beside "it works", like how much of a limit is used.
    """

    account_id: str
    account_name: str
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()
    currency: str = ""
    notes: tuple[str, ...] = ()


# -- Webhooks ------------------------------------------------------------------


class HintKind(StrEnum):
    """What a webhook says happened to a record.

    IGNORED is for events that ask for no reading, kept in the ledger alone: ``summary`` says why,
    and ``object_id`` may be empty.
    """

    CHANGED = "changed"
    CREATED = "created"
    DELETED = "deleted"
    RESTORED = "restored"
    MERGED = "merged"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Hint:
    """One event of a webhook body: look at this record again.

    ``dedupe_key`` names the event for ever within the connection: the same when the vendor
    repeats it (leave out counters of attempts), at most 100 characters. For a merge, ``object_id``
    is the survivor and ``merged_ids`` are the others. ``field`` is the CRM's name of the changed
    field. ``occurred_at`` is None when the vendor does not say: then it is when the body came.
    ``summary`` is one plain line for the ledger, like ``acv = 31000``, without secrets.
    """

    dedupe_key: str
    object_id: str
    kind: HintKind
    occurred_at: datetime | None
    field: str = ""
    merged_ids: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a webhook is not accepted; ``reason`` is for the log and is not sent."""

    reason: str
    status: int = 401


@dataclass(frozen=True, slots=True)
class Answer:
    """What the vendor wants to hear."""

    status: int
    content_type: str = "text/plain"
    body: bytes = b""


class Unreadable(Exception):
    """A verified webhook body that is not what the vendor documents; the message says why."""


# -- Errors of calls -----------------------------------------------------------


class CrmError(Exception):
    """A call that did not succeed. The message is a sentence for ops, without secrets."""

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message or type(self).__name__)
        self.message = message or type(self).__name__
        # Seconds to wait as the vendor said; None leaves it to the core's back-off.
        self.retry_after = retry_after


class Unavailable(CrmError):
    """Not reached, timed out, or the CRM's own failure (5xx): later, the same call may work."""


class LimitReached(CrmError):
    """Too many calls. ``retry_after`` in seconds when the CRM says how long."""


class LookingRests(LimitReached):
    """So much of a limit is used that looking for changes by ourselves should pause.

    Single records that a webhook named may still be read, and tiers written. ``retry_after`` says
    when to look again.
    """


class Revoked(CrmError):
    """The credentials count no more: somebody must connect again. Not for a missing scope."""


class MissingScope(CrmError):
    """The credentials are right but may not do this; ``scope`` names what is missing."""

    def __init__(self, message: str = "", *, scope: str = "") -> None:
        super().__init__(message or f"The connection may not do this: {scope} is missing.")
        self.scope = scope


class UnknownFields(CrmError):
    """The CRM does not know these fields (any more); the rest of the question was fine."""

    def __init__(self, names: Iterable[str], message: str = "") -> None:
        self.names = tuple(names)
        super().__init__(message or f"The CRM has no field {', '.join(self.names)}.")


class Rejected(CrmError):
    """The CRM refuses this very call, and would again: trying again does not help."""


# -- What a folder implements --------------------------------------------------


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that ops enter when they connect: its name in our rows and its words.

    ``label`` and ``help`` may be lazy translations. Secrets are stored encrypted and never shown.
    ``choices`` are (value, words). ``default`` is for settings only.
    """

    name: str
    label: Words
    help: Words = ""
    is_secret: bool = False
    is_required: bool = True
    is_multiline: bool = False
    default: str = ""
    choices: tuple[tuple[str, Words], ...] = ()


class Client(Protocol):
    """Calls to one account of the CRM. Every method may raise CrmError, and nothing else.

    Made for one piece of work in one thread.
    """

    def test(self) -> Connected:
        """Ask who we are. Raises Revoked for wrong credentials."""
        ...

    def fields(self) -> list[Field]:
        """Return the fields of the company record that may be read, sorted by label."""
        ...

    def read(self, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """Return the records of these ids as they are now; any number, batched inside.

        The id of a record that was merged into another is answered by a Record of the id that
        was asked for, with ``merged_into``. Archived or deleted records are reported as archived
        where the CRM still can; an id that the CRM does not know is simply absent.
        """
        ...

    def cursor_at(self, instant: datetime) -> str:
        """Return the cursor from which ``changed_since`` finds all changes after ``instant``."""
        ...

    def changed_since(self, cursor: str, fields: Sequence[str]) -> Iterator[Page]:
        """Yield the records changed since the cursor, oldest change first, page by page.

        Overlaps on purpose as far as the CRM's own delays ask for it: records may come twice,
        none may be left out. Includes deleted and merged ones where the CRM reports them.
        """
        ...

    def everything(self, fields: Sequence[str]) -> Iterator[Record]:
        """Yield every record, archived ones included, in any order."""
        ...

    def write(self, record_id: str, values: Mapping[str, str]) -> None:
        """Set fields of one record. Raises Rejected when the CRM refuses the values."""
        ...

    def close(self) -> None:
        """Give connections back; called once, also after an error."""
        ...


# Called with credentials that turned out to be too old and with a function that fetches newer
# ones. Runs under the connection's lock: when another worker renewed meanwhile, its credentials
# are returned and nothing is fetched; otherwise what is fetched is stored and returned.
Renew = Callable[
    [Mapping[str, str], Callable[[Mapping[str, str]], Mapping[str, str]]], Mapping[str, str]
]


@dataclass(frozen=True, slots=True)
class Secrets:
    """The credentials of a connection, decrypted; it prints none of them."""

    values: Mapping[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


class Vendor(Protocol):
    """One CRM product. Made without arguments from its dotted path, kept for the process.

    ``settings`` everywhere below are the values of ``setting_fields`` by name, and ``account_id``
    as ``Connected`` said it at the last successful test (empty before).
    """

    key: str
    label: str
    credential_fields: Sequence[Input]
    setting_fields: Sequence[Input]
    # Shown where ops connect: what to set up in the CRM, one sentence (or lazy one) per step.
    steps: Sequence[Words]

    def verified(
        self,
        secrets: Secrets,
        settings: Mapping[str, str],
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        now: datetime,
    ) -> Refusal | None:
        """Say why this request is not from the connected account; None when it is.

        ``url`` is the public address with query, built from the portal's own setting and never
        from what the request says; ``headers`` answers names in any case. Must be quick: a web
        request waits. Also refuses a body that names another account.
        """
        ...

    def storable(self, body: bytes) -> bytes:
        """Return a verified body as it may be kept, and as repetitions of it are recognised.

        The same bytes for most; a vendor that sends a secret along (Salesforce's session id)
        leaves it out here. ``hints`` reads what this returned.
        """
        ...

    def hints(self, body: bytes, settings: Mapping[str, str]) -> list[Hint]:
        """Read a verified and stored body, in a worker. Raises Unreadable. May be empty."""
        ...

    def answer(self, accepted: bool) -> Answer:
        """Return what to say to a verified body that was stored (True) or could not be."""
        ...

    def settings_refused(self, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Return a sentence for every setting that cannot be accepted, by name."""
        ...

    def client(
        self, secrets: Secrets, settings: Mapping[str, str], renew: Renew | None = None
    ) -> Client:
        """Return a client; calls nobody yet."""
        ...

    def record_url(self, settings: Mapping[str, str], record_id: str) -> str:
        """Return the page of a record in the CRM, or an empty string."""
        ...
