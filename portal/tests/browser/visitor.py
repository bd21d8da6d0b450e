"""Somebody in front of a browser: what they can see and press, and what must never happen.

Every page a visitor comes to has to be looked at (``arrives`` or ``looks_around``):
only then axe has judged it. Whatever the browser complains about meanwhile (a
script error, a refusal by the content policy, a failed or foreign request, an
answer that is an error) fails the story.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Frame,
    Locator,
    Request,
    Response,
    ViewportSize,
    WebError,
    expect,
)

from portal.tests.browser import axe

WIDE = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
# A story takes a picture of every page into this folder, wide and narrow, to be looked at.
PICTURES = os.environ.get("SCREENSHOTS_DIR", "")
Words = str | re.Pattern[str]
# Something that fades in has no colours to judge yet. What turns for ever is not waited for.
STANDS_STILL = """() => !document.getAnimations().some(
  (one) => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity
)"""


class Visitor:
    """One person with one browser."""

    def __init__(self, context: BrowserContext, address: str, story: str) -> None:
        self.context = context
        self.address = address
        self.story = story
        self.has_scripts = True
        self.complaints: list[str] = []
        self._expected: set[int] = set()
        self._came_to: dict[str, None] = {}
        self._looked_at: set[str] = set()
        self._pictures = 0
        context.on("console", self._heard)
        context.on("weberror", self._broke)
        context.on("request", self._asked)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)
        self.page = context.new_page()
        self.page.on("framenavigated", self._moved)

    # What they do.

    def opens(self, address: str) -> None:
        """Open an address: a path of ours, or a link from a mail."""
        self.page.goto(address if "://" in address else self.address + address)

    def writes(self, label: Words, text: str, *, within: Locator | None = None) -> None:
        """Write into the field with this label."""
        self.field(label, within=within).fill(text)

    def chooses(self, label: Words, *, within: Locator | None = None) -> None:
        """Tick a box, or choose one of several by how its label begins."""
        starts = re.compile(rf"^\s*{re.escape(label)}") if isinstance(label, str) else label
        (within or self.page).get_by_label(starts).check()

    def picks(self, label: Words, option: str, *, within: Locator | None = None) -> None:
        """Pick an option of a list."""
        self.field(label, within=within).select_option(label=option)

    def field(self, label: Words, *, within: Locator | None = None) -> Locator:
        """Return the field with this label, which may say that it can, or cannot, be left out."""
        if isinstance(label, str):
            label = re.compile(rf"^\s*{re.escape(label)}(\s*(\(optional\)|\*))?\s*$")
        return (within or self.page).get_by_label(label)

    def presses(self, name: Words, *, within: Locator | None = None) -> None:
        """Press a button or follow a link, by the name it has for everybody."""
        self.can_press(name, within=within).click()

    def can_press(self, name: Words, *, within: Locator | None = None) -> Locator:
        """Return the button or link of this name."""
        place, exact = within or self.page, isinstance(name, str)
        button = place.get_by_role("button", name=name, exact=exact)
        return button.or_(place.get_by_role("link", name=name, exact=exact)).filter(visible=True)

    def unfolds(self, words: Words, *, within: Locator | None = None) -> None:
        """Open what is folded under these words."""
        (within or self.page).locator("summary").filter(has_text=words, visible=True).click()

    def hits(self, *keys: str) -> None:
        """Hit keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def reads_mail(self, html: str) -> None:
        """Show the body of a mail as a mail program does: on a page of nobody's."""
        self.page.goto("about:blank")
        self.page.set_content(html)
        self.looks_around()

    # What they see.

    def sees(self, *words: Words, within: Locator | None = None) -> None:
        """See all of these words somewhere."""
        for one in words:
            expect(
                (within or self.page).get_by_text(one).filter(visible=True).first
            ).to_be_visible()

    def misses(self, *words: Words, within: Locator | None = None) -> None:
        """See none of these words anywhere."""
        for one in words:
            expect((within or self.page).get_by_text(one).filter(visible=True)).to_have_count(0)

    def shows(self, icon: str, *, within: Locator) -> None:
        """Show a drawing: what the words say, by its shape."""
        expect(within.locator(f'use[href$="#{icon}"]').first).to_be_visible()

    def region(self, name: Words) -> Locator:
        """Return the part of the page that is called this."""
        exact = isinstance(name, str)
        found = self.page.get_by_role("region", name=name, exact=exact)
        for role in ("complementary", "form", "group", "navigation", "log", "dialog"):
            found = found.or_(self.page.get_by_role(role, name=name, exact=exact))
        return found

    def arrives(self, heading: Words) -> None:
        """Come to the page of this heading, and look at it."""
        exact = isinstance(heading, str)
        title = self.page.get_by_role("heading", name=heading, exact=exact, level=1)
        expect(title).to_be_visible()
        self.looks_around()

    def looks_around(self) -> None:
        """Judge the page: usable by everybody, nothing wider than the window, no complaint."""
        self.page.wait_for_load_state("load")
        # Without scripts it is the same page; axe itself is one.
        problems = self._judges() if self.has_scripts else []
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            problems.append(f"The page is {wide} px wider than the window.")
        self._takes_picture()
        self._looked_at.add(self._place(self.page.url))
        assert not problems, "\n".join([f"{self.page.url}:", *problems])
        self.is_content()

    def _judges(self) -> list[str]:
        """Return what axe says of the page, and of its colours in the dark."""
        self.page.wait_for_function(STANDS_STILL)
        problems = axe.violations(self.page)
        self.page.emulate_media(color_scheme="dark")
        self.page.wait_for_function(STANDS_STILL)
        in_the_dark = axe.violations(self.page, rules=["color-contrast"])
        self.page.emulate_media(color_scheme="light")
        return problems + [f"In the dark: {problem}" for problem in in_the_dark]

    def is_content(self) -> None:
        """Have nothing to complain about so far."""
        assert not self.complaints, "\n".join(self.complaints)

    @contextmanager
    def is_refused(self, *statuses: int) -> Iterator[None]:
        """Do what the portal answers with one of these statuses, on purpose."""
        self._expected |= set(statuses)
        yield
        self.page.wait_for_load_state("load")
        self._expected -= set(statuses)

    def unseen(self) -> list[str]:
        """Return the pages they came by without a look at them."""
        return [
            f"Nobody looked at {place}" for place in self._came_to if place not in self._looked_at
        ]

    def forgets(self) -> None:
        """Forget the pages they came by: for scenes that show pages and do not judge them."""
        self._came_to.clear()

    # What the browser says meanwhile.

    def _heard(self, message: ConsoleMessage) -> None:
        # Bad answers are judged where they arrive, by their status.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"The console of {self.page.url} says: {message.text}")

    def _broke(self, error: WebError) -> None:
        self.complaints.append(f"A script of {self.page.url} broke: {error.error}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and not self._is_ours(request.url):
            self.complaints.append(f"{self.page.url} asked somebody else: {request.url}")

    def _failed(self, request: Request) -> None:
        # Somebody who goes on does not wait for what the page before still wanted.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.method} {request.url} failed: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.complaints.append(
                f"{response.request.method} {response.url} was answered with {response.status}"
            )

    def _moved(self, frame: Frame) -> None:
        if frame == self.page.main_frame and self._is_ours(frame.url):
            self._came_to[self._place(frame.url)] = None

    def _is_ours(self, address: str) -> bool:
        return address.startswith(self.address + "/")

    def _place(self, address: str) -> str:
        return urlsplit(address).path

    def _takes_picture(self) -> None:
        if not PICTURES:
            return
        self._pictures += 1
        name = re.sub(r"\W+", "-", urlsplit(self.page.url).path).strip("-") or "home"
        folder = Path(PICTURES) / self.story
        own = self.page.viewport_size or WIDE
        for size in (own, PHONE) if own != PHONE else (PHONE,):
            self.page.set_viewport_size(size)
            path = folder / f"{self._pictures:02} {name[:60]} {size['width']}.png"
            self.page.screenshot(path=path, full_page=True, animations="disabled")
        self.page.set_viewport_size(own)
