"""Indexes for every view of the desk, measured at a million tickets."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0001_initial'),
        ('tickets', '0002_default_queues'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='ticket',
            name='tickets_active_assignee',
        ),
        migrations.RemoveIndex(
            model_name='ticket',
            name='tickets_solved_waiting',
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status__in', ('new', 'open', 'pending', 'on_hold'))), fields=['organization', 'rank_at', 'id'], name='tickets_active_organization'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status__in', ('new', 'open', 'pending', 'on_hold'))), fields=['queue', 'tier', 'rank_at', 'id'], name='tickets_active_queue_tier'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status__in', ('new', 'open', 'pending', 'on_hold'))), fields=['assignee', 'rank_at', 'id', 'queue', 'tier', 'status'], name='tickets_active_assignee'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('assignee', None), ('status__in', ('new', 'open', 'pending', 'on_hold'))), fields=['queue', 'rank_at', 'id'], name='tickets_active_unassigned_q'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status__in', ('pending', 'on_hold'))), fields=['rank_at', 'id'], name='tickets_waiting_rank'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status__in', ('pending', 'on_hold'))), fields=['queue', 'rank_at', 'id'], name='tickets_waiting_queue'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status', 'solved')), fields=['solved_at', 'id'], name='tickets_solved_waiting'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status', 'solved')), fields=['queue', 'solved_at', 'id'], name='tickets_solved_queue'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status', 'solved')), fields=['assignee', 'solved_at', 'id'], name='tickets_solved_assignee'),
        ),
    ]
