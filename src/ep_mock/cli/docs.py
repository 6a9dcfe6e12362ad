"""`ep-mock docs`: the page of a running server that shows all its operations."""

from __future__ import annotations

import click

from ep_mock.cli.remote.options import Remote, server_options


@click.command("docs", short_help="Tell the address of the page that shows all operations.")
@click.option("--html", is_flag=True, help="Print the page itself.")
@server_options
def command(remote: Remote, html: bool) -> None:
    """Tell the address of the page that shows all operations of the API and of the control plane, for a
    browser.
    """
    page = remote.call("GET", "docs")
    address = remote.connection.address("docs")
    remote.show({"url": address}, lambda _: page if html else address)
