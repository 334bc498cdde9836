"""What strangers send becomes three clean pictures, or a reason; nothing they send does harm."""

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from service.films.poster_response import POSTER_WIDTHS
from service.posters.errors import PosterRejected, PosterUnavailable
from service.posters.image_processor import ImageProcessor, ProcessedPoster, parse_result
from service.posters.image_worker import InvalidImage, process
from tests.support.sample_images import BLUE, RED, detailed, encoded, picture, pixel_bomb, scan_bomb

WIDTHS = list(POSTER_WIDTHS.values())


@pytest.fixture
async def darkroom() -> AsyncIterator[ImageProcessor]:
    room = ImageProcessor()
    yield room
    await room.close()


def seen(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG"])


def is_like(found: object, expected: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) < 12 for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_a_poster_becomes_three_jpegs_of_its_shape(
    darkroom: ImageProcessor, form: str
) -> None:
    poster = await darkroom.process(picture(form, (1000, 1500)))
    sizes = {name: seen(data).size for name, data in poster.sizes.items()}
    assert sizes == {"w185": (185, 278), "w342": (342, 513), "w780": (780, 1170)}
    for data in poster.sizes.values():
        shown = seen(data)
        assert is_like(shown.getpixel((50, 20)), RED)
        assert is_like(shown.getpixel((50, shown.height - 20)), BLUE)


async def test_a_small_poster_is_never_enlarged(darkroom: ImageProcessor) -> None:
    poster = await darkroom.process(picture(size=(200, 300)))
    assert {name: seen(data).width for name, data in poster.sizes.items()} == {
        "w185": 185,
        "w342": 200,
        "w780": 200,
    }


async def test_the_key_follows_from_the_pictures_alone(darkroom: ImageProcessor) -> None:
    first, again = [await darkroom.process(picture()) for _ in range(2)]
    other = await darkroom.process(picture(size=(400, 602)))
    assert first == again
    assert len(first.key) == 64
    assert other.key != first.key


def test_pictures_that_share_their_bytes_differently_have_different_keys() -> None:
    assert (
        ProcessedPoster.from_images([b"ab", b"c", b"d"]).key
        != ProcessedPoster.from_images([b"a", b"bc", b"d"]).key
    )


@pytest.mark.fault("poster-not-an-image")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"<html><img></html>", "is not a JPEG", id="html"),
        pytest.param(b"no poster", "is not a JPEG", id="text"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is not a JPEG", id="svg"),
        pytest.param(picture("GIF", mode="P"), "is not a JPEG", id="gif"),
        pytest.param(picture("TIFF"), "is not a JPEG", id="tiff"),
        pytest.param(picture("BMP"), "is not a JPEG", id="bmp"),
        pytest.param(b"\xff\xd8\xff", "is not a JPEG", id="only a jpeg's first bytes"),
        pytest.param(detailed("JPEG")[:-3000], "is cut short", id="cut jpeg"),
        pytest.param(detailed("JPEG", progressive=True)[:-3000], "is cut short", id="progressive"),
        pytest.param(detailed("JPEG")[:-2], "is cut short", id="jpeg without its last marker"),
        pytest.param(detailed("PNG")[:-3000], "is cut short", id="cut png"),
        pytest.param(detailed("PNG")[:-12], "is cut short", id="png without its last chunk"),
        pytest.param(detailed("WEBP")[:-3000], "is cut short", id="cut webp"),
        pytest.param(pixel_bomb(), "million pixels", id="pixel bomb"),
    ],
)
def test_what_is_no_whole_poster_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidImage, match=reason):
        process(data, WIDTHS)


def test_a_little_more_than_forty_million_pixels_is_too_many() -> None:
    with pytest.raises(InvalidImage, match="40 million pixels"):
        process(encoded(Image.new("1", (8000, 5001)), "PNG"), WIDTHS)


async def test_refusals_come_out_of_the_darkroom_and_it_goes_on(darkroom: ImageProcessor) -> None:
    for bad in (b"", b"text", pixel_bomb(), detailed("PNG")[:-3000]):
        with pytest.raises(PosterRejected, match="the picture"):
            await darkroom.process(bad)
    assert (await darkroom.process(picture())).sizes


def test_metadata_and_whatever_follows_the_picture_are_dropped() -> None:
    exif = Image.Exif()
    exif[0x010E] = "at home, 48.1 N 11.5 E"
    data = picture(exif=exif, icc_profile=b"profile" * 100, comment=b"secret remark")
    made = process(data + b"PK\x03\x04<script>alert(1)</script>", WIDTHS)
    for one in made:
        assert not {"exif", "icc_profile", "comment", "photoshop"} & set(seen(one).info)
        for trace in (b"at home", b"profile", b"secret remark", b"<script>", b"PK\x03\x04"):
            assert trace not in one


