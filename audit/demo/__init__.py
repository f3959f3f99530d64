"""A whole installation in miniature, on a fake provider: to be looked at, and to prove itself."""
