"""The faults: for each kind its own, and those below all kinds that every kind must notice."""

from __future__ import annotations

from tests.mutation.planting import Fault

C, K = "featurecols.columns", "featurecols.kernels"

# A wrong slice offset, a wrong bitmap offset, a dictionary from the wrong chunk, and their neighbours.
SHARED = {
    "slice offset": Fault("featurecols.data.fields.base:FieldView._view", "self.start + start", "start"),
    "bitmap offset": Fault(
        "featurecols.data.arrow_buffers:Valid.rows", "(self.offset + start, self.offset + stop)", "(start, stop)"
    ),
    "dictionary of another chunk": Fault("featurecols.data.fields.dictionary:_same_memory", "a is b", "True"),
    "null codes": Fault("featurecols.data.fields.dictionary:DictionaryField._codes", "codes[~valid] = -1", "codes[~valid] = 0"),
    "values offset": Fault("featurecols.data.arrow_buffers:primitive", "array.offset * dtype.itemsize", "0"),
    "text offset": Fault("featurecols.data.arrow_buffers:texts", "array.offset * dtype.itemsize", "0"),
    "null lists": Fault(
        "featurecols.data.arrow_buffers:list_parts", "np.where(valid, sizes, 0)", "np.where(valid, sizes, sizes)"
    ),
    "list window": Fault("featurecols.data.fields.lists:ListField._own", "offsets - offsets[0]", "offsets - self._offsets[0]"),
    "type of text": Fault("featurecols.data.fields.text:TextField.as_type", "view.type_name = name", "view.type_name = None"),
    "null in place of a list": Fault(
        "featurecols.data.fields.lists:in_lists", "value is not None", "True", also=("featurecols.data.batch",)
    ),
    "block target": Fault("featurecols.plan.execution.program:Program.fill", "out[start:stop]", "out[: stop - start]"),
    "joined offsets": Fault(
        "featurecols._core.arrays:Ids.concatenate", "starts[1:].astype(np.int64) + base", "starts[1:].astype(np.int64)"
    ),
}

# The shared faults that each kind must notice: those of the forms that its Examples read.
_ALL = ("slice offset", "bitmap offset", "dictionary of another chunk")
SEEN = {
    "arithmetic": (*_ALL, "values offset"),
    "bucketized": (*_ALL, "values offset", "null in place of a list"),
    "count": (*_ALL, "null codes", "text offset", "values offset"),
    "crossed": (*_ALL, "null codes", "list window", "joined offsets"),
    "cyclic": _ALL,
    "date_part": _ALL,
    "elapsed": _ALL,
    "embedding": (*_ALL, "block target", "null lists"),
    "gram_fields": (*_ALL, "text offset"),
    "hashed": (*_ALL, "null codes", "text offset", "type of text", "null in place of a list"),
    "identity": (*_ALL, "values offset", "null in place of a list"),
    "indicator": (*_ALL, "block target", "joined offsets"),
    "missing": (*_ALL, "list window", "null lists"),
    "numeric": (*_ALL, "values offset", "block target"),
    "piecewise": (*_ALL, "values offset", "block target"),
    "sequence": (*_ALL, "list window", "null lists", "null in place of a list"),
    "target_mean": (*_ALL, "null codes", "text offset", "values offset", "block target"),
    "tfidf": (*_ALL, "list window"),
    "token_fields": (*_ALL, "text offset", "null codes"),
    "vocabulary": (*_ALL, "null codes", "text offset", "null lists", "type of text"),
    "weighted": (*_ALL, "list window", "joined offsets"),
}

_ONE_HOT = 'f"    if 0 <= {v} < {width}: out[{start} + {v}] = 1.0"'
_HASHERS = (f"{C}.hashed", f"{C}.vocabulary")

