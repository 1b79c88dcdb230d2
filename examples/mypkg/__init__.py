"""Kinds of columns from outside featurecols; docs/extending.md explains them."""

from mypkg.first_letters import FirstLetters as FirstLetters
from mypkg.hinge import Hinge as Hinge
