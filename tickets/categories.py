"""What a ticket can be about, in the words of whoever asks."""

from django.utils.translation import gettext_lazy as _

from portal.kit.words import Words

CATEGORIES: dict[str, Words] = {
    "question": _("How do I …?"),
    "defect": _("Something does not work"),
    "performance": _("Something is slow"),
    "integration": _("Interfaces and integrations"),
    "access": _("Users and access"),
    "contract": _("Contract and invoices"),
    "wish": _("A wish or an idea"),
}


def category_label(category: str) -> Words:
    """Return the words of a category; one that came in by the API is shown as it is."""
    return CATEGORIES.get(category, category)
