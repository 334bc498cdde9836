"""Fetch films from OMDb that the catalogue does not have yet."""
