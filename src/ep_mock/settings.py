"""Every setting of ep-mock: one table from which the command line, the environment, the configuration file
and the docs are made.

A flag beats the environment, the environment beats the file, the file beats the default. Settings of scope
`store` are each store's own and may be changed while the server runs; those of scope `start` say how a store
begins, and a reset may choose them anew; those of scope `server` are fixed at the start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from ep_mock.clock import MAX_SCALE, MIN_SCALE, ClockMode
from ep_mock.errors import UsageError
from ep_mock.timings import parse_timings

AuthMode = Literal["lenient", "strict", "off"]
LogFormat = Literal["text", "json"]
Scope = Literal["server", "start", "store"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
RESET_SCOPES: Final[tuple[Scope, ...]] = ("start", "store")
"""The scopes of what a reset can change, for one store and until its next reset."""

ENVIRONMENT_PREFIX = "EP_MOCK_"

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def _setting(
    default: Any,
    help_text: str,
    *,
    scope: Scope = "server",
    least: float | None = None,
    most: float | None = None,
) -> Any:
    return dataclasses.field(
        default=default, metadata={"help": help_text, "scope": scope, "least": least, "most": most}
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a server and its stores are started with. Raises `UsageError`, naming the setting, when a value
    cannot be used.
    """

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8080, "Port to listen on; 0 picks a free one.", least=0, most=65535)
    public_url: str = _setting(
        "", "Scheme and host that links and URLs begin with, instead of those of the request."
    )
    seed: str = _setting(
        "", "Seed of all ids, codes and signatures; empty means a new one at each start.", scope="start"
    )
    fixtures: tuple[str, ...] = _setting(
        (),
        "File (JSON or YAML), folder of such files, or name of a shipped fixture, to fill each new store "
        "with; repeatable.",
    )
    auth: AuthMode = _setting(
        "lenient", "lenient: any bearer token; strict: only issued, unexpired ones; off: none needed."
    )
    client_id: str = _setting("", "With strict auth: the only client id that gets a token; empty means any.")
    client_secret: str = _setting(
        "", "With strict auth: the client secret that must come with it; empty means any."
    )
    token_seconds: int = _setting(3600, "How long an access token is valid.", least=1, most=10**8)
    max_body_bytes: int = _setting(
        1_048_576, "Largest request body; a larger one is answered with 413.", least=1, most=10**9
    )
    tls_certificate: str = _setting(
        "",
        "Certificate (a PEM file, with those of the authorities between) to serve https with; empty means "
        "http.",
    )
    tls_key: str = _setting(
        "", "Private key of the certificate (a PEM file without a passphrase), unless it is in the same file."
    )
    access_log: bool = _setting(False, "Log each request.")
    log_format: LogFormat = _setting(
        "text", "What lines on standard output and standard error are: text, or JSON objects."
    )
    control: bool = _setting(True, "Serve the control plane under /__ep_mock/.")
    control_token: str = _setting(
        "", "Token that control calls must bring, as X-EP-Mock-Token or bearer; empty means none is needed."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "Name by which control calls may call the server, besides localhost and addresses; * is any; "
        "repeatable. "
        "Without one, a server that is not on loopback takes any.",
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        "Origin of web pages that may make control calls, such as http://localhost:3000; * is any; "
        "repeatable.",
    )
    max_control_body_bytes: int = _setting(
        67_108_864, "Largest body of a control call, such as a snapshot.", least=1, most=10**10
    )
    journal_entries: int = _setting(
        2000, "Most requests that a store's journal keeps; 0 means no journal.", least=0, most=10**7
    )
    journal_bytes: int = _setting(
        4_194_304, "Most bytes that a store's journal takes up, about.", least=0, most=10**10
    )

    stores: Literal["header", "client-id"] = _setting(
        "header",
        "What chooses the store besides the header X-EP-Mock-Store: nothing, or the client id behind the "
        "bearer token.",
    )
    state: str = _setting(
        "",
        "File that all stores are loaded from at the start and saved to at a clean stop; empty means none.",
    )

    clock: ClockMode = _setting(
        "real",
        "real, scaled (see clock_scale), manual (moves when told), poll (manual, and a poll moves it).",
        scope="start",
    )
    clock_scale: float = _setting(
        1.0,
        "How many seconds pass per second on a scaled clock.",
        scope="start",
        least=MIN_SCALE,
        most=MAX_SCALE,
    )
    clock_start: str = _setting(
        "", "Time at which each store's clock starts (2024-12-03T23:31:35Z); empty means now.", scope="start"
    )
    timings: str = _setting(
        "fast",
        "Pace of the worker: instant, fast or documented, and single steps: "
        "fast,pickup=2s,generate_per_code=10ms.",
        scope="store",
    )
    codes_limit: int = _setting(1000, "Most codes a promotion may have.", scope="store", least=0, most=10**8)
    long_codes_limit: int = _setting(
        0,
        "Most codes a promotion may have that lasts more than 365 days; 0 means as many as any other.",
        scope="store",
        least=0,
        most=10**8,
    )
    promotions_limit: int = _setting(
        1000, "Most promotions of each family in a store.", scope="store", least=0, most=10**8
    )
    automatic_limit: int = _setting(
        50, "Most active and future automatic Rule promotions in a store.", scope="store", least=0, most=10**8
    )
    reenable_codes_limit: int = _setting(
        1000,
        "Most codes with which an expired promotion can be given a later end.",
        scope="store",
        least=0,
        most=10**8,
    )
    rate_limit: int = _setting(
        0,
        "Most requests in a second of the store's clock, which must be running; more are answered with 429. "
        "0 means no limit.",
        scope="store",
        least=0,
        most=10**9,
    )
    stuck_polls: int = _setting(
        200,
        "While time stands still: how often a request about an unfinished job may come before a 503 says "
        "why; 0 means any number of times.",
        scope="store",
        least=0,
        most=10**9,
    )
    poll_moves: Literal["jobs", "any"] = _setting(
        "jobs",
        "What moves a poll clock: jobs (lists of jobs, files that are not ready), any (each request that "
        "reads the job's promotion).",
        scope="store",
    )
    export_url_seconds: int = _setting(
        3600, "How long the URL of an exported file is valid.", scope="store", least=1, most=10**8
    )
    foreign_filters: Literal["refuse", "ignore"] = _setting(
        "refuse",
        "What becomes of a filter by something that a list cannot be filtered by: 400, or left out.",
        scope="store",
    )
    cancelling_blocks: bool = _setting(
        True, "Refuse a new job while the previous one is cancelling.", scope="store"
    )
    code_case: Literal["lower", "upper"] = _setting("lower", "Case of generated codes.", scope="store")
    rule_result_key: Literal["result", "generate_result"] = _setting(
        "result", "Key of a Rule job's result; documents until early 2025 say generate_result.", scope="store"
    )
    rule_code_type: bool = _setting(
        False, "Give Rule codes a type, as the newest document does.", scope="store"
    )
    unique_codes: bool = _setting(
        True, "Refuse a Standard code that another unexpired Standard promotion has.", scope="store"
    )
    author: str = _setting(
        "ep-mock@example.com", "Who created promotions and codes (created_by, updated_by).", scope="store"
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if type_of(field.name) is tuple:
                object.__setattr__(self, field.name, _words(field.name, getattr(self, field.name)))
            _check(field, getattr(self, field.name))
        parse_timings(self.timings)
        if self.public_url and not self.public_url.startswith(("http://", "https://")):
            raise UsageError(
                f"public_url: expected a URL such as https://promotions.test, got {self.public_url!r}"
            )
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        object.__setattr__(
            self, "allowed_origins", tuple(_checked_origin(origin) for origin in self.allowed_origins)
        )

    def with_changes(self, changes: Mapping[str, Any], *, scopes: tuple[Scope, ...] = SCOPES) -> Settings:
        """A copy with some settings changed; only settings of these scopes may change.

        Raises:
            UsageError: a name is unknown, of another scope, or a value cannot be used.
        """
        allowed = setting_names(*scopes)
        for name in changes:
            if name not in allowed:
                raise UsageError(f"{name}: not a setting that can be changed here; {_instead(name, allowed)}")
        return dataclasses.replace(self, **changes)


_KINDS = get_type_hints(Settings)


def resolve_settings(given: Settings | None, default: Settings, changes: Mapping[str, Any]) -> Settings:
    """Settings as a whole, or the default ones, with single ones changed.

    Raises:
        UsageError: they are none, a name is unknown, or a value cannot be used.
    """
    if given is not None and not isinstance(given, Settings):
        raise UsageError(
            f"settings: expected ep_mock.Settings, or keywords such as clock='manual', got {given!r}"
        )
    return (given or default).with_changes(changes)


def settings_fields() -> tuple[dataclasses.Field[Any], ...]:
    """The table of settings, in the order in which they are documented."""
    return dataclasses.fields(Settings)


def setting_names(*scopes: Scope) -> tuple[str, ...]:
    """The names of the settings of these scopes, in the order of the table."""
    return tuple(field.name for field in settings_fields() if field.metadata["scope"] in scopes)


def choices_of(name: str) -> tuple[str, ...]:
    """The words that a setting accepts, empty when it is not a choice between words."""
    return get_args(_KINDS[name]) if get_origin(_KINDS[name]) is Literal else ()


def type_of(name: str) -> type:
    """The Python type of a setting's value."""
    kind = _KINDS[name]
    if get_origin(kind) is Literal:
        return str
    return tuple if get_origin(kind) is tuple else kind


def parse_setting(name: str, text: str) -> Any:
    """The value of a setting written as text, as flags and environment variables have it.

    Raises:
        UsageError: the text does not fit the setting's type.
    """
    kind = type_of(name)
    if kind is tuple:
        return tuple(part for part in text.split(",") if part)
    if kind is bool:
        lowered = text.strip().lower()
        if lowered in ("1", "true", "yes", "on"):
            return True
        if lowered in ("0", "false", "no", "off", ""):
            return False
        raise UsageError(f"{name}: expected true or false, got {text!r}")
    if kind is str:
        return text
    try:
        return kind(text)
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise UsageError(f"{name}: expected {expected}, got {text!r}") from None


def _instead(name: str, allowed: Sequence[str]) -> str:
    # Imported when needed: only who errs pays for it.
    from difflib import get_close_matches

    close = get_close_matches(name, allowed, 1)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(allowed)}"


