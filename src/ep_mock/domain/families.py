"""The two promotion families: all differences between Standard and Rule, as data.

Other modules read these values instead of asking which family a promotion belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

FamilyName = Literal["standard", "rule"]


class Family(msgspec.Struct, frozen=True, eq=False):
    """The differences between the families; all values are published.

    Attributes:
        name: the name of the family in ep-mock, and of its OpenAPI document.
        collection: the path segment after `/v2`.
        promotion_type: the `type` of a promotion.
        owner_key: the key under which a job names its promotion.
        ancestor_key: the key under which a promotion names what it belongs to.
        belongs_to_store: whether a promotion belongs to its store; otherwise to its first version.
        consume_units: the units in which uses of a code are counted; the first is the default.
        result_key_varies: whether older documents use another key for the result of a job.
        parameter_order: the order in which the parameters of a generate job are printed.
        cancel_refused: why a job that is neither pending nor processing cannot be cancelled.
        automatic_refused: why an automatic promotion accepts no codes.
        cancel_in_nanoseconds: whether the response to a cancel prints nine digits of a second, as the
            response to a create does.
        codes_fold_case: whether codes that differ only in case are equal.
        codes_unique_in_store: whether only one unexpired promotion of the family may have a code.
        codes_have_ids: whether a code has an id.
        codes_have_type: whether a code has a `type`, unless the setting `rule_code_type` leaves it out.
        code_fields: the fields of a code besides its name.
        unit_beside_codes: whether the unit of new codes may stand beside their list; a published client puts
            it there.
        codes_sortable: whether lists of codes can be sorted, and filtered by `gt`.
        keeps_history: whether an update keeps the previous version.
        shows_current: whether a promotion says that it is the current version.
        ranks_promotions: whether the priority of promotions is unique and the number of automatic ones is
            limited.
        automatic_code: whether an automatic promotion has one code, made by the service.
        lists_created_codes: whether the response to creating codes is the codes; otherwise the promotion.
        reactivation_refused: the error for a later end of an expired promotion with too many codes.
        usages_unknown: the error for usages to anonymize of which none is known, without their ids.
        usages_name_updater: whether a usage says who changed it last.
        usage_sorts: the fields by which the usages of a promotion can be sorted.
        code_usage_sorts: the fields by which the usages of one code can be sorted.
        anonymizing_drops_customer: whether an anonymized usage also loses its customer id.
        promotion_fields: the fields of a request that a promotion keeps, in the order of printing.
        promotion_defaults: the values of fields that are missing in the request.
    """

    name: FamilyName
    collection: str
    promotion_type: str
    owner_key: str
    ancestor_key: str
    belongs_to_store: bool
    consume_units: tuple[str, ...]
    result_key_varies: bool
    parameter_order: tuple[str, ...]
    cancel_refused: str
    automatic_refused: str
    cancel_in_nanoseconds: bool
    codes_fold_case: bool
    codes_unique_in_store: bool
    codes_have_ids: bool
    codes_have_type: bool
    code_fields: tuple[str, ...]
    unit_beside_codes: bool
    codes_sortable: bool
    keeps_history: bool
    shows_current: bool
    ranks_promotions: bool
    automatic_code: bool
    lists_created_codes: bool
    reactivation_refused: Mapping[str, object]
    usages_unknown: Mapping[str, object]
    usages_name_updater: bool
    usage_sorts: tuple[str, ...]
    code_usage_sorts: tuple[str, ...]
    anonymizing_drops_customer: bool
    promotion_fields: tuple[str, ...]
    promotion_defaults: Mapping[str, object]


STANDARD = Family(
    name="standard",
    collection="promotions",
    promotion_type="promotion",
    owner_key="promotion_id",
    ancestor_key="parent_id",
    belongs_to_store=False,
    consume_units=("per_cart", "per_item"),
    result_key_varies=False,
    parameter_order=("number_of_codes", "consume_unit", "max_uses_per_code", "code_length", "code_prefix"),
    cancel_refused="Only pending or processing jobs can be cancelled",
    automatic_refused="Cannot add codes to an automatic promotion",
    cancel_in_nanoseconds=False,
    codes_fold_case=False,
    codes_unique_in_store=True,
    codes_have_ids=False,
    codes_have_type=False,
    code_fields=("user", "uses", "max_uses", "consume_unit"),
    unit_beside_codes=True,
    codes_sortable=False,
    keeps_history=True,
    shows_current=True,
    ranks_promotions=False,
    automatic_code=True,
    lists_created_codes=False,
    reactivation_refused={"status": 422, "source": "request", "title": "Unprocessable Entity", "detail": ""},
    usages_unknown={
        "status": "404",
        "title": "Could not anonymize some usages",
        "detail": "Usages not found.",
    },
    usages_name_updater=False,
    usage_sorts=("code", "customer_id", "order_id", "customer_email", "id", "used_on", "updated_at"),
    code_usage_sorts=("used_on",),
    anonymizing_drops_customer=True,
    promotion_fields=(
        "name",
        "description",
        "enabled",
        "automatic",
        "promotion_type",
        "min_cart_value",
        "max_discount_value",
        "max_applications_per_cart",
        "schema",
    ),
    promotion_defaults={},
)

RULE = Family(
    name="rule",
    collection="rule-promotions",
    promotion_type="rule_promotion",
    owner_key="rule_promotion_id",
    ancestor_key="store_id",
    belongs_to_store=True,
    consume_units=("per_checkout", "per_application"),
    result_key_varies=True,
    parameter_order=("number_of_codes", "max_uses_per_code", "consume_unit", "code_prefix", "code_length"),
    cancel_refused="Only pending or processing jobs can be cancelled.",
    automatic_refused="Cannot add codes to automatic promotion",
    cancel_in_nanoseconds=True,
    codes_fold_case=True,
    codes_unique_in_store=False,
    codes_have_ids=True,
    codes_have_type=True,
    code_fields=("user", "uses", "max_uses", "max_uses_per_shopper", "consume_unit", "is_for_new_shopper"),
    unit_beside_codes=False,
    codes_sortable=True,
    keeps_history=False,
    shows_current=False,
    ranks_promotions=True,
    automatic_code=False,
    lists_created_codes=True,
    reactivation_refused={"title": "Unprocessable Entity", "status": "422", "detail": ""},
    usages_unknown={
        "status": 404,
        "title": "Usages Not Found",
        "detail": "Some usage IDs could not be found.",
    },
    usages_name_updater=True,
    usage_sorts=(),
    code_usage_sorts=(),
    anonymizing_drops_customer=False,
    promotion_fields=(
        "name",
        "description",
        "enabled",
        "automatic",
        "rule_set",
        "priority",
        "stackable",
        "override_stacking",
    ),
    promotion_defaults={"stackable": True, "override_stacking": False},
)

FAMILIES = (STANDARD, RULE)
_BY_NAME = {family.name: family for family in FAMILIES}


def family_named(name: FamilyName) -> Family:
    """The family with this name."""
    return _BY_NAME[name]
