"""The German is complete: every text has its translation, and no page shows English."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from conftest import TUESDAY
from people.actions import invite
from people.models import Membership, Notice, Organization, User
from portal.kit.time_words import absolute_words, full_words, promised_words
from portal.tests.catalogue import PLACE, Entry, marked, places, read_mo, read_po
from tickets import actions
from tickets.models import Queue, Ticket, Trigger
from tickets.tests.alert_kit import ring
from tiers.actions import (
    draft_calendar_version,
    draft_from_live,
    evaluate_organization,
    warn_of_last_holidays,
)
from tiers.models import Calendar, TierPolicy

# A short word may mean the same in both languages; a sentence does not.
LONGEST_WORD = 12


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """Leave the language to the next test as it was: a request speaks on after it."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


def test_every_text_has_its_german():
    missing = [e.key for e in read_po() if e.is_fuzzy or not e.german or not all(e.german.values())]
    assert not missing, f"make messages, then translate: {missing[:20]}"


def test_every_marked_text_is_in_the_catalogue():
    missing = marked() - {entry.key for entry in read_po()}
    assert not missing, f"make messages, then translate: {sorted(map(str, missing))[:20]}"


def test_plurals_have_both_forms():
    wrong = [e.key for e in read_po() if set(e.german) != ({0, 1} if e.plural else {0})]
    assert not wrong


def test_placeholders_and_tags_are_kept():
    for entry in read_po():
        wanted = [places(entry.msgid), places(entry.plural or entry.msgid)]
        for form, german in entry.german.items():
            assert places(german) in wanted, (entry.msgid, form, german)


def test_spaces_at_the_ends_are_kept():
    for entry in read_po():
        for german in entry.german.values():
            assert entry.msgid.endswith(" ") == german.endswith(" "), entry.msgid
            assert entry.msgid.startswith(" ") == german.startswith(" "), entry.msgid


def test_the_compiled_catalogue_says_the_same():
    compiled, count = read_mo()
    entries = read_po()
    assert count == len(entries), "make messages"
    for entry in entries:
        assert spoken(compiled, entry) == entry.german, entry.msgid


def spoken(compiled, entry: Entry) -> dict[int, str]:
    """Return what the compiled catalogue answers for an entry."""
    if entry.plural is None:
        text = (
            compiled.gettext(entry.msgid)
            if entry.context is None
            else compiled.pgettext(entry.context, entry.msgid)
        )
        return {0: text}
    if entry.context is None:
        return {form: compiled.ngettext(entry.msgid, entry.plural, form + 1) for form in (0, 1)}
    return {
        form: compiled.npgettext(entry.context, entry.msgid, entry.plural, form + 1)
        for form in (0, 1)
    }


