"""Tables of a lake as targets of jobs: one commit for all rows of a job."""
