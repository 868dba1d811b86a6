"""Reads a kv store as docs/on-disk-format.md describes it, and shares no code with the engine.

    python3 read_store.py DIRECTORY --now MS [--hints]

Prints what the store holds at the time MS, one JSON object a line in key order. Changes nothing. A
store that is damaged is refused: one line on stderr, exit 1. `--hints` also checks every hint.
"""

import argparse, base64, json, os, re, struct, sys
from zlib import crc32

PUT, TOMBSTONE, SESSION = 1, 2, 3
LOG, OUTPUT = 1, 2
DATA_FRAME = 1


class Damage(Exception):
    """The store is not what the page says."""


def need(holds, path, what):
    if not holds:
        raise Damage(f"{path}: {what}")


def u64(data, at, path):
    (value,) = struct.unpack_from("<Q", data, at)
    need(value < 2**53, path, f"number out of range at {at}")
    return value


def load(directory, *names):
    path = os.path.join(directory, *names)
    with open(path, "rb") as file:
        return path, file.read()


def checked_json(directory, name):
    path, data = load(directory, name)
    need(len(data) >= 8, path, "short")
    crc, length = struct.unpack_from("<II", data)
    need(crc == crc32(data[4:]) and length == len(data) - 8, path, "crc or length is wrong")
    value = json.loads(data[8:])
    need(value["formatVersion"] == 1, path, f"format version {value['formatVersion']} is not known")
    return value


def frozen(data, path, magic, kind):
    """The fields of a segment's header or footer: kind, chain, and four numbers."""
    need(len(data) == 64 and data[:8] == magic, path, f"no {magic.decode()}")
    need(crc32(data[:60]) == struct.unpack_from("<I", data, 60)[0], path, f"crc of {magic.decode()}")
    version, found, chain = struct.unpack_from("<HHI", data, 8)
    need(version == 1 and found == kind, path, f"version or kind of {magic.decode()}")
    need(not any(data[48:60]), path, f"bytes of {magic.decode()} that should be zero")
    return chain, *(u64(data, at, path) for at in (16, 24, 32, 40))


def read_record(data, at, end, path):
    """The record at `at`, which ends before `end`: its fields, and where the next one begins."""
    need(end - at >= 28, path, f"no room for a record at {at}")
    crc, kind, flags, key_size, value_size = struct.unpack_from("<IBBHI", data, at)
    need(kind in (PUT, TOMBSTONE, SESSION) and flags in (0, 1), path, f"kind or flags at {at}")
    key_at = at + 28 + 8 * flags
    value_at, stop = key_at + key_size, key_at + key_size + value_size
    need(stop <= end, path, f"the record at {at} is cut")
    need(crc == crc32(data[at + 4 : stop]), path, f"crc of the record at {at}")
    index, _timestamp = u64(data, at + 12, path), u64(data, at + 20, path)
    expires_at = u64(data, at + 28, path) if flags else None
    need(index >= 1 and expires_at != 0, path, f"index or expiry of the record at {at}")
    key, value = data[key_at:value_at], data[value_at:stop]
    return dict(at=at, size=stop - at, crc=crc, kind=kind, flags=flags, index=index,
                expires_at=expires_at, key=key, value=value), stop


class Log:
    """The frames of the log, one after the other; where it ends; the places where a frame ends."""

    def __init__(self, start):
        self.next, self.term, self.chain = start["index"], start["term"], start["chain"]
        self.borders = {}

    def frame(self, data, at, path):
        """The records of the frame at `at`, and its end; raises where it is not good."""
        need(len(data) - at >= 40, path, f"no room for a frame at {at}")
        crc, length, chain, version, kind, count = struct.unpack_from("<IIIBBH", data, at)
        end = at + length
        need(length >= 40 and end <= len(data), path, f"length of the frame at {at}")
        need(crc == crc32(data[at + 4 : end]), path, f"crc of the frame at {at}")
        need(version == 1 and kind in (1, 2, 3, 4), path, f"version or kind of the frame at {at}")
        first, term = u64(data, at + 16, path), u64(data, at + 24, path)
        follows = first == self.next and chain == self.chain and term >= self.term
        need(follows, path, f"the frame at {at} does not continue the one before")
        need(count >= 1 and (kind == DATA_FRAME or count == 1), path, f"records of the frame at {at}")
        records, position = [], at + 40
        for place in range(count if kind == DATA_FRAME else 0):
            record, position = read_record(data, position, end, path)
            need(record["index"] == first + place, path, f"index of a record in the frame at {at}")
            records.append(record)
        need(kind != DATA_FRAME or position == end, path, f"the records do not fill the frame at {at}")
        self.next, self.term = first + count, term
        self.chain = crc32(data[at : at + 4], chain)
        return records, end

    def segment(self, path, data, first_index, is_last):
        """The records of a segment. In the last one a bad frame may be a torn tail."""
        chain, first, *zeros = frozen(data[:64], path, b"KVSEGMNT", LOG)
        need(first == first_index and not any(zeros), path, "header is of another segment")
        need(first == self.next and chain == self.chain, path, "does not continue the log")
        records, at = [], 64
        self.borders[first, at] = self.chain
        while at < len(data):
            try:
                found, at = self.frame(data, at, path)
            except Damage as damage:
                self.judge_rest(data[at:], self.footer(first, at), is_last, damage)
                break
            records += found
            self.borders[first, at] = self.chain
        return records

    def footer(self, first, at):
        """The footer that belongs behind the frames of a segment, which end at `at`."""
        numbers = (first, self.next - 1, self.next - first, at - 64)
        fields = struct.pack("<8sHHIQQQQ12x", b"KVFOOTER", 1, LOG, self.chain, *numbers)
        return fields + struct.pack("<I", crc32(fields))

    def judge_rest(self, rest, footer, is_last, damage):
        """What stands behind the good frames: a footer, whole or torn, or in the last segment a torn tail."""
        if is_last:
            if rest == footer:
                raise Damage(f"{damage}: a footer, and no segment follows")
        elif len(rest) > 64 or any(byte not in (0, right) for byte, right in zip(rest, footer)):
            raise damage


