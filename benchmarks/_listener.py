"""Who hears webhooks for the benchmarks: answers every POST with 200 and counts; under /deaf it never
answers; GET tells the counts.
"""

import asyncio
import json
from collections import Counter

HEARD: Counter[str] = Counter()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path, _version = head.split(" ", 2)
            length = head.lower().partition("content-length:")[2].split("\r\n", 1)[0].strip()
            if length:
                await reader.readexactly(int(length))
            if path.startswith("/deaf"):
                HEARD[path] += 1
                await asyncio.sleep(3600)
            if method == "POST":
                HEARD[path] += 1
            body = json.dumps(HEARD).encode() if method == "GET" else b""
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
