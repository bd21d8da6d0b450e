"""The numbers: metrics defined once, daily figures, per tier.

Reads every room below; writes only its own tables. Imported by ``portal`` alone.
"""
