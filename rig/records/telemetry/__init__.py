"""Telemetry: the seconds of a run, for dashboards and for later looks. It is a copy, never a result."""
