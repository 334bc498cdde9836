"""Stremio's add-on: its addresses, and what it answers."""
