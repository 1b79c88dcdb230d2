"""Claims about speed and memory, each measured beside a rival or a physical floor in the same run.

python -m benchmarks                 # everything, and the table in README
python -m benchmarks adult strings   # some of it
python -m benchmarks --data DIR      # where adult/ and criteo/ lie (default ../shared/data)
"""
