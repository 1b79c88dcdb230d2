import numpy as np

from featurecols import kernels

# The merge itself is tried through the files that it was made for, in tests/analyzers/test_runs.py.


def test_encoding_stops_before_a_record_that_may_not_fit_and_goes_on():
    words = [b"ab", b"abc", b"b" * 50]
    offsets, data = np.cumsum([0, *map(len, words)], dtype=np.int64), np.frombuffer(b"".join(words), np.uint8)
    counts, order = np.array([1, 2, 2**40]), np.arange(3, dtype=np.int32)
    out, status, got, at = np.zeros(60, np.uint8), np.zeros(3, np.int64), b"", 0
    for stop, written, lacks in ((2, 8, 71), (2, 0, 71)):
        at = kernels.merge_sorted.encode[0](offsets, data, counts, order, at, np.frombuffer(b"a", np.uint8), out, status)
        assert (at, *status[:2].tolist()) == (stop, written, lacks)
        got += out[:written].tobytes()
    out = np.zeros(71, np.uint8)
    assert kernels.merge_sorted.encode[0](offsets, data, counts, order, at, np.empty(0, np.uint8), out, status) == 3
    got += out[: status[0]].tobytes()
    assert got == b"\x01\x01\x01b" + b"\x02\x01\x02c" + b"\x00\x32\x80\x80\x80\x80\x80\x20" + b"b" * 50
