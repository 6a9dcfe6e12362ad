"""The settings as keyword arguments, for editors and type checkers. `Settings` explains each of them."""

from __future__ import annotations

from typing import Literal, TypedDict

from ep_mock.clock import ClockMode
from ep_mock.settings import AuthMode, LogFormat


class StoreSettings(TypedDict, total=False):
    """Settings that can change at any time."""

    timings: str
    codes_limit: int
    long_codes_limit: int
    promotions_limit: int
    automatic_limit: int
    reenable_codes_limit: int
    rate_limit: int
    stuck_polls: int
    poll_moves: Literal["jobs", "any"]
    export_url_seconds: int
    foreign_filters: Literal["refuse", "ignore"]
    cancelling_blocks: bool
    code_case: Literal["lower", "upper"]
    rule_result_key: Literal["result", "generate_result"]
    rule_code_type: bool
    unique_codes: bool
    author: str


class ResetSettings(StoreSettings, total=False):
    """Settings that a reset can change."""

    seed: str
    clock: ClockMode
    clock_scale: float
    clock_start: str


class SettingKeywords(ResetSettings, total=False):
    """All settings."""

    host: str
    port: int
    public_url: str
    fixtures: tuple[str, ...]
    auth: AuthMode
    client_id: str
    client_secret: str
    token_seconds: int
    max_body_bytes: int
    tls_certificate: str
    tls_key: str
    access_log: bool
    log_format: LogFormat
    control: bool
    control_token: str
    allowed_hosts: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    max_control_body_bytes: int
    journal_entries: int
    journal_bytes: int
    stores: Literal["header", "client-id"]
    state: str
