"""Known-item queries made from titles: what people type when they look for one film, in 22 ways.

Each class spoils a title as people do: a neighbouring key, two letters swapped, a word left out, a
director's name beside it. With another seed it is another set, so that nothing is tuned to one.
"""

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from service.search.numerals import VALUES
from service.search.text import whole, words

Film = dict[str, Any]

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
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


def neighbour(rng: random.Random, letter: str) -> str:
    """A key beside this one."""
    for place, row in enumerate(ROWS):
        if letter in row:
            at = row.index(letter)
            near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            for other in ROWS[max(0, place - 1) : place] + ROWS[place + 1 : place + 2]:
                near += other[at : at + 1]
            return rng.choice(near)
    return letter


def _place(rng: random.Random, text: str, first: int = 1) -> int:
    """A letter's place, not the first of the text where there is a choice."""
    places = [i for i, c in enumerate(text) if c.isalpha() and i >= first]
    return rng.choice(places or [i for i, c in enumerate(text) if c.isalpha()] or [0])


def adjacent(rng: random.Random, text: str) -> str:
    at = _place(rng, text)
    return text[:at] + neighbour(rng, text[at]) + text[at + 1 :]


def swapped(rng: random.Random, text: str) -> str:
    places = [
        i for i in range(len(text) - 1) if text[i : i + 2].isalpha() and text[i] != text[i + 1]
    ]
    if not places:
        return adjacent(rng, text)
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def dropped(rng: random.Random, text: str) -> str:
    at = _place(rng, text)
    return text[:at] + text[at + 1 :] if len(text) > 2 else text


def doubled(rng: random.Random, text: str) -> str:
    at = _place(rng, text, 0)
    return text[: at + 1] + text[at:]


def inserted(rng: random.Random, text: str) -> str:
    at = _place(rng, text)
    return text[:at] + neighbour(rng, text[at]) + text[at:]


def typo(rng: random.Random, text: str) -> str:
    """Any one slip of the finger."""
    return rng.choice((adjacent, swapped, dropped, doubled, inserted))(rng, text)


