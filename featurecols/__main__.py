"""`python -m featurecols` is the command line."""

import sys

from featurecols.cli.main import main

sys.exit(main())