class Words(HTMLParser):
    """Collects what a reader or a screen reader is told by a page."""

    TOLD = {"title", "aria-label", "placeholder", "alt", "data-key-label", "data-copied"}

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.skips = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the attributes that are read out."""
        kept = dict(attrs)
        self.skips = tag == "style" or (tag == "script" and kept.get("id") != "portal-words")
        self.parts += [value or "" for name, value in attrs if name in self.TOLD]

    def handle_endtag(self, tag: str) -> None:
        """Scripts and styles end."""
        if tag in {"style", "script"}:
            self.skips = False

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        if not self.skips:
            self.parts.append(data)

    @property
    def text(self) -> str:
        """Everything that was told, spaces made one."""
        return re.sub(r"\s+", " ", "\n".join(self.parts))


@cache
def english_pieces() -> list[tuple[str, str]]:
    """Return the longest fixed part of each text that differs in German, with the text."""
    found = []
    for entry in read_po():
        told = " ".join(entry.german.values())
        for text in filter(None, (entry.msgid, entry.plural)):
            pieces = [re.sub(r"\s+", " ", piece).strip() for piece in PLACE.split(text)]
            longest = max(pieces, key=len, default="")
            if len(longest) > LONGEST_WORD and longest not in told:
                found.append((longest, text))
    return found


def english_in(text: str) -> list[str]:
    """Return the texts of ours that stand in a German page untranslated."""
    return [
        msgid
        for piece, msgid in english_pieces()
        if piece in text and re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", text)
    ]


@pytest.fixture
def germans(ada, colin, olga, stella, agnes, lena, oscar, root) -> None:
    """Everybody reads German."""
    User.objects.update(language="de")
    for user in (ada, colin, olga, stella, agnes, lena, oscar, root):
        user.refresh_from_db()


@pytest.fixture
def tickets(germans, ada, agnes, lena, open_for) -> list[Ticket]:
    """A ticket in each state, with something said and changed on each."""
    found = [open_for(ada, subject=f"E4{n}", body="x", severity=1 + n % 4) for n in range(5)]
    for ticket, status in zip(found[1:], ("pending", "on_hold", "solved", "open"), strict=True):
        row = actions.assign(ticket=ticket, agent=lena, by=lena, now=TUESDAY)
        actions.set_severity(ticket=row, severity=1, reason="w", by=lena, now=TUESDAY)
        actions.reply_as_agent(ticket=row, author=lena, body="y", is_public=True, now=TUESDAY)
        actions.reply_as_agent(ticket=row, author=lena, body="z", is_public=False, now=TUESDAY)
        actions.set_status(ticket=row, status=status, by=lena, now=TUESDAY)
    return found


def customer_pages(organization: Organization, tickets: list[Ticket]) -> Iterator[str]:
    """Yield the addresses of the pages of a customer."""
    yield reverse("home")
    for state in ("open", "waiting", "solved", "all"):
        yield f"{reverse('ticket_list')}?show={state}"
    yield f"{reverse('ticket_list')}?q=zzzz"
    yield reverse("ticket_new")
    yield from (reverse("ticket", args=[ticket.reference]) for ticket in tickets)
    yield from (reverse("ticket_promises", args=[ticket.reference]) for ticket in tickets)
    for name in ("organization", "profile", "tokens", "new_token"):
        yield reverse(f"people:{name}")
    for name in ("invite", "add_domain", "joining"):
        yield reverse(f"people:{name}", args=[organization.public_id])
    for name in (
        "account_email", "account_change_password", "account_logout", "mfa_index",
        "mfa_list_webauthn", "usersessions_list",
    ):  # fmt: skip
        yield reverse(name)
    yield "/nothing-here/"


@pytest.mark.django_db
def test_a_german_customer_reads_no_english(ada, tickets, at_door: Callable[..., Client]):
    organization = ada.memberships.get().organization
    invite(organization=organization, email="new@analytical.example", by=ada, now=TUESDAY)
    read_in_german(at_door(ada), customer_pages(organization, tickets))


@pytest.mark.django_db
def test_what_a_form_refuses_is_said_in_german(ada, tickets, at_door: Callable[..., Client]):
    client = at_door(ada)
    for address in (reverse("ticket_new"), reverse("people:profile"), reverse("people:new_token")):
        assert not english_in(Words(client.post(address, {}).content.decode()).text), address


@pytest.mark.django_db
def test_a_german_stranger_reads_no_english(client: Client):
    for name in ("account_login", "account_signup", "account_reset_password"):
        response = client.get(reverse(name), headers={"accept-language": "de"})
        assert response.status_code == 200
        assert not english_in(Words(response.content.decode()).text), name


@pytest.mark.django_db
def test_a_german_agent_reads_no_english(lena, tickets, at_door: Callable[..., Client]):
    pages = [reverse("home"), reverse("desk"), reverse("desk_search"), "/desk/search/?q=E4"]
    pages += [
        reverse("desk_view", args=[key])
        for key in ("enterprise", "starter", "all", "mine", "unassigned", "waiting", "solved")
    ]
    pages += [reverse("desk_ticket", args=[ticket.reference]) for ticket in tickets]
    pages += [reverse("desk_clocks", args=[ticket.reference]) for ticket in tickets]
    source, target = tickets[:2]
    message = source.messages.first()
    pages += [
        reverse("desk_warnings"),
        f"{reverse('desk_merge', args=[source.reference])}?into={target.reference}",
        reverse("desk_split", args=[source.reference, message.pk]),
    ]
    read_in_german(at_door(lena), pages)


@pytest.mark.django_db
def test_german_ops_read_no_english(root, ada, tickets, at_door: Callable[..., Client]):
    # Names are what ops call things, not texts of ours.
    Trigger.objects.update(name="Auslöser")
    organization = ada.memberships.get().organization
    evaluate_organization(organization=organization, now=TUESDAY)
    pages = [
        reverse(name)
        for name in (
            "wagtailadmin_home", "ops_organizations", "ops_organization_new", "ops_policy",
            "ops_queues", "ops_queue_new", "ops_triggers", "ops_trigger_new", "ops_repairs",
            "ops_triggers_explain", "ops_tier_report",
        )
    ]  # fmt: skip
    pages += [
        reverse(name, args=[organization.public_id])
        for name in ("ops_organization", "ops_facts", "ops_override")
    ]
    pages += [reverse("ops_queue", args=[queue.key]) for queue in Queue.objects.all()]
    pages += [reverse("ops_trigger", args=[trigger.pk]) for trigger in Trigger.objects.all()]
    pages += [f"{reverse('ops_triggers_explain')}?ticket={tickets[0].reference}&event=created"]
    read_in_german(at_door(root), pages)


@pytest.mark.django_db
def test_german_ops_read_no_english_about_promises(oscar, tickets, at_door: Callable[..., Client]):
    live = TierPolicy.objects.get()
    draft = draft_from_live(author=oscar, now=TUESDAY)
    # Names are what ops call things, not texts of ours.
    TierPolicy.objects.update(name="Programm")
    version, organization = draft.version, tickets[0].organization
    pages = [reverse(name) for name in ("ops_promises", "ops_policy_versions")]
    pages += [
        reverse(name, args=[version])
        for name in ("ops_policy_version", "ops_policy_promises", "ops_publish_policy")
    ]
    pages += [
        reverse("ops_policy_target", args=[version, "enterprise", 1, "first_reply"]),
        reverse("ops_policy_target", args=[version, "starter", 4, "periodic_update"]),
        f"{reverse('ops_policy_compare')}?old={live.version}&new={version}",
    ]
    pages += [
        reverse(name, args=[organization.public_id])
        for name in ("ops_custom_targets", "ops_custom_sla_new")
    ]
    read_in_german(at_door(oscar), pages)


@pytest.mark.django_db
def test_german_ops_read_no_english_about_calendars(oscar, germans, at_door: Callable[..., Client]):
    for calendar in Calendar.objects.all():
        draft_calendar_version(calendar=calendar, by=oscar, now=TUESDAY)
    Calendar.objects.update(name="Kalender")
    pages = [reverse(name) for name in ("ops_calendars", "ops_calendar_new")]
    for key in Calendar.objects.values_list("key", flat=True):
        pages += [
            reverse(name, args=[key])
            for name in (
                "ops_calendar", "ops_calendar_draft", "ops_calendar_preview",
                "ops_publish_calendar",
            )
        ]  # fmt: skip
    read_in_german(at_door(oscar), pages)


@pytest.mark.django_db
def test_mails_are_written_in_the_readers_language(ada, tickets):
    membership = Membership.objects.filter(user=ada).get()
    invite(
        organization=membership.organization, email="new@analytical.example", by=ada, now=TUESDAY
    )
    notices = Notice.objects.filter(recipient__language="de")
    assert notices.count() > len(tickets)
    for notice in notices:
        html = Words(notice.body_html).text
        assert not english_in(f"{notice.subject}\n{notice.body_text}\n{html}"), notice.kind


@pytest.mark.django_db
def test_warnings_are_mailed_in_german(ada, germans, open_for):
    open_for(ada, severity=1)
    ring(TUESDAY + timedelta(minutes=57))
    ring(TUESDAY + timedelta(minutes=63))
    for _place in range(5):
        open_for(ada, severity=3)
    ring(TUESDAY + timedelta(hours=5))
    warn_of_last_holidays(now=TUESDAY.replace(year=2030, month=11))
    told = {}
    for notice in Notice.objects.exclude(kind="ticket_opened"):
        told[notice.kind] = notice.subject
        html = Words(notice.body_html).text
        assert not english_in(f"{notice.subject}\n{notice.body_text}\n{html}"), notice.kind
    assert {"clock_warning", "clock_breach", "clock_digest", "calendar_ends"} <= set(told)


@pytest.mark.django_db
def test_mails_to_whoever_cannot_sign_in_are_german(ada, germans, client: Client):
    for name in ("account_reset_password", "account_request_login_code"):
        client.post(reverse(name), {"email": ada.email}, headers={"accept-language": "de"})
    notices = Notice.objects.filter(address=ada.email)
    assert notices.count() == 2
    for notice in notices:
        html = Words(notice.body_html).text
        assert not english_in(f"{notice.subject}\n{notice.body_text}\n{html}"), notice.kind


def test_dates_stand_in_german_order():
    instant = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    with translation.override("de"), timezone.override("Europe/Berlin"):
        told = (
            promised_words(instant, instant - timedelta(days=2)),
            full_words(instant),
            absolute_words(instant, instant - timedelta(days=40)),
            absolute_words(instant, instant - timedelta(days=1)),
        )
    assert told == (
        "Dienstag, 24. November, 16:00 Uhr MEZ",
        "Dienstag, 24. November 2026, 16:00 Uhr MEZ",
        "24. Nov., 16:00",
        "morgen 16:00",
    )


def read_in_german(client: Client, pages) -> None:
    """Open each page; none may fail, and none may show a text of ours in English."""
    wrong = []
    for address in pages:
        response = client.get(address, follow=True)
        assert response.status_code == 200 or address == "/nothing-here/", address
        page = response.content.decode()
        assert '<html lang="de"' in page or "<html" not in page, address
        wrong += [f"{address}: {text!r}" for text in english_in(Words(page).text)]
    assert not wrong, "\n".join(wrong)
