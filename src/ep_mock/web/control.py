"""The control plane: all its handlers, by the id of their operation in its document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ep_mock.web import control_clock, control_faults, control_plans, control_worker
from ep_mock.web.answers import Answer
from ep_mock.web.calls import Call
from ep_mock.web.control_jobs import ControlJobs
from ep_mock.web.control_requests import ControlRequests
from ep_mock.web.control_server import ControlServer
from ep_mock.web.control_store import ControlStore
from ep_mock.web.gate import Gate

Handler = Callable[[Call], Answer]

_ABOUT_A_STORE: tuple[Handler, ...] = (
    control_clock.get_clock,
    control_clock.set_clock,
    control_clock.advance_clock,
    control_worker.get_worker,
    control_worker.pause_worker,
    control_worker.resume_worker,
    control_worker.step_worker,
    control_plans.create_plan,
    control_plans.list_plans,
    control_plans.delete_plans,
    control_plans.delete_plan,
    control_faults.create_fault,
    control_faults.list_faults,
    control_faults.delete_faults,
    control_faults.delete_fault,
)


def store_handlers(gate: Gate) -> Mapping[str, Handler]:
    """The handlers that are about one store."""
    owners = (ControlStore(gate), ControlJobs(), ControlRequests())
    return {handler.__name__: handler for handler in (*_ABOUT_A_STORE, *(method for owner in owners for method in _methods(owner)))}


def server_handlers(gate: Gate) -> Mapping[str, Handler]:
    """The handlers that are about no store in particular."""
    return {handler.__name__: handler for handler in _methods(ControlServer(gate))}


def _methods(owner: object) -> Iterator[Handler]:
    """The methods of an object that answer calls."""
    return (getattr(owner, name) for name in vars(type(owner)) if not name.startswith("_"))
