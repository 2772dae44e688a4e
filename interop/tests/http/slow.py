"""Opens many connections to a server and keeps them as long as the server does.

slow.py PORT SOURCE IDLE SLOW PERIOD: IDLE connections say nothing, SLOW ones send an octet of a head that
never ends every PERIOD seconds, all from the address SOURCE. Writes two lines of JSON: one when all were
opened, one when all are closed.
"""

import json
import selectors
import socket
import sys
import time

HEAD = b"GET /f HTTP/1.1\r\nHost: a\r\nX-Slow: "
PATIENCE = 55


class Connection:
    def __init__(self, stream, is_slow):
        self.stream, self.is_slow, self.sent, self.received = stream, is_slow, 0, b""


def look(selector, done, seconds):
    """Reads what has come, for so long; who was closed is added to `done`."""
    until = time.monotonic() + seconds
    while selector.get_map():
        for key, _ in selector.select(max(0, until - time.monotonic())):
            connection = key.data
            try:
                octets = connection.stream.recv(4096)
            except ConnectionResetError:
                octets = b""
            connection.received += octets
            if not octets:
                selector.unregister(connection.stream)
                connection.stream.close()
                done.append(connection)
        if time.monotonic() >= until:
            break


def main():
    port, source, idle, slow = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    period = float(sys.argv[5])
    selector, done = selectors.DefaultSelector(), []
    for number in range(idle + slow):
        stream = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))
        stream.setblocking(False)
        selector.register(stream, selectors.EVENT_READ, Connection(stream, number % 2 == 1 and number // 2 < slow))
    look(selector, done, 0.5)
    print(json.dumps({"opened": idle + slow, "refused": len(done)}), flush=True)
    done.clear()
    start = time.monotonic()
    while selector.get_map() and time.monotonic() - start < PATIENCE:
        for key in list(selector.get_map().values()):
            connection = key.data
            if connection.is_slow:
                octet = HEAD[connection.sent : connection.sent + 1] or b"a"
                try:
                    connection.stream.send(octet)
                    connection.sent += 1
                except (BrokenPipeError, ConnectionResetError):
                    pass
        look(selector, done, period)
    late = [it for it in done if it.received.startswith(b"HTTP/1.1 408 ")]
    silent = [it for it in done if not it.received]
    print(
        json.dumps(
            {
                "left": len(selector.get_map()),
                "silent_idle": sum(not it.is_slow for it in silent),
                "silent_slow": sum(it.is_slow for it in silent),
                "late_idle": sum(not it.is_slow for it in late),
                "late_slow": sum(it.is_slow for it in late),
                "other": len(done) - len(late) - len(silent),
            }
        ),
        flush=True,
    )


main()
