"""Where the story is shown: a log that gets one line for each change, or a terminal whose table changes in place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ep_mock.cli.story.job_view import JobView
from ep_mock.cli.story.look import HEADER, WIDTH, Look

_INDENT = "  "
_UP_AND_CLEAR = "\x1b[{}A\x1b[J"
_MILESTONES = 4


class Screen:
    """A log: each line stays as it was written.

    `write` gets whole lines, their ends included. `speed` says how many seconds of the story pass in one; 0 waits for nothing.
    """

    def __init__(self, write: Callable[[str], None], look: Look, *, speed: float = 0.0) -> None:
        self.look = look
        self._write = write
        self._speed = speed
        self._headed = False
        self._logged: dict[str, tuple[str, int]] = {}

    def begin_scene(self, title: str) -> None:
        """The heading of a scene; its table begins afresh."""
        self._headed = False
        self.line("")
        self.line(self.look.paint(title, "title"))

    def line(self, text: str) -> None:
        """One line that stays."""
        self._write(text + "\n")

    def tell(self, text: str) -> None:
        """A remark within a scene."""
        self.line(_INDENT + self.look.cut(text, WIDTH - len(_INDENT)))

    def tell_call(self, method: str, path: str, status: int, outcome: str) -> None:
        """A request and its answer, within a scene."""
        self.line(_INDENT + self.look.call(method, path, status, outcome))

    def verdict(self, ok: bool, text: str) -> None:
        """What came of a scene."""
        sign = self.look.paint(self.look.sign("✓", "ok:"), "good") if ok else self.look.paint(self.look.sign("✗", "NOT OK:"), "bad")
        self.line(f"{_INDENT}{sign} {text}")

    def show(self, views: Sequence[JobView]) -> None:
        """The table as it is now; a log notes a change of status, and each quarter of the codes."""
        for view in views:
            state = (view.status, _MILESTONES * view.codes // view.goal)
            if self._logged.get(view.id) != state:
                self._logged[view.id] = state
                self._head()
                self.line(_INDENT + self.look.row(view))

    def wait(self, seconds: float) -> None:
        """Let the reader's time pass along with the story's."""
        if self._speed:
            threading.Event().wait(seconds / self._speed)

    def _head(self) -> None:
        if not self._headed:
            self._headed = True
            self.line(_INDENT + self.look.paint(HEADER, "faint"))


class LiveScreen(Screen):
    """A terminal of at least 80 columns: the rows at the end are drawn anew in place, until something is told below them."""

    _drawn = 0

    def line(self, text: str) -> None:
        self._drawn = 0
        super().line(text)

    def show(self, views: Sequence[JobView]) -> None:
        self._head()
        rows = "".join(f"{_INDENT}{self.look.row(view)}\n" for view in views)
        self._write((_UP_AND_CLEAR.format(self._drawn) if self._drawn else "") + rows)
        self._drawn = len(views)
