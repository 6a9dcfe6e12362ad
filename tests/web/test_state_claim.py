"""The claim on a state file: one server uses the file, and what it writes is never lost."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ep_mock import MockServer
from ep_mock.errors import UsageError
from tests.cli.commands import run, started
from tests.client import api_client
from tests.web.saved_servers import snapshots, used_server


def test_what_cannot_be_put_in_its_place_is_kept_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, rescued = tmp_path / "state.json", tmp_path / "state.json.unsaved"
    client = used_server(state)
    replace = os.replace

    def busy(source: Path, target: Path) -> None:
        if target == state:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", busy)
        with pytest.raises(
            UsageError, match=f"the file cannot be replaced: .*; what was to be saved is in {rescued}"
        ):
            client.app.save_state()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json.unsaved"]
    assert snapshots(api_client(state=str(rescued))) == snapshots(client)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_a_second_server_on_one_file_is_told_at_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = used_server(state)
    for _ in range(2):
        with pytest.raises(
            UsageError,
            match="another server uses this file; stop that server first, or give this one its own file",
        ):
            api_client(state=str(state))
    first.app.save_state()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    second = api_client(state=str(state))
    with pytest.raises(UsageError, match="another server uses this file"):
        first.app.claim_state()
    assert snapshots(second) == snapshots(first)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_a_server_that_is_started_again_has_its_file_again_and_one_that_was_killed_hinders_nobody(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state.json"
    serve = ("serve", "--port=0", "--state", str(state))
    with started(*serve) as killed:
        assert killed.stdout is not None
        assert "listening" in killed.stdout.readline()
        ended = run(*serve)
        problem = "another server uses this file; stop that server first, or give this one its own file"
        assert (ended.code, ended.err) == (2, f"ep-mock: --state: {state}: {problem}\n")
        killed.kill()
        killed.wait(timeout=30)
    assert [path.name for path in tmp_path.iterdir()] == [".state.json.unfinished"]
    mock = MockServer(state=str(state))
    for _ in range(2):
        with mock, pytest.raises(UsageError, match="another server uses this file"):
            MockServer(state=str(state))
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_server_that_has_gone_without_saving_leaves_nothing_behind(tmp_path: Path) -> None:
    used_server(tmp_path / "state.json")
    gc.collect()
    assert list(tmp_path.iterdir()) == []
    assert api_client(state=str(tmp_path / "state.json"))


def test_it_is_saved_though_somebody_has_cleared_up_beside_it(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    client = used_server(state)
    (tmp_path / ".state.json.unfinished").unlink()
    client.app.save_state()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert snapshots(api_client(state=str(state))) == snapshots(client)


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be forked there")
def test_a_child_process_that_ends_takes_nothing_away(tmp_path: Path) -> None:
    program = """
import os, sys
from ep_mock import create_app
app = create_app(state=sys.argv[1])
child = os.fork()
if not child:
    sys.exit()
os.waitpid(child, 0)
print(os.listdir(os.path.dirname(sys.argv[1])))
app.save_state()
print(os.listdir(os.path.dirname(sys.argv[1])))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "state.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines() == ["['.state.json.unfinished']", "['state.json']"]
