"""What a policy would do to all accounts, before it counts. Changes nothing."""

from tiers.preview.accounts import Answer, count_accounts, decisions_about, selected_accounts
from tiers.preview.checking import BrokenContracts, broken_contracts, superfluous_overrides
from tiers.preview.counting import tier_counts
from tiers.preview.matrix import Cell, MoverMatrix, OpenWork, mover_matrix
from tiers.preview.selecting import (
    NEAR,
    Edge,
    Selection,
    edges_of,
    in_cell,
    near_a_threshold,
    new_in_grace,
    that_move,
)

__all__ = [
    "NEAR",
    "Answer",
    "BrokenContracts",
    "Cell",
    "Edge",
    "MoverMatrix",
    "OpenWork",
    "Selection",
    "broken_contracts",
    "count_accounts",
    "decisions_about",
    "edges_of",
    "in_cell",
    "mover_matrix",
    "near_a_threshold",
    "new_in_grace",
    "selected_accounts",
    "superfluous_overrides",
    "that_move",
    "tier_counts",
]
