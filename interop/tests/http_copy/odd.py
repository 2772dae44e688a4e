"""A server that does what servers do when something is wrong with them.

Its argument is a file, whose octets it serves; with a certificate and a key it speaks TLS. It says "port N", and a line for each request.
"""

import http.server
import os
import socket
import ssl
import struct
import sys
import time

CONTENT = open(sys.argv[1], "rb").read()
asked = {}


class Odd(http.server.BaseHTTPRequestHandler):
    timeout = 40

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.close_connection = True
        name, *words = self.path.strip("/").split("/")
        said = (self.headers.get("Range", "-"), self.headers.get("If-Range", "-"))
        print(self.command, self.path, *said, flush=True)
        asked[self.path] = asked.get(self.path, 0) + 1
        getattr(self, name)(*map(int, words))

    def do_PUT(self):
        self.close_connection = True
        name, *words = self.path.strip("/").split("/")
        print(self.command, self.path, flush=True)
        asked[self.path] = asked.get(self.path, 0) + 1
        getattr(self, "put_" + name)(*map(int, words))

    def say(self, *lines):
        self.wfile.write("".join(line + "\r\n" for line in (*lines, "")).encode("latin-1"))

    def eof(self, count):
        self.say("HTTP/1.0 200 OK")
        self.wfile.write(CONTENT[:count])

    def closing(self, count):
        self.say("HTTP/1.1 200 OK", "Connection: close")
        self.wfile.write(CONTENT[:count])

    def bare(self, count):
        """Lines end with LF alone."""
        self.wfile.write(b"HTTP/1.1 200 OK\nContent-Length: %d\n\n" % count + CONTENT[:count])

    def early(self, count, sent):
        self.say("HTTP/1.1 200 OK", f"Content-Length: {count}")
        self.wfile.write(CONTENT[:sent])

    def early_chunked(self, sent):
        self.say("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")
        self.wfile.write(b"%x\r\n" % sent + CONTENT[:sent] + b"\r\n")

    def chunked(self, count, size):
        self.say("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")
        for start in range(0, count, size):
            piece = CONTENT[start : min(start + size, count)]
            self.wfile.write(b"%X;a=b\r\n" % len(piece) + piece + b"\r\n")
        self.wfile.write(b"0\r\nX-End: there\r\n\r\n")

    def empty(self):
        pass

    def reset(self):
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())

    def garbage(self):
        self.wfile.write(b"220 mail.invalid ESMTP\r\n")

    def oldest(self):
        """HTTP/0.9."""
        self.wfile.write(b"<html>no head at all</html>\r\n")

    def ambiguous(self):
        self.say("HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6")
        self.wfile.write(b"hello!")

    def endless_head(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            self.wfile.write(b"X-%d: %s\r\n" % (number, b"x" * 1000))

    def drip(self, count, millis):
        self.say("HTTP/1.1 200 OK", f"Content-Length: {count}")
        for index in range(count):
            self.wfile.write(CONTENT[index : index + 1])
            time.sleep(millis / 1000)

    def stall(self):
        self.rfile.read(1)

    def stall_after(self, count, sent):
        self.early(count, sent)
        self.rfile.read(1)

    def hints(self, count):
        self.say("HTTP/1.1 103 Early Hints", "Link: </x>")
        self.say("HTTP/1.1 100 Continue")
        self.early(count, count)

    def shout(self):
        # CSI in ISO 8859-1, and U+202E in UTF-8
        reason = "Not \x9b31mred \xe2\x80\xae"
        words = b"\x1b]0;title\x07 evil\xc2\x9b31m \xe2\x80\xae\r\n"
        about = f"Content-Length: {len(words)}"
        self.say(f"HTTP/1.1 404 {reason}", f"X-A: {reason}", "Content-Type: text/plain", about)
        self.wfile.write(words)

    def escapes(self):
        self.say("HTTP/1.1 404 \x1b[31m", "Content-Length: 0")

    def flaky(self, failures):
        if asked[self.path] <= failures:
            self.say("HTTP/1.1 503 Busy", "Retry-After: 0", "Content-Length: 0")
        else:
            self.early(1000, 1000)

    def torn(self, count, sent):
        """Breaks after so many octets, and goes on there when it is asked again."""
        self.tear(count, sent, '"1"', '"1"', 0)

    def torn_changed(self, count, sent):
        """Has another file when it is asked again."""
        self.tear(count, sent, '"1"', '"2"', 0)

    def torn_lying(self, count, sent):
        """Sends another part than that which it was asked for."""
        self.tear(count, sent, '"1"', '"1"', 1)

    def torn_weak(self, count, sent):
        self.tear(count, sent, 'W/"1"', 'W/"1"', 0)

    def tear(self, count, sent, before, after, off):
        wanted = self.headers.get("Range")
        etag = before if asked[self.path] == 1 else after
        if wanted and self.headers["If-Range"] == etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) + off
            about = f"Content-Range: bytes {start}-{count - 1}/{count}"
            self.say("HTTP/1.1 206 Part", f"ETag: {etag}", about, f"Content-Length: {count - start}")
            self.wfile.write(CONTENT[start:count])
            return
        self.say("HTTP/1.1 200 OK", f"ETag: {etag}", f"Content-Length: {count}")
        content = CONTENT if etag == before else CONTENT[::-1]
        self.wfile.write(content[: sent if asked[self.path] == 1 else count])

    def named(self):
        name = 'attachment; filename="../../a b"'
        self.say("HTTP/1.1 200 OK", f"Content-Disposition: {name}", "Content-Length: 10")
        self.wfile.write(CONTENT[:10])

    def put_early(self, status):
        """Answers before the body has come, and closes."""
        self.say(f"HTTP/1.1 {status} No", "Content-Length: 0", "Connection: close")

    def put_empty(self):
        pass

    def put_flaky(self, failures):
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        status = "503 Busy" if asked[self.path] <= failures else "201 Created"
        print("stored" if body == CONTENT[:length] else "wrong", flush=True)
        self.say(f"HTTP/1.1 {status}", "Retry-After: 0", "Content-Length: 0")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd)
server.daemon_threads = True
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("port", server.server_address[1], flush=True)
server.serve_forever()
