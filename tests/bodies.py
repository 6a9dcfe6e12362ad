"""The bodies of requests, without their `data`."""

from __future__ import annotations

from typing import Any, Final

from ep_mock.domain.families import RULE, STANDARD, Family

HALF_A_YEAR: Final[dict[str, Any]] = {"start": "2024-12-01T00:00:00Z", "end": "2025-06-01T00:00:00Z"}
"""A duration that allows more than 1,000 codes."""

_PROMOTIONS: dict[Family, dict[str, Any]] = {
    STANDARD: {
        "type": "promotion",
        "name": "Ten off",
        "description": "Ten dollars less",
        "enabled": True,
        "automatic": False,
        "promotion_type": "fixed_discount",
        "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
        "start": "2000-01-01",
        "end": "2100-01-01",
    },
    RULE: {
        "type": "rule_promotion",
        "name": "Ten percent off",
        "enabled": True,
        "automatic": False,
        "rule_set": {
            "catalog_ids": ["0b7a2f39-9d53-4f1a-b0c2-77a8e5a3f7d0"],
            "currencies": ["USD"],
            "rules": {
                "strategy": "and",
                "children": [{"strategy": "cart_total", "operator": "gte", "args": [10]}],
            },
            "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
        },
        "start": "2000-01-01T00:00:00Z",
        "end": "2100-01-01T00:00:00Z",
    },
}


def new_promotion(family: Family, **fields: Any) -> dict[str, Any]:
    """A promotion that runs from 2000 to 2100 and takes codes."""
    return {**_PROMOTIONS[family], **fields}


def code_generate(count: int, **parameters: Any) -> dict[str, Any]:
    """A job that makes `count` codes."""
    return {
        "type": "promotion_job",
        "job_type": "code_generate",
        "parameters": {"number_of_codes": count, **parameters},
    }


def code_export() -> dict[str, Any]:
    """A job that exports all codes."""
    return {"type": "promotion_job", "job_type": "code_export"}
