"""What operations see and do about the work: queues, triggers, and what needs repair."""
