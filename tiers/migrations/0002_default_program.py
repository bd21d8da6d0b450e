from django.db import migrations


class Migration(migrations.Migration):
    """Once wrote the program that ships; 0004 does, when all its tables are as they are now."""

    dependencies = [("tiers", "0001_initial")]

    operations = []