def _words(name: str, given: object) -> tuple[str, ...]:
    """One word or several, as several; paths count as words."""
    several = given if isinstance(given, tuple | list) else (given,)
    for each in several:
        if not isinstance(each, str | PathLike):
            raise UsageError(f"{name}: expected words such as ('one', 'two'), got {given!r}")
    return tuple(str(each) for each in several)


def origin_of(url: str) -> str:
    """The origin of a URL, as a browser writes it: `https://shop.test` of `https://Shop.test:443/x`; empty if
    it has none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _checked_origin(text: str) -> str:
    """An origin, as a browser writes it, or `*`."""
    origin = origin_of(text)
    if text != "*" and not (
        origin and text.removesuffix("/").count("/") == 2 and set("@?#").isdisjoint(text)
    ):
        raise UsageError(
            f"allowed_origins: expected an origin such as http://localhost:3000, or *, got {text!r}"
        )
    return origin or text


def _check(field: dataclasses.Field[Any], value: Any) -> None:
    choices, kind = choices_of(field.name), type_of(field.name)
    if choices and value not in choices:
        raise UsageError(f"{field.name}: expected one of {', '.join(choices)}, got {value!r}")
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise UsageError(f"{field.name}: expected {kind.__name__}, got {value!r}")
    least, most = field.metadata["least"], field.metadata["most"]
    if (least is not None and value < least) or (most is not None and value > most):
        span = f"at least {least}" if most is None else f"a number from {least} to {most}"
        raise UsageError(f"{field.name}: expected {span}, got {value!r}")
