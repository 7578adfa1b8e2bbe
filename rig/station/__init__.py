"""The station: many slots side by side, one fresh process a run, and the panel that shows them."""
