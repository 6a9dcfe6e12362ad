from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from ep_mock import MockServer
from ep_mock.domain.families import STANDARD
from ep_mock.errors import UsageError
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client


def used_server(state: Path, **settings: Any) -> ApiClient:
    """A server with a job in the middle of its codes in one store, and a plan in another."""
    client = api_client(state=str(state), **settings)
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    client.created(f"/v2/promotions/{promotion['id']}/jobs", {"data": code_generate(100)})
    client.advance(seconds=0.3)
    client.post("/__ep_mock/plans", json={"stuck": "pending"}, headers={"X-EP-Mock-Store": "other"})
    return client


def snapshots(client: ApiClient) -> dict[str, Any]:
    """All stores of a server, by name."""
    names = [store["name"] for store in client.get("/__ep_mock/stores").json()["stores"]]
    return {name: client.get("/__ep_mock/snapshot", headers={"X-EP-Mock-Store": name}).json() for name in names}


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
    assert (link.is_symlink(), target.is_file(), json.loads(link.read_bytes())["ep_mock_state"]) == (True, True, 1)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_goes_wrong_while_saving_leaves_the_old_file_whole(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state.json"
    client = used_server(state)
    client.app.save_state()
    before = state.read_bytes()
    client.advance(idle=True)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(UsageError, match="the file cannot be written: No space left on device"):
            client.app.save_state()
    assert (state.read_bytes(), [path.name for path in tmp_path.iterdir()]) == (before, ["state.json"])


def test_the_file_is_on_the_disk_before_it_takes_the_place_of_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        (b'{"ep_mock_state": 2, "stores": {}}', "this is no state file: Invalid enum value 2 - at `$.ep_mock_state`"),
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


@pytest.mark.parametrize(("name", "problem"), [("", "expected a file, but this is a folder"), ("no/state.json", "there is no folder ")])
def test_a_place_where_nothing_can_be_saved_stops_the_start(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        api_client(state=str(tmp_path / name))
