#!/usr/bin/env python3
"""Reads a bus, archives first: docs/bus-format.md, "How a file is read". It knows records of
Callboard and those of programs that indent `---` lines in their bodies.

    read.py BUS

Prints a JSON object with msg_id and body for each message.
"""

import glob
import json
import re
import sys

KEY = re.compile(rb"^(\w+): *(.*)$", re.MULTILINE)


def table():
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        yield byte


TABLE = list(table())


def crc32c(data):
    """CRC-32C (Castagnoli)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def is_rule(line):
    return line.rstrip(b"\r\n") == b"---"


def messages(data):
    """Yields header and body of each record of a file."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+$", data)
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line)
    rules = [number for number, line in enumerate(lines) if is_rule(line)]
    after = 0
    for place, opening in enumerate(rules):
        if starts[opening] < after or place + 1 == len(rules):
            continue
        closing = rules[place + 1]
        header = data[starts[opening] + len(lines[opening]) : starts[closing]]
        fields = dict(KEY.findall(header))
        if b"msg_id" not in fields:
            continue
        begin = starts[closing] + len(lines[closing])
        if b"checksum" in fields:
            end = begin + int(fields[b"body_size"])
            body = data[begin:end]
            signed = data[starts[opening] : data.index(b"\nchecksum: ", starts[opening]) + 1]
            expected = b"crc32c-%08x" % crc32c(signed + body)
            assert (data[end : end + 1], fields[b"checksum"]) == (b"\n", expected), header
            if fields.get(b"stuffed") == b"true":
                body = re.sub(rb"(?m)^ ( *---\r*)$", rb"\1", body)
            after = end + 1
        else:
            behind = [rule for rule in rules[place + 2 :] if starts[rule] >= begin]
            end = starts[behind[0]] if behind else len(data)
            body = data[begin:end]
            body = body.removesuffix(b"\n") if behind else body  # the separator
            body = body.removesuffix(b"\n")
            after = end
        yield fields, body


def main():
    path = sys.argv[1]
    parts = []
    for archive in glob.glob(glob.escape(path) + ".*.archived"):
        with open(archive, "rb") as file:
            records = list(messages(file.read()))
        parts.append((records[0][0][b"ts"], records))
    parts.sort(key=lambda part: part[0])
    with open(path, "rb") as file:
        parts.append((b"", list(messages(file.read()))))
    for _, records in parts:
        for fields, body in records:
            shown = {"msg_id": fields[b"msg_id"].decode(), "body": body.decode()}
            print(json.dumps(shown))


main()
