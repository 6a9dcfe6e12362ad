from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ep_mock import MockServer
from ep_mock.clock import LATEST, Clock
from ep_mock.domain.families import STANDARD
from ep_mock.errors import UsageError
from ep_mock.timings import SECOND
from tests.bodies import code_generate, new_promotion
from tests.cli.commands import environment
from tests.client import ApiClient, api_client
from tests.web.saved_servers import snapshots, used_server


def test_all_stores_go_on_where_they_were_when_the_server_stopped(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = used_server(state)
    first.app.save_state()
    second = api_client(state=str(state), seed="another")
    assert snapshots(second) == snapshots(first)
    assert sorted(snapshots(second)) == ["default", "other"]
    assert second.advance(idle=True) == first.advance(idle=True) != []


def test_nothing_is_saved_before_the_stop_nor_where_no_file_is_set(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    client = used_server(state)
    assert not state.exists()
    api_client().app.save_state()
    client.app.save_state()
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_reset_goes_back_to_what_the_server_was_started_with_and_not_to_the_file(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    used_server(state).app.save_state()
    client = api_client(state=str(state))
    client.post("/__ep_mock/reset")
    assert client.get("/v2/promotions").json()["data"] == []


def test_a_server_beside_a_test_saves_at_its_stop(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with MockServer(clock="manual", state=str(state)):
        assert not state.exists()
    assert list(json.loads(state.read_bytes())["stores"]) == ["default"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
def test_only_its_owner_can_read_the_file_whatever_was_there_before(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    used_server(state).app.save_state()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    state.chmod(0o644)
    leftover = tmp_path / ".state.json.unfinished"
    leftover.write_text("of a process that was killed")
    leftover.chmod(0o666)
    used_server(state).app.save_state()
    assert (stat.S_IMODE(state.stat().st_mode), leftover.exists()) == (0o600, False)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link, target = tmp_path / "state.json", tmp_path / "real" / "target.json"
    link.symlink_to(target)
    used_server(link).app.save_state()
    assert (link.is_symlink(), target.is_file(), json.loads(link.read_bytes())["ep_mock_state"]) == (
        True,
        True,
        1,
    )


@pytest.mark.parametrize(
    ("step", "problem", "left"),
    [("fsync", "written", []), ("replace", "replaced", [".state.json.unfinished"])],
)
def test_what_goes_wrong_while_saving_leaves_the_old_file_whole(
    tmp_path: Path, step: str, problem: str, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.json"
    client = used_server(state)
    client.app.save_state()
    before = state.read_bytes()
    client.advance(idle=True)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(UsageError, match=f"the file cannot be {problem}: No space left on device"):
            client.app.save_state()
    assert (state.read_bytes(), sorted(path.name for path in tmp_path.iterdir())) == (
        before,
        [*left, "state.json"],
    )


def test_the_file_is_on_the_disk_before_it_takes_the_place_of_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.json"
    client = used_server(state)
    steps: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(descriptor: int) -> None:
        steps.append("fsync")
        sync(descriptor)

    def noted_replace(source: Path, target: Path) -> None:
        steps.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    client.app.save_state()
    assert steps[:2] == ["fsync", "replace"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "this is no state file: Input data was truncated"),
        (b"{}", "this is no state file: Object missing required field `ep_mock_state`"),
        (
            b'{"ep_mock_state": 2, "stores": {}}',
            "this is no state file: Invalid enum value 2 - at `$.ep_mock_state`",
        ),
        (
            b'{"ep_mock_state": 1, "stores": {"default": {}}}',
            "store 'default': snapshot: missing: ep_mock_snapshot; restore a snapshot as it",
        ),
        (b"\xff", "this is no state file: "),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path, content: bytes, problem: str) -> None:
    state = tmp_path / "state.json"
    state.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        api_client(state=str(state))
    expected = f"state: {state}: {problem}"
    assert str(raised.value)[: len(expected)] == expected
    assert state.read_bytes() == content


def test_a_store_that_contradicts_itself_stops_the_start_with_one_line(tmp_path: Path) -> None:
    state, snapshot = tmp_path / "state.json", api_client().get("/__ep_mock/snapshot").json()
    state.write_text(json.dumps({"ep_mock_state": 1, "stores": {"shop": {**snapshot, "jobs_created": 3}}}))
    with pytest.raises(UsageError) as raised:
        api_client(state=str(state))
    expected = "snapshot: jobs_created: expected the number of the newest job, 0, got 3; restore a snapshot as it was saved"
    assert str(raised.value) == f"state: {state}: store 'shop': {expected}"


def test_a_store_that_cannot_have_its_name_stops_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    used_server(state).app.save_state()
    document = json.loads(state.read_bytes())
    document["stores"]["a/b"] = document["stores"].pop("other")
    state.write_text(json.dumps(document))
    with pytest.raises(UsageError, match="store 'a/b': a store's name has 1 to 64 letters"):
        api_client(state=str(state))


@pytest.mark.parametrize(
    ("name", "problem"),
    [("", "expected a file, but this is a folder"), ("no/state.json", "there is no folder ")],
)
def test_a_place_where_nothing_can_be_saved_stops_the_start(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        api_client(state=str(tmp_path / name))


@pytest.mark.skipif(
    sys.platform == "win32", reason="there are neither FIFOs nor sockets in the file system there"
)
def test_what_is_no_file_stops_the_start_and_is_not_waited_for(tmp_path: Path) -> None:
    assert sys.platform != "win32"
    os.mkfifo(tmp_path / "fifo")
    with (
        contextlib.chdir(tmp_path),
        socket.socket(socket.AF_UNIX) as bound,
    ):  # the path of a socket has to be short
        bound.bind("socket")
    for name, kind in (("fifo", "a FIFO"), ("socket", "a socket"), ("/dev/null", "a device")):
        with pytest.raises(UsageError, match=f"expected a file, but this is {kind}"):
            api_client(state=str(tmp_path / name))


def test_a_file_that_is_mounted_on_its_own_stops_the_start(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    inside = f"mount --bind {tmp_path}/outside {state} && exec {sys.executable} -m ep_mock serve --port 0 --state {state}"
    for name in ("outside", "state.json"):
        (tmp_path / name).touch()
    if not _can_mount():
        pytest.skip("needs Linux and the right to mount in a namespace of one's own")
    ended = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    problem = (
        "this file is mounted by itself, so it cannot be replaced by a new one; mount its folder instead"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        2,
        "",
        f"ep-mock: --state: {state}: {problem}\n",
    )


def test_mounts_are_found_however_their_names_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "my state\\ é.json"
    state.touch()
    written = str(state).replace("\\", "\\134").replace(" ", "\\040")
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr("ep_mock.web.state_file._MOUNTS", mounts)
    mounts.write_text(
        f"63 43 254:0 /a / rw - ext4 /dev/a rw\n64 43 254:0 /b {written} rw - ext4 /dev/a rw\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match="mounted by itself"):
        api_client(state=str(state))
    mounts.write_text(f"63 43 254:0 /a {tmp_path} rw - ext4 /dev/a rw\n")
    api_client(state=str(state.with_name("another")))
    mounts.unlink()
    api_client(state=str(state.with_name("third")))


def test_what_time_has_brought_is_saved_though_nobody_has_looked(tmp_path: Path) -> None:
    client = api_client(state=str(tmp_path / "state.json"))
    store = client.app.stores.get_or_create("default").store
    machine = [0]
    store.clock = Clock("real", start=store.now, monotonic=lambda: machine[0])
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    client.created(f"/v2/promotions/{promotion['id']}/jobs", {"data": code_generate(100)})
    machine[0] += 100 * SECOND
    client.app.save_state()
    saved = json.loads((tmp_path / "state.json").read_bytes())["stores"]["default"]
    assert [job["status"] for job in saved["jobs"]] == ["completed"]
    assert (saved["clock"]["now"], "task" in saved["worker"]) == (store.clock.now(), False)


def broken(client: ApiClient, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a store a defect: it cannot settle any more."""

    def fail() -> int:
        raise LookupError("a defect")

    monkeypatch.setattr(client.app.stores.get_or_create(name).store, "settle", fail)


def test_a_store_with_a_defect_is_named_and_takes_no_other_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.json"
    client = used_server(state)
    client.app.save_state()
    client.app.claim_state()
    before = json.loads(state.read_bytes())["stores"]
    client.advance(seconds=1000)
    broken(client, "other", monkeypatch)
    broken(client, "third", monkeypatch)
    listed = client.get("/__ep_mock/stores").json()
    assert [store["name"] for store in listed["stores"]] == ["default"]
    assert listed["failed"] == [
        {"name": name, "reason": "LookupError: a defect"} for name in ("other", "third")
    ]
    problem = r"all stores are saved except these, whose old content the file keeps: 'other' \(LookupError: a defect\); 'third' \(Loo"
    with pytest.raises(UsageError, match=problem):
        client.app.save_state()
    after = json.loads(state.read_bytes())["stores"]
    assert after["default"]["clock"]["now"] == before["default"]["clock"]["now"] + 1000 * SECOND
    assert (after["other"], "third" in after) == (before["other"], False)


@pytest.mark.parametrize("mended_by", ["reset", "restore", "delete"])
def test_a_store_with_a_defect_can_be_replaced(mended_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = api_client()
    snapshot = client.get("/__ep_mock/snapshot").json()
    broken(client, "default", monkeypatch)
    if mended_by == "reset":
        assert client.post("/__ep_mock/reset").status_code == 204
    elif mended_by == "restore":
        assert client.put("/__ep_mock/snapshot", json=snapshot).status_code == 200
    else:
        assert client.delete("/__ep_mock/stores/default").status_code == 204
    assert client.get("/v2/promotions").status_code == 200
    assert "failed" not in client.get("/__ep_mock/stores").json()


def test_a_clock_that_has_come_to_the_end_of_its_time_is_saved_and_goes_on(tmp_path: Path) -> None:
    client = api_client(state=str(tmp_path / "state.json"))
    store = client.app.stores.get_or_create("default").store
    machine = [0]
    store.clock = Clock("scaled", start=LATEST - SECOND, scale=1e6, monotonic=lambda: machine[0])
    client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    machine[0] += 10**6 * SECOND
    client.app.save_state()
    assert snapshots(api_client(state=str(tmp_path / "state.json"))) == snapshots(client)


def _can_mount() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    tried = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "mount --bind /tmp /tmp"]
    return subprocess.run(tried, capture_output=True, timeout=60, check=False).returncode == 0
