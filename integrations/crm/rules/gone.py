"""When so many companies are gone at once that it is rather we who cannot see them."""

# So few are believed, however small the account is.
ALWAYS_BELIEVED = 2
# Of the linked companies; a sharing rule or a wrong filter in the CRM hides more than that.
LARGEST_SHARE = 0.25


def is_too_many(gone: int, linked: int, confirmed: int = 0) -> bool:
    """Whether ops have to confirm that ``gone`` of ``linked`` companies are gone.

    ``confirmed`` is how many they said are.
    """
    return gone > max(ALWAYS_BELIEVED, confirmed) and gone > linked * LARGEST_SHARE
