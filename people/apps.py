"""The people app: what it listens to."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """Connect the room to what the login machinery announces."""

    name = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        """Load the receivers."""
        from people import receivers  # noqa: F401  (connects by import)
