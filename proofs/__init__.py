"""Proofs by trial: what must always hold is tried often, on the simulated bench, and counted."""
