"""The plant's database: runs and repairs of many stations in one PostgreSQL."""
