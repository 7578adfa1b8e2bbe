"""What is done to one board: procedures on a slot, without I/O of their own; time by the slot's clock.

Short ones return measurements; long ones are generators of frozen ticks that one driver loop
consumes and may close at any tick. A bad board is a measurement: only a dead station raises.
"""
