"""Name the device behind a user agent, as far as people know it by a name."""

from django.utils.translation import gettext as _

# In the order they must be asked for: most browsers also claim to be the ones after them.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str) -> str:
    """Say which browser on which system a user agent names, as far as it is one people know."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), _("Unknown browser"))
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if not system:
        return browser
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
