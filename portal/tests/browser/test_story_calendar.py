"""Operations change a calendar: typed wrong, put right, looked at, published, and counted in."""

import pytest

from people.models import User
from people.tests.login_kit import give_totp
from portal.tests.browser.conftest import Stage
from portal.tests.browser.doors import signs_in_by_two_steps
from tiers.models import CalendarVersion

pytestmark = pytest.mark.browser

OFFICE = "Business hours (Berlin)"


def test_a_late_thursday_is_drafted_seen_and_published(stage: Stage, oscar: User) -> None:
    secret = give_totp(oscar)
    his = stage.comes()
    his.opens("/ops/calendars/")
    signs_in_by_two_steps(his, oscar, secret)
    his.arrives("Calendars")
    his.presses(OFFICE)
    his.arrives(OFFICE)
    his.sees(
        "Open now until 17:00", "Fri 25 Christmas Day", "23 h long: 02:00–03:00 does not exist"
    )
    his.presses("Change this calendar")
    his.arrives(OFFICE)

    # Typed wrong: the page says where and what to do, and keeps what was typed.
    his.writes("Thursday, closes", "8")
    his.presses("Save and see what changes")
    his.sees("09:00 to 08:00 does not end after it starts.")
    his.arrives(OFFICE)
    his.writes("Thursday, closes", "20")
    special = his.region("Days with other hours")
    his.writes("Date", "2026-12-24", within=special)
    his.writes("From", "9", within=special)
    his.writes("Until", "13", within=special)
    his.presses("Save and see what changes")
    his.arrives("What the draft changes")
    his.sees("Thursday: 09:00–20:00, was 09:00–17:00", "24 Dec 2026: open 09:00–13:00")
    assert CalendarVersion.objects.drafts().exists(), "nothing counts before it is published"

    his.presses("Publish …")
    his.arrives("Publish version 2")
    his.chooses("Only tickets opened from now on")
    his.writes("What changed and why", "Late Thursdays")
    his.presses("Publish")
    his.arrives(OFFICE)
    his.sees("Version 2", "counts now", "“Late Thursdays”", within=his.region("Versions"))
