from django.db import migrations, models


class Migration(migrations.Migration):
    """At most one unfinished check of the clocks, however often it is asked for."""

    dependencies = [("tickets", "0005_alerts_and_recomputing")]

    operations = [
        migrations.AddConstraint(
            model_name="recomputerun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None), ("kind", "check")),
                fields=("kind",),
                name="tickets_recompute_one_check_at_a_time",
            ),
        ),
    ]
