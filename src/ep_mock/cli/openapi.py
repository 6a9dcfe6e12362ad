"""`ep-mock openapi`: the OpenAPI documents."""

from __future__ import annotations

import click

_NAMES = ("standard", "rule", "control")


@click.command("openapi", short_help="Print an OpenAPI document.")
@click.argument("document", type=click.Choice([*_NAMES, "all"]))
def command(document: str) -> int:
    """Print an OpenAPI document as JSON: of a promotion family, the control plane, or all in one object."""
    import msgspec

    from ep_mock.contract.documents import load_document

    if document == "all":
        printed: object = {name: load_document(name).raw for name in _NAMES}
    else:
        printed = load_document(document).raw
    click.echo(msgspec.json.format(msgspec.json.encode(printed), indent=2))
    return 0
