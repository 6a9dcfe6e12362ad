"""The code under test: a plain client of the API that knows no handle."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ep_mock.handle import Handle


def call(
    mock: Handle, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Send one request over HTTP. Return the status and the JSON, or None for an empty body."""
    client = http.client.HTTPConnection(urlsplit(mock.url).netloc, timeout=30)
    sent = {
        "Authorization": "Bearer of-the-code-under-test",
        "Content-Type": "application/json",
        **(headers or {}),
    }
    try:
        client.request(method, path, None if body is None else json.dumps(body), sent)
        response = client.getresponse()
        raw = response.read()
        return response.status, json.loads(raw) if raw else None
    finally:
        client.close()


def generate_job(number: int) -> dict[str, Any]:
    """The body of a request that creates a generate job."""
    return {
        "data": {
            "type": "promotion_job",
            "job_type": "code_generate",
            "parameters": {"number_of_codes": number},
        }
    }
