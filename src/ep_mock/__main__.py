"""`python -m ep_mock` is `ep-mock`."""

from __future__ import annotations

from ep_mock.cli import main

if __name__ == "__main__":
    main()
