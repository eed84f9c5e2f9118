"""The two programs around a gate: a service that echoes JSON, and callers that ask at once when answered.

python -m bench.http_ends peer                                 prints its port, serves until stdin ends
python -m bench.http_ends callers PORT CALLERS COUNT [SECRET]  prints {"rate": ..., "took_ms": [...]}

The service is aiohttp's own server. Callers speak HTTP by hand, to take little of the processors; with
SECRET each request is signed as the client file does it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Final

from aiohttp import web

from client.ferrygate_client import HmacKey, signed_headers

KEY: Final = "bench-01"
_VALUES: Final = [{"code": f"A{n:03}", "value": n * 1.5, "unit": "mmol/L"} for n in range(13)]
CONTENT: Final = json.dumps({"id": "x" * 36, "items": _VALUES}).encode()


async def _echo(request: web.Request) -> web.StreamResponse:
    return web.Response(body=await request.read(), content_type="application/json")


async def peer() -> None:
    application = web.Application()
    application.router.add_post("/orders/{id}", _echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


async def callers(port: int, count_of_callers: int, count: int, secret: str) -> None:
    took_ms: list[float] = []
    signer = HmacKey(KEY, secret) if secret else None
    left = count

    async def caller() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while left > 0:
            left -= 1
            target = f"/orders/{left}"
            said = signed_headers(signer, "POST", target, CONTENT) if signer is not None else {}
            lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
            head = (
                f"POST {target} HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(CONTENT)}\r\n{lines}\r\n"
            )
            begun_s = time.perf_counter()
            writer.write(head.encode("ascii") + CONTENT)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            content = await reader.readexactly(length)
            took_ms.append(1000 * (time.perf_counter() - begun_s))
            if not answer.startswith(b"HTTP/1.1 200") or content != CONTENT:
                raise RuntimeError(f"not what was sent: {answer!r} {content[:300]!r}")
        writer.close()

    begun_s = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(count_of_callers)))
    rate = count / (time.perf_counter() - begun_s)
    print(json.dumps({"rate": rate, "took_ms": sorted(took_ms)}))


if __name__ == "__main__":
    if sys.argv[1] == "peer":
        asyncio.run(peer())
    else:
        port, of_callers, count = (int(word) for word in sys.argv[2:5])
        asyncio.run(callers(port, of_callers, count, "".join(sys.argv[5:])))
