"""A newer rig for a station: prepared beside, proved, switched when no slot is live, and back if need be."""
