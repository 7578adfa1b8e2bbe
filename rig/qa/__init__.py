"""What thousands of records say: yield, capability, drifts, gauges, and the pages that show it."""
