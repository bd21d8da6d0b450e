"""Where a ticket waits after its organization changed tier."""

from collections.abc import Collection


def queue_after(
    *, standing_in: str, of_former_tier: Collection[str], of_new_tier: str | None
) -> str:
    """Return the key of the queue in which the ticket waits from now on.

    It moves with its tier if it stands where the program puts tickets of its former tier
    (``of_former_tier``: every queue that a version of it names). Whoever, or whatever, put
    it elsewhere meant it. ``of_new_tier`` is None when the program names a queue that is
    not in use: then the ticket stays.
    """
    if of_new_tier is None or standing_in not in of_former_tier:
        return standing_in
    return of_new_tier
