"""Files that only their owner may read, and no symbolic link followed to them."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.private_files import (
    make_private_file,
    make_private_folder,
    make_var_folder,
    open_private_file,
    restrict_file,
)


def test_a_new_folder_and_file_are_their_owners_alone(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "home/var")
    make_private_file(tmp_path / "home/var/movies.db")
    assert (tmp_path / "home/var").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "home/var/movies.db").stat().st_mode & 0o777 == 0o600


def test_the_var_folder_cannot_be_listed_and_a_file_keeps_its_content(tmp_path: Path) -> None:
    folder, file = tmp_path / "var", tmp_path / "var/movies.db"
    folder.mkdir(0o755)
    file.write_text("content")
    file.chmod(0o644)
    assert make_var_folder(tmp_path) == folder
    make_private_file(file)
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o711, 0o600)
    assert file.read_text() == "content"


def test_a_folder_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)  # as /tmp is
    make_private_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777


def test_a_database_may_be_a_symbolic_link_of_its_operator(tmp_path: Path) -> None:
    target, link = tmp_path / "disk/movies.db", tmp_path / "movies.db"
    target.parent.mkdir()
    target.write_text("content")
    target.chmod(0o644)
    link.symlink_to(target)
    make_private_file(link)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("content", 0o600)
    assert link.is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")
def test_a_symbolic_link_of_another_user_is_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "movies.db"
    target.write_text("content")
    target.chmod(0o644)
    link.symlink_to(target)
    os.lchown(link, 65_534, 65_534)
    with pytest.raises(OSError, match="symbolic"):
        make_private_file(link)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("content", 0o644)


def test_a_symbolic_link_is_neither_followed_nor_changed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("content")
    target.chmod(0o644)
    link.symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        open_private_file(link)
    restrict_file(link)
    restrict_file(tmp_path / "missing")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("content", 0o644)


def test_what_is_no_file_keeps_its_permissions(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"  # a device, such as /dev/null, needs root
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    restrict_file(pipe)
    assert pipe.stat().st_mode & 0o777 == 0o666


def test_a_file_that_is_made_private_keeps_the_locks_of_this_process(tmp_path: Path) -> None:
    path = tmp_path / "movies.db"
    path.touch()
    take_lock = (
        f"import fcntl; fcntl.lockf(open({str(path)!r}, 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    )
    with path.open("r+") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        make_private_file(path)
        run = subprocess.run([sys.executable, "-c", take_lock], stderr=subprocess.PIPE, check=False)
    assert run.returncode == 1 and b"BlockingIOError" in run.stderr
