"""The handler of exported files, at the signed URLs that jobs give out. Outside `/v2`: no token is asked for."""

from __future__ import annotations

from ep_mock.operations import exports
from ep_mock.web.answers import Answer
from ep_mock.web.calls import Call

TEMPLATE = f"{exports.FILES}/{{store}}/{{promotion_id}}/{{file_name}}"


def get_file(call: Call) -> Answer:
    """GET an exported file, as CSV; a large one is streamed."""
    _, promotion_id, name = call.parameters
    pieces = exports.open_file(call.store, promotion_id, name, call.query)
    disposition = f'attachment; filename="{name}"'.encode()
    return Answer(200, pieces, ((b"content-type", b"text/csv; charset=utf-8"), (b"content-disposition", disposition)))
