"""The order of events in a snapshot: the sequence numbers of its transitions.

The numbers of requests are missing between them, because the journal isn't saved. Snapshots of older versions
have no numbers; they get them when they are restored.
"""

from __future__ import annotations

import msgspec

from ep_mock.snapshots import format as form
from ep_mock.snapshots.rules import ROOT


def check_numbers(saved: form.StoreSnapshot) -> None:
    """Numbers ascend within each job and in the store, are unique, and none is beyond the latest.

    Raises:
        UsageError: the snapshot breaks a rule. The message names the location.
    """
    latest, seen = saved.sequence, set[int]()
    for index, job in enumerate(saved.jobs):
        before = 0
        for position, entry in enumerate(job.history):
            location, number = ROOT.child("jobs", index, "history", position), entry.sequence
            if latest is None:
                location.expect(number == 0, "no sequence, because the store has none", number)
                continue
            expected = f"a sequence above {before} and at most {latest}, the latest of the store"
            location.expect(before < number <= latest, expected, number)
            location.expect(number not in seen, "a sequence that no other entry has", number)
            seen.add(number)
            before = number
    if latest is None:
        return
    before = 0
    for index, transition in enumerate(saved.transitions):
        number, expected = transition.sequence, f"a sequence above {before}, that of the entry before"
        ROOT.child("transitions", index).expect(before < number, expected, number)
        before = number


def number_transitions(saved: form.StoreSnapshot) -> int:
    """Number the transitions of a snapshot without numbers in the order of events; returns the latest number.

    Transitions that the store no longer remembers are ordered by their time and by the numbers of the jobs.
    """
    jobs = {job.id: job for job in saved.jobs}
    unnumbered = {job.id: len(job.history) for job in saved.jobs}
    number = saved.transitions_total
    for index, transition in reversed([*enumerate(saved.transitions)]):
        saved.transitions[index] = msgspec.structs.replace(transition, sequence=number)
        unnumbered[transition.job_id] -= 1
        _number(jobs[transition.job_id], unnumbered[transition.job_id], number)
        number -= 1
    forgotten = [
        (job.history[position].at, job.number, position, job)
        for job in saved.jobs
        for position in range(unnumbered[job.id])
    ]
    for number, (_, _, position, job) in enumerate(sorted(forgotten, key=lambda change: change[:3]), 1):
        _number(job, position, number)
    return saved.transitions_total


def _number(job: form.JobSnapshot, position: int, number: int) -> None:
    job.history[position] = msgspec.structs.replace(job.history[position], sequence=number)
