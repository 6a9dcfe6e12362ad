"""Request bodies: from bytes to checked plain data.

A body is decoded once and validated as decoded. The only error of a body is an ApiError with status 400 that
lists all its problems.
"""

from __future__ import annotations

from functools import cache
from math import isinf
from typing import Any, Final

import msgspec

from ep_mock.contract.documents import Operation
from ep_mock.contract.messages import ROOT, Path, invalid_type, required, validation_items
from ep_mock.contract.schemas import CompiledSchema, compile_schema
from ep_mock.domain.problems import bad_request
from ep_mock.errors import ApiError, UsageError

MAX_DEPTH: Final = 128
"""Maximum nesting of a body: far more than a rule tree needs, far less than what recursive code can bear."""

_BEGINNINGS: Final = {
    b"\xef\xbb\xbf": "a byte order mark; send UTF-8 without one",
    b"\xff\xfe": "a byte order mark of UTF-16 or UTF-32; send UTF-8",
    b"\xfe\xff": "a byte order mark of UTF-16; send UTF-8",
    b"\0\0\xfe\xff": "a byte order mark of UTF-32; send UTF-8",
    b"\x1f\x8b": "the mark of gzip; send it as it is, not compressed",
}
_WRAPPED: Final[Path] = ("data",)


class NotDecodableError(ValueError):
    """The bytes are not acceptable JSON. The message completes "the body is …" and names the place.

    Attributes:
        malformed: whether the text is not JSON at all, rather than JSON beyond a limit.
    """

    def __init__(self, reason: str, *, malformed: bool) -> None:
        super().__init__(reason)
        self.malformed = malformed


def validate_body(operation: Operation, raw: bytes) -> dict[str, Any]:
    """The inside of `data` (or the whole body, where the document has no wrapper) as plain data.

    An empty or blank body gives an empty object where the body is optional.

    Raises:
        ApiError: 400 with all problems of the body.
        UsageError: the operation has no JSON body.
    """
    if not raw or raw.isspace():
        if operation.body_required:
            raise bad_request(f"The request body is empty: expected {_expected(operation)}")
        return {}
    data, prefix = _unwrapped(operation, _decoded(operation, raw))
    validate_data(operation, data, prefix)
    return data


def validate_data(operation: Operation, data: dict[str, Any], prefix: Path = _WRAPPED) -> None:
    """Check plain data against the schema of the body; `prefix` is the path of the data in a body.

    Raises:
        ApiError: 400 with all problems, as for a body.
        UsageError: the operation has no JSON body.
    """
    compiled = _compiled(operation)
    try:
        if compiled.validator.is_valid(data):
            return
        errors = compiled.validator.iter_errors(data)
    except ValueError:
        # Releases of jsonschema-rs without arbitrary precision refuse an integer beyond 64 bits.
        raise bad_request("The request body is not acceptable: a number in it is out of range") from None
    raise ApiError(400, validation_items(errors, data, compiled, prefix))


def decode(raw: bytes) -> Any:
    """The JSON value that `raw` holds.

    Raises:
        NotDecodableError: `raw` is not JSON, or too deep, or has a number that is out of range.
    """
    try:
        value = _decode(raw)
    except msgspec.ValidationError:
        raise NotDecodableError("not acceptable: a number in it is out of range", malformed=False) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotDecodableError(_reason(raw, error), malformed=True) from None
    except RecursionError:
        raise _too_deep() from None
    # A value cannot be deeper than its number of brackets; only then is it worth a walk.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        raise _too_deep()
    return value


@cache
def _compiled(operation: Operation) -> CompiledSchema:
    if operation.body_schema is None:
        raise UsageError(f"{operation!r} has no JSON body to validate")
    return compile_schema(operation.document, operation.body_schema)


def _decoded(operation: Operation, raw: bytes) -> dict[str, Any]:
    try:
        body = decode(raw)
    except NotDecodableError as error:
        hint = f"; expected {_expected(operation)}" if error.malformed else ""
        raise bad_request(f"The request body is {error}{hint}") from None
    if not isinstance(body, dict):
        raise ApiError(400, [invalid_type(ROOT, "object", body)])
    return body


def _unwrapped(operation: Operation, body: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    wrapper = operation.wrapper
    if wrapper is None or (wrapper == "optional" and "data" not in body):
        return body, ()
    if "data" not in body:
        raise ApiError(400, [required("data")])
    data = body["data"]
    if not isinstance(data, dict):
        raise ApiError(400, [invalid_type("data", "object", data)])
    return data, _WRAPPED


def _expected(operation: Operation) -> str:
    return "a JSON object" if operation.wrapper is None else 'a JSON object such as {"data": {...}}'


def _number(text: str) -> int | float:
    number = float(text)
    if isinf(number):
        raise ValueError(text)
    return int(number) if number.is_integer() else number


_decode: Final = msgspec.json.Decoder(float_hook=_number).decode


def _is_too_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(MAX_DEPTH):
        parts = (
            part
            for container in layer
            for part in (container.values() if isinstance(container, dict) else container)
        )
        layer = [part for part in parts if isinstance(part, (dict, list))]
    return bool(layer)


def _too_deep() -> NotDecodableError:
    reason = f"not acceptable: it is nested more than {MAX_DEPTH} levels deep"
    return NotDecodableError(reason, malformed=False)


def _reason(raw: bytes, error: Exception) -> str:
    for beginning, name in _BEGINNINGS.items():
        if raw.startswith(beginning):
            return f"not acceptable: it begins with {name}"
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        # The error of msgspec counts from the beginning of the string that is wrong.
        return f"not UTF-8 {_place(raw, wrong.start)}"
    what, _, offset = str(error).removeprefix("JSON is malformed: ").removesuffix(")").rpartition(" (byte ")
    if not offset.isdecimal():
        return f"not JSON: it ends too early {_place(raw, len(raw))}"
    return f"not JSON: {what} {_place(raw, int(offset))}"


def _place(raw: bytes, offset: int) -> str:
    line = raw.count(b"\n", 0, offset) + 1
    column = offset - raw.rfind(b"\n", 0, offset)
    return f"at byte {offset} (line {line}, column {column})"
