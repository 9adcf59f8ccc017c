"""Searches for mistakes that run for minutes or hours, started by hand: see docs/testing.md."""
