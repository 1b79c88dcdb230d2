"""`python -m featurecols` is the command line."""

import sys

from featurecols.cli import main

sys.exit(main())
