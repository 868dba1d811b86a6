"""Holds a kv store against all that docs/on-disk-format.md says of its files, beside what read_store.py needs.

    python3 check_store.py DIRECTORY [--hints]

Changes nothing. Says nothing when all is right; else one line on stderr, exit 1. A hint that is wrong is only
ignored by a store: `--hints` checks every hint too.
"""

import argparse, base64, os, struct, sys
from zlib import crc32

from read_store import LOG, OUTPUT, SESSION, checked_json, load, need, read_log, read_output

NUMBERS_END = 2**53


def footer_of(kind, chain, first, last, records, data_bytes):
    fields = struct.pack("<8sHHIQQQQ12x", b"KVFOOTER", 1, kind, chain, first, last, records, data_bytes)
    return fields + struct.pack("<I", crc32(fields))


def check_records(path, records):
    for r in records:
        right = 1 <= r["index"] < NUMBERS_END and (r["expires_at"] is None or 0 < r["expires_at"] < NUMBERS_END)
        need(right, path, f"index or expiry of the record at {r['at']}")


def check_output(path, data, records, file):
    """A merge output is what its footer and MANIFEST say: nothing else tells what it should hold."""
    need(len(data) == file["bytes"], path, "size is not the one in MANIFEST")
    header = struct.pack("<8sHH48x", b"KVSEGMNT", 1, OUTPUT)
    need(data[:64] == header + struct.pack("<I", crc32(header)), path, "header")
    need(records, path, "holds no record")
    keys, indices = [r["key"] for r in records], [r["index"] for r in records]
    need(all(a < b for a, b in zip(keys, keys[1:])), path, "keys are not in order")
    chain = 0
    for r in records:
        chain = crc32(data[r["at"] : r["at"] + 4], chain)
    right = footer_of(OUTPUT, chain, min(indices), max(indices), len(records), len(data) - 128)
    need(data[-64:] == right, path, "footer")
    need(data[-4:] == struct.pack("<I", file["footerCrc"]), path, "footer is not the one in MANIFEST")
    named = [file[name] for name in ("records", "lowestIndex", "highestIndex", "lowestKey", "highestKey")]
    bounds = [base64.b64encode(key).decode() for key in (keys[0], keys[-1])]
    need(named == [len(records), min(indices), max(indices), *bounds], path, "MANIFEST differs")


def check_log(directory, manifest, segments):
    """Sealed segments end in their footer or a torn one, and the log ends where marks and merges want it to."""
    where = os.path.join(directory, "log")
    need(segments, where, "no segment at the log's start")
    borders = {}
    for path, data, records, ends in segments:
        first, at = ends[64]["index"], max(ends)
        next_index, chain = ends[at]["index"], ends[at]["chain"]
        borders |= {(first, end): log["chain"] for end, log in ends.items()}
        need(next_index < NUMBERS_END, path, "number out of range")
        rest, footer = data[at:], footer_of(LOG, chain, first, next_index - 1, next_index - first, at - 64)
        if path == segments[-1][0]:
            need(rest != footer, path, "a footer, and no segment follows")
        else:
            torn = all(byte in (0, right) for byte, right in zip(rest, footer))
            need(torn, path, f"neither a frame nor a footer at {at}")
    _seq, index, _term, _commit, segment, offset, chain = last_mark(directory)
    need(next_index > index, where, f"ends at {next_index - 1}, and was durable up to {index}")
    if segment >= manifest["logStart"]["index"]:
        need(borders.get((segment, offset)) == chain, where, f"was durable up to byte {offset} of {segment}")
    need(next_index > manifest["mergedAt"], where, f"ends at {next_index - 1}, before the last merge")


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


def check_hint(data_path, data, records):
    """The hint beside a data file, if there is one, names the newest record of each key in it."""
    path = data_path[: -len("data")] + "hint"
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
    need(struct.unpack_from("<Q", hint, 16)[0] == len(newest) and hint[32:] == expected, path, "entries")


def check(directory, hints):
    checked_json(directory, "NODE")
    manifest = checked_json(directory, "MANIFEST")
    outputs = [(*read_output(directory, file), file) for file in manifest["files"]]
    segments = list(read_log(directory, manifest["logStart"]))
    for path, data, records, *_ in [*outputs, *segments]:
        check_records(path, records)
        if hints:
            check_hint(path, data, records)
    for output in outputs:
        check_output(*output)
    check_log(directory, manifest, segments)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--hints", action="store_true")
    try:
        check(**vars(parser.parse_args()))
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        sys.exit(f"check_store: {error}; nothing was changed; restore the store from a backup")
