"""The portal app: system checks."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Register the checks that refuse to start on a bad configuration."""

    name = "portal"

    def ready(self) -> None:
        """Load the system checks."""
        from portal import checks  # noqa: F401  (registers by import)
