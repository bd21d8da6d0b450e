"""Load the support program that ships."""

from django.db import migrations

from tiers.default_program import install


class Migration(migrations.Migration):
    dependencies = [("tiers", "0001_initial")]

    operations = [
        migrations.RunPython(lambda apps, editor: install(apps), migrations.RunPython.noop)
    ]
