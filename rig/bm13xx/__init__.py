"""The wire of a BM13xx chain: bytes ↔ values, pure; docs/chain.md tells it as a story."""