def first_letter(rng: random.Random, text: str) -> str:
    """A slip in the first letter of a longer word."""
    found = text.split()
    long = [i for i, word in enumerate(found) if len(word) > 3] or [len(found) - 1]
    at = rng.choice(long)
    word = found[at]
    found[at] = rng.choice(
        (
            neighbour(rng, word[0]) + word[1:],
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
    """A number written another way."""
    forms: dict[str, list[str]] = {}
    for word, value in VALUES.items():
        forms.setdefault(str(value), [str(value)]).append(word)
    found = text.split()
    places = [i for i, w in enumerate(found) if len(forms.get(str(VALUES.get(w, w)), [])) > 1]
    if not places:
        return None
    at = rng.choice(places)
    value = str(VALUES.get(found[at], found[at]))
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


def _surname(rng: random.Random, film: Film) -> str | None:
    names = [words(name) for name in film["directors"]]
    names = [name for name in names if name and len(name[-1]) > 3]
    return rng.choice(names)[-1] if names else None


def beside_year(rng: random.Random, film: Film) -> str | None:
    return f"{' '.join(words(film['title']))} {film['year']}" if film["year"] else None


def beside_director(rng: random.Random, film: Film) -> str | None:
    name = _surname(rng, film)
    title = whole(film["title"]) if rng.random() < 0.5 else " ".join(words(film["title"]))
    return None if name is None else rng.choice((f"{name} {title}", f"{title} {name}"))


def some_words_beside_director(rng: random.Random, film: Film) -> str | None:
    name = _surname(rng, film)
    content = [word for word in words(film["title"]) if len(word) > 2 and word != "the"]
    if name is None or not content:
        return None
    start = rng.randrange(max(1, len(content) - 2))
    some = content[start : start + rng.choice((1, 2, 3))]
    if rng.random() < 0.7:
        name = typo(rng, name)
    at = rng.randrange(len(some))
    if rng.random() < 0.6 and len(some[at]) > 3:
        some[at] = typo(rng, some[at])
    return " ".join([name, *some] if rng.random() < 0.5 else [*some, name])


def misspelt_director(rng: random.Random, film: Film) -> str | None:
    if not film["directors"]:
        return None
    name = " ".join(words(rng.choice(film["directors"])))
    return typo(rng, name) if len(name) > 6 else None


def compounded(rng: random.Random, film: Film) -> str | None:
    """Several spoilings at once."""
    text = " ".join(words(film["title"]))
    steps: list[Callable[[random.Random, str], str | None]]
    steps = [typo, typo, run_together, split, begun, without_a_word, sounded]
    for step in rng.sample(steps, rng.choice((1, 2, 2))):
        text = step(rng, text) or text
    ending = rng.random()
    if ending < 0.25 and (name := _surname(rng, film)):
        text = f"{text} {name}"
    elif ending < 0.4 and film["year"]:
        text = f"{text} {film['year']}"
    elif ending < 0.55:
        text = f"{text} {rng.choice(('movie', 'film'))}"
    return text


def _plainly(spoil: Callable[[random.Random, str], str | None]) -> Callable[..., str | None]:
    return lambda rng, film: spoil(rng, " ".join(words(film["title"])))


CLASSES: dict[str, tuple[Callable[[random.Random, Film], str | None], bool]] = {
    "exact": (_plainly(lambda rng, text: text), False),
    "typo_adjacent": (_plainly(adjacent), False),
    "typo_swap": (_plainly(swapped), False),
    "typo_drop": (_plainly(dropped), False),
    "typo_double": (_plainly(doubled), False),
    "typo_first": (_plainly(first_letter), False),
    "typo_two": (_plainly(lambda rng, text: typo(rng, typo(rng, text))), False),
    "phonetic": (_plainly(sounded), False),
    "accents": (_plainly(lambda rng, text: text), False),
    "numeral": (_plainly(renumbered), False),
    "joined": (_plainly(run_together), False),
    "split": (_plainly(split), False),
    "missing_word": (_plainly(without_a_word), True),
    "extra_word": (_plainly(lambda rng, text: rng.choice(ADDED).format(text)), False),
    "word_order": (_plainly(reordered), False),
    "prefix": (_plainly(begun), True),
    "prefix_typo": (_plainly(lambda rng, text: typo(rng, begun(rng, text) or text)), True),
    "title_year": (
        lambda rng, film: (
            f"{' '.join(words(film['title']))} {film['year']}" if film["year"] else None
        ),
        False,
    ),
    "title_director": (beside_director, False),
    "title_director_typo": (some_words_beside_director, True),
    "director_typo": (misspelt_director, True),
    "compound": (compounded, False),
}
"""How a query of each class is made, and whether nearly all are for well-known films."""

KNOWN = 75_000  # votes of a film that many people know
SHARE, LARGE_SHARE = (
    0.5,
    0.85,
)  # of queries that are for such a film: people look for what they know


def generate(films: list[Film], each: int, seed: int) -> Iterator[dict[str, Any]]:
    """`each` queries of every class, with the ids of the films that are right answers."""
    rng = random.Random(seed)
    best: dict[str, Film] = {}
    for film in films:
        title = whole(film["title"])
        if title and film["votes"] >= best.get(title, film)["votes"]:
            best[title] = film
    named = list(best.values())  # of films with one title, the one that most people mean
    accented = [film for film in named if not film["title"].isascii() or "'" in film["title"]]
    by_director: dict[str, list[str]] = {}
    for film in films:
        for name in film["directors"]:
            by_director.setdefault(name, []).append(film["id"])
    for name, (spoil, popular) in CLASSES.items():
        pool = accented if name == "accents" else named
        made = 0
        while made < each:
            likely = rng.random() < (LARGE_SHARE if popular else SHARE)
            film = rng.choice([f for f in pool if f["votes"] >= KNOWN] if likely else pool)
            text = spoil(rng, film)
            if not text or len(text) < 2 or best.get(whole(text), film) is not film:
                continue  # nothing left, or another film's title
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
