"""The night: golden boards on every free slot of a site, what came of them, and how that compares."""
