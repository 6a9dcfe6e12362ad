"""schemathesis over the project's documents, in process and with all its checks: it finds nothing.

Each document is run as a copy with what a generator cannot guess: examples that name what is in the store,
and filters that mean something.
"""

from __future__ import annotations

import copy
import random
from collections import Counter, defaultdict
from typing import Any, Final, Never

import pytest
import schemathesis
from hypothesis import settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from starlette.types import Receive, Scope, Send

from ep_mock.contract.documents import load_document
from ep_mock.domain.families import FAMILIES
from ep_mock.web.store_slot import Wait
from tests.client import ApiClient
from tests.contract_refusals import is_finding
from tests.seeded import Location, refill, seeded, seeded_app, seeded_store

DOCUMENTS: Final = ("standard", "rule", "control")
CHECKS: Final = {
    "allow_header_conformance",
    "content_type_conformance",
    "ensure_resource_availability",
    "ignored_auth",
    "missing_required_header",
    "negative_data_rejection",
    "not_a_server_error",
    "positive_data_acceptance",
    "response_headers_conformance",
    "response_schema_conformance",
    "status_code_conformance",
    "unsupported_method",
    "use_after_free",
}

schemathesis.openapi.format(
    "promotion-date",
    st.one_of(
        st.dates().map(str),
        st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
        st.just("2030-01-31 10:00"),
    ),
)

_FILTERS: Final = {
    "JobFilter": [
        "eq(job_type,code_export)",
        "eq(status,complete)",
        "eq(job_type,code_generate):eq(status,failed)",
        "eq(status,'a b')",
    ],
    "PromotionFilter": ["eq(code,standard-free-plain)", 'eq(code,"a,b")'],
    "CodeFilter": ["eq(code,standard-free-plain)", "eq(code,RULE-free-limited)"],
    "UsageFilter": [
        "eq(code,rule-free-limited)",
        "eq(id,no-such)",
        "gt(used_on,2000-01-01):le(used_on,2024-12-04T00:00:00Z)",
    ],
}
_RULE_FILTERS: Final = {
    "PromotionFilter": [
        "ilike(name,*F*)",
        "eq(enabled,true):lt(start,2030-01-01)",
        "in(rule_set.rules.strategy,and,or)",
    ],
    "CodeFilter": ["gt(code,rule)"],
}


class Run:
    """One run over one document.

    Attributes:
        findings: what is wrong, each with a request that shows it.
        statuses: by operation, how often each status was answered.
        checks: how often each check has passed.
    """

    def __init__(self, document_name: str, *phases: str) -> None:
        self.findings: list[str] = []
        self.statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self.checks: Counter[str] = Counter()
        is_control = document_name == "control"
        self._app = seeded_app(auth="strict", control=is_control)
        self._fresh_each_time = "stateful" not in phases
        families = [family for family in FAMILIES if is_control or family.name == document_name]
        places = [place for family in families for place in seeded(seeded_store(), family).places]
        raw = _document(document_name, places, shallow="coverage" in phases)
        unbreakable = _unbreakable(raw) if "fuzzing" in phases else []
        config = self._config(phases, unbreakable, authorized=not is_control)
        schema = schemathesis.openapi.from_dict(raw, config=config)
        schema.app = self._serve
        schema.hook("filter_failure")(lambda _, failure, case, response: is_finding(failure, case, response))
        schema.hook("flatmap_path_parameters")(lambda _, generated: _known(generated, places))
        for event in from_schema(schema).execute():
            match event:
                case events.ScenarioFinished():
                    self._note(event.recorder)
                case events.NonFatalError():
                    self.findings.append(f"{event.label}: {event.info.format()}")
                case events.PhaseFinished(status=Status.FAILURE | Status.ERROR | Status.INTERRUPTED):
                    self.findings.append(f"phase {event.phase.name.value}: {event.status.value}")
                case events.FatalError():
                    raise event.exception

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._fresh_each_time:
            refill(self._app)
        await self._app(scope, receive, send)

    def _config(
        self, phases: tuple[str, ...], unbreakable: list[str], *, authorized: bool
    ) -> SchemathesisConfig:
        profile = settings()
        # A sequence has several requests, and only some sequences delete something and look for it.
        examples = profile.max_examples // (1 if "stateful" in phases else 4)
        headers = {"Authorization": f"Bearer {_token(self._app)}"} if authorized else {}
        return SchemathesisConfig.from_dict(
            {
                "seed": 0 if profile.derandomize else random.getrandbits(32),
                "headers": headers,
                # Values of paths must have no slash, but schemathesis also takes the program's own strings,
                # and many of those have one. How many fall out depends on the draw, and `statuses` tells
                # whether any are left. Time is the machine's.
                "suppress-health-check": ["filter_too_much", "too_slow"],
                # Of these, each case that is to break the document would fall out: half of all.
                "operations": [
                    {"include-name": name, "generation": {"mode": "positive"}} for name in unbreakable
                ],
                "generation": {"max-examples": max(1, examples), "deterministic": profile.derandomize},
                "phases": {"enabled": False, **{phase: {"enabled": True} for phase in phases}},
            }
        )

    def _note(self, recorder: ScenarioRecorder) -> None:
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None:
                self.statuses[recorder.cases[case_id].value.operation.label][
                    interaction.response.status_code
                ] += 1
        for check in (check for checks in recorder.checks.values() for check in checks):
            if check.failure_info is None:
                self.checks[check.name] += 1
            else:
                failure = check.failure_info.failure
                self.findings.append(
                    f"{check.name}: {failure.operation}: {failure.message}\n{check.failure_info.code_sample}"
                )


