"""Certificates of tests, and keys that are no secret: nothing trusts them. They are good until 2126.

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj '/CN=ep-mock
    tests' -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout localhost-key.pem -out localhost.pem
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

CERTIFICATE = str(_HERE / "localhost.pem")
KEY = str(_HERE / "localhost-key.pem")
OTHER_KEY = str(_HERE / "other-key.pem")
KEY_WITH_PASSPHRASE = str(_HERE / "with-passphrase-key.pem")
