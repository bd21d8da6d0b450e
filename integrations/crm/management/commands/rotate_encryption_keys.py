"""Seal stored credentials again under the first of ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations.crm.actions import rotate_keys


class Command(BaseCommand):
    """After it says that nothing failed, older keys may be removed."""

    help = "Seal all stored credentials again under the first of ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal them all, and fail when one cannot be opened by any key."""
        done, failed = rotate_keys()
        self.stdout.write(f"{done} connections sealed under the first key.")
        if failed:
            raise CommandError(
                f"{failed} connections cannot be opened with these keys: enter their credentials "
                "again in Ops, or add the key they were sealed with."
            )
