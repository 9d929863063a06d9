"""Keys and certificates for tests, made by openssl as docs/server.md says."""

import shutil
import subprocess
from pathlib import Path

import pytest


def made(folder: Path, name: str = "room", *more: str) -> tuple[Path, Path]:
    """A key and a certificate for 127.0.0.1 that it has signed itself."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl: TLS is not tested")
    key, cert = folder / f"{name}.key", folder / f"{name}.pem"
    words = ["-newkey", "rsa:2048", "-days", "7", "-subj", "/CN=room", "-addext", "subjectAltName=IP:127.0.0.1"]
    words += [*(more or ("-nodes",)), "-keyout", key, "-out", cert]
    subprocess.run(["openssl", "req", "-x509", *words], check=True, capture_output=True)
    return key, cert