def last_mark(directory):
    path, data = load(directory, "marks")
    marks = []
    for at in range(0, len(data) - 63, 64):
        fields = struct.unpack_from("<QQQQQII", data, at)
        right = struct.unpack_from("<I", data, at + 60)[0] == crc32(data[at : at + 60])
        if right and fields[0] > 0 and (fields[0] - 1) % 1024 == at // 64:
            marks.append(fields)
    need(marks, path, "no valid mark")
    return max(marks)


def read_log(directory, manifest):
    """Yields (path, data, records) of each segment, and judges where the log ends."""
    start = manifest["logStart"]
    names = sorted(n for n in os.listdir(os.path.join(directory, "log")) if re.fullmatch(r"\d{16}\.data", n))
    names = [n for n in names if int(n[:16]) >= start["index"]]
    where = os.path.join(directory, "log")
    need(names, where, "no segment at the log's start")
    log = Log(start)
    for name in names:
        path, data = load(directory, "log", name)
        yield path, data, log.segment(path, data, int(name[:16]), name == names[-1])
    _seq, index, _term, _commit, segment, offset, chain = last_mark(directory)
    need(log.next > index, where, f"ends at {log.next - 1}, and was durable up to {index}")
    if segment >= start["index"]:
        need(log.borders.get((segment, offset)) == chain, where, f"was durable up to byte {offset} of {segment}")
    need(log.next > manifest["mergedAt"], where, f"ends at {log.next - 1}, before the last merge")


def read_output(directory, file):
    """(path, data, records) of a merge output."""
    path, data = load(directory, "data", f"{file['id']:016}.data")
    need(len(data) == file["bytes"] and len(data) >= 128, path, "size is not the one in MANIFEST")
    need(not any(frozen(data[:64], path, b"KVSEGMNT", OUTPUT)), path, "header")
    footer = frozen(data[-64:], path, b"KVFOOTER", OUTPUT)
    need(data[-4:] == struct.pack("<I", file["footerCrc"]), path, "footer is not the one in MANIFEST")
    records, at, chain = [], 64, 0
    while at < len(data) - 64:
        record, next_at = read_record(data, at, len(data) - 64, path)
        need(not records or records[-1]["key"] < record["key"], path, f"order of keys at {at}")
        records.append(record)
        chain, at = crc32(data[at : at + 4], chain), next_at
    need(records, path, "holds no record")
    indices, keys = [r["index"] for r in records], [base64.b64encode(r["key"]).decode() for r in records]
    need(footer == (chain, min(indices), max(indices), len(records), len(data) - 128), path, "footer")
    named = [file[name] for name in ("records", "lowestIndex", "highestIndex", "lowestKey", "highestKey")]
    need(named == [len(records), min(indices), max(indices), keys[0], keys[-1]], path, "MANIFEST differs")
    return path, data, records


def check_hint(path, data, records):
    """The hint beside a data file, if there is one, names the newest record of each key in it."""
    path = path[: -len("data")] + "hint"
    if not os.path.exists(path):
        return
    _, hint = load(path)
    need(len(hint) >= 32 and hint[:12] == b"KVHINTS\0\1\0\0\0", path, "no header")
    crc, header_crc = struct.unpack_from("<II", hint, 24)
    need(crc == crc32(hint[32:]) and header_crc == crc32(hint[:28]), path, "crc")
    need(hint[12:16] == data[-4:], path, "is of another data file")
    newest = {r["key"]: r for r in records if r["kind"] != SESSION}
    expected = b""
    for key, r in sorted(newest.items()):
        expected += struct.pack("<BBHIIQ", r["kind"], r["flags"], len(key), r["at"], r["size"], r["index"])
        expected += (struct.pack("<Q", r["expires_at"]) if r["flags"] else b"") + key
    need(u64(hint, 16, path) == len(newest) and hint[32:] == expected, path, "entries")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--now", type=int, required=True, metavar="MS")
    parser.add_argument("--hints", action="store_true")
    args = parser.parse_args()
    checked_json(args.directory, "NODE")
    manifest = checked_json(args.directory, "MANIFEST")
    newest = {}
    files = [read_output(args.directory, file) for file in manifest["files"]]
    for path, data, records in [*files, *read_log(args.directory, manifest)]:
        if args.hints:
            check_hint(path, data, records)
        for record in records:
            if record["kind"] != SESSION and record["index"] > newest.get(record["key"], {"index": -1})["index"]:
                newest[record["key"]] = record
    lines = []
    for key, record in sorted(newest.items()):
        expires_at = record["expires_at"]
        if record["kind"] == PUT and (expires_at is None or expires_at > args.now):
            line = {"key": base64.b64encode(key).decode(), "value": base64.b64encode(record["value"]).decode()}
            line["version"] = record["index"]
            lines.append(json.dumps(line if expires_at is None else {**line, "expiresAt": expires_at}))
    sys.stdout.write("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    try:
        main()
    except (Damage, OSError, ValueError, KeyError, TypeError, struct.error) as error:
        sys.exit(f"read_store: {error}; nothing was changed; restore the store from a backup")