def _token(app: Any) -> str:
    login = {"grant_type": "client_credentials", "client_id": "tests", "client_secret": "secret"}
    token: str = ApiClient(app).post("/oauth/access_token", data=login).json()["access_token"]
    return token


def _document(name: str, places: list[Location], *, shallow: bool) -> dict[str, Any]:
    raw = copy.deepcopy(load_document(name).raw)
    parameters = raw["components"].get("parameters", {})
    exported = places[1]
    for parameter, example in (
        ("PromotionId", exported.promotion_id),
        ("JobId", exported.job_id),
        ("Code", exported.code),
    ):
        if parameter in parameters:
            parameters[parameter]["example"] = example
    for parameter, filters in (_FILTERS | (_RULE_FILTERS if name == "rule" else {})).items():
        if parameter in parameters:
            parameters[parameter].pop("example")
            parameters[parameter]["schema"] = {"type": "string", "enum": filters}
    if name == "control":
        raw["paths"]["/__ep_mock/faults/{fault_id}"]["delete"]["parameters"][0]["schema"]["enum"] = [
            "fault-1",
            "fault-2",
        ]
    if shallow:
        # Boundaries of rules within rules within rules make some 30,000 cases. Two levels have them all, and
        # fuzzing goes deeper.
        _flatten(raw["components"]["schemas"])
    if shallow and name == "standard":
        # A change would have all the boundaries of the eight types of promotion once more.
        raw["components"]["schemas"]["PromotionChange"] = {"$ref": "#/components/schemas/PromotionFields"}
    return raw


def _unbreakable(raw: dict[str, Any]) -> list[str]:
    """The operations that take no more than parts of their path, which may be any text."""
    components = raw["components"].get("parameters", {})
    names = []
    for path, item in raw["paths"].items():
        for method, operation in item.items():
            if method == "parameters" or "requestBody" in operation:
                continue
            given = [*item.get("parameters", []), *operation.get("parameters", [])]
            parameters = [
                components[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in given
            ]
            if all(each["in"] == "path" and each["schema"] == {"type": "string"} for each in parameters):
                names.append(f"{method.upper()} {path}")
    return names


def _flatten(node: Any) -> None:
    """Limit rules to children without children, and remove the conditions of actions."""
    if isinstance(node, dict):
        node.pop("condition", None)
        for name, part in node.items():
            if name == "children" and "children" in node:
                bounds = {keyword: bound for keyword, bound in part.items() if keyword != "$ref"}
                node[name] = {**bounds, "type": "array", "items": {"$ref": "#/components/schemas/ItemSku"}}
            else:
                _flatten(part)
    elif isinstance(node, list):
        for part in node:
            _flatten(part)


def _known(
    generated: dict[str, Any] | None, places: list[Location]
) -> st.SearchStrategy[dict[str, Any] | None]:
    """Mostly a place that exists, instead of what was made up."""
    if not generated or generated.keys().isdisjoint(Location._fields):
        return st.just(generated)
    existing = st.sampled_from(places).map(
        lambda place: {name: getattr(place, name, value) for name, value in generated.items()}
    )
    return st.integers(0, 7).flatmap(lambda chance: existing if chance else st.just(generated))


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who would wait gives up at once."""

    def give_up(wait: Wait, _seconds: float) -> Never:
        raise wait.refusal("Timed out", wait.progress())

    monkeypatch.setattr("ep_mock.web.long_poll.LongPoll", give_up)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_examples_and_boundaries_show_nothing_wrong(name: str) -> None:
    run = Run(name, "examples", "coverage")
    assert not run.findings, "\n\n".join(run.findings)
    assert set(run.checks) >= CHECKS
    assert len(run.statuses) == len(load_document(name).operations)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_generated_requests_show_nothing_wrong_and_most_of_those_to_the_api_meet_something(name: str) -> None:
    run = Run(name, "fuzzing")
    assert not run.findings, "\n\n".join(run.findings)
    assert len(run.statuses) == len(load_document(name).operations)
    unmet = [
        label
        for label, statuses in run.statuses.items()
        if not any(status < 300 or status == 422 for status in statuses)
    ]
    # A few examples may well miss something.
    assert not unmet or name == "control" or settings().max_examples < 100


@pytest.mark.parametrize("name", ["standard", "rule"])
def test_sequences_of_requests_show_nothing_wrong(name: str) -> None:
    """Requests use ids from earlier responses; schemathesis infers them from the documents."""
    run = Run(name, "stateful")
    assert not run.findings, "\n\n".join(run.findings)
    assert run.checks["use_after_free"] > 0
