"""Secrets kept in rows: encrypted with keys from the environment, which may be rotated.

``ENCRYPTION_KEYS`` is a list of Fernet keys: the first one encrypts, all of them decrypt. To
rotate, put a new key in front, run ``manage.py rotate_encryption_keys``, then remove the old one.
Without the setting the keys are derived from SECRET_KEY and its fallbacks, which is good enough
for a demo; ``check --deploy`` asks for keys of their own.
"""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotDecrypt(Exception):
    """No key of ENCRYPTION_KEYS opens this; says nothing of its content."""


def seal(text: str) -> str:
    """Return the text encrypted and signed, as plain ASCII for a text column."""
    return _box().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """Return what was sealed; raises CannotDecrypt."""
    try:
        return _box().decrypt(sealed.encode("ascii", "replace")).decode()
    except InvalidToken as error:
        raise CannotDecrypt(
            "A stored secret cannot be decrypted: its key is not in ENCRYPTION_KEYS."
        ) from error


def sealed_again(sealed: str) -> str:
    """Return the same secret under the first key; raises CannotDecrypt."""
    try:
        return _box().rotate(sealed.encode("ascii", "replace")).decode("ascii")
    except InvalidToken as error:
        raise CannotDecrypt(
            "A stored secret cannot be decrypted: its key is not in ENCRYPTION_KEYS."
        ) from error


def wrong_keys(keys: Sequence[str]) -> list[int]:
    """Return the places (from 1) of keys that are none; their content is not repeated."""
    wrong = []
    for place, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            wrong.append(place)
    return wrong


def _box() -> MultiFernet:
    keys: Sequence[str | bytes] = settings.ENCRYPTION_KEYS or [
        _derived(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
    return MultiFernet(Fernet(key) for key in keys)


def _derived(secret: str) -> bytes:
    stretched = HKDF(hashes.SHA256(), length=32, salt=None, info=b"secrets kept in rows")
    return base64.urlsafe_b64encode(stretched.derive(secret.encode()))
