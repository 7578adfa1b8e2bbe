"""Instruments: supplies, power meters and scanners over SCPI, and the fixture's bridge.

A session has one owner and one lock; after any timeout it is reopened and identified before the
next word; sentinels become typed statuses, never floats.
"""
