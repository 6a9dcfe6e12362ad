"""What must hold of the codes in a snapshot and of the batches that they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ep_mock.domain.codes import joined_prefix
from ep_mock.domain.families import FAMILIES, Family
from ep_mock.domain.location import Location
from ep_mock.simulation.code_book import key_of
from ep_mock.snapshots import format as form

_UNITS: Final = tuple(unit for family in FAMILIES for unit in family.consume_units)


def check_batches(place: Location, batches: Sequence[form.BatchState], now: int) -> None:
    """Each batch says of its codes what a job or a request could have said."""
    for index, batch in enumerate(batches):
        at = place.at(index)
        at.at("prefix").expect(
            joined_prefix(batch.prefix) == batch.prefix,
            "nothing, or a text that ends with a dash",
            batch.prefix,
        )
        keys = (batch.prefix, batch.prefix.casefold())
        at.at("key_prefix").expect(
            batch.key_prefix in keys,
            "the prefix, or the prefix in lower case",
            batch.key_prefix,
        )
        _check_unit(at, batch.consume_unit, _UNITS)
        at.at("created_at").past_nanos(batch.created_at, now)


def check_runs(
    place: Location, runs: form.CodeRuns, batches: Sequence[form.BatchState], family: Family
) -> None:
    """Each code is there once, under the key that its family stores it under, and its batch exists."""
    number, keys = 0, set[str]()
    for index, run in enumerate(runs):
        at = place.at(index)
        if isinstance(run, form.PlainRun):
            check_keys(at.at("keys"), run.keys, family)
            batch = check_batch(at.at("batch"), run.batch, batches)
            fits = not batch.key_prefix or all(key.startswith(batch.key_prefix) for key in run.keys)
            at.at("keys").expect(
                fits,
                f"codes that begin with {batch.key_prefix!r}, as their batch says",
                _first(run.keys, batch.key_prefix),
            )
            keys.update(run.keys)
            number += len(run.keys)
        else:
            _check_single(at, run, batches, family)
            keys.add(run.key)
            number += 1
        at.expect(
            len(keys) == number,
            "no code that is there already",
            run.keys if isinstance(run, form.PlainRun) else run.key,
        )


def check_keys(place: Location, keys: Iterable[str], family: Family) -> None:
    """Keys are spelled as the family stores them."""
    if family.codes_fold_case:
        odd = next((key for key in keys if key != key_of(family, key)), None)
        place.expect(odd is None, f"codes in lower case, as a {family.name} promotion stores them", odd)


def check_batch(place: Location, number: int, batches: Sequence[form.BatchState]) -> form.BatchState:
    """The batch that a number stands for."""
    place.expect(
        number < len(batches),
        f"the number of one of the {len(batches)} batches, counted from 0",
        number,
    )
    return batches[number]


def _check_single(
    place: Location,
    run: form.SingleCode,
    batches: Sequence[form.BatchState],
    family: Family,
) -> None:
    code, at = run.code, place.at("code")
    check_batch(at.at("batch"), code.batch, batches)
    key = key_of(family, code.code)
    place.at("key").expect(run.key == key, f"what its code is stored under, {key!r}", run.key)
    _check_unit(at, code.consume_unit, family.consume_units)
    if code.uses is not None and code.max_uses is not None:
        at.at("uses").expect(
            code.uses <= code.max_uses,
            f"what is left of max_uses, at most {code.max_uses}",
            code.uses,
        )
    limits = code.max_uses_per_shopper
    if limits is not None:
        most, guests = limits.get("max_uses", 0), limits.get("includes_guests", False)
        at.at("max_uses_per_shopper", "max_uses").expect(
            type(most) is int and most >= 0,
            "a whole number from 0 on",
            most,
        )
        at.at("max_uses_per_shopper", "includes_guests").expect(type(guests) is bool, "true or false", guests)


def _check_unit(place: Location, unit: str | None, units: Sequence[str]) -> None:
    place.at("consume_unit").expect(unit is None or unit in units, f"one of {', '.join(units)}", unit)


def _first(keys: Iterable[str], prefix: str) -> str | None:
    return next((key for key in keys if not key.startswith(prefix)), None)
