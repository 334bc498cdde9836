"""From a stranger's bytes to three pictures of our own.

The bytes decide what they are, whatever their sender says. They are opened in the darkroom, a
process apart, and what leaves it is encoded anew: no metadata, no second meaning, three widths.
The pictures' own content names them, so that an address never changes what it shows, and storing
the same poster twice is harmless.
"""

SIZES = {"w185": 185, "w342": 342, "w780": 780}  # pixels across; narrower sources stay as they are
SHOWN_SIZE = "w342"  # what is meant when nobody says which
