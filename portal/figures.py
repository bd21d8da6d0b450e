"""The figures behind ``/metrics``, read from the rows at the moment of asking.

Every question is answered by a partial index over open work, so asking costs
the same with a million closed tickets.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Count, Min
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from integrations.crm.models import CrmConnection, DirtyRecord, SyncRun, WebhookDelivery
from people.models import Notice
from portal.kit import clock
from tickets.models import Clock, ClockDiscrepancy, RecomputeRun, Ticket


class PortalFigures(Collector):
    """Collects the portal's figures for one answer."""

    def collect(self) -> Iterator[Metric]:
        """Yield each figure once."""
        now = clock.now()
        yield from self._clocks(now)
        yield from self._checks(now)
        yield from self._outbox(now)
        yield from self._crms(now)
        yield self._tickets()

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: registering must not ask the database."""
        return []

    def _clocks(self, now: datetime) -> Iterator[Metric]:
        oldest = Clock.objects.due(now).values_list("next_check_at", flat=True).first()
        yield GaugeMetricFamily(
            "kept_oldest_overdue_clock_seconds",
            "How long the longest overdue promise clock has waited for the sweep; 0 when none.",
            value=_age(oldest, now),
        )
        yield GaugeMetricFamily(
            "kept_faulty_clocks",
            "Promise clocks that the sweep could not handle and set aside.",
            value=Clock.objects.exclude(fault="").count(),
        )

    def _checks(self, now: datetime) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "kept_clock_discrepancies",
            "Stored clocks that differ from their tickets' events, or cannot be computed; not "
            "settled yet. Anything but 0 is an alarm.",
            value=ClockDiscrepancy.objects.unsettled().order_by().count(),
        )
        checks = RecomputeRun.objects.filter(kind=RecomputeRun.Kind.CHECK)
        checked = checks.exclude(finished_at=None).values_list("finished_at", flat=True).first()
        if checked is not None:
            yield GaugeMetricFamily(
                "kept_clock_check_age_seconds",
                "How long ago the last full check of the clocks ended; it runs every night.",
                value=_age(checked, now),
            )
        waiting = RecomputeRun.objects.unfinished().values_list("created_at", flat=True).first()
        yield GaugeMetricFamily(
            "kept_recompute_oldest_seconds",
            "Age of the oldest run over the clocks that is not finished; 0 when none.",
            value=_age(waiting, now),
        )

    def _outbox(self, now: datetime) -> Iterator[Metric]:
        depth = GaugeMetricFamily(
            "kept_outbox_notices", "Notices not yet delivered.", labels=["transport"]
        )
        oldest = GaugeMetricFamily(
            "kept_outbox_oldest_seconds",
            "Age of the oldest notice not yet delivered.",
            labels=["transport"],
        )
        waiting = Notice.objects.waiting().values("transport")
        for row in waiting.annotate(notices=Count("pk"), since=Min("created_at")):
            depth.add_metric([row["transport"]], row["notices"])
            oldest.add_metric([row["transport"]], _age(row["since"], now))
        yield depth
        yield oldest
        yield GaugeMetricFamily(
            "kept_dead_notices",
            "Notices that were given up: people who were not told.",
            value=Notice.objects.dead().count(),
        )

    def _crms(self, now: datetime) -> Iterator[Metric]:
        backlog = GaugeMetricFamily(
            "kept_crm_backlog",
            "What CRMs told us and is not applied yet: webhook bodies, records to read again.",
            labels=["waiting"],
        )
        oldest = GaugeMetricFamily(
            "kept_crm_oldest_seconds",
            "How long the oldest of them waits.",
            labels=["waiting"],
        )
        deliveries = WebhookDelivery.objects.backlog().order_by()
        told = deliveries.aggregate(count=Count("pk"), since=Min("received_at"))
        dirty = DirtyRecord.objects.aggregate(count=Count("pk"), since=Min("first_seen_at"))
        for name, row in (("delivery", told), ("record", dirty)):
            backlog.add_metric([name], row["count"])
            oldest.add_metric([name], _age(row["since"], now))
        yield backlog
        yield oldest
        yield GaugeMetricFamily(
            "kept_crm_given_up",
            "Webhook bodies that could not be read and records set aside; somebody must look.",
            value=WebhookDelivery.objects.dead().count() + DirtyRecord.objects.parked().count(),
        )
        yield from self._connections(now)

    def _connections(self, now: datetime) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "kept_crm_connection", "1 for the state that a connection is in.",
            labels=["connection", "vendor", "state"],
        )  # fmt: skip
        stale = GaugeMetricFamily(
            "kept_crm_stale_seconds",
            "Since when what a CRM said may be old; 0 while it answers.",
            labels=["connection"],
        )
        drift = GaugeMetricFamily(
            "kept_crm_drift_records",
            "Records that the last full comparison found changed although no event had told.",
            labels=["connection"],
        )
        for row in CrmConnection.objects.order_by("pk"):
            for value in CrmConnection.State.values:
                state.add_metric([row.public_id, row.vendor, value], float(row.state == value))
            stale.add_metric([row.public_id], _age(row.stale_since, now))
            if (run := SyncRun.objects.latest_report(row)) is not None:
                drift.add_metric([row.public_id], run.drift)
        yield state
        yield stale
        yield drift

    def _tickets(self) -> Metric:
        family = GaugeMetricFamily(
            "kept_active_tickets", "Tickets not yet solved.", labels=["tier", "status"]
        )
        counts = Ticket.objects.active().values("tier", "status").annotate(tickets=Count("pk"))
        for row in counts.order_by("tier", "status"):
            family.add_metric([row["tier"], row["status"]], row["tickets"])
        return family


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
