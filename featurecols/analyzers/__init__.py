"""What is learned from data: each analyzer is a monoid, so that any order and sharding of the rows learns the same."""
