"""Known-answer work: packs of answers, checking returns by their hash, and the burn-in's ledger."""
