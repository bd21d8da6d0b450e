"""A viewer for the mailbox made of files, for demo and development.

Open to everybody who reaches the machine, because one reads sign-in codes here
before being signed in; ``check --deploy`` refuses a mailbox in production.
"""

import re
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from integrations.mail.mailbox import mailbox_folder
from integrations.mail.reading import Mail, NewestFirst, read_mail
from portal.kit.access import access

MAILS_PER_PAGE = 30
# What a mail may do in its frame: nothing, but let a press on a link open the page.
SANDBOX = ["allow-top-navigation-by-user-activation", "allow-popups"]
_head = re.compile(r"<head[^>]*>", re.IGNORECASE)


def _folder() -> Path:
    folder = mailbox_folder()
    if folder is None:
        raise Http404
    return folder


def _mail(name: str) -> Mail:
    mail = read_mail(_folder(), name)
    if mail is None:
        raise Http404
    return mail


@access("public")
@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List the mails, the newest first, of everybody or of one recipient."""
    recipient = request.GET.get("to", "").strip()
    mails: Paginator[Mail] = Paginator(NewestFirst(_folder(), recipient), MAILS_PER_PAGE)
    context = {"mails": mails.get_page(request.GET.get("page")), "recipient": recipient}
    return render(request, "integrations/mailbox.html", context)


@access("public")
@never_cache
@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one mail: its HTML in a closed frame, or its text, and its headers."""
    context = {
        "mail": _mail(name),
        "sandbox": " ".join(SANDBOX),
        "as_text": request.GET.get("as") == "text",
    }
    return render(request, "integrations/mail.html", context)


@access("public")
@never_cache
@require_safe
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": ["data:"],
        "script-src": [NONE],
        "connect-src": [NONE],
        "font-src": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": SANDBOX,
    }
)
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """Answer the HTML of a mail for its frame: no script, no request to anywhere.

    Links open in the whole window: our own pages refuse to stand in a frame.
    """
    html = _mail(name).html
    if not html:
        raise Http404
    target = '<base target="_top">'
    found = _head.search(html)
    end = found.end() if found else 0
    return HttpResponse(html[:end] + target + html[end:])
