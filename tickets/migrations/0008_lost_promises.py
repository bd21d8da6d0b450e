from django.db import migrations, models


class Migration(migrations.Migration):
    """Say of a clock that its promise was broken before another one took its place."""

    dependencies = [("tickets", "0007_acknowledging")]

    operations = [
        migrations.AddField(
            model_name="clock",
            name="is_lost",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
