"""Each call of the control plane has a verb, and the verb makes that call."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.request import Request, urlopen

import pytest

from ep_mock import MockServer
from ep_mock.cli.remote.client import Remote
from ep_mock.contract.documents import load_document
from tests.cli.shell import Shell
from tests.docs.test_cli import TEXT

PROMOTION = "00000000-0000-4000-8000-000000000001"
JOB = "20000000-0000-4000-8000-000000000014"

VERBS = {
    "reset_store": "reset seed=7",
    "get_clock": "clock show",
    "set_clock": "clock set real",
    "advance_clock": "advance 5m",
    "get_worker": "worker",
    "pause_worker": "worker pause",
    "resume_worker": "worker resume",
    "step_worker": "worker step",
    "list_all_jobs": "jobs",
    "get_job_history": f"jobs history {JOB}",
    "wait_for_job": f"wait {JOB} --status processing --others-advance",
    "create_plan": "plan add --stuck pending",
    "list_plans": "plan list",
    "delete_plans": "plan clear",
    "delete_plan": "plan delete plan-1",
    "create_fault": "fault add --error internal",
    "list_faults": "fault list",
    "delete_faults": "fault clear",
    "delete_fault": "fault delete fault-1",
    "list_requests": "requests list",
    "delete_requests": "requests clear",
    "find_requests": "requests find",
    "count_requests": "requests count",
    "wait_for_requests": "requests wait",
    "get_settings": "settings",
    "change_settings": "settings codes_limit=50",
    "load_fixture": "fixtures load empty",
    "get_snapshot": "snapshot save -",
    "restore_snapshot": "snapshot load -",
    "record_usage": f"usages record {PROMOTION} SUMMER",
    "list_stores": "stores list",
    "delete_store": "stores delete other",
    "get_docs": "docs",
    # These answer without the control plane's help, or by a call of their own.
    "get_health": "healthcheck --port PORT",
    "get_document": "openapi control",
    "get_documents": "openapi all",
}
OPERATIONS = {operation.operation_id: operation for operation in load_document("control").operations}


def test_every_operation_has_a_verb_and_is_on_the_page() -> None:
    assert set(VERBS) == set(OPERATIONS)
    for name, verb in VERBS.items():
        row = next(
            line
            for line in TEXT.splitlines()
            if f"{OPERATIONS[name].method} {OPERATIONS[name].path}`" in named_in_full(line)
        )
        words = verb.split()
        assert f"`ep-mock {words[0]}" in row, name


def named_in_full(row: str) -> str:
    """A row of the page in which `POST /a/b`, `/c` is written `POST /a/c`."""
    full = row
    for method, base, rest in re.findall(r"`([A-Z]+) (/__ep_mock/\w+)/\w+`((?:, `/\w+`)+)", row):
        full += "".join(f" `{method} {base}{tail}`" for tail in re.findall(r"`(/\w+)`", rest))
    return full


@pytest.mark.parametrize("name", sorted(set(VERBS) - {"get_health", "get_document", "get_documents"}))
def test_the_verb_makes_the_call(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, str]] = []
    send = Remote._send

    def recorded(self: Remote, method: str, path: str, *rest: Any) -> Any:
        called.append((method, path.partition("?")[0]))
        return send(self, method, path, *rest)

    with MockServer(clock="manual", fixtures=("campaign",)) as server:
        shell = Shell(server.url)
        shell.says("plan", "add", "--stuck", "pending")
        shell.says("fault", "add", "--error", "internal", "--times", "1", "--path", "/nowhere")
        shell.says("reset", "--store", "other")
        visit(server)
        given = shell.says("snapshot", "save", "-")
        with monkeypatch.context() as patched:
            patched.setattr(Remote, "_send", recorded)
            shell.says(*VERBS[name].split(), given=given if name == "restore_snapshot" else None)
    wanted = re.compile(re.sub(r"\{\w+\}", "[^/]+", OPERATIONS[name].path))
    assert any(method == OPERATIONS[name].method and wanted.fullmatch(path) for method, path in called), (
        called
    )


def visit(server: MockServer) -> None:
    """Leave a request in the journal."""
    urlopen(Request(f"{server.url}/v2/promotions", headers={"Authorization": "Bearer any"})).close()


def test_health_and_documents_are_what_the_server_answers() -> None:
    with MockServer() as server:
        shell = Shell(server.url)
        assert shell.says("healthcheck", "--port", str(server.port)).endswith(f"is up at {server.url}\n")
        for verb, path in (("control", "openapi/control.json"), ("all", "openapi.json")):
            with urlopen(f"{server.url}/__ep_mock/{path}") as answer:
                assert json.loads(shell.says("openapi", verb)) == json.load(answer)
