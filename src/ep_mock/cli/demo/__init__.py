"""`ep-mock demo`: six scenes, played over HTTP against a server of its own.

The store's clock is manual and the demo moves it, frame by frame. So every run shows the same, and only a
terminal waits.
"""

from ep_mock.cli.demo.command import command

__all__ = ["command"]
