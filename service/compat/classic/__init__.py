"""Three older services: each answers as its own clients expect, to the letter."""
