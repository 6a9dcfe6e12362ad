"""`ep-mock docs`: the documentation page of a running server."""

from __future__ import annotations

import click

from ep_mock.cli.remote.client import Remote
from ep_mock.cli.remote.options import server_options


@click.command("docs", short_help="Print the address of the server's documentation page.")
@click.option("--html", is_flag=True, help="Print the page itself.")
@server_options
def command(remote: Remote, html: bool) -> None:
    """Print the address of the page that documents all operations of the API and the control plane. Open it
    in a browser.
    """
    page = remote.call("GET", "docs")
    address = remote.address("docs")
    remote.show({"url": address}, lambda _: page if html else address)
