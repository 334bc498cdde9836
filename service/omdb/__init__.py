"""Films that are not known yet, asked of OMDb."""
