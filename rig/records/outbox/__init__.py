"""The way out of a station: what was kept goes to the plant and to the dashboards, once, in its own time."""
