"""The table of all settings. The command line, the environment, the configuration file and the docs use it.

A flag beats the environment, the environment beats the file, the file beats the default. Settings of scope
`server` are fixed at the start. Settings of scope `start` apply when a store begins; a reset can change them.
Settings of scope `store` belong to each store and can change while the server runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, get_args, get_type_hints

from ep_mock.clock import MAX_SCALE, MIN_SCALE, ClockMode
from ep_mock.errors import UsageError
from ep_mock.setting_values import (
    as_words,
    check_origin,
    check_public_url,
    check_value,
    choices_in,
    parse_value,
    type_in,
)
from ep_mock.timings import parse_timings

AuthMode = Literal["lenient", "strict", "off"]
LogFormat = Literal["text", "json"]
Scope = Literal["server", "start", "store"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
RESET_SCOPES: Final[tuple[Scope, ...]] = ("start", "store")
"""The scopes of the settings that a reset can change, for one store and until its next reset."""

ENVIRONMENT_PREFIX = "EP_MOCK_"


def _setting(
    default: Any,
    help_text: str,
    *,
    scope: Scope = "server",
    within: tuple[float | None, float | None] = (None, None),
) -> Any:
    metadata = {"help": help_text, "scope": scope, "least": within[0], "most": within[1]}
    return dataclasses.field(default=default, metadata=metadata)


_start_setting = partial(_setting, scope="start")
_store_setting = partial(_setting, scope="store")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a server and its stores.

    Raises:
        UsageError: a value cannot be used; the message begins with the name of the setting.
    """

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8080, "Port to listen on; 0 picks a free one.", within=(0, 65535))
    public_url: str = _setting("", "Scheme and host of links and URLs, instead of those of the request.")
    seed: str = _start_setting("", "Seed of all ids, codes and signatures; empty: a new one at each start.")
    fixtures: tuple[str, ...] = _setting(
        (),
        "Fixture to load into each new store: a JSON or YAML file, a folder of such files, or the name of a "
        "shipped fixture; repeatable.",
    )
    auth: AuthMode = _setting(
        "lenient", "lenient: any bearer token; strict: only issued, unexpired tokens; off: no token needed."
    )
    client_id: str = _setting("", "Strict auth: the only client id that gets a token; empty: any.")
    client_secret: str = _setting("", "Strict auth: the client secret that gets a token; empty: any.")
    token_seconds: int = _setting(3600, "Lifetime of an access token, in seconds.", within=(1, 10**8))
    max_body_bytes: int = _setting(
        1_048_576, "Maximum size of a request body; a larger one gets a 413.", within=(1, 10**9)
    )
    tls_certificate: str = _setting(
        "", "Certificate for https (a PEM file, with intermediate certificates); empty: http."
    )
    tls_key: str = _setting(
        "", "Private key of the certificate (a PEM file without a passphrase), unless it is in the same file."
    )
    access_log: bool = _setting(False, "Log each request.")
    log_format: LogFormat = _setting("text", "Format of the lines on standard output and standard error.")
    control: bool = _setting(True, "Serve the control plane under /__ep_mock/.")
    control_token: str = _setting(
        "", "Token that control requests must send, as X-EP-Mock-Token or bearer; empty: none."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "Host name that control requests may use, besides localhost and IP addresses; * allows any; "
        "repeatable. Without one, a server that does not listen on loopback allows any.",
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        "Origin of web pages that may send control requests, such as http://localhost:3000; * allows any; "
        "repeatable.",
    )
    max_control_body_bytes: int = _setting(
        67_108_864, "Maximum size of the body of a control request, such as a snapshot.", within=(1, 10**10)
    )
    journal_entries: int = _setting(
        2000, "Maximum number of requests in a store's journal; 0: no journal.", within=(0, 10**7)
    )
    journal_bytes: int = _setting(
        4_194_304, "Approximate maximum size of a store's journal, in bytes.", within=(0, 10**10)
    )
    stores: Literal["header", "client-id"] = _setting(
        "header",
        "What chooses the store of a request: header (X-EP-Mock-Store), client-id (this header, else the "
        "client id of the bearer token).",
    )
    state: str = _setting(
        "", "File to load all stores from at the start and to save them to at a clean stop; empty: none."
    )
    clock: ClockMode = _start_setting(
        "real",
        "real, scaled (see clock_scale), manual (moves when told), poll (manual, and a poll moves it).",
    )
    clock_scale: float = _start_setting(
        1.0, "Seconds of a scaled clock per real second.", within=(MIN_SCALE, MAX_SCALE)
    )
    clock_start: str = _start_setting(
        "", "Start time of each store's clock (2024-12-03T23:31:35Z); empty: now."
    )
    timings: str = _store_setting(
        "fast",
        "Pace of the worker: instant, fast or documented, and single steps: "
        "fast,pickup=2s,generate_per_code=10ms.",
    )
    codes_limit: int = _store_setting(1000, "Maximum number of codes per promotion.", within=(0, 10**8))
    long_codes_limit: int = _store_setting(
        0,
        "Maximum number of codes of a promotion that lasts more than 365 days; 0: the same as for any other.",
        within=(0, 10**8),
    )
    promotions_limit: int = _store_setting(
        1000, "Maximum number of promotions per family in a store.", within=(0, 10**8)
    )
    automatic_limit: int = _store_setting(
        50, "Maximum number of active and future automatic Rule promotions in a store.", within=(0, 10**8)
    )
    reenable_codes_limit: int = _store_setting(
        1000,
        "Maximum number of codes with which an expired promotion can get a later end.",
        within=(0, 10**8),
    )
    rate_limit: int = _store_setting(
        0,
        "Maximum number of requests per second of the store's clock, which must be running; others get a "
        "429; 0: no limit.",
        within=(0, 10**9),
    )
    stuck_polls: int = _store_setting(
        200,
        "Number of requests about an unfinished job, with no time passing, before a 503 says why; "
        "0: unlimited.",
        within=(0, 10**9),
    )
    poll_moves: Literal["jobs", "any"] = _store_setting(
        "jobs",
        "What moves a poll clock: jobs (lists of jobs, files that are not ready), any (each request that "
        "reads the job's promotion).",
    )
    export_url_seconds: int = _store_setting(
        3600, "Lifetime of the URL of an exported file, in seconds.", within=(1, 10**8)
    )
    foreign_filters: Literal["refuse", "ignore"] = _store_setting(
        "refuse",
        "What happens to a filter by an attribute that the list does not support: a 400, or nothing.",
    )
    cancelling_blocks: bool = _store_setting(True, "Refuse a new job while the previous one is cancelling.")
    code_case: Literal["lower", "upper"] = _store_setting("lower", "Case of generated codes.")
    rule_result_key: Literal["result", "generate_result"] = _store_setting(
        "result", "Key of a Rule job's result; documents until early 2025 say generate_result."
    )
    rule_code_type: bool = _store_setting(False, "Give Rule codes a type, as the newest document does.")
    unique_codes: bool = _store_setting(
        True, "Refuse a Standard code that another unexpired Standard promotion has."
    )
    author: str = _store_setting(
        "ep-mock@example.com", "Author of promotions and codes (created_by, updated_by)."
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            name, least, most = field.name, field.metadata["least"], field.metadata["most"]
            if type_of(name) is tuple:
                object.__setattr__(self, name, as_words(name, getattr(self, name)))
            check_value(name, _HINTS[name], getattr(self, name), least, most)
        parse_timings(self.timings)
        object.__setattr__(self, "public_url", check_public_url(self.public_url))
        object.__setattr__(self, "allowed_origins", tuple(map(check_origin, self.allowed_origins)))

    def with_changes(self, changes: Mapping[str, Any], *, scopes: tuple[Scope, ...] = SCOPES) -> Settings:
        """A copy with some settings changed. Only settings of these scopes may change.

        Raises:
            UsageError: a name is unknown, of another scope, or a value cannot be used.
        """
        allowed = setting_names(*scopes)
        for name in changes:
            if name not in allowed:
                raise UsageError(f"{name}: not a setting that can be changed here; {_advice(name, allowed)}")
        return dataclasses.replace(self, **changes)


_HINTS = get_type_hints(Settings)


def resolve_settings(settings: Settings | None, default: Settings, changes: Mapping[str, Any]) -> Settings:
    """The given settings, or the default ones, with single settings changed.

    Raises:
        UsageError: `settings` is of another type, a name is unknown, or a value cannot be used.
    """
    if settings is not None and not isinstance(settings, Settings):
        raise UsageError(
            f"settings: expected ep_mock.Settings, or keywords such as clock='manual', got {settings!r}"
        )
    return (settings or default).with_changes(changes)


def settings_fields() -> tuple[dataclasses.Field[Any], ...]:
    """The table of settings, in the order in which they are documented."""
    return dataclasses.fields(Settings)


def setting_names(*scopes: Scope) -> tuple[str, ...]:
    """The names of the settings of these scopes, in the order of the table."""
    return tuple(field.name for field in settings_fields() if field.metadata["scope"] in scopes)


def choices_of(name: str) -> tuple[str, ...]:
    """The words that a setting accepts; empty for a setting that is not a choice between words."""
    return choices_in(_HINTS[name])


def type_of(name: str) -> type:
    """The Python type of a setting's value."""
    return type_in(_HINTS[name])


def parse_setting(name: str, text: str) -> Any:
    """The value of a setting that a flag or an environment variable gives as text.

    Raises:
        UsageError: the text does not fit the setting's type.
    """
    return parse_value(name, _HINTS[name], text)


def _advice(name: str, allowed: tuple[str, ...]) -> str:
    from difflib import get_close_matches  # imported only after a mistake

    close = get_close_matches(name, allowed, 1)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(allowed)}"
