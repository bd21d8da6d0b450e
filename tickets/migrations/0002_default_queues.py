"""Load the queues and triggers that ship."""

from django.db import migrations

from tickets.default_queues import install


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [
        migrations.RunPython(lambda apps, editor: install(apps), migrations.RunPython.noop)
    ]
