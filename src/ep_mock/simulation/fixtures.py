"""Fixtures: descriptions of what a store holds, read from plain data into typed records.

    {"ep_mock_fixture": 1, "description": …, "settings": {…}, "promotions": [{"family": "rule", "name": …, "codes": […], "jobs": […]}]}

Reading looks at each value for itself; whether all of them fit together, and into a store, is the matter of `fixture_loading`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from ep_mock.domain.codes import DEFAULT_LENGTH, LONGEST_NAME, SHORTEST
from ep_mock.domain.codes import LONGEST as LONGEST_CODE
from ep_mock.domain.families import FAMILIES, Family
from ep_mock.domain.lifecycle import STATUSES, Status
from ep_mock.domain.location import Moment, Place, shown

VERSION: Final = 1
JOB_TYPES: Final = ("code_generate", "code_export")

_VERSION_KEY: Final = "ep_mock_fixture"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SENT_WITH_ALL: Final = ("type", "start", "end")

# What stands in a promotion of which a fixture says no more than its family and name.
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "standard": {
        "description": "Described by a fixture",
        "promotion_type": "fixed_discount",
        "schema": {"currencies": [{"currency": "USD", "amount": 1000}]},
    },
    "rule": {
        "rule_set": {
            "currencies": ["USD"],
            "rules": {"strategy": "cart_total", "operator": "gte", "args": [5000]},
            "actions": [{"strategy": "cart_discount", "args": ["fixed", 1000]}],
        },
    },
}
_COMMON_DEFAULTS: Final[Mapping[str, Any]] = {"enabled": True, "automatic": False, "start": "2000-01-01", "end": "2100-01-01"}

Count = Annotated[int, Meta(ge=0, le=100_000_000)]
_Record = TypeVar("_Record", bound=msgspec.Struct)


class _Described(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a fixture; null is the same as absent."""


class CodeEntry(_Described, frozen=True, kw_only=True):
    """One code. `uses` is what is left of `max_uses`; each is the other where only one is given."""

    code: Annotated[str, Meta(min_length=1)]
    uses: Count | None = None
    max_uses: Count | None = None
    user: str | tuple[str, ...] | None = None
    consume_unit: str | None = None
    max_uses_per_shopper: dict[str, Any] | None = None
    is_for_new_shopper: bool | None = None
    created_at: Moment = 0


class GeneratedCodes(_Described, frozen=True, kw_only=True):
    """Codes of which only the number and the kind are given; the same seed gives the same ones."""

    generate: Annotated[int, Meta(ge=1, le=100_000_000)]
    prefix: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    length: Annotated[int, Meta(ge=SHORTEST, le=LONGEST_CODE)] = DEFAULT_LENGTH
    max_uses: Count | None = None
    consume_unit: str | None = None
    created_at: Moment = 0

    def parameters(self) -> dict[str, Any]:
        """The parameters of the job that would make them."""
        named = {
            "code_prefix": self.prefix,
            "code_length": self.length,
            "max_uses_per_code": self.max_uses,
            "consume_unit": self.consume_unit,
        }
        return {name: value for name, value in named.items() if value is not None}


class ResultEntry(_Described, frozen=True, kw_only=True):
    """What an ended generate job reports."""

    generated: Count
    deleted: Count | None = None


class JobEntry(_Described, frozen=True, kw_only=True):
    """A job in any status.

    Attributes:
        updated_at: when it came into its status; if absent, when it was created.
        generated_so_far: of a processing or cancelling generate job, how many codes it has made.
        deleted_so_far: of a cancelling one, how many of them are deleted again.
        codes_left: of a completed one, how many of its codes are still there; if absent, all that its result does not call deleted.
    """

    job_type: str
    id: str | None = None
    name: str | None = None
    status: Status = "pending"
    parameters: dict[str, Any] | None = None
    error: Annotated[str, Meta(min_length=1)] | None = None
    result: ResultEntry | None = None
    created_at: Moment = 0
    updated_at: Moment | None = None
    generated_so_far: Count | None = None
    deleted_so_far: Count | None = None
    codes_left: Count | None = None


class _Frame(_Described, frozen=True, kw_only=True):
    """What a fixture says of a promotion besides the fields of its create request."""

    family: str
    id: str | None = None
    created_at: Moment | None = None
    codes_limit: Count | None = None
    codes: tuple[Any, ...] = ()
    jobs: tuple[Any, ...] = ()


class PromotionEntry(NamedTuple):
    """A promotion; `request` is its create request with the defaults filled in, in which `start` and `end` may be seconds from loading."""

    place: Place
    family: Family
    id: str | None
    created_at: Moment | None
    codes_limit: int | None
    request: dict[str, Any]
    codes: tuple[CodeEntry | GeneratedCodes, ...]
    jobs: tuple[JobEntry, ...]


class Fixture(NamedTuple):
    """A description of a store's content and settings. `settings` are changes of settings of scope `store`."""

    place: Place
    description: str
    settings: dict[str, Any]
    promotions: tuple[PromotionEntry, ...]


class _Document(_Described, frozen=True, kw_only=True):
    ep_mock_fixture: int
    description: str = ""
    settings: dict[str, Any] = {}
    promotions: tuple[Any, ...] = ()


