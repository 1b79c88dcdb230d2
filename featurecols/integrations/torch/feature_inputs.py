"""FeatureInputs: the columns of a plan as a module of torch, with tables that train."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from featurecols import errors
from featurecols._core.slots import DenseSlot, IdSlot
from featurecols.integrations.torch.pooling import Bags, count, pool
from featurecols.integrations.torch.tensors import FeatureTensors
from featurecols.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class _Dense:
    """Columns start:stop of the dense block, as they are."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Counts:
    """Counts of ids, of each step where there is a length."""

    name: str
    size: int
    steps: int | None


@dataclass(frozen=True, slots=True)
class _Pooled:
    """Rows of a table, which is the parameter of this name, combined."""

    name: str
    parameter: str
    combiner: str
    max_norm: float | None
    steps: int | None


class FeatureInputs(nn.Module):
    """Encoded rows to the matrix of plan.transform, float32 [n, plan.width], with embedding tables that train.

    Numbers, one-hots and counts are those of plan.transform bit for bit; rows of tables too where a row has one id without a
    weight, and else to within k + 4 units in the last place of the sum of magnitudes of the k ids of the row, since torch adds
    in float32. Tables start as the plan's, one parameter for each, which columns that share a table share.

    Args:
        plan: its outputs must be dense; what encode gives goes in: as_tensors(plan.encode(data)), or batches of
            ParquetDataset(output="ids").
        sparse: whether gradients of tables are sparse, for torch.optim.SparseAdam.

    Raises:
        PlanError: for a column that gives bare ids, and for one of another package whose features are not those of its slot.

    >>> import featurecols as fc
    >>> from featurecols.integrations.torch import as_tensors
    >>> plan = fc.compile([fc.Numeric("age"), fc.Embedding(fc.Hashed("city", 100), 3)])
    >>> inputs = FeatureInputs(plan)
    >>> rows = {"age": [31.0, 25.0], "city": ["Rome", None]}
    >>> bool((inputs(as_tensors(plan.encode(rows))).detach().numpy() == plan.transform(rows)).all())
    True
    """

    def __init__(self, plan: Plan, *, sparse: bool = False) -> None:
        super().__init__()
        self.plan, self.sparse = plan, sparse
        self._parameter_of = {name: f"table_{name.replace('%', '%25').replace('.', '%2E')}" for name in plan.tables}
        for name, array in plan.tables.items():
            self.register_parameter(self._parameter_of[name], nn.Parameter(torch.tensor(array)))
        widths = {slot.name: slot.width for slot in plan.matrix_slots}
        self._parts: list[_Dense | _Counts | _Pooled] = []
        for slot in plan.encoded_slots:
            if slot.name not in widths:
                hint = "wrap it in Indicator or Embedding"
                raise errors.plan("FeatureInputs", "a categorical column gives ids, not features", slot.name, hint)
            self._add(slot)
            wide = slot.width if isinstance(slot, DenseSlot) else (slot.dimension or slot.num_buckets) * (slot.max_length or 1)
            if wide != widths[slot.name]:
                hint = "give its slot the kind of its features"
                raise errors.plan("FeatureInputs", "the features of a column are not those of its slot", slot.name, hint)

    def _add(self, slot: DenseSlot | IdSlot) -> None:
        last = self._parts[-1] if self._parts else None
        if isinstance(slot, DenseSlot):
            if isinstance(last, _Dense) and last.stop == slot.start:
                self._parts[-1] = _Dense(last.start, slot.stop)
            else:
                self._parts.append(_Dense(slot.start, slot.stop))
        elif slot.table is None:
            self._parts.append(_Counts(slot.name, slot.num_buckets, slot.max_length))
        else:
            table, combiner = self._parameter_of[slot.table], slot.combiner or "mean"
            self._parts.append(_Pooled(slot.name, table, combiner, slot.max_norm, slot.max_length))

    @property
    def out_features(self) -> int:
        """The width of what it gives."""
        return self.plan.width

    @property
    def tables(self) -> dict[str, nn.Parameter]:
        """The parameters by the names of the plan's tables, float32 [num_buckets, dimension]."""
        return {name: self.get_parameter(parameter) for name, parameter in self._parameter_of.items()}

    def forward(self, features: FeatureTensors) -> Tensor:
        """Return the matrix of plan.transform, float32 [n, out_features]."""
        dense = features["dense"]
        rows = dense.shape[0]
        found: list[Tensor] = []
        for part in self._parts:
            if isinstance(part, _Dense):
                found.append(dense[:, part.start : part.stop])
                continue
            bags = Bags.of(features["ids"][part.name], part.steps)
            if isinstance(part, _Counts):
                written = count(bags, part.size)
            else:
                table = getattr(self, part.parameter)
                written = pool(bags, table, part.combiner, part.max_norm, sparse=self.sparse)
            found.append(written if part.steps is None else written.reshape(rows, part.steps * written.shape[1]))
        return torch.cat(found, dim=1) if found else dense

    def to_plan(self) -> Plan:
        """Return the plan with the tables as they are now."""
        return self.plan.with_tables({name: table.detach().cpu().float().numpy() for name, table in self.tables.items()})

    def extra_repr(self) -> str:
        """Return the width and the tables, for print."""
        tables = ", ".join(f"{name} {list(table.shape)}" for name, table in self.tables.items())
        return f"{self.plan.width} features{'; ' if tables else ''}{tables}"
