"""How ep-mock is a process: sockets, uvicorn, TLS, logs, event loops."""
