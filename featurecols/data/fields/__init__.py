"""Fields: the values of one field in some rows, in any physical form."""
