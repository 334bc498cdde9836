"""Migrations form one chain, so that every database takes them in the same order."""

import importlib
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def test_each_migration_depends_on_the_one_before_it() -> None:
    names = sorted(path.stem for path in FOLDER.glob("0*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for before, name in pairwise(names):
        migration = importlib.import_module(f"migrations.{name}").Migration
        assert migration.dependencies == [("movies", before)]
