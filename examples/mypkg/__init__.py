"""Kinds of columns from outside featurecols; docs/extending.md explains them."""

from mypkg.cyclic import Cyclic as Cyclic
from mypkg.first_letters import FirstLetters as FirstLetters
