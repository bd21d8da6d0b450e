"""Celery tasks of the tickets room: thin, safe to repeat and to run twice at once."""

from celery import shared_task

from portal.kit import clock
from portal.kit.tasks import LoneTask
from tickets import actions


@shared_task(base=LoneTask)
def sweep_clocks(**kwargs: object) -> int:
    """Record warnings and breaches that are due."""
    return actions.sweep_clocks(now=clock.now())


@shared_task(base=LoneTask)
def follow_tiers(**kwargs: object) -> int:
    """Let open tickets follow the tiers of organizations that changed."""
    return actions.follow_tiers(now=clock.now())


@shared_task(base=LoneTask)
def reconcile_tiers(**kwargs: object) -> int:
    """Compare the tiers of all open tickets with those of their organizations."""
    return actions.reconcile_tiers(now=clock.now())


@shared_task(base=LoneTask)
def empty_archived_queues(**kwargs: object) -> int:
    """Move the open tickets out of archived queues."""
    return actions.empty_archived_queues(now=clock.now())


@shared_task(base=LoneTask)
def announce_clock_events(**kwargs: object) -> int:
    """Run triggers for recorded clock events and note who is told of them."""
    return actions.announce_clock_events(now=clock.now())


@shared_task(base=LoneTask)
def continue_recomputing(**kwargs: object) -> int:
    """Go over the clocks of what was published, corrected or is being checked."""
    return actions.continue_runs(now=clock.now())


@shared_task(base=LoneTask)
def publish_scheduled_policies(**kwargs: object) -> int:
    """Publish the versions of the program whose time has come."""
    return actions.publish_scheduled_policies(now=clock.now())


@shared_task(base=LoneTask)
def start_nightly_check(**kwargs: object) -> bool:
    """Have all clocks of open and lately changed tickets compared with their events."""
    return actions.start_nightly_check(now=clock.now()) is not None


@shared_task(base=LoneTask)
def send_alerts(**kwargs: object) -> int:
    """Queue the mails about promises at risk and broken that are due."""
    return actions.send_alerts(now=clock.now())


@shared_task(base=LoneTask)
def close_solved_tickets(**kwargs: object) -> int:
    """Close tickets that stayed solved long enough."""
    return actions.close_solved_tickets(now=clock.now())


@shared_task(base=LoneTask)
def ask_for_ratings(**kwargs: object) -> int:
    """Ask the customers of freshly solved tickets what they think."""
    return actions.ask_for_ratings(now=clock.now())


@shared_task(base=LoneTask)
def remove_orphaned_files(**kwargs: object) -> int:
    """Remove attachment files that no row knows."""
    return actions.remove_orphans(now=clock.now())
