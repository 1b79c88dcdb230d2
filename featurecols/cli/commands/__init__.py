"""The commands of the command line, one module each: its docstring is its help, add_arguments and run do the rest."""
