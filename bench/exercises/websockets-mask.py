"""Masks frames of many lengths and types with websockets.speedups; prints the results and the errors."""
import hashlib
import sys

from websockets.speedups import apply_mask
from websockets.utils import apply_mask as in_python

MASK = b"\x01\xfe\x7f\x80"
DATA = bytes(n * 7 % 256 for n in range(300))

for length in range(300):
    masked = apply_mask(DATA[:length], MASK)
    assert masked == in_python(DATA[:length], MASK)
    for kind in (bytearray, memoryview):
        assert apply_mask(kind(DATA[:length]), kind(MASK)) == masked
    assert apply_mask(masked, MASK) == DATA[:length]
print(hashlib.sha256(apply_mask(data=DATA, mask=MASK)).hexdigest())
print(apply_mask(memoryview(DATA)[::-3], MASK).hex())

for arguments in [(b"", b"123"), ("text", MASK), (b"", 5), ([], MASK), (b"",), (b"", MASK, MASK)]:
    try:
        print(apply_mask(*arguments))
    except Exception as error:
        print(type(error).__name__, error)

view, mask = bytearray(DATA), memoryview(MASK)
before = [sys.getrefcount(o) for o in (view, mask, DATA)]
for _ in range(10000):
    apply_mask(view, mask)
    apply_mask(memoryview(view), MASK)
    apply_mask(DATA, mask)
print([sys.getrefcount(o) - n for o, n in zip((view, mask, DATA), before)])
view.append(1)          # fails while a buffer of it is still held
