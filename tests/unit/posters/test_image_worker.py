"""Decoding of untrusted images: every format and fault, without the sandbox."""

import pytest
from PIL import Image

from service.films.poster_response import POSTER_WIDTHS
from service.posters.image_worker import InvalidImage, process
from tests.support.sample_images import (
    BLUE,
    create_image,
    create_noise_image,
    create_pixel_bomb,
    encode_image,
    is_similar,
    open_jpeg,
)

WIDTHS = list(POSTER_WIDTHS.values())


@pytest.mark.fault("poster-not-an-image")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"<html><img></html>", "is not a JPEG", id="html"),
        pytest.param(b"no poster", "is not a JPEG", id="text"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is not a JPEG", id="svg"),
        pytest.param(create_image("GIF", mode="P"), "is not a JPEG", id="gif"),
        pytest.param(create_image("TIFF"), "is not a JPEG", id="tiff"),
        pytest.param(create_image("BMP"), "is not a JPEG", id="bmp"),
        pytest.param(b"\xff\xd8\xff", "is not a JPEG", id="only a jpeg's first bytes"),
        pytest.param(create_noise_image("JPEG")[:-3000], "is cut short", id="cut jpeg"),
        pytest.param(
            create_noise_image("JPEG", progressive=True)[:-3000], "is cut short", id="progressive"
        ),
        pytest.param(
            create_noise_image("JPEG")[:-2], "is cut short", id="jpeg without its last marker"
        ),
        pytest.param(create_noise_image("PNG")[:-3000], "is cut short", id="cut png"),
        pytest.param(
            create_noise_image("PNG")[:-12], "is cut short", id="png without its last chunk"
        ),
        pytest.param(create_noise_image("WEBP")[:-3000], "is cut short", id="cut webp"),
        pytest.param(create_pixel_bomb(), "million pixels", id="pixel bomb"),
    ],
)
def test_an_invalid_image_is_rejected_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidImage, match=reason):
        process(data, WIDTHS)


def test_more_than_forty_million_pixels_are_rejected() -> None:
    with pytest.raises(InvalidImage, match="40 million pixels"):
        process(encode_image(Image.new("1", (8000, 5001)), "PNG"), WIDTHS)


def test_metadata_and_trailing_bytes_are_dropped() -> None:
    exif = Image.Exif()
    exif[0x010E] = "at home, 48.1 N 11.5 E"
    data = create_image(exif=exif, icc_profile=b"profile" * 100, comment=b"secret remark")
    images = process(data + b"PK\x03\x04<script>alert(1)</script>", WIDTHS)
    for image in images:
        assert not {"exif", "icc_profile", "comment", "photoshop"} & set(open_jpeg(image).info)
        for trace in (b"at home", b"profile", b"secret remark", b"<script>", b"PK\x03\x04"):
            assert trace not in image


def test_a_poster_is_rotated_as_its_camera_states() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    image = open_jpeg(process(create_image(exif=exif), WIDTHS)[0])
    assert is_similar(image.getpixel((50, 20)), BLUE)


def test_damaged_exif_data_is_ignored() -> None:
    data = create_image(exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff")
    assert len(process(data, WIDTHS)) == 3


def test_transparent_parts_become_white() -> None:
    transparent = Image.new("RGBA", (200, 300), (255, 0, 0, 0))
    image = open_jpeg(process(encode_image(transparent, "PNG"), WIDTHS)[0])
    assert is_similar(image.getpixel((50, 50)), (255, 255, 255))


@pytest.mark.parametrize(
    ("format", "mode"),
    [("PNG", "1"), ("PNG", "L"), ("PNG", "P"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "LA")],
)
def test_every_colour_mode_becomes_rgb(format: str, mode: str) -> None:
    assert open_jpeg(process(create_image(format, mode=mode), WIDTHS)[0]).mode == "RGB"


def test_sixteen_bits_of_grey_are_scaled_not_cut() -> None:
    grey = encode_image(Image.new("I;16", (200, 300), 0x8000), "PNG")
    assert is_similar(open_jpeg(process(grey, WIDTHS)[0]).getpixel((5, 5)), (128, 128, 128))


def test_a_line_of_pixels_keeps_at_least_one_row() -> None:
    assert open_jpeg(process(create_image("PNG", (2000, 1)), WIDTHS)[0]).size == (185, 1)
