"""One object to steer a store of ep-mock, embedded or over HTTP: promotions, jobs, time, plans, faults, and what was requested."""

from ep_mock.handle.errors import HandleError, RefusedError, RequestAssertionError, UnreachableError, WaitError
from ep_mock.handle.handle import Handle
from ep_mock.handle.promotions import Promotion

__all__ = ["Handle", "HandleError", "Promotion", "RefusedError", "RequestAssertionError", "UnreachableError", "WaitError"]
