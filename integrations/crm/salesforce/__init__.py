"""Salesforce as a CRM: REST by simple-salesforce, real time by Outbound Messages.

Three ways into real time were weighed. Outbound Messages are pushed to us, need nothing but a
flow in the org, and are safe although nobody signs them, because they are only hints. The
incremental poll (``polling``) is the truth behind them: it asks Salesforce's own change index.
Change Data Capture through the Pub/Sub API is not built: it needs a process that holds a gRPC
stream for every connection (grpcio, fastavro) and brings changes no sooner. Nothing here stands in
its way: such a process would call ``integrations.crm.actions.mark_dirty`` with the ids it hears of.

Only Accounts are read. Amounts that live on opportunities or contracts come in by a roll-up
field on the Account, which Salesforce keeps itself.
"""
