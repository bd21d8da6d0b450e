"""Connect a CRM, test it, pause it, and bring it back."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from integrations.crm.actions.calling import as_crm_error, client_of
from integrations.crm.actions.health import note_failure
from integrations.crm.actions.looking import next_night
from integrations.crm.actions.permission import check_ops
from integrations.crm.models import CrmConnection, TierWrite, token_digest
from integrations.crm.registry import vendor_of
from integrations.crm.vendor import Connected, Input, Revoked, Vendor
from people.models import User
from portal.kit.claims import lock
from portal.kit.refused import InvalidInput, Refused
from portal.kit.secrets import CannotDecrypt, seal, sealed_again
from tiers.program import live_policy_at

log = structlog.get_logger("integrations.crm")
LONGEST = 20_000
State = CrmConnection.State


@transaction.atomic
def create_connection(
    *,
    vendor: str,
    name: str,
    credentials: Mapping[str, str],
    settings: Mapping[str, str],
    by: User,
    now: datetime,
) -> tuple[CrmConnection, str]:
    """Store a connection, paused; return it with the token of its webhook address.

    The token is returned here and by ``new_address``, and nowhere else: only its hash is kept.
    """
    check_ops(by)
    kind = _vendor(vendor)
    if not name.strip() or len(name) > 80:
        raise _wrong("name", _("Give the connection a name of at most 80 characters."))
    token = secrets.token_urlsafe(32)
    row = CrmConnection.objects.create(
        vendor=vendor,
        name=name.strip(),
        token_hash=token_digest(token),
        sealed_credentials=_sealed(kind, credentials, {}),
        settings=_settings(kind, settings),
        created_at=now,
        created_by=by,
    )
    log.info("crm connection created", connection=row.pk, vendor=vendor, by=by.pk)
    return row, token


@transaction.atomic
def change_connection(
    *,
    connection: CrmConnection,
    by: User,
    name: str | None = None,
    credentials: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    unknown_companies: str | None = None,
    follows_names: bool | None = None,
) -> CrmConnection:
    """Change what is given. A credential that is left empty stays what it was.

    After new credentials or settings nothing is called before somebody has pressed test.
    """
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    kind = _vendor(row.vendor)
    if name is not None:
        if not name.strip() or len(name) > 80:
            raise _wrong("name", _("Give the connection a name of at most 80 characters."))
        row.name = name.strip()
    if credentials is not None and any(value.strip() for value in credentials.values()):
        row.sealed_credentials = _sealed(kind, credentials, _present(row))
        row.tested_at = None
    if settings is not None and (fresh := _settings(kind, settings)) != row.settings:
        row.settings = fresh
        row.tested_at = None
    if unknown_companies is not None:
        if unknown_companies not in CrmConnection.Unknown.values:
            raise _wrong("unknown_companies", _("Choose one of the two."))
        row.unknown_companies = unknown_companies
    if follows_names is not None:
        row.follows_names = follows_names
    row.save()
    return row


def test_connection(*, connection: CrmConnection, by: User, now: datetime) -> Connected:
    """Ask the CRM who we are, and keep the answer; a failing or revoked connection is back then.

    Raises Refused with the CRM's own words when it does not let us in.
    """
    check_ops(by)
    try:
        with client_of(connection) as client:
            found = client.test()
    except Exception as error:
        failure = as_crm_error(error)
        note_failure(connection=connection, error=failure, now=now)
        code = "crm_revoked" if isinstance(failure, Revoked) else "crm_silent"
        raise Refused(
            code, _("The CRM did not let us in: %(error)s") % {"error": failure.message}
        ) from error
    return _tested(connection, found, now)


@transaction.atomic
def _tested(connection: CrmConnection, found: Connected, now: datetime) -> Connected:
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    if row.account_id and row.account_id != found.account_id and row.records.exists():
        raise Refused(
            "other_account",
            _("These credentials are for another account (%(name)s). Make a new connection for it.")
            % {"name": found.account_name or found.account_id},
        )
    row.account_id = found.account_id[:80]
    row.account_name = found.account_name[:200]
    row.account_currency = found.currency[:3].upper()
    row.missing_scopes = list(found.missing_scopes)
    row.tested_at = row.last_success_at = now
    row.failures, row.blocked_until = 0, None
    row.stale_since = row.alerted_at = None
    if row.state in {State.FAILING, State.REVOKED}:
        row.state = State.ACTIVE
        row.next_poll_at = now
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(
            "account_taken", _("This account is connected already, under another name.")
        ) from error
    return found


@transaction.atomic
def resume_connection(*, connection: CrmConnection, by: User, now: datetime) -> CrmConnection:
    """Use a connection: webhooks are read and changes asked for from now on.

    Raises Refused before it was tested, and before any field is mapped.
    """
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    if row.is_working:
        return row
    if row.tested_at is None:
        raise Refused("not_tested", _("Test the connection first."))
    if not row.mappings.exists():
        raise Refused("not_mapped", _("Say first which CRM field is which fact."))
    row.state = State.ACTIVE
    row.next_poll_at = now
    row.next_reconcile_at = next_night(row, now)
    row.blocked_until, row.failures = None, 0
    row.save()
    return row


@transaction.atomic
def pause_connection(*, connection: CrmConnection, by: User) -> CrmConnection:
    """Use a connection no more: nothing is called, webhooks are stored and wait."""
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    row.state = State.PAUSED
    row.save(update_fields=["state"])
    return row


@transaction.atomic
def disconnect(*, connection: CrmConnection, by: User) -> CrmConnection:
    """Forget the secrets and the webhook address, and stop; what was recorded stays.

    The links to organizations stay too, so that the same account can be connected again: enter
    its secrets, test, make a new address, resume. Harmless twice.
    """
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    row.state, row.tested_at = State.PAUSED, None
    row.sealed_credentials = seal(json.dumps({}))
    row.token_hash = token_digest(secrets.token_urlsafe(32))
    row.save(update_fields=["state", "tested_at", "sealed_credentials", "token_hash"])
    log.info("crm connection disconnected", connection=row.pk, by=by.pk)
    return row


@transaction.atomic
def new_address(*, connection: CrmConnection, by: User) -> str:
    """Give the webhook address a new token and return it; the old address ends at once."""
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    token = secrets.token_urlsafe(32)
    row.token_hash = token_digest(token)
    row.save(update_fields=["token_hash"])
    return token


@transaction.atomic
def set_write_back(
    *, connection: CrmConnection, field: str, values: Mapping[str, str], by: User, now: datetime
) -> CrmConnection:
    """Have the tier written into a CRM field, or, with no field, write it no more.

    ``values`` give the CRM's value per tier; a tier without one is written by its own name.
    All linked records are looked at soon.
    """
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    if field and row.mappings.filter(field=field).exists():
        raise _wrong(
            "field",
            _("A fact is read from this field. Writing the tier into it would change the fact."),
        )
    order = live_policy_at(now).tier_order
    row.tier_field = field.strip()[:100]
    row.tier_values = {
        tier: value.strip()[:100]
        for tier, value in values.items()
        if tier in order and value.strip()
    }
    row.last_assignment_id = 0
    row.save()
    # What was refused before may be taken now.
    TierWrite.objects.filter(record__connection=row, outcome=TierWrite.Outcome.DEAD).delete()
    return row


@transaction.atomic
def look_now(
    *, connection: CrmConnection, by: User, now: datetime, everything: bool = False
) -> None:
    """Have changes, or everything, asked for by the next worker that is free."""
    check_ops(by)
    row: CrmConnection = lock(CrmConnection.objects.filter(pk=connection.pk)).get()
    if not row.is_working:
        raise Refused("not_working", _("Resume the connection first."))
    if everything:
        row.next_reconcile_at = now
    else:
        row.next_poll_at = now
    row.save(update_fields=["next_poll_at", "next_reconcile_at"])


def rotate_keys() -> tuple[int, int]:
    """Seal all credentials again under the first key; return how many, and how many failed."""
    done = failed = 0
    for key in CrmConnection.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row: CrmConnection = lock(CrmConnection.objects.filter(pk=key)).get()
            try:
                row.sealed_credentials = sealed_again(row.sealed_credentials)
            except CannotDecrypt:
                failed += 1
                continue
            row.save(update_fields=["sealed_credentials"])
            done += 1
    return done, failed


def _vendor(key: str) -> Vendor:
    try:
        return vendor_of(key)
    except LookupError as error:
        raise _wrong("vendor", _("Choose one of the CRMs in the list.")) from error


def _present(row: CrmConnection) -> Mapping[str, str]:
    try:
        return row.secrets.values
    except CannotDecrypt:
        return {}


def _sealed(vendor: Vendor, given: Mapping[str, str], present: Mapping[str, str]) -> str:
    kept: dict[str, str] = {}
    problems: dict[str, str] = {}
    for one in vendor.credential_fields:
        value = given.get(one.name, "").strip() or present.get(one.name, "")
        _check(one, value, problems)
        if value:
            kept[one.name] = value
    # What a vendor stored itself when it renewed a token.
    kept |= {k: v for k, v in present.items() if k not in kept and not given.get(k)}
    if problems:
        raise InvalidInput(
            "connection_invalid", _("Something is missing or wrong."), fields=problems
        )
    return seal(json.dumps(kept))


def _settings(vendor: Vendor, given: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    problems: dict[str, str] = {}
    for one in vendor.setting_fields:
        value = given.get(one.name, one.default).strip()
        _check(one, value, problems)
        if one.choices and value and value not in {key for key, _words in one.choices}:
            problems[one.name] = _("Choose one of the values in the list.")
        kept[one.name] = value
    problems = {**dict(vendor.settings_refused(kept)), **problems}
    if problems:
        raise InvalidInput(
            "connection_invalid", _("Something is missing or wrong."), fields=problems
        )
    return kept


def _check(one: Input, value: str, problems: dict[str, str]) -> None:
    if one.is_required and not value:
        problems[one.name] = _("This is needed.")
    elif len(value) > LONGEST:
        problems[one.name] = _("This is too long.")


def _wrong(name: str, sentence: str) -> InvalidInput:
    return InvalidInput("connection_invalid", sentence, fields={name: sentence})
