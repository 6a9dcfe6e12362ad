"""`ep-mock openapi`: the OpenAPI documents that the mock works from."""

from __future__ import annotations

import click


@click.command("openapi", short_help="Print an OpenAPI document of the mock.")
@click.argument("document", type=click.Choice(["standard", "rule", "control"]))
def command(document: str) -> int:
    """Print an OpenAPI document of the mock, as JSON: of one promotion family, or of the control plane."""
    import msgspec

    from ep_mock.contract.documents import load_document

    click.echo(msgspec.json.format(msgspec.json.encode(load_document(document).raw), indent=2))
    return 0
