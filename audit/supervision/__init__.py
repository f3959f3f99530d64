"""Runs several processes as one: each is started again when it dies, and all end together, whatever ends us."""
