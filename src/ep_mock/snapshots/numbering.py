"""The one order of events in a snapshot: the numbers of its transitions.

Numbers of requests are missing between them, because the journal is not saved. Snapshots from before there
were numbers get them when they are restored.
"""

from __future__ import annotations

import msgspec

from ep_mock.domain.location import Location
from ep_mock.snapshots import format as form


def check_numbers(root: Location, state: form.StoreSnapshot) -> None:
    """Numbers rise within each job, no two transitions have the same one, none is beyond the latest.

    Raises:
        UsageError: a rule is broken. The message names the place.
    """
    if state.sequence is None:
        _check_there_are_none(root, state)
        return
    seen: set[int] = set()
    for index, job in enumerate(state.jobs):
        before = 0
        for position, entry in enumerate(job.history):
            place, number = root.at("jobs", index, "history", position), entry.sequence
            place.expect(
                before < number <= state.sequence,
                f"a sequence above {before} and at most {state.sequence}, the latest of the store",
                number,
            )
            place.expect(number not in seen, "a sequence that no other entry has", number)
            seen.add(number)
            before = number
    before = 0
    for index, transition in enumerate(state.transitions):
        number = transition.sequence
        root.at("transitions", index).expect(
            before < number, f"a sequence above {before}, that of the entry before", number
        )
        before = number


def _check_there_are_none(root: Location, state: form.StoreSnapshot) -> None:
    for index, job in enumerate(state.jobs):
        for position, entry in enumerate(job.history):
            place = root.at("jobs", index, "history", position)
            place.expect(entry.sequence == 0, "no sequence, for the store has none", entry.sequence)


def number_transitions(state: form.StoreSnapshot) -> int:
    """Number the transitions of a snapshot that has no numbers, in the order in which they happened; answers
    the latest number.

    What the store no longer remembers is ordered by its time and by the numbers of the jobs.
    """
    jobs = {job.id: job for job in state.jobs}
    left = {job.id: len(job.history) for job in state.jobs}
    number = state.transitions_total
    for index in reversed(range(len(state.transitions))):
        transition = state.transitions[index]
        left[transition.job_id] -= 1
        state.transitions[index] = msgspec.structs.replace(transition, sequence=number)
        _number(jobs[transition.job_id], left[transition.job_id], number)
        number -= 1
    older = [
        (job.history[place].at, job.number, place, job) for job in state.jobs for place in range(left[job.id])
    ]
    for earlier, (_, _, place, job) in enumerate(sorted(older, key=lambda change: change[:3]), 1):
        _number(job, place, earlier)
    return state.transitions_total


def _number(job: form.JobState, place: int, number: int) -> None:
    job.history[place] = msgspec.structs.replace(job.history[place], sequence=number)
