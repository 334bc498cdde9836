"""Texts that people type into film searches, and the titles that they expect first."""

WRITER_NAMES = ["Astrid Lindgren", "lindgren", "Lindgren, Astrid", "astrid lingren", "jhabvla"]

SPELLINGS_OF_JAWS = ["jaws ", " jaws", "JAWS", "jaws.", "\tjaws\n", "“Jaws”"]

TYPOS = [
    ("jasw", "Jaws"),
    ("casablnca", "Casablanca"),
    ("the shawshenk redemtion", "The Shawshank Redemption"),
    ("pulb ficton", "Pulp Fiction"),
    ("schindlrs lsit", "Schindler's List"),
]

SPELLINGS = [
    ("Charlie's Angels", "Charlies Angels", "charlie’s angels", "charlie s angels"),
    ("The Fast and the Furious", "fast & furious", "fast and the furious", "fast + furious"),
    ("Star Wars", "starwars", "star-wars", "star.wars", "STAR_WARS"),
    ("WALL·E", "WALL-E", "wall e", "walle", "Wall.E"),
    ("Amélie", "amelie", "AMÉLIE", "ame\u0301lie"),
    ("8½", "8 1/2", "eight 1/2", "8 and a half", "eight and a half", "Eight & a half"),
    ("[REC]", "rec", "(rec)", "REC!"),
    ("[REC]²", "rec 2", "rec ii", "rec two"),
    ("Rocky II", "rocky 2", "rocky two", "Rocky: II"),
    ("M*A*S*H", "mash", "m.a.s.h.", "M A S H"),
    ("(500) Days of Summer", "five hundred days of summer"),
    ("Se7en", "seven", "se7en!", "7even"),
    ("300", "three hundred"),
    ("The Godfather", "godfather", "Godfather, The", "a godfather"),
    ("Romeo + Juliet", "romeo & juliet", "romeo and juliet", "romeo juliet"),
    ("+1", "plus 1", "plus one"),
    ("$", " $ "),
]
"""A title, and other ways to type it."""

SHORT_TITLES = ["It", "Up", "M", "Ma", "9", "24", "300", "1917", "2012", "$", "+1", "8½"]

TITLES_WITH_YEAR = [
    ("dune 2021", "Dune", 2021),
    ("dune (2021)", "Dune", 2021),
    ("Dune [1984]", "Dune", 1984),
    ("2021 dune", "Dune", 2021),
    ("dune 1985", "Dune", 1984),
    ("dnue 1984", "Dune", 1984),
    ("blade runner 2049", "Blade Runner 2049", 2017),
    ("blade runner 2049 2017", "Blade Runner 2049", 2017),
    ("1917 2019", "1917", 2019),
    ("1917 (2019)", "1917", 2019),
    ("jaws 1975", "Jaws", 1975),
]
"""Text, title and year of the film that must come first."""

LOCAL_TITLES = [
    ("sen to chihiro", "千と千尋の神隠し"),
    ("千と千尋の神隠し", "千と千尋の神隠し"),
    ("stalker", "Сталкер"),
    ("СТАЛКЕР", "Сталкер"),
]

EXACT_TITLES = [
    "It",
    "Up",
    "M",
    "9",
    "1917",
    "2012",
    "300",
    "Se7en",
    "WALL·E",
    "Amélie",
    "8½",
    "[REC]",
]
EXACT_TITLES += ["M*A*S*H", "(500) Days of Summer", "Star Wars", "Rocky II", "The Godfather"]

ODD_TEXTS = ["%", "*", "((", "a" * 200, "t t t t t t", "½", "\u200b"]
"""Texts on which a completion must not fail."""
