"""The control plane: all its handlers, by the id of their operation in its document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ep_mock.web.control import clock as control_clock
from ep_mock.web.control import faults as control_faults
from ep_mock.web.control import plans as control_plans
from ep_mock.web.control import worker as control_worker
from ep_mock.web.control.jobs import ControlJobs
from ep_mock.web.control.requests import ControlRequests
from ep_mock.web.control.server import ControlServer
from ep_mock.web.control.stores import ControlStore
from ep_mock.web.request import Request
from ep_mock.web.response import Response
from ep_mock.web.stores import StoreRegistry

Handler = Callable[[Request], Response]

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


def store_handlers(stores: StoreRegistry) -> Mapping[str, Handler]:
    """The handlers that are about one store."""
    owners = (ControlStore(stores), ControlJobs(), ControlRequests())
    return {
        handler.__name__: handler
        for handler in (*_ABOUT_A_STORE, *(method for owner in owners for method in _methods(owner)))
    }


def server_handlers(stores: StoreRegistry) -> Mapping[str, Handler]:
    """The handlers that are about no store in particular."""
    return {handler.__name__: handler for handler in _methods(ControlServer(stores))}


def _methods(owner: object) -> Iterator[Handler]:
    """The methods of an object that answer calls."""
    return (getattr(owner, name) for name in vars(type(owner)) if not name.startswith("_"))
