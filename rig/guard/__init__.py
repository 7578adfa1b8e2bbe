"""The guard: one process a fixture that owns everything dangerous and always switches it off.

``rules`` is the pure state machine of one slot; the rest gives it eyes, hands and a socket.
docs/safety.md says the same for the station's people.
"""