OWN = {
    "arithmetic": [
        Fault(f"{C}.arithmetic:Ratio._of_arrays", "np.where(b == 0.0, np.nan, a / b)", "a / b"),
        Fault(f"{C}.arithmetic:Ratio._of_numbers", "math.nan if b == 0.0 else a / b", "a / (b or 1.0)"),
        Fault(f"{C}.arithmetic:_OfTwoBound.values", "np.where(np.isnan(found), self._default, found)", "found"),
        Fault(f"{C}.arithmetic:_OfTwoBound._refusal", "0 if a != a else 1", "0"),
        Fault(f"{C}.arithmetic:_OfTwoBound._write", "fine.argmin()", "fine.argmax()"),
    ],
    "bucketized": [
        Fault(f"{K}.bucketize:bucketize", "x", "np.nextafter(x, -np.inf)", call="_BUCKETIZE[4]"),
        Fault(f"{K}.bucketize:bucketize", "width", "1", call="_BUCKETIZE[4]"),
        Fault(f"{C}.bucketized:BucketizedBound._bucket", "bisect.bisect_right", "bisect.bisect_left"),
        Fault(f"{C}.bucketized:BucketizedBound.ids", "self.missing_id", "-1", call="kernels.bucketize.bucketize"),
        Fault(f"{C}.bucketized:Bucketized.bind", "rounded_to_float32(exact)", "exact"),
        Fault(f"{C}.bucketized:BucketizedBound.row", "j % self.size", "0"),
    ],
    "count": [
        Fault(f"{C}.count:CountBound.__init__", "[counts[2:], counts[1:2], [0.0]]", "[counts[2:], [0.0], counts[1:2]]"),
        Fault(
            "featurecols.analyzers.label_sums:LabelTable.places",
            "np.append(numbers + np.int32(1), np.int32(0))",
            "np.append(numbers + np.int32(1), np.int32(1))",
        ),
        Fault("featurecols.analyzers.label_sums:texts_of_ids", '">i8"', '"<i8"'),
    ],
    "crossed": [
        Fault(f"{C}.crossed:CrossedBound._product", "offsets + base[:, None]", "offsets"),
        Fault(f"{C}.crossed:CrossedBound._of_ids", "ids.values >= 0", "ids.values > 0"),
        Fault(f"{C}.crossed:CrossedBound._product", "there < 0", "there > 0"),
        Fault(f"{C}.crossed:CrossedBound._of_raw", '("part", self.farm)', '("part",)'),
        Fault(
            f"{C}.crossed:CrossedBound._combine",
            "0xFFFFFFFF if p is None else p & 0xFFFFFFFF",
            "0 if p is None else p & 0xFFFFFFFF",
        ),
        Fault(f"{C}.crossed:CrossedBound._hashes", "texts.integers is not None", "False"),
        Fault(f"{C}.crossed:CrossedBound._hashes", 'kind == "boolean"', "False"),
        Fault(f"{C}.crossed:CrossedBound._by_table", "tuple(map(id, dictionaries))", "()"),
        Fault(f"{C}.crossed:CrossedBound._table", "len(p.hashes) + 1", "max(len(p.hashes), 1)"),
        Fault(
            f"{C}.crossed:_Part.spread", "(self.codes >= 0) & (self.codes < len(self.hashes))", "self.codes < len(self.hashes)"
        ),
        Fault(f"{K}.crossing:_start", "seed or FARM_SEED", "seed"),
    ],
    "cyclic": [
        Fault(f"{C}.cyclic:point", "2 * math.pi / period", "math.pi / period"),
        Fault(f"{C}.cyclic:CyclicPartBound.__init__", "0.0 if column.default is None else column.default", "0.0"),
        Fault(f"{C}.cyclic:CyclicPartBound._write", "ids.values < 0", "ids.values < -1"),
        Fault(f"{C}.cyclic:CyclicPartBound._write_row", "self._rows[found]", "self._rows[0]"),
    ],
    "date_part": [
        Fault(f"{C}.date_part:DatePartBound._of_days", "self._zone.local(found.seconds())", "found.seconds()"),
        Fault(f"{C}.date_part:DatePartBound._of_years", "ids >= self.num_buckets", "ids > self.num_buckets"),
        Fault(f"{C}.date_part:part_of", "thursday = days - (days + 3) % 7 + 3", "thursday = days - (days + 3) % 7"),
        Fault("featurecols._core.times:date_of", "month <= 2", "month < 2"),
        Fault("featurecols._core.zones:Zone.local", "self.offsets[low : high + 1][at]", "self.offsets[low]"),
        Fault("featurecols._core.zones:Zone.local", "instants >= self._next[near]", "instants > self._next[near]"),
        Fault(
            "featurecols._core.zones:Zone.offset",
            "bisect_right(self._starts, instant)",
            "bisect_right(self._starts, instant - 1)",
        ),
        Fault(
            "featurecols.data.fields.times:TimeField._read_times",
            "Times(ticks, self._per_second, self._kind, None, valid)",
            "Times(ticks, self._per_second, self._kind, None, None)",
        ),
        Fault(f"{K}.iso_times:_SCAN", "found -= offset", "found += offset"),
    ],
    "elapsed": [
        Fault(f"{C}.elapsed:ElapsedBound.values", "x += after / float(NANO)", "x += after"),
        Fault(f"{C}.elapsed:less", "-np.asarray(b)", "np.asarray(b)"),
        Fault(f"{C}.elapsed:both", "a & b", "a"),
        Fault(f"{C}.elapsed:ElapsedBound.row", 'float("nan") if self._default is None else self._default', "0.0"),
    ],
    "embedding": [
        Fault(f"{K}.embedding_bag:pool", "combiner", "min(combiner, 1)", call="_POOL[values.itemsize, table.itemsize]"),
        Fault(f"{K}.embedding_bag:pool", "max_norm", "0.0", call="_POOL[values.itemsize, table.itemsize]"),
        Fault(f"{C}.embedding:EmbeddingBound._scale", "norm > self.max_norm", "norm < self.max_norm"),
        Fault(f"{C}.embedding:Embedding.bind", "self.table or self.name", "self.name"),
        Fault(f"{C}.embedding:Embedding.bind", "self.seed", "0"),
        Fault(f"{C}.embedding:EmbeddingBound.write_row", "i < 0", "i <= 0"),
        Fault(
            f"{C}.embedding:EmbeddingBound.write",
            "values < self.table.shape[0]",
            "values <= self.table.shape[0]",
        ),
    ],
    "gram_fields": [
        Fault("featurecols.data.fields.grams:_slices", "ends[last]", "ends[at]"),
        Fault("featurecols.data.fields.grams:_without_missing", "np.append(0, np.cumsum(there))[offsets]", "offsets"),
        Fault("featurecols.data.fields.grams:character_grams", "0x80", "0xC0"),
        Fault("featurecols.data.fields.grams:prefixes", "DictionaryField(view.key, found.codes, elements)", "elements"),
    ],
    "hashed": [
        Fault(f"{C}._categorical:missing_of", "codes < 0", "codes > 0"),
        Fault(f"{K}.texts:buckets", "seed", "0", call="murmur3_buckets"),
        Fault(f"{K}.texts:buckets", "texts.valid", "None", call="murmur3_buckets"),
        Fault(f"{C}._categorical:row_hash", "False", "True", call="mmh3.hash", also=_HASHERS),
        Fault("featurecols.data.fields.base:FieldView.map_texts", "tokens.offsets", "None"),
        Fault(f"{K}.texts:_GATHER", "value if known else -1", "value if known else 0"),
        Fault(f"{C}.hashed:HashedBound._id", "self._own", "self._own + 1"),
    ],
    "identity": [
        Fault(f"{C}.identity:IdentityBound.ids", "values < self._own", "values <= self._own"),
        Fault(f"{C}.identity:IdentityBound.ids", "out[~integers.valid] = self.missing_id", "out[~integers.valid] = 0"),
        Fault(f"{C}.identity:IdentityBound._id", "0 <= i < self._own", "0 < i < self._own"),
        Fault(
            f"{C}.identity:IdentityBound._refuse",
            'int(np.searchsorted(offsets, bad[0], side="right")) - 1',
            'int(np.searchsorted(offsets, bad[0], side="right"))',
        ),
        Fault(f"{C}.identity:IdentityBound.__init__", "id_dtype(self.num_buckets)", "np.int32"),
    ],
    "indicator": [
        Fault(f"{K}.scatter:multihot", "NO_WEIGHTS if weights is None else weights", "NO_WEIGHTS"),
        Fault(f"{C}.indicator:IndicatorBound.write", "ids.offsets is None", "ids.offsets is not None"),
        Fault(
            f"{K}.write_matrix:assemble",
            "(numbers, kinds, *described, codes, starts, widths, _ZEROS if shared is None else shared, suspect)",
            "(numbers, kinds, *described, codes, starts[::-1].copy(), widths, _ZEROS if shared is None else shared, suspect)",
        ),
        Fault(
            f"{K}.write_matrix:assemble",
            "described = (columns, defaults, first, ops, a, b)",
            "described = (columns[::-1].copy(), defaults, first, ops, a, b)",
        ),
        Fault(
            f"{C}.indicator:IndicatorBound.row_code",
            _ONE_HOT,
            _ONE_HOT.replace("{start} + {v}", "{start} + 1"),
        ),
        Fault(f"{C}.indicator:IndicatorBound.write_row", "1.0 if weights is None else weights[k]", "1.0"),
        Fault("featurecols._core.csr:entries", "ids < num_buckets", "ids <= num_buckets"),
    ],
    "missing": [
        Fault(f"{C}.missing:_is_missing", "all", "any"),
        Fault("featurecols.data.fields.lists:ListField.missing", "np.diff(there[offsets]) == 0", "np.diff(offsets) == 0"),
        Fault("featurecols.data.fields.dictionary:DictionaryField.missing", "True", "False"),
        Fault("featurecols.data.fields.numeric:_missing_of", "~valid", "valid"),
    ],
    "numeric": [
        Fault("featurecols.analyzers.quartiles:_at", "q * (int(below[-1]) - 1)", "q * int(below[-1])"),
        Fault(f"{C}.normalizers.powers:SignedLog1p.row", "-math.log1p(-x)", "math.log1p(-x)"),
        Fault(f"{C}.normalizers.powers:Power.row", "2.0 - exponent", "exponent"),
        Fault(f"{C}.normalizers.ranks:_normal_score", "bisect.bisect_right(points, x, at)", "at + 1"),
        Fault("featurecols.analyzers.power:_unlikelihood", "0.5 * math.log(variance)", "math.log(variance)"),
        Fault("featurecols.analyzers.quartiles:_evenly", "i / (k - 1)", "i / k"),
        Fault(f"{K}.numeric:_NORMALIZE", "np.uint64(len(ops))", "min(np.uint64(1), np.uint64(len(ops)))"),
        Fault(
            f"{C}.numeric:NumericBound.__init__",
            "(op for n in normalizers for op in n.ops())",
            "(op for n in normalizers[::-1] for op in n.ops())",
        ),
        Fault(f"{C}.numeric:NumericBound.flat", "rounded_to_float32(self._exact(view))", "self._exact(view)"),
        Fault(f"{C}.numeric:NumericBound.refusal", "(start + int(bad[0])) // self._size", "start + int(bad[0])"),
        Fault("featurecols.plan.execution.operations:_describe", "c.defaults[0]", "0.0"),
        Fault("featurecols.plan.execution.operations:FusedWriter.run", "int(suspect[j])", "block.rows"),
        Fault(f"{K}.numeric:normalize", "default", "default[::-1].copy()", call="_NORMALIZE[out.itemsize]"),
        Fault("featurecols.columns.normalizers.powers:Log1p.row", "-math.inf if x == -1.0 else math.nan", "math.nan"),
        Fault("featurecols.analyzers.moments:Moments.finish", "square_root(variance)", "float(variance)"),
    ],
    "sequence": [
        Fault(f"{C}.sequence:SequenceBound._trim", "offsets[1:] - counts", "offsets[:-1]"),
        Fault(f"{C}.sequence:SequenceBound.write", "at * self.step.width + k", "at + k"),
        Fault(f"{C}.sequence:SequenceBound.write_row", "len(steps) - keep", "0"),
        Fault(f"{C}.sequence:SequenceBound.id_source", "np.repeat(first, counts)", "0"),
        Fault(
            f"{C}.sequence:SequenceBound._of_row",
            'int(np.searchsorted(offsets, error.row, side="right")) - 1',
            'int(np.searchsorted(offsets, error.row, side="right"))',
        ),
        Fault(
            f"{C}.sequence:SequenceBound.lengths",
            "self._trim(self._elements(inputs[:1])[1])[1]",
            "self._trim(self._elements(inputs[:1])[1])[0]",
        ),
    ],
    "piecewise": [
        Fault(f"{C}.piecewise:Piecewise.bind", "[[low], between, [high]]", "[between, [high]]"),
        Fault(f"{C}._piecewise:PiecewiseBound._located_row", "(x - low) / (high - low)", "(x - low) / high"),
        Fault(f"{C}._piecewise:PiecewiseBound._located_row", "low if x < low else high if x > high else x", "x"),
        Fault(f"{C}._piecewise:PiecewiseBound._write_row", "range(at, at + t)", "range(at, at)"),
        Fault(f"{C}._piecewise:PiecewiseEmbeddingBound._write_row", "z * of_line[d]", "of_line[d]"),
        Fault(f"{C}._piecewise:PiecewiseEmbeddingBound._write", "self._sums", "self._sums * 0.0"),
        Fault(f"{K}.piecewise:_WEIGH", "v = low if v < low else (high if v > high else v)", "pass"),
        Fault(f"{K}.piecewise:_EXPAND", "values[at], shares[at] = t, weights[i * _2]", "values[at], shares[at] = t, 1.0"),
        Fault(f"{K}.piecewise:sums_before", "[table[-1:], table[:-3]]", "[table[:1], table[:-3]]"),
        Fault(f"{K}.piecewise:_SUM", "e * np.float64(table[t, d])", "e * np.float64(table[t, 0])"),
    ],
    "tfidf": [
        Fault(f"{C}.tfidf:TfidfBound._norms", "times * times", "times"),
        Fault(f"{C}.tfidf:TfidfBound.row", "x * x", "x"),
        Fault(f"{K}.count_terms:tally_rows", "last[ids[k]] != i + 1", "last[ids[k]] == 0"),
        Fault("featurecols.analyzers.document_counts:_added", "state.rows += rows", "state.rows = rows"),
    ],
    "token_fields": [
        Fault("featurecols.data.fields.tokens:take_apart", "starts - ends[:-1]", "starts"),
        Fault("featurecols.data.fields.tokens:take_apart", "np.append(np.diff(offsets), 0)", "np.diff(offsets)"),
        Fault("featurecols.data.fields.tokens:_without_empty", "place < max_tokens", "place <= max_tokens"),
        Fault(f"{C}.token_fields:_split", "token.lower()", "token"),
        Fault("featurecols.data.fields.cleaning:lowered", "text.lower()", "text.casefold()"),
        Fault(
            "featurecols.data.fields.cleaning:numbers_of", "longest <= _EXACT", "True", also=("featurecols.data.fields.text",)
        ),
        Fault(
            "featurecols.data.fields.text:TextField.clean",
            "TextField.of(self.key, array, self.parse).with_markers(cleaning.markers)",
            "TextField.of(self.key, array, self.parse)",
        ),
    ],
    "target_mean": [
        Fault(f"{C}.target_mean:smoothed", "sums[1:] + smoothing * means", "sums[1:] + means"),
        Fault(f"{C}.target_mean:smoothed", "[found[1:], found[:1], means[None]]", "[found, means[None]]"),
        Fault(f"{C}.target_mean:TargetMeanTrainingBound._rows", "len(self._means) // folds - 1", "0"),
        Fault(f"{C}._folds:_of_tokens", "_missing(modulo)", "1"),
        Fault(f"{C}._folds:_of_lists", "sizes == 1", "sizes == 2"),
        Fault(f"{C}._folds:_of_lists", "found[sizes == 0] = _MISSING", "pass"),
        Fault(f"{C}._undecided:_read_by", "field.key not in labels", "True"),
        Fault(f"{C}._undecided:_decide", "found.decide(fields) if found.undecided else found", "found"),
        Fault(f"{C}.target_mean:TargetMean.decide", "all(field.key in keys for field in fields)", "False"),
        Fault(f"{C}._folds:_of_numbers", 'x.astype("<f8")', 'x.astype(">f8")'),
        Fault(f"{C}._term_rows:_IdRows.of_one", "value < 0", "value < -1"),
        Fault(f"{C}._term_rows:_TextRows.of_one", "self._missing + 1", "self._missing"),
        Fault(f"{K}.label_sums:fold_totals", "total - own[first + f, k]", "own[first + f, k]"),
        Fault("featurecols.analyzers.label_sums:LabelSums.merge", "b.counts[:n]", "0"),
        Fault("featurecols.analyzers.label_sums:LabelTable.rows", "found + self.by_class[:, k]", "found"),
        Fault("featurecols.analyzers.label_sums:LabelTable.settle", "self._cells >> np.int64(32)", "self._cells"),
        Fault(
            "featurecols.analyzers.exact_sums:to_float",
            "np.where(negative, -found, found)",
            "found",
            also=("featurecols.analyzers.label_sums",),
        ),
        Fault("featurecols.plan.one_pass:Reader._evaluate", "self.graph.training_inputs[i]", "self.graph.inputs[i]"),
    ],
    "vocabulary": [
        Fault(f"{C}.vocabulary:VocabularyBound._of_texts", "self.size", "0"),
        Fault(f"{C}.vocabulary:VocabularyBound._of_texts", "np.maximum(found, -1, out=found)", "found"),
        Fault(f"{C}.vocabulary:VocabularyBound._of_texts", "found[unseen] = self._unseen", "found[unseen] = 0"),
        Fault(f"{C}.vocabulary:VocabularyBound._id", "self.size + self._hash(text) % n", "self._hash(text) % n"),
        Fault(f"{K}.lookup:find", "NO_VALID if valid is None else valid", "NO_VALID"),
        Fault(f"{C}.vocabulary:VocabularyBound.ids", 'view.tokens().kind == "boolean"', "False"),
    ],
    "weighted": [
        Fault(f"{C}.weighted:WeightedBound.ids", "int(refused.argmax())", "0"),
        Fault(
            f"{C}.weighted:WeightedBound.ids",
            "needed & (~fine if self._default is None else ~fine & ~missing)",
            "needed & missing",
        ),
        Fault(f"{C}.weighted:WeightedBound.ids", "np.diff(starts) != np.diff(offsets)", "np.diff(starts) > np.diff(offsets)"),
        Fault(f"{C}.weighted:WeightedBound.ids", "self._default or 0.0", "0.0"),
        Fault(f"{C}.weighted:WeightedBound._weight", "self._default or 0.0", "0.0"),
        Fault(f"{C}.weighted:WeightedBound._weight", "float32(float(value))", "float(value)"),
    ],
}

