"""What one build leaves for the next: written whole, or not at all.

A build may end at any moment, by Ctrl-C, a full disk or a power cut.  So a
file of state is replaced in one step, and one that cannot be read counts as
one that is not there.
"""

import hashlib
import json
import os


def write(path, data):
    """Let a file hold ``data``, text or bytes; readers see all or nothing."""
    if isinstance(data, str):
        data = data.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path):
    """The object in a file of JSON; ``{}`` if it is missing or damaged."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def holds(folder):
    """A fingerprint of the names and contents of all files in a folder."""
    digest = hashlib.blake2b()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()