def parse_fixture(data: object, place: str) -> Fixture:
    """The fixture that plain data describe; `place` is how errors name it.

    Raises:
        UsageError: a value is of the wrong type or kind, missing or unknown. It names the value.
    """
    root = Place(place)
    plain = _as_json(data, root)
    if not isinstance(plain, dict) or _VERSION_KEY not in plain:
        raise root.wrong(f'expected an object that begins with "{_VERSION_KEY}": {VERSION}')
    version = plain[_VERSION_KEY]
    if type(version) is not int or version != VERSION:
        raise root.at(_VERSION_KEY).wrong(f"expected {VERSION}, the only version so far, got {shown(version)}")
    document = _record(plain, _Document, root)
    promotions = tuple(_promotion(entry, root.at("promotions", index)) for index, entry in enumerate(document.promotions))
    return Fixture(root, document.description, document.settings, promotions)


def _as_json(data: object, place: Place) -> object:
    """The data as JSON has them. What JSON or UTF-8 cannot carry could never be answered to a client."""
    try:
        return msgspec.json.decode(msgspec.json.encode(data))
    except UnicodeEncodeError:
        raise place.wrong("a text in it has half a surrogate pair") from None
    except RecursionError:
        raise place.wrong("it is nested too deeply") from None
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise place.wrong(f"it is not what JSON can hold: {error}") from None


def _promotion(data: object, place: Place) -> PromotionEntry:
    if not isinstance(data, dict):
        raise place.wrong(f"expected an object, got {shown(data)}")
    frame_names = _Frame.__struct_fields__
    frame = _record({name: value for name, value in data.items() if name in frame_names}, _Frame, place)
    _check_id(frame.id, place)
    _choice(frame.family, [family.name for family in FAMILIES], place.at("family"))
    family = next(family for family in FAMILIES if family.name == frame.family)
    sent = {name: value for name, value in data.items() if name not in frame_names}
    _refuse_unknown(sent, (*family.promotion_fields, *_SENT_WITH_ALL), place, also=frame_names)
    if "name" not in sent:
        raise place.wrong("name is required")
    defaults = {"type": family.promotion_type, **_COMMON_DEFAULTS, **_DEFAULTS[family.name]}
    if "promotion_type" in sent:
        # The default schema belongs to the default type.
        defaults.pop("schema", None)
    return PromotionEntry(
        place=place,
        family=family,
        id=frame.id,
        created_at=frame.created_at,
        codes_limit=frame.codes_limit,
        request={**defaults, **sent},
        codes=tuple(_code(entry, family, place.at("codes", index)) for index, entry in enumerate(frame.codes)),
        jobs=tuple(_job(entry, family, place.at("jobs", index)) for index, entry in enumerate(frame.jobs)),
    )


def _code(data: object, family: Family, place: Place) -> CodeEntry | GeneratedCodes:
    entry: CodeEntry | GeneratedCodes
    if isinstance(data, dict) and "generate" in data:
        entry = _record(data, GeneratedCodes, place)
    else:
        entry = _record(data, CodeEntry, place, known=("code", *family.code_fields, "created_at"))
        if entry.uses is not None and entry.max_uses is not None and entry.uses > entry.max_uses:
            raise place.at("uses").wrong(f"expected what is left of max_uses, at most {entry.max_uses}, got {entry.uses}")
    if entry.consume_unit is not None:
        _choice(entry.consume_unit, family.consume_units, place.at("consume_unit"))
    return entry


def _job(data: object, family: Family, place: Place) -> JobEntry:
    if isinstance(data, dict) and "status" in data:
        _choice(data["status"], STATUSES, place.at("status"))
    entry = _record(data, JobEntry, place)
    _choice(entry.job_type, JOB_TYPES, place.at("job_type"))
    _check_id(entry.id, place)
    if entry.parameters is not None:
        _refuse_unknown(entry.parameters, family.parameter_order, place.at("parameters"))
    generates = entry.job_type == "code_generate"
    allowed: Mapping[str, tuple[str, bool, tuple[Status, ...]]] = {
        "parameters": ("code_generate", generates, STATUSES),
        "error": ("failed", True, ("failed",)),
        "result": ("completed or cancelled code_generate", generates, ("completed", "cancelled")),
        "generated_so_far": ("processing or cancelling code_generate", generates, ("processing", "cancelling")),
        "deleted_so_far": ("cancelling code_generate", generates, ("cancelling",)),
        "codes_left": ("completed code_generate", generates, ("completed",)),
    }
    for name, (kind, right_type, statuses) in allowed.items():
        if getattr(entry, name) is not None and not (right_type and entry.status in statuses):
            raise place.at(name).wrong(f"only a {kind} job has it; this one is a {entry.status} {entry.job_type} job")
    return entry


def _record(data: object, kind: type[_Record], place: Place, *, known: Iterable[str] | None = None) -> _Record:
    if not isinstance(data, dict):
        raise place.wrong(f"expected an object, got {shown(data)}")
    _refuse_unknown(data, known or kind.__struct_fields__, place)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise place.misfit(error) from None


def _refuse_unknown(data: Mapping[str, Any], known: Iterable[str], place: Place, *, also: Iterable[str] = ()) -> None:
    names = (*also, *known)
    for name in data:
        if name not in names:
            raise place.wrong(f"unknown key {shown(name)}; expected one of {', '.join(names)}")


def _choice(value: object, choices: Collection[str], place: Place) -> None:
    if value not in choices:
        raise place.wrong(f"expected one of {', '.join(choices)}, got {shown(value)}")


def _check_id(value: str | None, place: Place) -> None:
    if value is not None and not _UUID.fullmatch(value):
        raise place.at("id").wrong(f"expected a UUID in lower case, got {shown(value)}")
