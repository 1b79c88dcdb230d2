"""Names for writing a kind of column outside the package: docs/extending.md shows two.

A kind is a declared value (`@frozen class Hinge(Column)`) and its Bound, which computes. The Bound of most kinds is short:
`ElementwiseBound` for features that are a function of one number, `TermwiseBound` for ids that are a function of one value,
`DenseBound` and `CategoricalBound` for everything else.

To declare: Column, Field, Converted, frozen.
To bind: Bound, DenseBound, CategoricalBound, ElementwiseBound, TermwiseBound, LearnedSlots, DenseSlot, IdSlot, Slot.
To read fields: FieldView with Numbers, Integers, Tokens and Texts; canonical_bytes for one value.
To give results: Array, Ids, RowIds, Bucket, Elements; id_dtype.
To learn: Analyzer.
To say what a kind computes in other systems: the module expressions.
To check arguments and data: check_field, check_count, check_number, check_categorical, argument_error, value_error.
"""

from featurecols._core import expressions as expressions
from featurecols._core.arrays import Array as Array
from featurecols._core.arrays import Ids as Ids
from featurecols._core.arrays import Texts as Texts
from featurecols._core.arrays import Tokens as Tokens
from featurecols._core.buckets import Bucket as Bucket
from featurecols._core.elements import Elements as Elements
from featurecols._core.numbers import Integers as Integers
from featurecols._core.numbers import Numbers as Numbers
from featurecols._core.slots import DenseSlot as DenseSlot
from featurecols._core.slots import IdSlot as IdSlot
from featurecols._core.slots import Slot as Slot
from featurecols._core.spec import Converted as Converted
from featurecols._core.spec import frozen as frozen
from featurecols._core.values import canonical as canonical_bytes
from featurecols.analyzers.base import Analyzer as Analyzer
from featurecols.columns._categorical import check_categorical as check_categorical
from featurecols.columns._categorical import check_count as check_count
from featurecols.columns._categorical import check_field as check_field
from featurecols.columns._categorical import check_number as check_number
from featurecols.columns.base import Column as Column
from featurecols.columns.base import Field as Field
from featurecols.columns.base import LearnedSlots as LearnedSlots
from featurecols.columns.bound import Bound as Bound
from featurecols.columns.bound import CategoricalBound as CategoricalBound
from featurecols.columns.bound import DenseBound as DenseBound
from featurecols.columns.bound import RowIds as RowIds
from featurecols.columns.bound import id_dtype as id_dtype
from featurecols.columns.elementwise import ElementwiseBound as ElementwiseBound
from featurecols.columns.termwise import TermwiseBound as TermwiseBound
from featurecols.data.fields.base import FieldView as FieldView
from featurecols.errors import argument as argument_error
from featurecols.errors import bad_value as value_error

__all__ = [
    "Analyzer",
    "Array",
    "Bound",
    "Bucket",
    "CategoricalBound",
    "Column",
    "Converted",
    "DenseBound",
    "DenseSlot",
    "Elements",
    "ElementwiseBound",
    "Field",
    "FieldView",
    "IdSlot",
    "Ids",
    "Integers",
    "LearnedSlots",
    "Numbers",
    "RowIds",
    "Slot",
    "TermwiseBound",
    "Texts",
    "Tokens",
    "argument_error",
    "canonical_bytes",
    "check_categorical",
    "check_count",
    "check_field",
    "check_number",
    "expressions",
    "frozen",
    "id_dtype",
    "value_error",
]
