from django.db import migrations

from tiers.default_program import install


class Migration(migrations.Migration):
    """Write the support program that ships, where there is none yet."""

    dependencies = [("tiers", "0003_calendar_drafts_and_ladders")]

    operations = [
        migrations.RunPython(lambda apps, editor: install(apps), migrations.RunPython.noop)
    ]
