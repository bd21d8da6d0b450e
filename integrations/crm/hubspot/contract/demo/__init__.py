"""The "Demo CRM": the stand-in with pages for people, started by ``make run`` in the demo only."""
