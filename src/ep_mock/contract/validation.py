"""Request bodies: from bytes to checked plain data.

A body is decoded once and validated as decoded. The only error of a body is an ApiError with status 400 and
all its problems.
"""

from __future__ import annotations

from functools import cache
from math import isinf
from typing import Any, Final

import msgspec

from ep_mock.contract.documents import Operation
from ep_mock.contract.messages import ROOT, Path, invalid_type, required, validation_items
from ep_mock.contract.schemas import CompiledSchema, compile_schema
from ep_mock.errors import ApiError, UsageError

MAX_DEPTH: Final = 128
"""How deep a body may be nested. Far below what any recursive program on the way can bear, far above what a
rule tree needs.
"""


class NotDecodableError(ValueError):
    """The bytes are not what they should be. The message completes the sentence "the body is …" and names the
    place.

    Attributes:
        malformed: whether the text is not JSON at all, rather than JSON beyond a limit.
    """

    def __init__(self, reason: str, *, malformed: bool) -> None:
        super().__init__(reason)
        self.malformed = malformed


def decode(raw: bytes) -> Any:
    """The JSON value that `raw` holds. Raises NotDecodableError for anything that is wrong with it."""
    try:
        value = _decode(raw)
    except msgspec.ValidationError:
        raise NotDecodableError("not acceptable: a number in it is out of range", malformed=False) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotDecodableError(_reason(raw, error), malformed=True) from None
    except RecursionError:
        raise _too_deep() from None
    # A value cannot be deeper than its brackets are many; only then is it worth a walk.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        raise _too_deep()
    return value


_BEGINNINGS: Final = {
    b"\xef\xbb\xbf": "a byte order mark; send UTF-8 without one",
    b"\xff\xfe": "a byte order mark of UTF-16 or UTF-32; send UTF-8",
    b"\xfe\xff": "a byte order mark of UTF-16; send UTF-8",
    b"\0\0\xfe\xff": "a byte order mark of UTF-32; send UTF-8",
    b"\x1f\x8b": "the mark of gzip; send it as it is, not compressed",
}


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
    return NotDecodableError(
        f"not acceptable: it is nested more than {MAX_DEPTH} levels deep", malformed=False
    )


def _reason(raw: bytes, error: Exception) -> str:
    for beginning, what in _BEGINNINGS.items():
        if raw.startswith(beginning):
            return f"not acceptable: it begins with {what}"
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        # The decoder counts from the beginning of the string that is wrong.
        return f"not UTF-8 {_place(raw, wrong.start)}"
    what, _, offset = str(error).removeprefix("JSON is malformed: ").removesuffix(")").rpartition(" (byte ")
    if not offset.isdecimal():
        return f"not JSON: it ends too early {_place(raw, len(raw))}"
    return f"not JSON: {what} {_place(raw, int(offset))}"


def _place(raw: bytes, offset: int) -> str:
    line = raw.count(b"\n", 0, offset) + 1
    column = offset - raw.rfind(b"\n", 0, offset)
    return f"at byte {offset} (line {line}, column {column})"


_WRAPPED: Final[Path] = ("data",)


class BodyValidator:
    """The check of one operation's request body. Compiled at its first use, not when it is made."""

    def __init__(self, operation: Operation) -> None:
        if operation.body_schema is None:
            raise UsageError(f"{operation!r} has no JSON body to validate")
        self._operation = operation
        self._schema: Final = operation.body_schema
        self._compiled: CompiledSchema | None = None

    def __call__(self, raw: bytes) -> dict[str, Any]:
        """The inside of `data` (or the whole body, where the document has no wrapper) as plain data.

        Nothing and blanks give an empty object where the body is optional. Raises ApiError(400) for
        everything that is wrong with the body, all problems together.
        """
        if not raw or raw.isspace():
            if self._operation.body_required:
                raise _bad_request(f"The request body is empty: expected {self._expected()}")
            return {}
        data, prefix = self._unwrapped(self._decoded(raw))
        self.check(data, prefix)
        return data

    def check(self, data: dict[str, Any], prefix: Path = _WRAPPED) -> None:
        """Hold plain data, which stands at `prefix` in a body, against the schema. Raises ApiError(400) as
        for a body.
        """
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = compile_schema(self._operation.document, self._schema)
        try:
            if compiled.validator.is_valid(data):
                return
            errors = compiled.validator.iter_errors(data)
        except ValueError:
            # Releases of jsonschema-rs without arbitrary precision refuse an integer beyond 64 bits.
            raise _bad_request("The request body is not acceptable: a number in it is out of range") from None
        raise ApiError(400, validation_items(errors, data, compiled, prefix))

    def _decoded(self, raw: bytes) -> dict[str, Any]:
        try:
            body = decode(raw)
        except NotDecodableError as error:
            hint = f"; expected {self._expected()}" if error.malformed else ""
            raise _bad_request(f"The request body is {error}{hint}") from None
        if not isinstance(body, dict):
            raise ApiError(400, [invalid_type(ROOT, "object", body)])
        return body

    def _unwrapped(self, body: dict[str, Any]) -> tuple[dict[str, Any], Path]:
        wrapper = self._operation.wrapper
        if wrapper is None or (wrapper == "optional" and "data" not in body):
            return body, ()
        if "data" not in body:
            raise ApiError(400, [required("data")])
        data = body["data"]
        if not isinstance(data, dict):
            raise ApiError(400, [invalid_type("data", "object", data)])
        return data, _WRAPPED

    def _expected(self) -> str:
        return "a JSON object" if self._operation.wrapper is None else 'a JSON object such as {"data": {...}}'


@cache
def body_validator(operation: Operation) -> BodyValidator:
    """The validator of an operation's body, the same at each call. Raises UsageError if the operation has no
    JSON body.
    """
    return BodyValidator(operation)


def validate_body(operation: Operation, raw: bytes) -> dict[str, Any]:
    """What `body_validator(operation)` makes of `raw`."""
    return body_validator(operation)(raw)


def _bad_request(detail: str) -> ApiError:
    return ApiError(400, [{"status": 400, "title": "Bad Request", "detail": detail}])
