"""A usage: the record of one checkout in which a code was used."""

from __future__ import annotations

from typing import Any

import msgspec

from ep_mock.domain.dates import format_millis
from ep_mock.domain.families import Family


class Usage(msgspec.Struct, kw_only=True):
    """One checkout in which a code was used. Times are in nanoseconds.

    Attributes:
        times_used: number of uses it took, in the unit of the code.
    """

    id: str
    family: Family
    code_id: str
    code: str
    code_key: str
    times_used: int
    used_on: int
    updated_at: int
    order_id: str | None = None
    customer_id: str | None = None
    customer_email: str | None = None
    account_id: str | None = None
    updated_by: str | None = None
    anonymized: bool = False

    def listed(self) -> bytes:
        """The usage as the API prints it, without keys that have no value."""
        document: dict[str, Any] = {"id": self.id}
        if self.order_id is not None:
            document["order_id"] = self.order_id
        document |= {
            "code_id": self.code_id,
            "code": self.code,
            "times_used": self.times_used,
            "used_on": format_millis(self.used_on),
        }
        for key in ("customer_id", "account_id", "customer_email"):
            value = getattr(self, key)
            if value is not None:
                document[key] = value
        document["meta"] = {"timestamps": {"updated_at": format_millis(self.updated_at)}}
        if self.updated_by is not None and self.family.usages_name_updater:
            document["updated_by"] = self.updated_by
        document["anonymized"] = self.anonymized
        return msgspec.json.encode(document)
