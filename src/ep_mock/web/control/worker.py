"""Handlers of a store's worker."""

from __future__ import annotations

from ep_mock.web.control.views import advanced_view, worker_view
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response


def get_worker(request: Request) -> Response:
    """GET /worker."""
    return json_response(200, worker_view(request.store))


def pause_worker(request: Request) -> Response:
    """POST /worker/pause."""
    request.store.worker.pause()
    return json_response(200, worker_view(request.store))


def resume_worker(request: Request) -> Response:
    """POST /worker/resume. A job that is due already is picked up before the answer."""
    request.store.worker.resume(request.store.now)
    request.store.settle()
    return json_response(200, worker_view(request.store))


def step_worker(request: Request) -> Response:
    """POST /worker/step."""
    store = request.store
    before = store.now
    transitions = store.step_worker()
    return json_response(200, advanced_view(store, before, transitions))
