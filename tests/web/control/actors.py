"""A user of one store over HTTP. Hypothesis can draw its actions, which can be repeated on another server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from hypothesis import strategies as st

from ep_mock.domain.dates import format_nanos, parse_date
from ep_mock.domain.families import FAMILIES
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client

MS: Final = 1_000_000
Outcome = tuple[int, Any]


class Actor:
    """A user of one store. `which` selects one of the existing things, modulo their number."""

    def __init__(self, client: ApiClient | None = None, store: str = "default", **settings: Any) -> None:
        self.client = client or api_client(**settings)
        self.store = store

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Outcome:
        """Send a request to the store; return the status and the body, None for an empty one."""
        content: dict[str, Any] = {} if body is None else {"json": body}
        named = {"X-EP-Mock-Store": self.store, **(headers or {})}
        response = self.client.request(method, path, headers=named, **content)
        assert response.status_code < 500 or response.status_code == 503, response.text
        return response.status_code, response.json() if response.content else None

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Make a control call that must succeed; return its body."""
        status, answer = self.call(method, f"/__ep_mock/{path}", body)
        assert status < 300, answer
        return answer

    def snapshot(self) -> dict[str, Any]:
        """The whole store."""
        state: dict[str, Any] = self.control("GET", "snapshot")
        return state

    def now(self) -> int:
        """The time of the store in nanoseconds."""
        return parse_date(self.control("GET", "clock")["now"])

    def advance_to(self, moment: int) -> list[dict[str, Any]]:
        """Move time to a moment; return the transitions."""
        transitions: list[dict[str, Any]] = self.control(
            "POST", "clock/advance", {"to": format_nanos(moment)}
        )["transitions"]
        return transitions

    def promotions(self) -> list[tuple[str, str]]:
        """Family and id of each promotion."""
        return [(each["family"], each["id"]) for each in self.snapshot()["promotions"]]

    def add_promotion(self, family: int, **fields: Any) -> Outcome:
        chosen = FAMILIES[family % len(FAMILIES)]
        return self.call("POST", f"/v2/{chosen.collection}", {"data": new_promotion(chosen, **fields)})

    def do(self, action: Action) -> Outcome:
        """Carry out a drawn action."""
        if action.verb == "promotion":
            return self.add_promotion(action.which)
        if action.path:
            return self.call(action.method, action.path, action.body)
        found = self.promotions()
        if not found:
            return 0, None
        family, promotion_id = found[action.which % len(found)]
        base = f"/v2/{'promotions' if family == 'standard' else 'rule-promotions'}/{promotion_id}"
        return self._on_promotion(action, base, promotion_id)

    def _on_promotion(self, action: Action, base: str, promotion_id: str) -> Outcome:
        match action.verb:
            case "generate":
                return self.call("POST", f"{base}/jobs", {"data": code_generate(action.number)})
            case "export":
                return self.call("POST", f"{base}/jobs", {"data": code_export()})
            case "poll":
                return self.call("GET", f"{base}/jobs")
            case "cancel":
                jobs = self.control("GET", f"jobs?promotion_id={promotion_id}")["jobs"]
                return self.call("POST", f"{base}/jobs/{jobs[0]['id']}/cancel") if jobs else (0, None)
            case "codes":
                codes = [
                    {"code": f"by-hand-{action.number}"},
                    {"code": f"by-hand-{action.number}-limited", "uses": 3},
                ]
                return self.call(
                    "POST", f"{base}/codes", {"data": {"type": "promotion_codes", "codes": codes}}
                )
            case "use":
                codes = self.call("GET", f"{base}/codes")[1]["data"]
                chosen = codes[action.number % len(codes)]["code"] if codes else "none"
                return self.call("POST", f"/__ep_mock/promotions/{promotion_id}/usages", {"code": chosen})
            case "delete code":
                codes = self.call("GET", f"{base}/codes?page[limit]=100")[1]["data"]
                chosen = quote(codes[-action.number % len(codes)]["code"]) if codes else "none"
                return self.call("DELETE", f"{base}/codes/{chosen}")
            case "drop":
                return self.call("DELETE", base)
            case _:
                raise AssertionError(action)


class Action(NamedTuple):
    """An action of an actor: a verb on a promotion, or a whole request."""

    verb: str
    which: int = 0
    number: int = 1
    method: str = "POST"
    path: str = ""
    body: Any = None


PLANS: Final[list[dict[str, Any]]] = [
    {"fail": "out of memory", "after_codes": 3},
    {"fail": "no disk", "job_type": "code_export"},
    {"stuck": "processing", "after_codes": 2},
    {"stuck": "pending"},
    {"stuck": "cancelling"},
    {"lose_race": True, "timings": "fast,delete=20s"},
    {"timings": "instant", "times": 2},
    {"codes": ["given-1", "given-2"], "family": "rule"},
    {"job_id": "00000000-0000-4000-8000-000000000001"},
]
SETTINGS: Final[list[dict[str, Any]]] = [
    {"timings": "instant"},
    {"timings": "fast"},
    {"timings": "documented"},
    {"codes_limit": 30},
    {"cancelling_blocks": False},
]
CLOCKS: Final[list[dict[str, Any]]] = [{"mode": "poll"}, {"mode": "manual"}]

_COUNTING = ["generate", "generate", "codes", "use", "delete code"]
_INDEX = st.integers(0, 3)
ACTIONS: Final[st.SearchStrategy[Action]] = st.one_of(
    st.tuples(st.sampled_from(_COUNTING), _INDEX, st.integers(1, 25)).map(lambda drawn: Action(*drawn)),
    st.tuples(st.sampled_from(["promotion", "export", "poll", "cancel", "drop"]), _INDEX).map(
        lambda drawn: Action(*drawn)
    ),
    st.sampled_from(PLANS).map(lambda plan: Action("plan", path="/__ep_mock/plans", body=plan)),
    st.sampled_from(SETTINGS).map(
        lambda change: Action("settings", method="PATCH", path="/__ep_mock/settings", body=change)
    ),
    st.sampled_from(CLOCKS).map(
        lambda clock: Action("clock", method="PUT", path="/__ep_mock/clock", body=clock)
    ),
    st.sampled_from(["pause", "resume", "step"]).map(
        lambda verb: Action(verb, path=f"/__ep_mock/worker/{verb}")
    ),
    st.sampled_from([{"next": True}, {"idle": True}, {"seconds": 0.25}, {"seconds": 30}]).map(
        lambda how: Action("advance", path="/__ep_mock/clock/advance", body=how)
    ),
)
