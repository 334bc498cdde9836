"""OMDb's API: its parameters, its fields, and its error texts."""
