"""What h11 makes of messages.

A line of standard input is a role (server, client), the methods of the requests that were sent (client
only; "-" otherwise), and the octets in hexadecimal. The stream ends behind them. A line of standard
output is a JSON object: the messages, and how it ended.
"""

import json
import sys

import h11
from h11 import _connection


def text(octets):
    return bytes(octets).decode("latin-1")


def fields(headers):
    # as they are on the wire, and what is meant: h11 joins folded lines, and lowers names
    return [[text(name).lower(), text(value)] for name, value in headers]


def framing(method, event):
    kind, arguments = _connection._body_framing(method, event)
    if kind == "content-length":
        return "length %d" % arguments
    return {"chunked": "chunked", "http/1.0": "until-eof"}[kind]


def read(role, methods, octets):
    connection = h11.Connection(h11.SERVER if role == "server" else h11.CLIENT)
    messages = []
    methods = list(methods)
    method = None

    def ask():
        nonlocal method
        method = methods.pop(0).encode()
        target = "example.com:80" if method == b"CONNECT" else "/"
        host = [("Host", "example.com")]
        connection.send(h11.Request(method=method, target=target, headers=host))
        connection.send(h11.EndOfMessage())

    try:
        if role == "client":
            ask()
        connection.receive_data(octets)
        connection.receive_data(b"")
        for _ in range(100_000):
            event = connection.next_event()
            if event is h11.NEED_DATA:
                return messages, "waits"
            if event is h11.PAUSED:
                return messages, "switch"
            if isinstance(event, h11.ConnectionClosed):
                return messages, "closed"
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    messages.append({"start": "101", "framing": "tunnel", "keep_alive": True})
                    messages[-1].update(fields=fields(event.headers), body="", trailers=[])
                    messages[-1].update(complete=True)
                continue
            if isinstance(event, (h11.Request, h11.Response)):
                if isinstance(event, h11.Request):
                    method = event.method
                    start = "%s %s %s" % (text(method), text(event.target), text(event.http_version))
                    tunnel = False
                else:
                    start = "%d %s %s" % (event.status_code, text(event.reason), text(event.http_version))
                    tunnel = method == b"CONNECT" and 200 <= event.status_code < 300
                messages.append({
                    "start": start,
                    "framing": "tunnel" if tunnel else framing(method, event),
                    "keep_alive": _connection._keep_alive(event),
                    "fields": fields(event.headers),
                    "body": "",
                    "trailers": [],
                    "complete": tunnel,
                })
            if isinstance(event, h11.Data):
                messages[-1]["body"] += bytes(event.data).hex()
            if isinstance(event, h11.EndOfMessage):
                messages[-1]["trailers"] = fields(event.headers)
                messages[-1]["complete"] = True
                if role == "server":
                    connection.send(h11.Response(status_code=400, headers=[("Content-Length", "0")]))
                    connection.send(h11.EndOfMessage())
                if h11.DONE is connection.our_state and h11.DONE is connection.their_state:
                    if role == "client" and not methods:
                        return messages, "idle"
                    connection.start_next_cycle()
                    if role == "client":
                        ask()
                elif connection.their_state is not h11.MIGHT_SWITCH_PROTOCOL:
                    return messages, "last"
        return messages, "endless"
    except h11.RemoteProtocolError as error:
        return messages, "error: %s" % error


def main():
    for line in sys.stdin:
        role, methods, octets = line.rstrip("\n").split(" ")
        methods = [] if methods == "-" else methods.split(",")
        messages, end = read(role, methods, bytes.fromhex(octets))
        json.dump({"messages": messages, "end": end}, sys.stdout)
        sys.stdout.write("\n")


main()
