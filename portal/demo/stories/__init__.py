"""What customers of warehouse software ask, by area of the product."""

from portal.demo.stories.billing import BILLING
from portal.demo.stories.carriers import CARRIERS
from portal.demo.stories.counts import COUNTS
from portal.demo.stories.integrations import INTEGRATIONS
from portal.demo.stories.labels import LABELS
from portal.demo.stories.mobile import MOBILE
from portal.demo.stories.model import Story, prose
from portal.demo.stories.permissions import PERMISSIONS
from portal.demo.stories.picking import PICKING
from portal.demo.stories.receiving import RECEIVING
from portal.demo.stories.reports import REPORTS
from portal.demo.stories.scanners import SCANNERS

STORIES: tuple[Story, ...] = (
    *RECEIVING,
    *PICKING,
    *LABELS,
    *SCANNERS,
    *CARRIERS,
    *COUNTS,
    *INTEGRATIONS,
    *MOBILE,
    *BILLING,
    *PERMISSIONS,
    *REPORTS,
)

__all__ = ["STORIES", "Story", "prose"]
