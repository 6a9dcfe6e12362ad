"""`ep-mock openapi`: the OpenAPI documents that the mock works from."""

from __future__ import annotations

import click


@click.command("openapi", short_help="Print an OpenAPI document of the mock.")
@click.argument("document", type=click.Choice(["standard", "rule", "control", "all"]))
def command(document: str) -> int:
    """Print an OpenAPI document of the mock, as JSON: of one promotion family, of the control plane, or all
    in one object.
    """
    import msgspec

    from ep_mock.contract.documents import load_document

    names = ("standard", "rule", "control")
    printed = (
        {name: load_document(name).raw for name in names}
        if document == "all"
        else load_document(document).raw
    )
    click.echo(msgspec.json.format(msgspec.json.encode(printed), indent=2))
    return 0
