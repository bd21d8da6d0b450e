"""The tiers app: what it hangs onto the database around migrations."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class TiersConfig(AppConfig):
    """Keep the guards of the database in place."""

    name = "tiers"
    verbose_name = _("Tiers")

    def ready(self) -> None:
        """Take the guards down before tables are rebuilt, and put them up again."""
        from tiers import guards

        pre_migrate.connect(guards.take_down, sender=self, dispatch_uid="tiers.guards")
        post_migrate.connect(guards.put_up, sender=self, dispatch_uid="tiers.guards")
