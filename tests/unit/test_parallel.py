"""The distribution of tests over worker processes keeps together what shares a service."""

from tests.support import ROOT
from tests.support.parallel import OWN_SERVICE, SERVICE, SHARE_REDIS, USE_SERVICE, group_of


def test_every_prefix_names_a_folder_or_a_file_of_tests() -> None:
    for prefix in (*USE_SERVICE, *OWN_SERVICE, *SHARE_REDIS):
        path = ROOT / prefix
        assert path.is_dir() or path.with_suffix(".py").is_file(), prefix


def test_tests_of_the_service_are_one_group_and_other_files_stay_together() -> None:
    assert group_of("tests/api/test_films.py::test_x[a::b]", "embedded") == SERVICE
    own = "tests/api/test_search_features.py"
    assert group_of(f"{own}::test_x", "embedded") == own
    outbox = "tests/integration/test_outbox.py"
    assert group_of(f"{outbox}::test_x", "full") == outbox


def test_fault_tests_join_the_service_only_where_they_share_its_redis() -> None:
    test = "tests/faults/test_cache_faults.py::test_x"
    assert group_of(test, "full") == SERVICE
    assert group_of(test, "embedded") == "tests/faults/test_cache_faults.py"
