"""The client to copy, over real connections."""

from __future__ import annotations

import os
import resource

from client.ferrygate_client import Client
from tests.gateway.connectors.request.harness import PLAIN, running


def test_a_caller_with_many_files_open_keeps_its_connection() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1_100)]
    try:
        with running(PLAIN) as gate, Client(f"http://127.0.0.1:{gate.port}") as caller:
            for _ in range(2):
                assert caller.call("GET", "/fhir/DiagnosticReport/r-1").status == 200
            assert gate.source.connections == 1
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
