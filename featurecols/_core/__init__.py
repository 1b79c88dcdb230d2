"""What every part of the package uses: declared values, arrays, threads, memory, counters."""
