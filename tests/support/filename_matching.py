"""Matching of file names whose quality is measured, however busy the machine is."""

import math

from service.search.filenames.matcher import FilenameMatcher, FilmSearch

MAX_NAME_TIME = 60.0


def create_patient_matcher(search_films: FilmSearch) -> FilenameMatcher:
    """Return a matcher that leaves nothing out for want of time; close it."""
    return FilenameMatcher(search_films, math.inf, math.inf, math.inf, MAX_NAME_TIME)
