"""Claims about speed and memory, each measured beside a rival or a lower bound in the same run.

python -m benchmarks                 # everything, and the tables of docs/performance.md and docs/models.md
python -m benchmarks adult strings   # some of it
python -m benchmarks --data DIR      # the folder of adult/ and criteo/ (default ../shared/data)
"""
