"""Forms of the people room.

``people.forms.log_in`` is not imported here: it builds on allauth's forms,
which import ``SignUpDetailsForm`` from here while they are being defined.
"""

from people.forms.organization import DomainForm, InviteForm, JoiningForm
from people.forms.profile import ProfileForm, TokenForm
from people.forms.sign_up import SignUpDetailsForm

__all__ = [
    "DomainForm",
    "InviteForm",
    "JoiningForm",
    "ProfileForm",
    "SignUpDetailsForm",
    "TokenForm",
]
