"""Is everything of a bench alive, and does it stay so; told to a file, the dashboards and a webhook."""
