"""A disk that fills while the hub runs."""

import os
import subprocess

import pytest

from tools.hub_room import LEAST_FREE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hub")]


@pytest.fixture
def small(tmp_path_factory):
    """A disk with just enough room for a hub's folder."""
    place = tmp_path_factory.mktemp("small")
    size = f"size={LEAST_FREE // 1_000_000 + 150}m"
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], capture_output=True).returncode:  # fmt: skip
        pytest.skip("nothing can be mounted: a disk that fills is not tested")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def filled(place):
    """Fills the disk; the file that does."""
    with open(place / "all-that-is-left", "wb", buffering=0) as file:
        for piece in (1 << 20, 1):
            try:
                while file.write(b"x" * piece) == piece:
                    pass
            except OSError:
                pass
    return place / "all-that-is-left"


def test_who_is_in_works_on_who_comes_is_sent_away_and_with_room_comes_in(open_hub, small):
    with open_hub(2, state=small / "state") as hub:
        one, other = hub.learners.values()
        assert one.login() == 200
        one.start()
        kernel = one.kernel()
        file = filled(small)
        assert other.login() == 500
        assert kernel.run("print(6 * 7)") == ("ok", "42\n") and one.api("GET", "contents/")[0] == 200
        assert one.ask("/hub/home")[0] == 200 and hub.process.poll() is None
        file.unlink()
        assert other.login() == 200
        other.start()
        assert other.kernel().run("print(1)") == ("ok", "1\n")
