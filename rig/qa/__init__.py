"""What thousands of records say: the lake they are read from, reports, gauge studies, alarms."""
