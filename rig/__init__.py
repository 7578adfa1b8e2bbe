"""rig: hardware-in-the-loop test rig and factory QA station for Bitcoin hashboards."""

__version__ = "0.1.0"
