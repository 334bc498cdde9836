"""The image processor: untrusted bytes become three images or a reason, and do no harm."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from service.films.poster_response import POSTER_WIDTHS
from service.posters.errors import PosterRejected, PosterUnavailable
from service.posters.image_processor import ImageProcessor, ProcessedPoster, parse_result
from tests.support.sample_images import (
    BLUE,
    RED,
    create_image,
    create_noise_image,
    create_pixel_bomb,
    create_scan_bomb,
    encode_image,
    is_similar,
    open_jpeg,
)

WIDTHS = list(POSTER_WIDTHS.values())


@pytest.fixture
async def image_processor() -> AsyncIterator[ImageProcessor]:
    processor = ImageProcessor()
    yield processor
    await processor.close()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
async def test_a_poster_becomes_three_jpegs_of_its_shape(
    image_processor: ImageProcessor, format: str
) -> None:
    poster = await image_processor.process(create_image(format, (1000, 1500)))
    sizes = {name: open_jpeg(data).size for name, data in poster.sizes.items()}
    assert sizes == {"w185": (185, 278), "w342": (342, 513), "w780": (780, 1170)}
    for data in poster.sizes.values():
        image = open_jpeg(data)
        assert is_similar(image.getpixel((50, 20)), RED)
        assert is_similar(image.getpixel((50, image.height - 20)), BLUE)


async def test_a_small_poster_is_never_enlarged(image_processor: ImageProcessor) -> None:
    poster = await image_processor.process(create_image(size=(200, 300)))
    assert {name: open_jpeg(data).width for name, data in poster.sizes.items()} == {
        "w185": 185,
        "w342": 200,
        "w780": 200,
    }


async def test_the_key_depends_on_the_images_alone(image_processor: ImageProcessor) -> None:
    first, again = [await image_processor.process(create_image()) for _ in range(2)]
    other = await image_processor.process(create_image(size=(400, 602)))
    assert first == again
    assert len(first.key) == 64
    assert other.key != first.key


def test_images_that_split_the_same_bytes_differently_have_different_keys() -> None:
    assert (
        ProcessedPoster.from_images([b"ab", b"c", b"d"]).key
        != ProcessedPoster.from_images([b"a", b"bc", b"d"]).key
    )


async def test_the_processor_continues_after_rejected_images(
    image_processor: ImageProcessor,
) -> None:
    for invalid in (b"", b"text", create_pixel_bomb(), create_noise_image("PNG")[:-3000]):
        with pytest.raises(PosterRejected, match="the picture"):
            await image_processor.process(invalid)
    assert (await image_processor.process(create_image())).sizes


async def test_an_image_that_decodes_too_long_is_rejected_and_the_next_one_is_processed() -> None:
    image_processor = ImageProcessor(max_cpu_seconds=1)
    try:
        with pytest.raises(PosterRejected, match="takes too long"):
            await image_processor.process(create_scan_bomb())
        assert (await image_processor.process(create_image())).sizes
    finally:
        await image_processor.close()


async def test_an_image_that_needs_too_much_memory_is_rejected() -> None:
    image_processor = ImageProcessor(max_memory_bytes=128 * 1024 * 1024)
    try:
        with pytest.raises(PosterRejected, match=r"memory|damaged|breaks"):
            await image_processor.process(encode_image(Image.new("1", (6000, 6000)), "PNG"))
        assert (await image_processor.process(create_image())).sizes
    finally:
        await image_processor.close()


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"gibberish",
        b"[]\n",
        b'{"lengths": [3, 3]}\nabcdef',
        b'{"lengths": ["x"]}\n',
        b'{"lengths": [1, 1, 1]}\n<h1',
        b'{"lengths": [-5, 900, 2]}\nabc',
    ],
)
def test_a_malformed_message_of_the_worker_is_rejected(message: bytes) -> None:
    with pytest.raises(PosterRejected, match="breaks the decoder"):
        parse_result(message)


async def test_a_worker_that_hangs_is_killed_and_replaced() -> None:
    image_processor = ImageProcessor(max_cpu_seconds=600, timeout=1.0)
    try:
        with pytest.raises(PosterUnavailable):
            await image_processor.process(create_scan_bomb())
        assert await recovers(image_processor)
    finally:
        await image_processor.close()


async def test_a_worker_that_is_killed_is_replaced(image_processor: ImageProcessor) -> None:
    await image_processor.process(create_image())
    for pid in find_worker_pids():
        os.kill(pid, signal.SIGKILL)
    assert await recovers(image_processor)


async def test_cancelling_an_image_ends_the_worker(image_processor: ImageProcessor) -> None:
    await image_processor.process(create_image())
    assert find_worker_pids()
    task = asyncio.create_task(image_processor.process(create_scan_bomb()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not find_worker_pids()


async def test_the_worker_inherits_no_secrets(
    image_processor: ImageProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-decoders")
    await image_processor.process(create_image())
    assert find_worker_pids()
    for pid in find_worker_pids():
        assert b"not-for-decoders" not in read_environment(pid)


def read_environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def find_worker_pids() -> list[int]:
    """Return the image workers that are children of this process."""
    pids = []
    for stat_file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat_file.read_text().rpartition(")")[2].split()[1]
            command = (stat_file.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(parent) == os.getpid() and b"image_worker" in command:
            pids.append(int(stat_file.parent.name))
    return pids


async def recovers(image_processor: ImageProcessor) -> bool:
    """Return whether the processor works again within three attempts."""
    for _ in range(3):
        try:
            return bool((await image_processor.process(create_image())).sizes)
        except PosterUnavailable:
            continue
    return False
