"""The reference of the benchmarks: the minimum that Starlette and uvicorn do for the same requests.

python reference.py hello PORT                        a hello-world on `uvicorn.run` with its default options
python reference.py one-route PORT PAGE CREATED       one route: GET answers PAGE bytes of JSON, POST reads
                                                      the body and answers 201 with CREATED bytes; on the
                                                      uvicorn settings of ep-mock
"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


async def _hello(_: Request) -> Response:
    return PlainTextResponse("Hello, world!")


def _one_route(page_bytes: int, created_bytes: int) -> Starlette:
    page, created = (b'"' + b"x" * (size - 2) + b'"' for size in (page_bytes, created_bytes))

    async def answer(request: Request) -> Response:
        if request.method == "GET":
            return Response(page, media_type="application/json")
        await request.body()
        return Response(created, 201, media_type="application/json")

    return Starlette(routes=[Route("/v2/promotions/{promotion_id}/jobs", answer, methods=["GET", "POST"])])


def main(kind: str, port: str, *rest: str) -> None:
    """Serve until the process is ended."""
    if kind == "hello":
        uvicorn.run(Starlette(routes=[Route("/", _hello)]), port=int(port))
        return
    page_bytes, created_bytes = rest
    uvicorn.run(
        _one_route(int(page_bytes), int(created_bytes)),
        port=int(port),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
