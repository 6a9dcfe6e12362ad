"""Where scenes are played: verbs of the API, time that moves frame by frame, and a screen that shows both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ep_mock.cli.story.cast import Role
from ep_mock.cli.story.client import Client, Reply, UnexpectedAnswerError
from ep_mock.cli.story.job_view import JobView
from ep_mock.cli.story.screen import Screen

FRAME_SECONDS = 0.05
_MOST_FRAMES = 400


class Stage:
    """What a scene has at hand. Answers that a verb does not allow for raise `UnexpectedAnswerError`.

    Attributes:
        seconds: how long the story has been going on, by the store's clock.
    """

    def __init__(self, client: Client, screen: Screen) -> None:
        self.client = client
        self._screen = screen
        self._frames = 0
        self._paths: dict[Role, str] = {}

    @property
    def seconds(self) -> float:
        return self._frames * FRAME_SECONDS

    def promotion(self, role: Role) -> str:
        """The path of a promotion, created on its first appearance."""
        if role not in self._paths:
            reply = self.client.post(role.collection, role.document).expect(201)
            self._paths[role] = f"{role.collection}/{reply.data['id']}"
        return self._paths[role]

    def generate(self, role: Role, number_of_codes: int, **parameters: Any) -> JobView:
        """Start a job that makes codes."""
        job = {"job_type": "code_generate", "parameters": {"number_of_codes": number_of_codes, **parameters}}
        return self._start(role, f"generate {number_of_codes}", number_of_codes, job)

    def export(self, role: Role) -> JobView:
        """Start a job that exports the codes."""
        return self._start(role, "export", 0, {"job_type": "code_export"})

    def attempt(self, role: Role, number_of_codes: int) -> Reply:
        """Ask for a job that may be refused; the answer is shown."""
        path = f"{self.promotion(role)}/jobs"
        reply = self.client.post(path, _job({"job_type": "code_generate", "parameters": {"number_of_codes": number_of_codes}}))
        self.tell_call("POST", path, reply)
        return reply

    def cancel(self, view: JobView) -> None:
        """Cancel a job."""
        path = f"{view.path}/jobs/{view.id}/cancel"
        reply = self.client.post(path).expect(200)
        self.tell_call("POST", path, reply, reply.data["status"])
        self._see(view, reply.data)
        self._screen.show([view])

    def file(self, view: JobView) -> Reply:
        """Ask for the file of a job; the answer is shown."""
        path = f"{view.path}/jobs/{view.id}/file"
        reply = self.client.get(path)
        self.tell_call("GET", path, reply, "a signed URL" if reply.status == 200 else None)
        return reply

    def codes(self, view: JobView) -> Any:
        """The first codes of a job's promotion, and how many there are."""
        return self.client.get(f"{view.path}/codes?page[limit]=3").expect(200).document

    def watch(self, *views: JobView, until: Callable[[], bool] | None = None) -> None:
        """Let time pass, and look at the jobs after each frame, until all have ended or `until` is true."""
        for _ in range(_MOST_FRAMES):
            self._screen.show(views)
            if until() if until is not None else all(view.ended for view in views):
                return
            self._frames += 1
            self.client.post("/__ep_mock/clock/advance", {"seconds": FRAME_SECONDS}).expect(200)
            # Newest first: when a later job is seen processing, the earlier one has been looked at afterwards.
            for view in reversed(views):
                self._see(view, self._find(view))
            self._screen.wait(FRAME_SECONDS)
        raise UnexpectedAnswerError(f"{views[0].role.name}: still {views[0].status} after {_MOST_FRAMES * FRAME_SECONDS:.0f} s")

    def tell(self, text: str) -> None:
        """A line of its own below what was shown."""
        self._screen.tell(text)

    def tell_call(self, method: str, path: str, reply: Reply, outcome: str | None = None) -> None:
        """One request and its answer."""
        if outcome is None:
            outcome = reply.problem.get("title", "") if reply.status >= 400 else reply.data["status"]
        self._screen.tell_call(method, path, reply.status, outcome)

    def _start(self, role: Role, work: str, more: int, job: dict[str, Any]) -> JobView:
        path = self.promotion(role)
        existing = self._count(path)
        reply = self.client.post(f"{path}/jobs", _job(job)).expect(201)
        self.tell_call("POST", f"{path}/jobs", reply)
        return JobView(role, path, work, existing + more, reply.data, existing, self.seconds)

    def _see(self, view: JobView, document: dict[str, Any]) -> None:
        view.see(document, self._count(view.path), self.seconds)

    def _find(self, view: JobView) -> dict[str, Any]:
        for job in self.client.get(f"{view.path}/jobs").expect(200).data:
            if job["id"] == view.id:
                return dict(job)
        raise UnexpectedAnswerError(f"{view.role.name}: its job {view.id} is gone from the list")

    def _count(self, path: str) -> int:
        return int(self.client.get(f"{path}/codes?page[limit]=1").expect(200).document["meta"]["results"]["total"])


def _job(document: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"type": "promotion_job", **document}}
