"""Reads a kv store as docs/on-disk-format.md describes it, and shares no code with the engine.

    python3 read_store.py DIRECTORY --now MS

Prints what the store holds at the time MS, one JSON object a line in key order. Changes nothing. A record
whose crc is wrong, or a log with a gap, is refused: one line on stderr, exit 1. check_store.py judges what a
reader can do without: marks, footers, hints, and what MANIFEST says of a file.
"""
import argparse, base64, json, os, re, struct, sys
from zlib import crc32

PUT, TOMBSTONE, SESSION = 1, 2, 3
LOG, OUTPUT = 1, 2

def need(holds, path, what):
    if not holds:
        raise ValueError(f"{path}: {what}")

def load(*names):
    path = os.path.join(*names)
    with open(path, "rb") as file:
        return path, file.read()

def checked_json(directory, name):
    path, data = load(directory, name)
    need(data[:8] == struct.pack("<II", crc32(data[4:]), len(data) - 8), path, "crc or length is wrong")
    value = json.loads(data[8:])
    need(value["formatVersion"] == 1, path, "format version is not known")
    return value

def read_record(data, at, end, path):
    """The record at `at`, which ends at `end` at the latest: its fields, and where the next one begins."""
    need(end - at >= 28, path, f"no room for a record at {at}")
    crc, kind, flags, key_size, value_size, index, _ = struct.unpack_from("<IBBHIQQ", data, at)
    need(kind in (PUT, TOMBSTONE, SESSION) and flags in (0, 1), path, f"kind or flags of the record at {at}")
    key_at = at + 28 + 8 * flags
    value_at, stop = key_at + key_size, key_at + key_size + value_size
    need(stop <= end and crc == crc32(data[at + 4 : stop]), path, f"crc of the record at {at}")
    expires_at = struct.unpack_from("<Q", data, at + 28)[0] if flags else None
    return dict(at=at, size=stop - at, crc=crc, kind=kind, flags=flags, index=index,
                expires_at=expires_at, key=data[key_at:value_at], value=data[value_at:stop]), stop

def read_records(data, at, end, path):
    while at < end:
        record, at = read_record(data, at, end, path)
        yield record

def read_frame(data, at, path, log):
    """The records of the frame at `at`, and its end. It begins where `log` is, which moves behind it."""
    need(len(data) - at >= 40, path, f"no room for a frame at {at}")
    crc, length, chain, version, kind, count, first, term = struct.unpack_from("<IIIBBHQQ", data, at)
    end = at + length
    need(length >= 40 and end <= len(data), path, f"length of the frame at {at}")
    need(crc == crc32(data[at + 4 : end]), path, f"crc of the frame at {at}")
    need(version == 1 and kind in (1, 2, 3, 4) and count >= 1, path, f"kind of the frame at {at}")
    follows = first == log["index"] and chain == log["chain"] and term >= log["term"]
    need(follows, path, f"the frame at {at} does not continue the one before")
    records = list(read_records(data, at + 40, end, path)) if kind == 1 else []
    right = [*range(first, first + count)] if kind == 1 else []
    need([record["index"] for record in records] == right, path, f"records of the frame at {at}")
    log.update(index=first + count, term=term, chain=crc32(data[at : at + 4], chain))
    return records, end

def read_log(directory, start):
    """Yields (path, data, records, the log at each frame's end) of each segment from `start` on."""
    log, folder = dict(start), os.path.join(directory, "log")
    names = [name for name in sorted(os.listdir(folder)) if re.fullmatch(r"\d{16}\.data", name)]
    names = [name for name in names if int(name[:16]) >= start["index"]]
    for name in names:
        path, data = load(folder, name)
        header = struct.pack("<8sHHIQ", b"KVSEGMNT", 1, LOG, log["chain"], log["index"]) + bytes(36)
        need(data[:64] == header + struct.pack("<I", crc32(header)), path, "header does not continue the log")
        records, at, ends = [], 64, {64: dict(log)}
        while at < len(data):
            try:
                found, at = read_frame(data, at, path, log)
            except ValueError as damage:
                # A footer; or, in the last segment, a torn tail. Whatever is lost, the next header tells.
                need(name == names[-1] or len(data) - at <= 64, path, damage)
                break
            records += found
            ends[at] = dict(log)
        yield path, data, records, ends

def read_output(directory, file):
    """(path, data, records) of a merge output that MANIFEST names."""
    path, data = load(directory, "data", f"{file['id']:016}.data")
    return path, data, list(read_records(data, 64, file["bytes"] - 64, path))

def entries(files, now):
    """What the records of all files come to: one entry for each key that is there, in key order."""
    records = sorted((r for _, _, found, *_ in files for r in found), key=lambda r: r["index"])
    newest = {r["key"]: r for r in records if r["kind"] != SESSION}
    for key, r in sorted(newest.items()):
        if r["kind"] == PUT and (r["expires_at"] is None or r["expires_at"] > now):
            yield dict(key=base64.b64encode(key).decode(), value=base64.b64encode(r["value"]).decode(),
                       version=r["index"], **({"expiresAt": r["expires_at"]} if r["flags"] else {}))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--now", type=int, required=True, metavar="MS")
    args = parser.parse_args()
    try:
        checked_json(args.directory, "NODE")
        manifest = checked_json(args.directory, "MANIFEST")
        files = [read_output(args.directory, file) for file in manifest["files"]]
        files += read_log(args.directory, manifest["logStart"])
        sys.stdout.writelines(json.dumps(entry) + "\n" for entry in entries(files, args.now))
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        sys.exit(f"read_store: {error}; nothing was changed; restore the store from a backup")
