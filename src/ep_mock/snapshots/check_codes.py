"""The rules for the codes in a snapshot and for their batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ep_mock.domain.codes import joined_prefix
from ep_mock.domain.families import FAMILIES, Family
from ep_mock.domain.location import Location
from ep_mock.simulation.code_book import key_of
from ep_mock.snapshots import format as form
from ep_mock.snapshots.rules import ROOT, Fields

_UNITS: Final = tuple(unit for family in FAMILIES for unit in family.consume_units)


def check_batches(saved: form.StoreSnapshot) -> None:
    """A job or a request could have made each batch."""
    for index, batch in enumerate(saved.batches):
        fields, prefix = Fields(ROOT.child("batches", index), batch), batch.prefix
        fields.expect(
            "prefix", joined_prefix(prefix) == prefix, "an empty text, or one that ends with a dash"
        )
        known = batch.key_prefix in (prefix, prefix.casefold())
        fields.expect("key_prefix", known, "the prefix, or the prefix in lower case")
        _check_unit(fields, batch.consume_unit, _UNITS)
        fields.expect_past("created_at", saved.clock.now)


def check_runs(
    location: Location, runs: form.CodeRuns, batches: Sequence[form.BatchSnapshot], family: Family
) -> None:
    """Each code exists once, under the key of its family, and its batch exists."""
    number, seen = 0, set[str]()
    for index, run in enumerate(runs):
        fields = Fields(location.child(index), run)
        if isinstance(run, form.PlainRun):
            keys = run.keys
            _check_plain(fields, run, batches, family)
        else:
            keys = [run.key]
            _check_single(fields, run, batches, family)
        seen.update(keys)
        number += len(keys)
        fields.location.expect(len(seen) == number, "each code once", keys)


def check_keys(location: Location, keys: Iterable[str], family: Family) -> None:
    """Keys are spelled as the family stores them."""
    if family.codes_fold_case:
        wrong = next((key for key in keys if key != key_of(family, key)), None)
        location.expect(
            wrong is None, f"codes in lower case, as a {family.name} promotion stores them", wrong
        )


def check_batch(location: Location, index: int, batches: Sequence[form.BatchSnapshot]) -> form.BatchSnapshot:
    """The batch that an index refers to."""
    location.expect(index < len(batches), f"the index of one of the {len(batches)} batches", index)
    return batches[index]


def _check_plain(
    fields: Fields, run: form.PlainRun, batches: Sequence[form.BatchSnapshot], family: Family
) -> None:
    check_keys(fields.at("keys"), run.keys, family)
    prefix = check_batch(fields.at("batch"), run.batch, batches).key_prefix
    if prefix:
        wrong = next((key for key in run.keys if not key.startswith(prefix)), None)
        fields.at("keys").expect(wrong is None, f"codes with the prefix of their batch, {prefix!r}", wrong)


def _check_single(
    fields: Fields, run: form.SingleCode, batches: Sequence[form.BatchSnapshot], family: Family
) -> None:
    code = run.code
    of_code = Fields(fields.at("code"), code)
    check_batch(of_code.at("batch"), code.batch, batches)
    key = key_of(family, code.code)
    fields.expect("key", run.key == key, f"the key of its code, {key!r}")
    _check_unit(of_code, code.consume_unit, family.consume_units)
    if code.uses is not None and code.max_uses is not None:
        of_code.expect("uses", code.uses <= code.max_uses, f"at most max_uses, {code.max_uses}")
    if code.max_uses_per_shopper is not None:
        most = code.max_uses_per_shopper.get("max_uses", 0)
        guests = code.max_uses_per_shopper.get("includes_guests", False)
        limits = of_code.at("max_uses_per_shopper")
        limits.child("max_uses").expect(type(most) is int and most >= 0, "a whole number from 0 on", most)
        limits.child("includes_guests").expect(type(guests) is bool, "true or false", guests)


def _check_unit(fields: Fields, unit: str | None, units: Sequence[str]) -> None:
    fields.expect("consume_unit", unit is None or unit in units, f"one of {', '.join(units)}")
