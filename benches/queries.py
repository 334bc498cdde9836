"""Known-item queries made from titles: what people type when they look for one film, in 22 ways.

Each class spoils a title as people do: a neighbouring key, two letters swapped, a word left out, a
director's name beside it. With another seed it is another set, so that nothing is tuned to one.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from service.search.query.parser import STOP_WORDS
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

SOUNDS = (
    ("ph", "f"), ("ck", "k"), ("sh", "ch"), ("tion", "shun"), ("ei", "ie"), ("ie", "ei"),
    ("ou", "ow"), ("ee", "ea"), ("oo", "u"), ("ea", "ee"), ("er", "ar"), ("ar", "er"), ("le", "el"),
    ("qu", "kw"), ("wh", "w"), ("th", "t"), ("c", "k"), ("x", "ks"), ("z", "s"), ("v", "w"),
    ("y", "i"),
    ("a", "e"), ("e", "a"), ("i", "e"), ("o", "e"), ("u", "o"),
)  # fmt: skip
ADDED = (
    "{} movie",
    "{} film",
    "{} full movie",
    "{} the movie",
    "{} the film",
    "{} trailer",
    "watch {}",
)
ADDED += (
    "{} imdb",
    "{} dvd",
    "{} cast",
    "{} original",
    "movie {}",
    "film {}",
    "original {}",
    "dvd {}",
)


def first_letter(rng: random.Random, text: str) -> str:
    """Return the text with a slip in the first letter of a longer word."""
    found = text.split()
    long = [i for i, word in enumerate(found) if len(word) > 3] or [len(found) - 1]
    at = rng.choice(long)
    word = found[at]
    found[at] = rng.choice(
        (
            neighbour_key(rng, word[0]) + word[1:],
            word[1:],
            word[1:2] + word[:1] + word[2:],
        )
    )
    return " ".join(found)


def sounded(rng: random.Random, text: str) -> str:
    """One or two sounds written another way."""
    for _ in range(rng.choice((1, 1, 2))):
        able = [pair for pair in SOUNDS if pair[0] in text[1:]]
        if rng.random() < 0.3 and (twin := re.search(r"([a-z])\1", text)):
            text = text[: twin.start()] + text[twin.start() + 1 :]
        elif able:
            old, new = rng.choice(able)
            at = rng.choice([m.start() for m in re.finditer(old, text[1:])]) + 1
            text = text[:at] + new + text[at + len(old) :]
    return text


def renumbered(rng: random.Random, text: str) -> str | None:
    """Return the text with a number written another way."""
    forms: dict[str, list[str]] = {}
    for word, value in CARDINALS.items():
        forms.setdefault(str(value), [str(value)]).append(word)
    found = text.split()
    places = [i for i, w in enumerate(found) if len(forms.get(str(CARDINALS.get(w, w)), [])) > 1]
    if not places:
        return None
    at = rng.choice(places)
    value = str(CARDINALS.get(found[at], found[at]))
    found[at] = rng.choice([form for form in forms[value] if form != found[at]])
    return " ".join(found)


def run_together(rng: random.Random, text: str) -> str | None:
    found = text.split()
    if len(found) < 2:
        return None
    at = rng.randrange(len(found) - 1)
    return " ".join([*found[:at], found[at] + found[at + 1], *found[at + 2 :]])


def split(rng: random.Random, text: str) -> str | None:
    found = text.split()
    long = [i for i, word in enumerate(found) if len(word) > 4]
    if not long:
        return None
    at = rng.choice(long)
    cut = rng.randrange(2, len(found[at]) - 1)
    found[at] = found[at][:cut] + " " + found[at][cut:]
    return " ".join(found)


def without_a_word(rng: random.Random, text: str) -> str | None:
    found = text.split()
    if len(found) < 3:
        return None
    del found[rng.randrange(len(found))]
    return " ".join(found)


def reordered(rng: random.Random, text: str) -> str | None:
    found = text.split()
    if len(found) < 3 or len(set(found)) < 3:
        return None
    while (mixed := rng.sample(found, len(found))) == found:
        pass
    return " ".join(mixed)


def begun(rng: random.Random, text: str) -> str | None:
    if len(text) < 6:
        return None
    return text[: rng.randrange(max(4, len(text) // 3), len(text))].strip()


def clipped(rng: random.Random, text: str) -> str | None:
    """Without the last letters, as when someone stops typing."""
    return text[: -rng.randrange(1, 4)].strip() if len(text) > 9 else None


def without_a_small_word(rng: random.Random, text: str) -> str | None:
    found = text.split()
    small = [place for place, word in enumerate(found) if word in STOP_WORDS]
    if not small:
        return None
    del found[rng.choice(small)]
    return " ".join(found) or None


def surname(rng: random.Random, film: Film) -> str | None:
    names = [tokenize(name) for name in film["directors"]]
    names = [name for name in names if name and len(name[-1]) > 3]
    return rng.choice(names)[-1] if names else None


def beside_year(rng: random.Random, film: Film) -> str | None:
    return f"{' '.join(tokenize(film['title']))} {film['year']}" if film["year"] else None


def beside_director(rng: random.Random, film: Film) -> str | None:
    name = surname(rng, film)
    title = (
        full_title_key(film["title"]) if rng.random() < 0.5 else " ".join(tokenize(film["title"]))
    )
    return None if name is None else rng.choice((f"{name} {title}", f"{title} {name}"))


def some_words_beside_director(rng: random.Random, film: Film) -> str | None:
    name = surname(rng, film)
    content = [word for word in tokenize(film["title"]) if len(word) > 2 and word != "the"]
    if name is None or not content:
        return None
    start = rng.randrange(max(1, len(content) - 2))
    some = content[start : start + rng.choice((1, 2, 3))]
    if rng.random() < 0.7:
        name = add_typo(rng, name)
    at = rng.randrange(len(some))
    if rng.random() < 0.6 and len(some[at]) > 3:
        some[at] = add_typo(rng, some[at])
    return " ".join([name, *some] if rng.random() < 0.5 else [*some, name])


def misspelt_director(rng: random.Random, film: Film) -> str | None:
    if not film["directors"]:
        return None
    name = " ".join(tokenize(rng.choice(film["directors"])))
    return add_typo(rng, name) if len(name) > 6 else None


def compounded(rng: random.Random, film: Film) -> str | None:
    """Several spoilings at once."""
    text = " ".join(tokenize(film["title"]))
    steps: list[Callable[[random.Random, str], str | None]]
    steps = [add_typo, add_typo, run_together, split, clipped, without_a_small_word, sounded]
    for step in rng.sample(steps, rng.choice((1, 2, 2))):
        text = step(rng, text) or text
    ending = rng.random()
    if ending < 0.25 and (name := surname(rng, film)):
        text = f"{text} {name}"
    elif ending < 0.4 and film["year"]:
        text = f"{text} {film['year']}"
    elif ending < 0.55:
        text = f"{text} {rng.choice(('movie', 'film'))}"
    return text


def _plainly(spoil: Callable[[random.Random, str], str | None]) -> Callable[..., str | None]:
    return lambda rng, film: spoil(rng, " ".join(tokenize(film["title"])))


class Folded(NamedTuple):
    """A text as titles are compared."""

    whole: str
    words: frozenset[str]

    @classmethod
    def of(cls, text: str) -> "Folded":
        return cls(full_title_key(text), frozenset(tokenize(text)))


def _begins(text: Folded, title: Folded) -> bool:
    return title.whole.startswith(text.whole)


def _has_words(text: Folded, title: Folded) -> bool:
    return text.words <= title.words


class Class(NamedTuple):
    """One way of spoiling a title. With `popular` nearly all queries are for well-known films.

    `fits` says which titles the text may stand for: where it is only a part of a title, the film is
    asked for that most people mean by it. `then` spoils the text further.
    """

    spoil: Callable[[random.Random, Film], str | None]
    popular: bool = False
    fits: Callable[[Folded, Folded], bool] | None = None
    then: Callable[[random.Random, str], str] | None = None
    title: int = 4
    """Letters of a title at least: what is left of a shorter one is another word."""
    typed: int = 4
    """Letters of a query at least."""


CLASSES = {
    "exact": Class(_plainly(lambda rng, text: text)),
    "typo_adjacent": Class(_plainly(replace_letter)),
    "typo_swap": Class(_plainly(swap_letters)),
    "typo_drop": Class(_plainly(drop_letter)),
    "typo_double": Class(_plainly(double_letter)),
    "typo_first": Class(_plainly(first_letter)),
    "typo_two": Class(_plainly(lambda rng, text: add_typo(rng, add_typo(rng, text))), title=7),
    "phonetic": Class(_plainly(sounded), title=5),
    "accents": Class(_plainly(lambda rng, text: text)),
    "numeral": Class(_plainly(renumbered)),
    "joined": Class(_plainly(run_together)),
    "split": Class(_plainly(split)),
    "missing_word": Class(
        _plainly(without_a_word), popular=True, fits=_has_words, title=10, typed=6
    ),
    "extra_word": Class(_plainly(lambda rng, text: rng.choice(ADDED).format(text))),
    "word_order": Class(_plainly(reordered)),
    "prefix": Class(_plainly(begun), popular=True, fits=_begins),
    "prefix_typo": Class(
        _plainly(begun), popular=True, fits=_begins, then=add_typo, title=5, typed=6
    ),
    "title_year": Class(beside_year),
    "title_director": Class(beside_director),
    "title_director_typo": Class(some_words_beside_director, popular=True),
    "director_typo": Class(misspelt_director, popular=True),
    "compound": Class(compounded),
}

_SPELT_RIGHT = """exact accents numeral missing_word word_order prefix title_year title_director"""
SPELT_RIGHT = frozenset(_SPELT_RIGHT.split())
"""Classes without a letter that is wrong."""

KNOWN = 75_000  # votes of a film that many people know
SHARE, LARGE_SHARE = 0.5, 0.85  # of queries for such a film: people look for what they know


def generate(
    films: list[Film], each: int, seed: int, classes: Mapping[str, Class] = CLASSES
) -> Iterator[dict[str, Any]]:
    """`each` queries of every class, with the ids of the films that are right answers."""
    rng = random.Random(seed)
    namesakes: dict[str, list[Film]] = {}
    for film in films:
        namesakes.setdefault(full_title_key(film["title"]), []).append(film)
    named = [film for title, group in namesakes.items() if title and (film := _clearest(group))]
    folded = [(Folded.of(film["title"]), film) for film in named]
    accented = [film for film in named if not film["title"].isascii() or "'" in film["title"]]
    by_director: dict[str, list[str]] = {}
    for film in films:
        for name in film["directors"]:
            by_director.setdefault(name, []).append(film["id"])
    for name, how in classes.items():
        pool = accented if name == "accents" else named
        made = 0
        while made < each:
            likely = rng.random() < (LARGE_SHARE if how.popular else SHARE)
            film = rng.choice([f for f in pool if f["votes"] >= KNOWN] if likely else pool)
            if len(full_title_key(film["title"])) < how.title:
                continue
            text = how.spoil(rng, film)
            if (
                not text
                or namesakes.get(full_title_key(text), [film])[0]
                not in namesakes[full_title_key(film["title"])]
            ):
                continue  # nothing left, or another film's title
            if how.fits is not None and _meant(text, how.fits, folded) is not film:
                continue
            if how.then is not None:
                text = how.then(rng, text)
            if len(text) < how.typed:
                continue
            ids = [film["id"]]
            if name == "director_typo":
                ids = [i for director in film["directors"] for i in by_director[director]]
            made += 1
            yield {
                "q": text,
                "ids": ids,
                "class": name,
                "title": film["title"],
                "year": film["year"],
            }


def _clearest(films: list[Film]) -> Film | None:
    """Of films with one title, the one that most people mean; none if that is not clear."""
    best, *others = sorted(films, key=lambda film: -film["votes"])
    clear = all(2 * other["votes"] < best["votes"] for other in others)
    return best if clear else None


def _meant(
    text: str, fits: Callable[[Folded, Folded], bool], films: list[tuple[Folded, Film]]
) -> Film:
    """Return the film that most people mean by a part of its title."""
    asked = Folded.of(text)
    return max((film for title, film in films if fits(asked, title)), key=lambda f: f["votes"])
