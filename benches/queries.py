"""Known-item queries generated from titles, in 22 classes.

Each class changes a title as people do: a neighbouring key, two letters swapped, a word left out, a
director's name beside it. Another seed gives another set, so that search is not tuned to one.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from service.search.query.noise import STOP_WORDS
from service.text.analysis import full_title_key, tokenize
from service.text.numerals import CARDINALS
from tests.support.typos import (
    add_typo,
    double_letter,
    drop_letter,
    neighbour_key,
    replace_letter,
    swap_letters,
)

Film = dict[str, Any]

SOUND_REPLACEMENTS = (
    ("ph", "f"), ("ck", "k"), ("sh", "ch"), ("tion", "shun"), ("ei", "ie"), ("ie", "ei"),
    ("ou", "ow"), ("ee", "ea"), ("oo", "u"), ("ea", "ee"), ("er", "ar"), ("ar", "er"), ("le", "el"),
    ("qu", "kw"), ("wh", "w"), ("th", "t"), ("c", "k"), ("x", "ks"), ("z", "s"), ("v", "w"),
    ("y", "i"),
    ("a", "e"), ("e", "a"), ("i", "e"), ("o", "e"), ("u", "o"),
)  # fmt: skip
NOISE_TEMPLATES = (
    "{} movie",
    "{} film",
    "{} full movie",
    "{} the movie",
    "{} the film",
    "{} trailer",
    "watch {}",
    "{} imdb",
    "{} dvd",
    "{} cast",
    "{} original",
    "movie {}",
    "film {}",
    "original {}",
    "dvd {}",
)


def misspell_first_letter(rng: random.Random, text: str) -> str:
    """Return the text with a typo in the first letter of a longer word."""
    words = text.split()
    long_words = [i for i, word in enumerate(words) if len(word) > 3] or [len(words) - 1]
    at = rng.choice(long_words)
    word = words[at]
    words[at] = rng.choice(
        (
            neighbour_key(rng, word[0]) + word[1:],
            word[1:],
            word[1:2] + word[:1] + word[2:],
        )
    )
    return " ".join(words)


def misspell_by_sound(rng: random.Random, text: str) -> str:
    """Return the text with one or two sounds spelt another way."""
    for _ in range(rng.choice((1, 1, 2))):
        applicable = [pair for pair in SOUND_REPLACEMENTS if pair[0] in text[1:]]
        if rng.random() < 0.3 and (double := re.search(r"([a-z])\1", text)):
            text = text[: double.start()] + text[double.start() + 1 :]
        elif applicable:
            old, new = rng.choice(applicable)
            at = rng.choice([m.start() for m in re.finditer(old, text[1:])]) + 1
            text = text[:at] + new + text[at + len(old) :]
    return text


def rewrite_number(rng: random.Random, text: str) -> str | None:
    """Return the text with a number written another way."""
    forms: dict[str, list[str]] = {}
    for word, value in CARDINALS.items():
        forms.setdefault(str(value), [str(value)]).append(word)
    words = text.split()
    positions = [i for i, w in enumerate(words) if len(forms.get(str(CARDINALS.get(w, w)), [])) > 1]
    if not positions:
        return None
    at = rng.choice(positions)
    value = str(CARDINALS.get(words[at], words[at]))
    words[at] = rng.choice([form for form in forms[value] if form != words[at]])
    return " ".join(words)


def join_words(rng: random.Random, text: str) -> str | None:
    words = text.split()
    if len(words) < 2:
        return None
    at = rng.randrange(len(words) - 1)
    return " ".join([*words[:at], words[at] + words[at + 1], *words[at + 2 :]])


def split_word(rng: random.Random, text: str) -> str | None:
    words = text.split()
    long_words = [i for i, word in enumerate(words) if len(word) > 4]
    if not long_words:
        return None
    at = rng.choice(long_words)
    cut = rng.randrange(2, len(words[at]) - 1)
    words[at] = words[at][:cut] + " " + words[at][cut:]
    return " ".join(words)


def drop_word(rng: random.Random, text: str) -> str | None:
    words = text.split()
    if len(words) < 3:
        return None
    del words[rng.randrange(len(words))]
    return " ".join(words)


def shuffle_words(rng: random.Random, text: str) -> str | None:
    words = text.split()
    if len(words) < 3 or len(set(words)) < 3:
        return None
    while (shuffled := rng.sample(words, len(words))) == words:
        pass
    return " ".join(shuffled)


def cut_to_prefix(rng: random.Random, text: str) -> str | None:
    if len(text) < 6:
        return None
    return text[: rng.randrange(max(4, len(text) // 3), len(text))].strip()


def cut_end(rng: random.Random, text: str) -> str | None:
    """Return the text without its last letters, as if typing had stopped early."""
    return text[: -rng.randrange(1, 4)].strip() if len(text) > 9 else None


def drop_stop_word(rng: random.Random, text: str) -> str | None:
    words = text.split()
    positions = [place for place, word in enumerate(words) if word in STOP_WORDS]
    if not positions:
        return None
    del words[rng.choice(positions)]
    return " ".join(words) or None


def pick_surname(rng: random.Random, film: Film) -> str | None:
    names = [tokenize(name) for name in film["directors"]]
    names = [name for name in names if name and len(name[-1]) > 3]
    return rng.choice(names)[-1] if names else None


def add_year(rng: random.Random, film: Film) -> str | None:
    return f"{' '.join(tokenize(film['title']))} {film['year']}" if film["year"] else None


def add_director(rng: random.Random, film: Film) -> str | None:
    name = pick_surname(rng, film)
    title = (
        full_title_key(film["title"]) if rng.random() < 0.5 else " ".join(tokenize(film["title"]))
    )
    return None if name is None else rng.choice((f"{name} {title}", f"{title} {name}"))


def combine_words_and_director(rng: random.Random, film: Film) -> str | None:
    name = pick_surname(rng, film)
    content = [word for word in tokenize(film["title"]) if len(word) > 2 and word != "the"]
    if name is None or not content:
        return None
    start = rng.randrange(max(1, len(content) - 2))
    words = content[start : start + rng.choice((1, 2, 3))]
    if rng.random() < 0.7:
        name = add_typo(rng, name)
    at = rng.randrange(len(words))
    if rng.random() < 0.6 and len(words[at]) > 3:
        words[at] = add_typo(rng, words[at])
    return " ".join([name, *words] if rng.random() < 0.5 else [*words, name])


def misspell_director(rng: random.Random, film: Film) -> str | None:
    if not film["directors"]:
        return None
    name = " ".join(tokenize(rng.choice(film["directors"])))
    return add_typo(rng, name) if len(name) > 6 else None


def combine_errors(rng: random.Random, film: Film) -> str | None:
    """Return the title with several errors at once."""
    text = " ".join(tokenize(film["title"]))
    steps: list[Callable[[random.Random, str], str | None]]
    steps = [add_typo, add_typo, join_words, split_word, cut_end, drop_stop_word, misspell_by_sound]
    for step in rng.sample(steps, rng.choice((1, 2, 2))):
        text = step(rng, text) or text
    ending = rng.random()
    if ending < 0.25 and (name := pick_surname(rng, film)):
        text = f"{text} {name}"
    elif ending < 0.4 and film["year"]:
        text = f"{text} {film['year']}"
    elif ending < 0.55:
        text = f"{text} {rng.choice(('movie', 'film'))}"
    return text


def _from_title(misspell: Callable[[random.Random, str], str | None]) -> Callable[..., str | None]:
    return lambda rng, film: misspell(rng, " ".join(tokenize(film["title"])))


class FoldedText(NamedTuple):
    """A text in the forms in which titles are compared."""

    title_key: str
    words: frozenset[str]

    @classmethod
    def from_text(cls, text: str) -> "FoldedText":
        return cls(full_title_key(text), frozenset(tokenize(text)))


def _is_prefix(text: FoldedText, title: FoldedText) -> bool:
    return title.title_key.startswith(text.title_key)


def _is_subset(text: FoldedText, title: FoldedText) -> bool:
    return text.words <= title.words


class QueryClass(NamedTuple):
    """One way of making a query from a film. With `popular`, most films are well-known ones.

    If the text is only a part of a title, `matches_title` tells which titles it may stand for, and
    the film must be the one with most votes among them. `add_misspelling` changes the text further.
    """

    make_query: Callable[[random.Random, Film], str | None]
    popular: bool = False
    matches_title: Callable[[FoldedText, FoldedText], bool] | None = None
    add_misspelling: Callable[[random.Random, str], str] | None = None
    min_title_length: int = 4
    """In letters; what is left of a shorter title is another word."""
    min_query_length: int = 4
    """In letters."""


CLASSES = {
    "exact": QueryClass(_from_title(lambda rng, text: text)),
    "typo_adjacent": QueryClass(_from_title(replace_letter)),
    "typo_swap": QueryClass(_from_title(swap_letters)),
    "typo_drop": QueryClass(_from_title(drop_letter)),
    "typo_double": QueryClass(_from_title(double_letter)),
    "typo_first": QueryClass(_from_title(misspell_first_letter)),
    "typo_two": QueryClass(
        _from_title(lambda rng, text: add_typo(rng, add_typo(rng, text))), min_title_length=7
    ),
    "phonetic": QueryClass(_from_title(misspell_by_sound), min_title_length=5),
    "accents": QueryClass(_from_title(lambda rng, text: text)),
    "numeral": QueryClass(_from_title(rewrite_number)),
    "joined": QueryClass(_from_title(join_words)),
    "split": QueryClass(_from_title(split_word)),
    "missing_word": QueryClass(
        _from_title(drop_word),
        popular=True,
        matches_title=_is_subset,
        min_title_length=10,
        min_query_length=6,
    ),
    "extra_word": QueryClass(
        _from_title(lambda rng, text: rng.choice(NOISE_TEMPLATES).format(text))
    ),
    "word_order": QueryClass(_from_title(shuffle_words)),
    "prefix": QueryClass(_from_title(cut_to_prefix), popular=True, matches_title=_is_prefix),
    "prefix_typo": QueryClass(
        _from_title(cut_to_prefix),
        popular=True,
        matches_title=_is_prefix,
        add_misspelling=add_typo,
        min_title_length=5,
        min_query_length=6,
    ),
    "title_year": QueryClass(add_year),
    "title_director": QueryClass(add_director),
    "title_director_typo": QueryClass(combine_words_and_director, popular=True),
    "director_typo": QueryClass(misspell_director, popular=True),
    "compound": QueryClass(combine_errors),
}

_SPELT_RIGHT = """exact accents numeral missing_word word_order prefix title_year title_director"""
CORRECTLY_SPELT = frozenset(_SPELT_RIGHT.split())
"""Classes without a misspelling."""

POPULAR_MIN_VOTES = 75_000
POPULAR_SHARE, LARGE_POPULAR_SHARE = (
    0.5,
    0.85,
)  # of queries that are for a popular film


def generate_queries(
    films: list[Film], per_class: int, seed: int, classes: Mapping[str, QueryClass] = CLASSES
) -> Iterator[dict[str, Any]]:
    """Yield `per_class` queries of every class, with the ids of the right films."""
    rng = random.Random(seed)
    by_title_key: dict[str, list[Film]] = {}
    for film in films:
        by_title_key.setdefault(full_title_key(film["title"]), []).append(film)
    distinct = [
        film for title, group in by_title_key.items() if title and (film := _most_voted(group))
    ]
    folded = [(FoldedText.from_text(film["title"]), film) for film in distinct]
    accented = [film for film in distinct if not film["title"].isascii() or "'" in film["title"]]
    by_director: dict[str, list[str]] = {}
    for film in films:
        for name in film["directors"]:
            by_director.setdefault(name, []).append(film["id"])
    for name, query_class in classes.items():
        pool = accented if name == "accents" else distinct
        count = 0
        while count < per_class:
            is_popular = rng.random() < (
                LARGE_POPULAR_SHARE if query_class.popular else POPULAR_SHARE
            )
            film = rng.choice(
                [f for f in pool if f["votes"] >= POPULAR_MIN_VOTES] if is_popular else pool
            )
            if len(full_title_key(film["title"])) < query_class.min_title_length:
                continue
            text = query_class.make_query(rng, film)
            if (
                not text
                or by_title_key.get(full_title_key(text), [film])[0]
                not in by_title_key[full_title_key(film["title"])]
            ):
                continue  # the text is empty, or the title of another film
            if (
                query_class.matches_title is not None
                and _most_popular_match(text, query_class.matches_title, folded) is not film
            ):
                continue
            if query_class.add_misspelling is not None:
                text = query_class.add_misspelling(rng, text)
            if len(text) < query_class.min_query_length:
                continue
            ids = [film["id"]]
            if name == "director_typo":
                ids = [i for director in film["directors"] for i in by_director[director]]
            count += 1
            yield {
                "q": text,
                "ids": ids,
                "class": name,
                "title": film["title"],
                "year": film["year"],
            }


def _most_voted(films: list[Film]) -> Film | None:
    """Return the film with more than twice the votes of any other; None if there is none."""
    best, *others = sorted(films, key=lambda film: -film["votes"])
    is_clear = all(2 * other["votes"] < best["votes"] for other in others)
    return best if is_clear else None


def _most_popular_match(
    text: str,
    matches_title: Callable[[FoldedText, FoldedText], bool],
    films: list[tuple[FoldedText, Film]],
) -> Film:
    """Return the film with most votes among those whose title matches the text."""
    query = FoldedText.from_text(text)
    return max(
        (film for title, film in films if matches_title(query, title)), key=lambda f: f["votes"]
    )
