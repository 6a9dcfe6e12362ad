"""Fixtures that use the whole format."""

from __future__ import annotations

from typing import Any, Final

from ep_mock.fixtures.files import read_document, shipped_fixtures

_GENERATE: Final = {
    "job_type": "code_generate",
    "parameters": {"number_of_codes": 6, "code_prefix": "X", "code_length": 9},
}
_JOBS: Final[list[dict[str, Any]]] = [
    {
        **_GENERATE,
        "status": "completed",
        "result": {"generated": 6, "deleted": 1},
        "created_at": -900,
        "updated_at": -800,
    },
    {"job_type": "code_export", "status": "completed", "created_at": -700, "updated_at": -600, "name": "all"},
    {**_GENERATE, "status": "failed", "error": "no disk", "created_at": -500, "updated_at": -400},
    {**_GENERATE, "status": "cancelled", "result": {"generated": 4}, "created_at": -300, "updated_at": -200},
    {**_GENERATE, "status": "cancelled", "created_at": -100, "updated_at": -100},
]
_CODES: Final[list[dict[str, Any]]] = [
    {"code": "hello", "uses": 1, "max_uses": 3, "user": "u1", "created_at": "2000-01-01"},
    {"generate": 5, "prefix": "bulk", "length": 10, "max_uses": 2},
]


def _rich() -> dict[str, Any]:
    ids = {"id": "00000000-0000-4000-8000-000000000001", "created_at": "1999-12-31", "codes_limit": 50}
    unfinished = {
        **_GENERATE,
        "status": "cancelling",
        "generated_so_far": 4,
        "deleted_so_far": 1,
        "created_at": -50,
    }
    unfinished |= {"id": "00000000-0000-4000-8000-000000000002", "updated_at": -1}
    return {
        "ep_mock_fixture": 1,
        "description": "something of everything",
        "settings": {"timings": "documented", "codes_limit": 40, "author": "ada@example.com"},
        "promotions": [
            {"family": "standard", "name": "one", **ids, "codes": _CODES, "jobs": [*_JOBS, unfinished]},
            {
                "family": "rule",
                "name": "two",
                "priority": 3,
                "start": -1000,
                "end": 1000,
                "jobs": [*_JOBS, _GENERATE],
            },
            {"family": "standard", "name": "three", "automatic": True},
        ],
    }


RICH: Final = {"everything": _rich(), **{name: read_document(name) for name in shipped_fixtures()}}
