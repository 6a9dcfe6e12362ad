"""The story that `ep-mock demo` tells: scenes that are played over HTTP, and screens that show them.

The store's clock stands still; the demo itself moves it, frame by frame. So each run shows the same, and only a terminal has to wait.
"""