# What the laws that are asked first do not notice, by the id of its test: the law, and its Example, that do. They are asked
# before all others, which takes a second less where there are many Examples.
NOTICED = {
    "bucketized-dictionary of another chunk": "shards_learn_the_same of learned",
    "bucketized-null in place of a list": "one_row_a_batch_gives_the_same of shaped",
    "crossed-CrossedBound._by_table: ()": "many_rows_give_the_same of farmhash64 integers",
    'crossed-CrossedBound._of_raw: ("part",)': "many_rows_give_the_same of both hashes of one dictionary",
    "crossed-CrossedBound._table: max(len(p.hashes), 1)": "many_rows_give_the_same of texts",
    "crossed-dictionary of another chunk": "many_rows_give_the_same of unseen terms",
    "crossed-joined offsets": "batches_and_pieces_give_the_same of lists",
    "crossed-list window": "batches_and_pieces_give_the_same of lists",
    "crossed-null codes": "many_rows_give_the_same of texts",
    "cyclic-dictionary of another chunk": "many_rows_give_the_same of other columns",
    "date_part-dictionary of another chunk": "many_rows_give_the_same of lists of days",
    "embedding-block target": "blocks_and_threads_change_nothing of one id",
    "embedding-dictionary of another chunk": "shards_learn_the_same of a learned source",
    "embedding-null lists": "formats_change_nothing of mean of a list",
    "gram_fields-prefixes: elements": "many_rows_give_the_same of n-grams of words, of characters and of lists, and prefixes",
    "hashed-dictionary of another chunk": "formats_change_nothing of text",
    "hashed-missing_of: codes > 0": "many_rows_give_the_same of missing in a bucket of its own",
    "hashed-null codes": "many_rows_give_the_same of text",
    "hashed-null in place of a list": "one_row_a_batch_gives_the_same of lists",
    "hashed-type of text": "csv_gives_the_same of booleans",
    "identity-dictionary of another chunk": "formats_change_nothing of inside",
    "identity-null in place of a list": "one_row_a_batch_gives_the_same of lists",
    "indicator-block target": "blocks_and_threads_change_nothing of one-hot",
    "missing-dictionary of another chunk": "many_rows_give_the_same of markers",
    "missing-null lists": "formats_change_nothing of lists",
    "numeric-_NORMALIZE: min(np.uint64(1), np.uint64(len(ops)))": (
        "a_request_and_its_items_give_whole_rows of awkward in float32"
    ),
    "numeric-block target": "blocks_and_threads_change_nothing of plain",
    "numeric-dictionary of another chunk": "shards_learn_the_same of learned",
    "sequence-dictionary of another chunk": "shards_learn_the_same of learned",
    "sequence-null in place of a list": "all_null_is_a_batch_too of learned",
    "sequence-null lists": "formats_change_nothing of numbers",
    "target_mean-LabelSums.merge: 0": "shards_learn_the_same of a field",
    "target_mean-TargetMean.decide: False": "training_rows_match_the_reference of no folds",
    "target_mean-TargetMeanTrainingBound._rows: 0": "training_rows_match_the_reference of a field",
    "target_mean-_decide: found": "training_rows_match_the_reference of folds of what others read",
    "target_mean-_of_lists: pass": "training_rows_match_the_reference of folds of lists and of texts",
    "target_mean-_of_lists: sizes == 2": "training_rows_match_the_reference of folds of lists and of texts",
    'target_mean-_of_numbers: x.astype(">f8")': "training_rows_match_the_reference of a field",
    "target_mean-_read_by: True": "training_rows_match_the_reference of folds of what others read",
    "target_mean-bitmap offset": "shards_learn_the_same of a field",
    "target_mean-block target": "blocks_and_threads_change_nothing of a field",
    "target_mean-dictionary of another chunk": "shards_learn_the_same of a field",
    "target_mean-null codes": "shards_learn_the_same of a field",
    "token_fields-dictionary of another chunk": "shards_learn_the_same of split of ASCII, learned and in sequences",
    "token_fields-null codes": "shards_learn_the_same of split of ASCII, learned and in sequences",
    "token_fields-take_apart: np.diff(offsets)": "shards_learn_the_same of split of ASCII, learned and in sequences",
    "token_fields-take_apart: starts": "shards_learn_the_same of split of ASCII, learned and in sequences",
    "vocabulary-dictionary of another chunk": "shards_learn_the_same of learned",
    "vocabulary-null codes": "shards_learn_the_same of learned",
    "vocabulary-null lists": "formats_change_nothing of lists",
    "vocabulary-type of text": "csv_gives_the_same of whole floats",
    "weighted-dictionary of another chunk": "many_rows_give_the_same of null weights",
}
