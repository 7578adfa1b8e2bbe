"""Thousands of seeded boards through the shipped plan in virtual time: how often the verdict is right."""
