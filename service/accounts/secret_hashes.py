"""The stored form of tokens and codes. They are random, so a plain hash is enough."""

import hashlib


def encode_secret(secret: str) -> bytes:
    """Return the bytes of a token or code; clients may send anything as one."""
    return secret.encode("utf-8", "surrogatepass")


def hash_secret(secret: str) -> str:
    """Return the stored form of a token or code."""
    return hashlib.sha256(encode_secret(secret)).hexdigest()
