"""Browsers without a window, in a process of their own: ``python -m benchmarks.clients`` reads what to do from its input.

Input: ``{"port", "clients", "seconds", "requests": [{"method", "path", "cookie", "body"}]}``; each client goes through the requests from
another place on. Output: ``{"count", "errors", "p50", "p95", "rate"}`` (milliseconds, answers per second).
"""

import http.client
import json
import sys
import threading
import time
from typing import Any
from urllib.parse import urlencode

HEAD = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": "a" * 32}


def go(work: dict[str, Any], number: int, until: float, times: list[float], errors: list[str]) -> None:
    """One client: one connection, one request after another."""
    connection = http.client.HTTPConnection("127.0.0.1", work["port"], timeout=60)
    requests, turn = work["requests"], number * 7919
    while time.monotonic() < until:
        asked = requests[turn % len(requests)]
        body = urlencode(asked["body"] | {"title": f"心得{number}-{turn}"}) if asked["method"] == "POST" else None
        turn += 1
        start = time.perf_counter()
        try:
            connection.request(asked["method"], asked["path"], body, HEAD | {"Cookie": asked["cookie"]})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            errors.append(repr(error))
            connection.close()
            continue
        times.append((time.perf_counter() - start) * 1000)
        expected = 302 if asked["method"] == "POST" else 200
        if answer.status != expected:
            errors.append(f"{asked['path']}: {answer.status}")


def main() -> None:
    work = json.load(sys.stdin)
    times: list[float] = []
    errors: list[str] = []
    until = time.monotonic() + work["seconds"]
    threads = [threading.Thread(target=go, args=(work, n, until, times, errors)) for n in range(work["clients"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    found = {"count": len(times), "errors": len(errors), "rate": len(times) / work["seconds"], "said": errors[:3]}
    found |= {f"p{p}": times[min(len(times) - 1, len(times) * p // 100)] if times else 0.0 for p in (50, 95)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
