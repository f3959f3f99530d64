"""Watching exchanges go by, and keeping them before anyone can lose them."""
