"""Jobs as the control plane prints them: the same for both families, with nanoseconds and with their plans."""

from __future__ import annotations

from typing import Any

import msgspec

from ep_mock.domain.dates import format_nanos
from ep_mock.domain.plans import ORDINARY
from ep_mock.simulation.job import Job


def job_record(job: Job) -> dict[str, Any]:
    """`{id, number, promotion_id, family, job_type[, name][, parameters], status[, error][, result], created_at, updated_at[, plan]}`."""
    record = {
        "id": job.id,
        "number": job.number,
        "promotion_id": job.promotion_id,
        "family": job.family.name,
        "job_type": job.job_type,
        "name": job.name,
        "parameters": job.parameters,
        "status": job.status,
        "error": job.error,
        "result": job.result,
        "created_at": format_nanos(job.created_at),
        "updated_at": format_nanos(job.updated_at),
        "plan": None if job.plan == ORDINARY else msgspec.to_builtins(job.plan),
    }
    return {name: value for name, value in record.items() if value is not None}


def history_record(job: Job) -> list[dict[str, Any]]:
    """Each status with its time, cause and place among all events of the store, the oldest first."""
    return [
        {"at": format_nanos(entry.at), "status": entry.status, "cause": entry.cause, "sequence": entry.sequence} for entry in job.history
    ]


def job_with_history(job: Job) -> dict[str, Any]:
    """`{job, history}`."""
    return {"job": job_record(job), "history": history_record(job)}
