"""How ep-mock is a process: sockets, uvicorn, TLS, logs, event loops; and how it is called."""
