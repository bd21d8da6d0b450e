"""HTML of the Demo CRM. Every text goes through ``esc``; there is no script on these pages."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from integrations.crm.hubspot.contract.companies import Company, Property

TIERS = {"enterprise": "Enterprise", "professional": "Professional", "starter": "Starter"}


def esc(text: object) -> str:
    """Return a text that is nothing but text, inside attributes too."""
    return html.escape(str(text), quote=True)


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery to the portal, as the log shows it. Status 0: no answer."""

    at: str
    what: str
    status: int
    milliseconds: int
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are: the portal's address, this account's, and whether the CRM plays dead."""

    portal: str
    account: int
    mode: str = "works"

    def company(self, company_id: int) -> str:
        """Return the path of a company's page, as HubSpot writes it."""
        return f"/contacts/{self.account}/record/0-2/{company_id}"


def page(place: Place, title: str, body: str, *, refresh: int = 0) -> str:
    """Return a whole page; ``refresh`` loads it again after so many seconds."""
    again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    alarm = (
        '<p class="alarm">The CRM is playing dead: its API does not work for the portal.</p>'
        if place.mode != "works"
        else ""
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">{again}
<title>{esc(title)} · Demo CRM</title><link rel="stylesheet" href="/style.css"></head>
<body><header><a class="brand" href="/"><span class="mark" aria-hidden="true"></span>Demo CRM</a>
<nav><a href="/">Companies</a><a href="/deliveries">Deliveries</a><a href="/trouble">Trouble</a>
<a href="{esc(place.portal)}/">To the portal</a></nav></header>
<p class="standin">A stand-in for a real CRM, on this machine only. It speaks HubSpot's API and
signs its webhooks as HubSpot does; nothing you do here leaves this computer.</p>{alarm}
<main>{body}</main></body></html>"""


def money(text: str | None, currency: str) -> str:
    """Return an amount with its thousands apart, or a dash."""
    if not text:
        return '<span class="none">none</span>'
    whole, _, cents = text.partition(".")
    try:
        shown = f"{int(whole):,}" + (f".{cents}" if cents else "")
    except ValueError:
        shown = text
    return f"{esc(shown)} {esc(currency)}"


def tier(value: str | None) -> str:
    """Return the tier that the portal wrote back."""
    if not value:
        return '<span class="none">not yet known</span>'
    return f'<span class="tier {esc(value)}">{esc(TIERS.get(value, value))}</span>'


def company_list(
    place: Place, living: Sequence[Company], gone: Sequence[Company], currency: str, sought: str
) -> str:
    """Return the list of companies, and below it the deleted ones."""
    rows = "".join(
        f'<tr><td><a href="{esc(place.company(one.id))}">{esc(one.value("name") or one.id)}</a>'
        f'<span class="domain">{esc(one.value("domain") or "")}</span></td>'
        f'<td class="number">{money(one.value("acv"), currency)}</td>'
        f"<td>{tier(one.value('support_tier'))}</td></tr>"
        for one in living
    )
    bin_rows = "".join(
        f"<li>{esc(one.value('name') or one.id)}"
        f'<form method="post" action="{esc(place.company(one.id))}/restore">'
        '<button class="plain">Restore</button></form></li>'
        for one in gone
    )
    empty = '<p class="empty">No company is called like that.</p>' if not rows else ""
    deleted = f"<h2>Deleted</h2><ul class=bin>{bin_rows}</ul>" if bin_rows else ""
    return f"""<div class="head"><h1>Companies</h1>
<form method="get" action="/" class="find" role="search">
<input type="search" name="q" value="{esc(sought)}" aria-label="Find a company"
 placeholder="Find a company"><button class="plain">Find</button></form></div>
<p class="hint">Open a company, change its <strong>annual contract value</strong>, and watch the
portal: the tier, the queue of its open tickets and their clocks follow within seconds.</p>
<table><thead><tr><th>Company</th><th class="number">Annual contract value</th>
<th>Support tier</th></tr></thead><tbody>{rows}</tbody></table>{empty}
<details class="card"><summary>Add a company</summary>
<form method="post" action="/companies" class="grid"><label>Name
<input name="name" required maxlength="120"></label><label>Domain
<input name="domain" maxlength="120" placeholder="acme.example"></label><label>Annual contract value
<input name="acv" inputmode="decimal"></label><button>Add</button></form></details>{deleted}"""


def field_input(known: Property, value: str | None, currency: str) -> str:
    """Return one property as a field of the form."""
    name, given = esc(known.name), esc(value or "")
    label = esc(known.label) + (f" ({esc(currency)})" if known.shows_currency else "")
    if known.options or known.type == "bool":
        choices = known.options or ("true", "false")
        words = {"true": "Yes", "false": "No", **TIERS}
        options = "".join(
            f'<option value="{esc(one)}"{" selected" if one == value else ""}>'
            f"{esc(words.get(one, one))}</option>"
            for one in choices
        )
        return (
            f'<label>{label}<select name="{name}"><option value="">none</option>'
            f"{options}</select></label>"
        )
    kind = 'type="date"' if known.type == "date" else 'type="text"'
    mode = ' inputmode="decimal"' if known.type == "number" else ""
    big = ' class="big"' if known.name == "acv" else ""
    return (
        f'<label{big}>{label}<input {kind}{mode} name="{name}" value="{given}" '
        'maxlength="200" autocomplete="off"></label>'
    )


def company_page(
    place: Place,
    company: Company,
    fields: Iterable[Property],
    others: Sequence[Company],
    *,
    currency: str,
    link: str,
    notice: str,
) -> str:
    """Return the page of one company: what the portal made of it, and the form."""
    name = company.value("name") or str(company.id)
    path = esc(place.company(company.id))
    inputs = "".join(field_input(one, company.value(one.name), currency) for one in fields)
    in_portal = (
        f'<a class="button" href="{esc(place.portal + link)}">The account in the portal</a>'
        if link
        else '<span class="none">no organization of the portal is linked to it</span>'
    )
    options = "".join(
        f'<option value="{one.id}">{esc(one.value("name") or one.id)}</option>' for one in others
    )
    return f"""{notice}<div class="head"><h1>{esc(name)}</h1>
<span class="id">Record {company.id}</span></div>
<section class="card tierline"><div><span class="caption">Support tier, written back by the
portal</span>{tier(company.value("support_tier"))}</div><div>{in_portal}</div></section>
<form method="post" action="{path}" class="card grid"><h2>Properties</h2>{inputs}
<button>Save</button></form>
<details class="card"><summary>Delete or merge this company</summary>
<p>Deleting it never deletes the organization in the portal: its record is detached and shown to
ops.</p><form method="post" action="{path}/delete"><button class="plain">Delete</button></form>
<form method="post" action="{path}/merge" class="inline"><label>Merge another company into this one
<select name="other" required><option value="">Choose</option>{options}</select></label>
<button class="plain">Merge</button></form></details>"""


def notice(text: str, *, good: bool = True) -> str:
    """Return a line that says what just happened."""
    return f'<p class="notice {"good" if good else "bad"}" role="status">{esc(text)}</p>'


def delivery_list(sent: Sequence[Sent]) -> str:
    """Return the log of webhooks."""
    rows = "".join(
        f'<tr><td data-label="Sent (UTC)">{esc(one.at)}</td>'
        f'<td data-label="What">{esc(one.what)}</td>'
        f'<td data-label="Answer" class="{"ok" if 200 <= one.status < 300 else "fail"}">'
        f"{esc(one.status or 'no answer')}</td>"
        f'<td data-label="Took" class="number">{one.milliseconds} ms</td>'
        f'<td data-label="Attempt" class="number">{one.attempt}</td></tr>'
        for one in sent
    )
    empty = '<p class="empty">Nothing was sent yet. Change a company.</p>' if not rows else ""
    return f"""<h1>Deliveries</h1><p class="hint">Signed webhooks to the portal, the newest first.
One that is not taken is sent again, up to ten times.</p><table><thead><tr><th>Sent (UTC)</th>
<th>What</th><th>Answer</th><th class="number">Took</th><th class="number">Attempt</th></tr></thead>
<tbody>{rows}</tbody></table>{empty}"""


def trouble_page(mode: str, mischief: Mapping[str, bool], modes: Mapping[str, str]) -> str:
    """Return the switches that make the CRM behave badly."""
    choices = "".join(
        f'<label class="check"><input type="radio" name="mode" value="{esc(key)}"'
        f"{' checked' if key == mode else ''}> {esc(words)}</label>"
        for key, words in modes.items()
    )
    boxes = "".join(
        f'<label class="check"><input type="checkbox" name="{esc(key)}"'
        f"{' checked' if is_on else ''}> {esc(words)}</label>"
        for (key, words), is_on in zip(
            (("shuffle", "Webhooks come in any order"), ("duplicate", "Half of them come twice"),
             ("lose", "Half of them are lost (the portal's poll finds the change)")),
            mischief.values(), strict=True,
        )
    )  # fmt: skip
    return f"""<h1>Trouble</h1><p class="hint">Let the CRM behave as badly as real ones do. No
account is ever moved down because data is missing.</p>
<form method="post" action="/trouble" class="card"><fieldset><legend>The API</legend>{choices}
</fieldset><fieldset><legend>Webhooks</legend>{boxes}</fieldset><button>Apply</button></form>"""
