"""Where ep-mock knowingly answers otherwise than a published example, and which examples cannot be brought
about. Reviewed by hand.

A difference that is not listed here fails a test, and so does one that is listed and does not occur any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from tests.replay.patterns import ABSENT, Mismatch

ANYTHING: Final = "(anything)"


class Difference(NamedTuple):
    """One difference, at one or more places of an example; an asterisk stands for any index.

    `published` and `answered` are what stands there; `ANYTHING` where it does not matter.
    """

    example: str
    places: tuple[str, ...]
    published: Any
    answered: Any
    reason: str

    def explains(self, mismatch: Mismatch, place: str) -> bool:
        """Whether a mismatch is this difference at one of its places."""
        return (
            fnmatchcase(mismatch.place, place)
            and self.published in (mismatch.published, ANYTHING)
            and (
                self.answered == mismatch.answered
                or (self.answered == ANYTHING and mismatch.answered != ABSENT)
            )
        )


_LIST = ("body.links", "body.meta")
_LIST_REASON = "The example leaves out what every list has; the other lists and the documents show it."
_AUTOMATIC_REASON = (
    "The example leaves out a property that the vendor's document requires in every promotion: it is sent."
)

DIFFERENCES: Final = (
    Difference("rule.jobs.list", _LIST, ABSENT, ANYTHING, _LIST_REASON),
    Difference("standard.usages.list", _LIST, ABSENT, ANYTHING, _LIST_REASON),
    Difference("standard.promotions.history", _LIST, ABSENT, ANYTHING, _LIST_REASON),
    Difference(
        "rule.codes.create.duplicate-elsewhere",
        ("body.data",),
        ABSENT,
        ANYTHING,
        "The example shows the message only; that the codes are created, and answered in data, is said beside it.",
    ),
    Difference(
        "rule.codes.list",
        ("body.data.*.created_by",),
        ABSENT,
        "ep-mock@example.com",
        "The example is older than the property, which the vendor's newest document has in every listed code.",
    ),
    Difference(
        "standard.jobs.list",
        ("body.data.1.result.deleted",),
        1000,
        ABSENT,
        "A completed job with deleted codes can only be one whose cancellation lost the race; the diagram allows it, nothing brings it "
        "about but a plan, and other examples of completed jobs have generated alone.",
    ),
    Difference("standard.promotions.create", ("body.data.automatic",), ABSENT, False, _AUTOMATIC_REASON),
    Difference("standard.codes.create", ("body.data.automatic",), ABSENT, False, _AUTOMATIC_REASON),
    Difference(
        "standard.promotions.create",
        ("body.data.min_cart_value.0 (order)",),
        ["currency", "amount"],
        ["amount", "currency"],
        "A promotion is answered as it was sent, the order of keys inside its values included. JSON objects have no order.",
    ),
    Difference(
        "standard.codes.create",
        ("body.data.schema.exclude.targets",),
        None,
        ABSENT,
        "The null is what the service prints for a list that was not sent; the document has no nulls there, and clients break on them.",
    ),
    Difference(
        "standard.promotions.history",
        (
            "body.data.*.automatic",
            "body.data.*.description",
            "body.data.*.promotion_type",
            "body.data.*.schema",
            "body.data.*.start",
            "body.data.*.end",
            "body.data.*.created_by",
            "body.data.*.updated_by",
            "body.data.*.meta",
        ),
        ABSENT,
        ANYTHING,
        "The example is cut: the document says that each entry is a whole promotion.",
    ),
    Difference(
        "standard.promotions.history",
        ("body.data.* (order)",),
        ANYTHING,
        ANYTHING,
        "The cut example puts id before type, every other promotion type before id.",
    ),
    Difference(
        "standard.usages.list",
        ("body.data.0.cusomter_id",),
        "1eaf092c-f6e1-48e6-a64f-1c092b711916",
        ABSENT,
        "A slip of the pen: the document's schema says customer_id.",
    ),
    Difference(
        "standard.usages.list",
        ("body.data.0.customer_id",),
        ABSENT,
        "1eaf092c-f6e1-48e6-a64f-1c092b711916",
        "See cusomter_id.",
    ),
)

NOT_REPLAYED: Final[Mapping[str, str]] = {
    "common.conflict": "A verb is atomic and stores nothing elsewhere: two writes never meet.",
    "common.internal": "Only a defect of ep-mock itself is answered like that; tests of the edge provoke one.",
}
