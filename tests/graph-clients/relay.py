"""Stands between a client and a gateway, and records what the client asks, byte for byte, with a line on each answer.

    relay.py GATEWAY RECORD [CERTIFICATE KEY AUTHORITY]    prints its own address; https with the last three

Of what differs from run to run, the record has names in braces: {authority} for the address, {issued} for a token of the token
endpoint, {id} for a client's own request id. tests/tests/gateway_recorded.rs asks a gateway the same and compares the answers.
"""
import asyncio
import json
import re
import ssl
import sys

VOLATILE = [
    (rb"127\.0\.0\.1:\d+", b"{authority}"),
    (rb"Bearer [0-9a-f]{64}", b"Bearer {issued}"),
    (rb"(?im)^((?:x-ms-)?client-request-id:).*\r$", rb"\1 {id}\r"),
    # The kernel of the computer that recorded it.
    (rb"\(Linux-[^)]*\)", b"(Linux)"),
]


async def message(reader):
    """A request or an answer: its head, its body as it came, and its body without the marks of its chunks; none at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
        raw = body = b""
        while True:
            line = await reader.readuntil(b"\r\n")
            part = await reader.readexactly(int(line, 16) + 2)
            raw, body = raw + line + part, body + part[:-2]
            if part == b"\r\n":
                return head, raw, body
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    return head, body, body


def shape(value):
    """What an answer holds: its members' names, the length of its lists, and which error it is."""
    if isinstance(value.get("error"), dict):
        return f"error.code={value['error']['code']}"
    of_member = lambda name, member: f"{name}[{len(member)}]" if isinstance(member, list) else name
    return " ".join(sorted(of_member(*entry) for entry in value.items()))


async def serve(client, gateway, tls, record):
    reader, writer = client
    host, port = gateway.rsplit(":", 1)
    far_reader, far_writer = await asyncio.open_connection(host, int(port), ssl=tls)
    while (asked := await message(reader)) is not None:
        far_writer.write(asked[0] + asked[1])
        answer = await message(far_reader)
        writer.write(answer[0] + answer[1])
        await writer.drain()
        head = asked[0]
        for pattern, name in VOLATILE:
            head = re.sub(pattern, name, head)
        status = answer[0].split(b" ")[1].decode()
        of_body = shape(json.loads(answer[2])) if answer[2] else ""
        record.write(f"### {status} {of_body}".rstrip().encode() + b"\n")
        record.write(head.replace(b"\r\n", b"\n") + asked[1] + b"\n")
        record.flush()
    writer.close()
    far_writer.close()


async def main(gateway, path, *files):
    near = far = None
    if files:
        certificate, key, authority = files
        near = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        near.load_cert_chain(certificate, key)
        far = ssl.create_default_context(cafile=authority)
    scheme, address = gateway.split("://")
    with open(path, "ab") as record:
        server = await asyncio.start_server(lambda *client: serve(client, address, far, record), "127.0.0.1", 0, ssl=near)
        print(json.dumps({"url": f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
