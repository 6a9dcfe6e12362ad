"""What a rule set must fulfil beyond its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ep_mock.errors import ApiError

FREE = ["percent", 100]


def auto_add_refusal(rule_set: Mapping[str, Any], *, automatic: bool) -> ApiError | None:
    """400 when an action adds items to the cart by itself although the promotion is not automatic or the items are not free, else None.

    Published: `auto_add` can be true only with a discount of 100 percent in an automatic promotion. The text is ours.
    """
    for position, action in enumerate(rule_set["actions"]):
        wanted = action.get("limitations", {}).get("items", {}).get("auto_add", False)
        if wanted and not (automatic and action.get("args") == FREE):
            source = f"data.rule_set.actions.{position}.limitations.items.auto_add"
            detail = "auto_add needs an automatic promotion and a discount of 100 percent"
            return ApiError(400, [{"status": 400, "source": source, "title": "Bad Request", "detail": detail}])
    return None
