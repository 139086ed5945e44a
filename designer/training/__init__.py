"""Training in a process of its own: the protocol, the worker, the session that watches it."""
