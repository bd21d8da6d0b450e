"""A real Chromium, a real server, and a clock that both read."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from playwright.sync_api import Browser, expect, sync_playwright

from conftest import TUESDAY
from portal.tests.browser.visitor import PHONE, WIDE, Visitor

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Nobody but this machine can be found: what asks for another host fails at once.
NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
# For a machine that does five other things; on one that does not, nothing waits so long.
PATIENCE_MS = 20_000
FAILED = pytest.StashKey[bool]()


def chromium_path() -> str | None:
    """Return where Chromium is: where CHROMIUM says, else as Debian and others call it."""
    if given := os.environ.get("CHROMIUM"):
        return shutil.which(given)
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start Chromium once for the stories that follow each other."""
    path = chromium_path()
    if path is None:
        reason = "no Chromium: install it (Debian: apt install chromium) or name it in CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=PATIENCE_MS)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread. Our code runs beside it, never in it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, NOBODY_ELSE])
        yield chromium
        chromium.close()


class Stage:
    """Where a story happens: its visitors, and the time that it is."""

    def __init__(self, browser: Browser, address: str, story: str, time: Any) -> None:
        self.browser = browser
        self.address = address
        self.story = story
        self.visitors: list[Visitor] = []
        self._time = time

    def comes(
        self,
        *,
        by_phone: bool = False,
        has_scripts: bool = True,
        zone: str = "Europe/Berlin",
    ) -> Visitor:
        """Bring somebody with a browser that nobody used before."""
        context = self.browser.new_context(
            viewport=PHONE if by_phone else WIDE,
            has_touch=by_phone,
            is_mobile=by_phone,
            java_script_enabled=has_scripts,
            locale="en-GB",
            timezone_id=zone,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        if has_scripts:
            context.clock.install(time=self.now())
        visitor = Visitor(context, self.address, self.story)
        visitor.has_scripts = has_scripts
        self.visitors.append(visitor)
        return visitor

    def now(self) -> datetime:
        """Return the time that it is in the story."""
        return datetime.now(UTC)

    def passes(self, **span: float) -> None:
        """Let time pass (as ``timedelta`` names it), for the server and for every open page."""
        self._time.shift(timedelta(**span))
        for visitor in self.visitors:
            if visitor.has_scripts:
                visitor.context.clock.fast_forward(int(timedelta(**span).total_seconds() * 1000))

    def ends(self) -> list[str]:
        """Send everybody home; return what was wrong with the story as a whole.

        Waits until the server has answered what was still asked: the tables are
        emptied next.
        """
        failures: list[str] = []
        for visitor in self.visitors:
            visitor.context.close()
            failures += [*visitor.complaints, *visitor.unseen()]
        for thread in threading.enumerate():
            if "process_request_thread" in thread.name:
                thread.join(PATIENCE_MS / 1000)
        return failures


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Note on a story that it failed, so that its end does not complain as well."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture
def stage(
    browser: Browser,
    transactional_db: None,
    live_server: Any,
    settings: Any,
    request: pytest.FixtureRequest,
) -> Iterator[Stage]:
    """Set the stage: a Tuesday at ten in Berlin, nobody logged in, no mail sent."""
    cache.clear()
    settings.BASE_URL = live_server.url
    # A code may be typed in just after the half minute in which the app showed it.
    settings.MFA_TOTP_TOLERANCE = 1
    story = re.sub(r"\W+", "-", request.node.name.removeprefix("test_"))
    with time_machine.travel(TUESDAY, tick=True) as time:
        set_up = Stage(browser, live_server.url, story, time)
        yield set_up
        complaints = set_up.ends()
    assert FAILED in request.node.stash or not complaints, "\n".join(complaints)


@pytest.fixture
def comes(stage: Stage) -> Callable[..., Visitor]:
    """Return the way to bring somebody with a browser of their own."""
    return stage.comes
