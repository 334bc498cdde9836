"""Measure the search page in a real browser: what its first view weighs, and how fast it paints.

A service on the embedded stack has the real films (or the samples, if those are absent). Chromium
opens the page with an empty cache several times; then titles are typed, letter by letter, with a
letter missing in each. The table is Markdown.

    python -m benches.page [--films 25193] [--openings 10] [--titles 30]
"""

import argparse
import asyncio
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
from playwright.async_api import Browser, Page

from benches.served import FILM_COUNT, serve_films
from benches.suggest import read_titles
from tests.support.browser import open_page, run_chromium

LETTER_DELAY_MS = 120
MAX_LETTERS = 12  # of a title
MAX_FIRST_VIEW_BYTES = 60_000
MAX_LCP_MS = 1_000
MAX_KEYSTROKE_MS = 100

OBSERVE_PAINT = """
() => {
  window.times = { letters: [], results: [] };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name === "keydown") times.letters.push(entry.duration);
    }
  }).observe({ type: "event", durationThreshold: 16 });
  const section = document.querySelector(".search-results");
  let typedAt = null;
  let isBusy = false;
  const noteKey = (event) => {
    typedAt = event.timeStamp;
    isBusy = false;
  };
  document.addEventListener("input", noteKey, { capture: true });  // before the page's own
  const afterPaint = (action) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = action;
    channel.port2.postMessage(null);
  });
  new MutationObserver(() => {
    if (section.hasAttribute("aria-busy")) {
      isBusy = true;
    } else if (isBusy && typedAt !== null) {
      const start = typedAt;
      typedAt = null;
      afterPaint(() => times.results.push(performance.now() - start));
    }
  }).observe(section, { attributes: true });
}
"""
"""Collect times: `letters` from a key to the paint of its letter, where that took 16 ms or more;
`results` from a key to the paint of its results, where no other key came before."""

READ_LCP = """
() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
})
"""


@dataclass(slots=True)
class Measurement:
    """Bytes of the first view by file, and times in milliseconds."""

    sizes: dict[str, int] = field(default_factory=dict)
    lcp: list[float] = field(default_factory=list)
    letters: list[float] = field(default_factory=list)
    results: list[float] = field(default_factory=list)
    typed: int = 0


async def measure_openings(browser: Browser, address: str, count: int, into: Measurement) -> None:
    """Open the page with an empty cache; note the largest paint and the files that came."""
    for _ in range(count):
        async with open_page(browser, f"{address}/robots.txt") as page:
            files: set[str] = set()
            page.on(
                "request",
                lambda request, files=files: (
                    files.add(request.url)
                    if request.resource_type in ("script", "stylesheet")
                    else None
                ),
            )
            await page.goto(address)
            await page.locator(".film-card").first.wait_for()
            await page.wait_for_load_state("networkidle")
            into.lcp.append(await page.evaluate(READ_LCP))
    into.sizes = await read_sizes(files)


async def read_sizes(addresses: set[str]) -> dict[str, int]:
    """Return how many bytes each file has as gzip."""
    headers = {"Accept-Encoding": "gzip"}
    async with aiohttp.ClientSession(headers=headers, auto_decompress=False) as session:
        sizes = {}
        for address in addresses:
            async with session.get(address) as response:
                sizes[address] = len(await response.read())
        return sizes


async def measure_typing(page: Page, titles: Sequence[str], into: Measurement) -> None:
    """Type the titles one after the other."""
    await page.locator(".film-card").first.wait_for()
    await page.evaluate(OBSERVE_PAINT)
    for title in titles:
        await page.locator("#search-input").fill("")
        await page.wait_for_timeout(300)
        for letter in title:
            await page.keyboard.type(letter)
            into.typed += 1
            await page.wait_for_timeout(LETTER_DELAY_MS)
    await page.wait_for_timeout(1_000)
    times = await page.evaluate("times")
    into.letters += times["letters"]
    into.results += times["results"]


def misspell(title: str, randomness: random.Random) -> str:
    """Return the first letters of a title without one of them."""
    text = title[: MAX_LETTERS + 1].lower()
    position = randomness.randrange(1, len(text)) if len(text) > 4 else len(text)
    return text[:position] + text[position + 1 :]


def describe(times: Sequence[float]) -> str:
    """Return median, 95th percentile and maximum."""
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered):.0f} / {p95:.0f} / {ordered[-1]:.0f} ms"


def print_table(measurement: Measurement, films: int) -> None:
    total = sum(measurement.sizes.values())
    slow = len(measurement.letters)
    print(f"\n{films:,} films, embedded stack, Chromium\n")
    print("| | budget | measured |\n|---|---|---|")
    print(
        f"| JS and CSS of the first view, gzip, {len(measurement.sizes)} files "
        f"| {MAX_FIRST_VIEW_BYTES / 1000:.0f} kB | {total / 1000:.1f} kB |"
    )
    print(
        f"| largest contentful paint, {len(measurement.lcp)} openings, p50 / p95 / max "
        f"| {MAX_LCP_MS} ms | {describe(measurement.lcp)} |"
    )
    print(
        f"| key to the paint of its results, {len(measurement.results)} of {measurement.typed} "
        f"letters, p50 / p95 / max | {MAX_KEYSTROKE_MS} ms | {describe(measurement.results)} |"
    )
    letters = describe(measurement.letters) if slow else "none"
    print(f"| key to the paint of its letter, where 16 ms or more: {slow} letters | | {letters} |")


async def run(films: int, openings: int, title_count: int) -> None:
    randomness = random.Random(5)
    titles = randomness.sample(read_titles(), title_count)
    measurement = Measurement()
    async with serve_films("embedded", films) as api, run_chromium() as browser:
        await measure_openings(browser, api.service.url, openings, measurement)
        async with open_page(browser, api.service.url, has_failures=True) as page:
            await measure_typing(page, [misspell(t, randomness) for t in titles], measurement)
    print_table(measurement, films)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=FILM_COUNT)
    parser.add_argument("--openings", type=int, default=10)
    parser.add_argument("--titles", type=int, default=30)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.films, arguments.openings, arguments.titles))


if __name__ == "__main__":
    main()
