"""Request bodies: from bytes to checked plain data.

A body is decoded once and validated as decoded. The only error of a body is an ApiError with status 400 and all its problems.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ep_mock.contract.decoding import NotDecodableError, decode
from ep_mock.contract.documents import Operation
from ep_mock.contract.schemas import CompiledSchema, compile_schema
from ep_mock.contract.vocabulary import ROOT, Path, invalid_type, required, validation_items
from ep_mock.errors import ApiError, UsageError

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

        Nothing and blanks give an empty object where the body is optional. Raises ApiError(400) for everything that is wrong with
        the body, all problems together.
        """
        if not raw or raw.isspace():
            if self._operation.body_required:
                raise _bad_request(f"The request body is empty: expected {self._expected()}")
            return {}
        data, prefix = self._unwrapped(self._decoded(raw))
        self.check(data, prefix)
        return data

    def check(self, data: dict[str, Any], prefix: Path = _WRAPPED) -> None:
        """Hold plain data, which stands at `prefix` in a body, against the schema. Raises ApiError(400) as for a body."""
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
    """The validator of an operation's body, the same at each call. Raises UsageError if the operation has no JSON body."""
    return BodyValidator(operation)


def validate_body(operation: Operation, raw: bytes) -> dict[str, Any]:
    """What `body_validator(operation)` makes of `raw`."""
    return body_validator(operation)(raw)


def _bad_request(detail: str) -> ApiError:
    return ApiError(400, [{"status": 400, "title": "Bad Request", "detail": detail}])
