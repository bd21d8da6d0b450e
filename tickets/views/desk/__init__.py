"""The agents' pages: queues, the ticket beside its account, and every change from the desk."""
