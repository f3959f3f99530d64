"""Bytes to structures. Nothing here knows a provider, and nothing here raises for what a network may send."""
