"""How bytes are damaged, and how JSON is."""

from __future__ import annotations

import json
from random import Random

ODD = (
    None,
    True,
    False,
    0,
    -1,
    1,
    5,
    2**31,
    2**63,
    2**70,
    1e308,
    -0.5,
    "",
    "x",
    "Numeric",
    "\ud800",
    "a\0b",
    [],
    [1],
    {},
    {"": 1},
)


def damage_bytes(random: Random, data: bytes, start: int = 0, stop: int | None = None) -> tuple[bytes, str]:
    """Damage bytes start:stop; return them and what was done."""
    stop = len(data) if stop is None else stop
    if stop <= start:
        return data, "nothing to damage"
    at, kind = random.randrange(start, stop), random.randrange(10)
    if kind < 6:
        found = bytearray(data)
        bits = [random.randrange(8 * start, 8 * stop) for _ in range(random.choice((1, 1, 1, 2, 5)))]
        for bit in bits:
            found[bit // 8] ^= 1 << bit % 8
        return bytes(found), f"bits {bits} flipped"
    size = min(random.choice((1, 2, 4, 8, 64, 1000)), stop - at)
    if kind == 6:
        return data[:at], f"cut at {at}"
    if kind == 7:
        return data[:at] + data[at + size :], f"bytes {at}:{at + size} taken out"
    if kind == 8:
        return data[:at] + random.randbytes(size) + data[at + size :], f"bytes {at}:{at + size} random"
    return data[:at] + bytes([random.choice((0, 0xFF, 0x7F, 0x80))]) * size + data[
        at + size :
    ], f"bytes {at}:{at + size} of one value"


def damage_json(random: Random, data: bytes) -> tuple[bytes, str]:
    """Put something else into one place of a JSON text, or take it out."""
    document = json.loads(data)
    places: list[tuple[object, object]] = []

    def collect(value: object) -> None:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in items:
            places.append((value, key))
            collect(inner)

    collect(document)
    if not places:
        return json.dumps(random.choice(ODD)).encode(), "another document"
    holder, key = random.choice(places)
    if random.randrange(4) == 0:
        del holder[key]  # type: ignore[attr-defined]
        done = f"{key!r} taken out"
    else:
        other = random.choice(ODD) if random.randrange(3) else random.choice(places)[0]
        holder[key] = json.loads(json.dumps(other))  # type: ignore[index]
        done = f"{key!r} is {str(other)[:60]!r}"
    return json.dumps(document).encode(), done
