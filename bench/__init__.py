"""The stopwatch: seeded generator, floors, measures. Imported by nobody.

``make bench SIZE=s|m|l`` prints one JSON line per measure, with the floor or
the peer that was measured in the same run beside it. Needs PostgreSQL; works
in a database of its own.
"""
