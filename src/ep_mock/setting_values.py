"""Values of settings: parsed, checked and normalized. Each error begins with the setting's name."""

from __future__ import annotations

from os import PathLike
from typing import Any, Final, Literal, get_args, get_origin
from urllib.parse import urlsplit

from ep_mock.errors import UsageError

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off", "")


def choices_in(hint: Any) -> tuple[str, ...]:
    """The words of a `Literal`; empty for any other type hint."""
    return get_args(hint) if get_origin(hint) is Literal else ()


def type_in(hint: Any) -> type[Any]:
    """The Python type of the values that a type hint allows."""
    if get_origin(hint) is Literal:
        return str
    return tuple if get_origin(hint) is tuple else hint


def parse_value(name: str, hint: Any, text: str) -> Any:
    """The value that a flag or an environment variable gives as text.

    Raises:
        UsageError: the text does not fit the type.
    """
    kind = type_in(hint)
    if kind is tuple:
        return tuple(part for part in text.split(",") if part)
    if kind is bool:
        lowered = text.strip().lower()
        if lowered not in (*_TRUE, *_FALSE):
            raise UsageError(f"{name}: expected true or false, got {text!r}")
        return lowered in _TRUE
    if kind is str:
        return text
    try:
        return kind(text)
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise UsageError(f"{name}: expected {expected}, got {text!r}") from None


def check_value(name: str, hint: Any, value: Any, least: float | None, most: float | None) -> None:
    """Check the type and the range of a value.

    Raises:
        UsageError: the value cannot be used.
    """
    choices, kind = choices_in(hint), type_in(hint)
    if choices and value not in choices:
        raise UsageError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise UsageError(f"{name}: expected {kind.__name__}, got {value!r}")
    if (least is not None and value < least) or (most is not None and value > most):
        span = f"at least {least}" if most is None else f"a number from {least} to {most}"
        raise UsageError(f"{name}: expected {span}, got {value!r}")


def as_words(name: str, value: object) -> tuple[str, ...]:
    """One word or several, as a tuple; a path counts as a word.

    Raises:
        UsageError: one is neither a word nor a path.
    """
    words = value if isinstance(value, tuple | list) else (value,)
    for word in words:
        if not isinstance(word, str | PathLike):
            raise UsageError(f"{name}: expected words such as ('one', 'two'), got {value!r}")
    return tuple(str(word) for word in words)


def check_public_url(url: str) -> str:
    """The URL without a slash at its end.

    Raises:
        UsageError: it is not an http URL.
    """
    if url and not (url.startswith(("http://", "https://")) and origin_of(url)):
        raise UsageError(f"public_url: expected a URL such as https://promotions.test, got {url!r}")
    return url.rstrip("/")


def check_origin(text: str) -> str:
    """An allowed origin as a browser writes it, or `*`.

    Raises:
        UsageError: it is neither.
    """
    origin = origin_of(text)
    is_bare = text.removesuffix("/").count("/") == 2 and set("@?#").isdisjoint(text)
    if text != "*" and not (origin and is_bare):
        raise UsageError(
            f"allowed_origins: expected an origin such as http://localhost:3000, or *, got {text!r}"
        )
    return origin or text


def origin_of(url: str) -> str:
    """The origin of a URL as a browser writes it: `https://shop.test` of `https://Shop.test:443/x`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")
