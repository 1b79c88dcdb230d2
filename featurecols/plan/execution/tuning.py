"""How a program cuts its work. No result depends on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """Sizes that were measured; a program has one value of them.

    Attributes:
        block_bytes: of the matrix that is written at once: about the L2 cache of one core, so that its rows are still there.
        block_rows: the fewest and the most rows of such a block.
        many_columns_rows: the fewest rows, at most, of a block that many columns write to, since each is asked once a block.
        fused_rows: the fewest and the most rows of a block that is written in one pass, and needs no cache for the matrix.
        encode_rows: the fewest and the most rows that are encoded at once and put together afterwards.
        inline_values: fields of fewer values are converted in less time than threads need to meet.
        inline_features: codes read and features written in less time than threads need to meet.
        row_path_rows: fewer rows take the row path in a process that has no kernels yet.
        small_rows: tables in memory of up to so many rows are read column by column, without batches.
        dict_rows: lists of up to so many dicts take the row path; fewer than are looked at for warnings.
    """

    block_bytes: int = 1 << 20
    block_rows: tuple[int, int] = (512, 65536)
    many_columns_rows: int = 4096
    fused_rows: tuple[int, int] = (16384, 131072)
    encode_rows: tuple[int, int] = (1 << 18, 1 << 20)
    inline_values: int = 1 << 20
    inline_features: int = 1 << 23
    row_path_rows: int = 1000
    small_rows: int = 4096
    dict_rows: int = 64

    @classmethod
    def of_blocks(cls, rows: int) -> Tuning:
        """Return the tuning by which every block has so many rows, also of a small table."""
        sizes = (rows, rows)
        return cls(block_rows=sizes, many_columns_rows=rows, fused_rows=sizes, encode_rows=sizes, small_rows=0, dict_rows=0)

    def blocks(self, rows: int, width: int, outputs: int, fused: bool, workers: int) -> list[tuple[int, int]]:
        """Return start and stop of the blocks that a batch is written in; fused: all outputs are written in one pass."""
        if fused:  # two blocks a thread, so that they end together
            size, (least, most) = -(-rows // (2 * workers)), self.fused_rows
        else:
            size, (least, most) = self.block_bytes // (4 * max(width, 1)), self.block_rows
            least = min(max(least, 2 * outputs), max(self.many_columns_rows, least))
        return cut(rows, min(max(size, least), most))

    def encode_blocks(self, rows: int, workers: int) -> list[tuple[int, int]]:
        """Return start and stop of the blocks that a batch is encoded in."""
        least, most = self.encode_rows
        return cut(rows, min(max(-(-rows // workers), least), most))


def cut(rows: int, size: int) -> list[tuple[int, int]]:
    """Return start and stop of consecutive blocks of `size` rows; no rows are one empty block, so that types are known."""
    return [(start, min(start + size, rows)) for start in range(0, rows, size)] or [(0, 0)]
