"""Strict reading of settings from the environment.

Every reader names the variable in its error, so that a wrong deployment says
what to correct instead of starting half-configured.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Return the variable, or the content of the file named by ``NAME_FILE``.

    Raises ImproperlyConfigured when neither is set and there is no default.
    """
    if name in os.environ:
        return os.environ[name].strip()
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE={path!r} cannot be read: {error}") from error
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it in the environment.")
    return default


def address(name: str, default: str, schemes: tuple[str, ...]) -> str:
    """Return a URL of one of ``schemes``, whose port, if there is one, is a number.

    An empty variable counts as not set.
    """
    value = text(name, default) or default
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in schemes or "://" not in value:
        kinds = ", ".join(f"{scheme}://" for scheme in schemes)
        raise ImproperlyConfigured(f"{name} must start with one of: {kinds}.")
    try:
        _port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: the port is not a number.") from error
    return value


def folder(name: str, default: str) -> Path:
    """Return a folder, made when it is missing."""
    path = Path(text(name, default) or default).resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}={path} cannot be created: {error}") from error
    return path


def flag(name: str, default: bool) -> bool:
    """Return a boolean; only ``true`` and ``false`` are understood."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name}={value!r} is not a boolean. Use true or false.")
    return value == "true"


def integer(name: str, default: int, *, minimum: int | None = None) -> int:
    """Return a whole number, not below ``minimum``."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from error
    if minimum is not None and number < minimum:
        raise ImproperlyConfigured(f"{name}={number} must be at least {minimum}.")
    return number


def words(name: str, default: list[str]) -> list[str]:
    """Return a comma-separated list without empty entries."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    return [part.strip() for part in value.split(",") if part.strip()]


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return one of ``allowed``."""
    value = os.environ.get(name, "").strip() or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} must be one of: {', '.join(allowed)}.")
    return value