def test_a_poster_is_turned_as_its_camera_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    shown = seen(process(picture(exif=exif), WIDTHS)[0])
    assert is_like(shown.getpixel((50, 20)), BLUE)


def test_damaged_camera_data_do_not_cost_the_poster() -> None:
    data = picture(exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff")
    assert len(process(data, WIDTHS)) == 3


def test_transparent_parts_become_white() -> None:
    sheet = Image.new("RGBA", (200, 300), (255, 0, 0, 0))
    shown = seen(process(encoded(sheet, "PNG"), WIDTHS)[0])
    assert is_like(shown.getpixel((50, 50)), (255, 255, 255))


@pytest.mark.parametrize(
    ("form", "mode"),
    [("PNG", "1"), ("PNG", "L"), ("PNG", "P"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "LA")],
)
def test_every_kind_of_colour_is_understood(form: str, mode: str) -> None:
    assert seen(process(picture(form, mode=mode), WIDTHS)[0]).mode == "RGB"


def test_sixteen_bits_of_grey_are_scaled_not_cut() -> None:
    grey = encoded(Image.new("I;16", (200, 300), 0x8000), "PNG")
    assert is_like(seen(process(grey, WIDTHS)[0]).getpixel((5, 5)), (128, 128, 128))


def test_a_line_of_pixels_keeps_at_least_one_row() -> None:
    assert seen(process(picture("PNG", (2000, 1)), WIDTHS)[0]).size == (185, 1)


async def test_a_picture_that_takes_for_ever_is_refused_and_the_next_one_is_made() -> None:
    darkroom = ImageProcessor(max_cpu_seconds=1)
    try:
        with pytest.raises(PosterRejected, match="takes too long"):
            await darkroom.process(scan_bomb())
        assert (await darkroom.process(picture())).sizes
    finally:
        await darkroom.close()


async def test_a_picture_that_needs_too_much_memory_is_refused() -> None:
    darkroom = ImageProcessor(max_memory_bytes=128 * 1024 * 1024)
    try:
        with pytest.raises(PosterRejected, match=r"memory|damaged|breaks"):
            await darkroom.process(encoded(Image.new("1", (6000, 6000)), "PNG"))
        assert (await darkroom.process(picture())).sizes
    finally:
        await darkroom.close()


@pytest.mark.parametrize(
    "told",
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
def test_a_child_that_has_lost_its_mind_is_not_believed(told: bytes) -> None:
    with pytest.raises(PosterRejected, match="breaks the decoder"):
        parse_result(told)


async def test_a_darkroom_that_hangs_is_given_up_and_replaced() -> None:
    darkroom = ImageProcessor(max_cpu_seconds=600, timeout=1.0)
    try:
        with pytest.raises(PosterUnavailable):
            await darkroom.process(scan_bomb())
        assert await pictures_soon(darkroom)
    finally:
        await darkroom.close()


async def test_a_darkroom_that_is_killed_is_replaced(darkroom: ImageProcessor) -> None:
    await darkroom.process(picture())
    for child in children():
        os.kill(child, signal.SIGKILL)
    assert await pictures_soon(darkroom)


async def test_giving_up_a_picture_ends_its_process(darkroom: ImageProcessor) -> None:
    await darkroom.process(picture())
    assert children()
    under_way = asyncio.create_task(darkroom.process(scan_bomb()))
    await asyncio.sleep(0)
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert not children()


async def test_the_darkroom_knows_no_secret_of_ours(
    darkroom: ImageProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-decoders")
    await darkroom.process(picture())
    assert children()
    for child in children():
        assert b"not-for-decoders" not in environment_of(child)


def environment_of(child: int) -> bytes:
    return Path(f"/proc/{child}/environ").read_bytes()


def children() -> list[int]:
    """The darkrooms that belong to this very process."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = status.read_text().rpartition(")")[2].split()[1]
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(parent) == os.getpid() and b"image_worker" in command:
            found.append(int(status.parent.name))
    return found


async def pictures_soon(darkroom: ImageProcessor) -> bool:
    """Whether the darkroom works again within three tries."""
    for _ in range(3):
        try:
            return bool((await darkroom.process(picture())).sizes)
        except PosterUnavailable:
            continue
    return False
