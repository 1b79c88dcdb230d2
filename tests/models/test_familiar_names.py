"""The names of Keras and tf.estimator: each is there, or its error says what to write. docs/migration.md has the same table."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import featurecols as fc
from featurecols._core import other_arguments, other_names
from featurecols.errors import ArgumentError, ColumnError
from featurecols.models import (
    DNNClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    RunConfig,
    Sequential,
    WideDeepClassifier,
    WideDeepRegressor,
    hooks,
    layers,
    losses,
    metrics,
    optimizers,
)

X, Y = np.linspace(-1, 1, 24).reshape(8, 3), np.arange(8) % 2
PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text("utf-8")


def fitted(optimizer="sgd", loss="mse", metric=(), activation=None, units=1, **given) -> Sequential:
    model = Sequential([layers.Dense(2, activation=activation), layers.Dense(units)], seed=1)
    model.compile(optimizer, loss, metric)
    model.fit(X, Y, epochs=1, verbose=0, **given)
    return model


LOSSES = {
    **{"mae": losses.MeanAbsoluteError(), "huber": losses.Huber(), "quantile": losses.Quantile(), "hinge": losses.Hinge()},
    **{"kl": losses.KLDivergence(), "kl_divergence": losses.KLDivergence(), "focal": losses.BinaryFocalCrossentropy()},
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    assert losses.get(name) == losses.get(name.upper()) == LOSSES[name]
    model = fitted(loss=name, units=2 if name.startswith("kl") else 1)
    assert np.isfinite(model.history.history["loss"][-1])


@pytest.mark.parametrize("name", ["rmse", "f1", "top_1_accuracy", "top_k_categorical_accuracy", "pinball", "pinball_0.9"])
def test_metrics(name: str) -> None:
    assert name in fitted(metric=[name]).history.history


@pytest.mark.parametrize("name", ["elu", "selu", "swish", "leaky_relu", "softplus"])
def test_activations(name: str) -> None:
    assert fitted(activation=name).predict(X).shape == (8,)


@pytest.mark.parametrize("name", ["Nadam", "Adamax", "Adadelta", "Lion"])
def test_optimizers(name: str) -> None:
    assert optimizers.get(name.lower()) == getattr(optimizers, name)()
    before, after = fitted(name, steps_per_epoch=1), fitted("sgd", steps_per_epoch=1)
    assert before.predict(X).tobytes() != after.predict(X).tobytes()


def test_weights_and_shares_of_fit() -> None:
    weighted = fitted(loss="binary_crossentropy", class_weight={1: 5.0})
    assert weighted.predict(X).tobytes() != fitted(loss="binary_crossentropy").predict(X).tobytes()
    assert "val_loss" in fitted(validation_split=0.25).history.history
    stop = hooks.EarlyStopping(monitor="val_loss", mode="min", min_delta=0.1, patience=1, restore_best_weights=False)
    assert (stop.monitor.metric, stop.monitor.min_delta, stop.patience, stop.restore_best_weights) == (
        "val_loss",
        0.1,
        1,
        False,
    )


SAID = [
    (lambda: optimizers.Adam(clipnorm=1.0), "use clip=fc.models.ClipNorm(norm)"),
    (lambda: optimizers.Adam(clipvalue=1.0), "use clip=fc.models.ClipValue(value)"),
    (lambda: optimizers.Ftrl(l1_regularization_strength=0.1), "did you mean l1?"),
    (lambda: optimizers.Ftrl(l2_regularization_strength=0.1), "did you mean l2?"),
    (lambda: RunConfig(tf_random_seed=1), "did you mean seed?"),
    (lambda: layers.Dense(3, input_shape=(4,)), "did you mean input_dim?"),
    (lambda: LinearClassifier([fc.Numeric("x")]).train({}, validation_split=0.1), "did you mean validation_share?"),
    (lambda: hooks.SessionRunHook, "use hooks.Hook; a hook with begin(self) and after_run(self, run_context, run_values)"),
    (lambda: hooks.StopAtStepHook, "use hooks.StopAtStep(steps)"),
    (lambda: metrics.f1_score, "use metrics.f1"),
    (lambda: losses.Focal, "use losses.BinaryFocalCrossentropy()"),
    (lambda: optimizers.Ftrl(learning_rate_power=-0.5), "leave it out: it is -0.5, as it is by default there"),
    (lambda: optimizers.SGD(decay=0.1), "learning_rate=fc.models.schedules.Exponential(rate, decay, every)"),
    (lambda: optimizers.RMSProp(decay=0.9), "the decay of the average is rho="),
    (lambda: optimizers.Adam(momentum=0.9), "did you mean beta_1?"),
    (lambda: optimizers.AdamOptimizer, "use optimizers.Adam(learning_rate)"),
    (lambda: layers.Dense(3, bias_initializer="zeros"), "leave it out: biases begin at 0"),
    (lambda: layers.Dense(3, bias_regularizer="l2"), "leave it out: biases are not regularized"),
    (lambda: LinearClassifier([], head=None), "your own goes into fc.models.Estimator(model_fn)"),
    (lambda: LinearClassifier([], hidden_units=[3]), "use fc.models.DNNClassifier or fc.models.WideDeepClassifier"),
    (lambda: LinearClassifier([], dnn_feature_columns=[]), "use fc.models.DNNClassifier or fc.models.WideDeepClassifier"),
    (lambda: LinearRegressor([], n_classes=3), "a regressor predicts numbers; classes are for a classifier"),
    (lambda: DNNRegressor([], [1], loss_reduction="sum"), "use loss=fc.models.losses.MeanSquaredError(reduction='sum')"),
    (
        lambda: DNNClassifier([], [1], linear_feature_columns=[]),
        "a network has no linear part: use fc.models.WideDeepClassifier",
    ),
    (lambda: WideDeepClassifier(feature_columns=[]), "give linear= and dnn="),
    (lambda: WideDeepRegressor(optimizer="Adam"), "linear_optimizer= and dnn_optimizer="),
    (lambda: LinearClassifier([fc.Numeric("x")]).train({}, validation_steps=3), "all rows of the validation are evaluated"),
    (lambda: Sequential([]).compile(jit_compile=True), "leave it out: nothing is traced or compiled"),
    (lambda: BoostedTrees(), "trees of other libraries train on plan.transform(data)"),
    (lambda: MultiLabelHead(), "use multi_label=True of classifiers"),
]


def BoostedTrees() -> object:
    return fc.models.BoostedTreesClassifier


def MultiLabelHead() -> object:
    return fc.models.MultiLabelHead


@pytest.mark.parametrize("number", range(len(SAID)))
def test_other_names_are_told(number: int) -> None:
    call, says = SAID[number]
    with pytest.raises((ArgumentError, AttributeError), match=re.escape(says)):
        call()


ESTIMATORS = (LinearClassifier, LinearRegressor, DNNClassifier, DNNRegressor, WideDeepClassifier, WideDeepRegressor)
# the arguments in Keras 3.15 and TensorFlow 2.15, tf.compat.v1 included, that are not taken as they are
THERE = {
    (optimizers.SGD, optimizers.Adam, optimizers.Adagrad, optimizers.RMSProp, optimizers.Ftrl, optimizers.Lion): (
        "lr decay clipnorm clipvalue global_clipnorm use_ema ema_momentum ema_overwrite_frequency name use_locking jit_compile"
        " loss_scale_factor gradient_accumulation_steps amsgrad"
    ),
    (optimizers.Ftrl,): (
        "learning_rate_power initial_accumulator_value l1_regularization_strength l2_regularization_strength"
        " l2_shrinkage_regularization_strength accum_name linear_name"
    ),
    (RunConfig,): (
        "tf_random_seed session_config keep_checkpoint_every_n_hours train_distribute device_fn protocol eval_distribute"
        " experimental_distribute experimental_max_worker_delay_secs session_creation_timeout_secs checkpoint_save_graph_def"
    ),
    ESTIMATORS: (
        "partitioner input_layer_partitioner loss_reduction head gradient_clip_norm enable_centered_bias"
        " fix_global_step_increment_bug joint_weight feature_engineering_fn epochs learning_rate class_weight callbacks"
    ),
    (LinearClassifier, LinearRegressor, DNNClassifier, DNNRegressor): (
        "dnn_feature_columns dnn_hidden_units dnn_activation_fn dnn_dropout linear_feature_columns linear_sparse_combiner"
        " linear_optimizer dnn_optimizer"
    ),
    (WideDeepClassifier, WideDeepRegressor): (
        "dnn_feature_columns dnn_hidden_units dnn_activation_fn dnn_dropout linear_feature_columns linear_sparse_combiner"
        " feature_columns optimizer activation_fn l1 l2"
    ),
    (LinearClassifier([fc.Numeric("x")]).train,): (
        "saving_listeners callbacks validation_data validation_split sample_weight verbose shuffle initial_epoch x y monitors"
        " steps_per_epoch validation_steps validation_freq validation_batch_size max_queue_size workers use_multiprocessing"
    ),
    (Sequential([]).fit,): (
        "initial_epoch validation_steps validation_freq validation_batch_size max_queue_size workers use_multiprocessing"
    ),
    (Sequential([]).compile,): "loss_weights weighted_metrics run_eagerly steps_per_execution jit_compile auto_scale_loss",
    (layers.Dense,): (
        "input_shape batch_input_shape bias_initializer bias_regularizer activity_regularizer kernel_constraint bias_constraint"
        " dtype trainable"
    ),
    (layers.Dropout,): "noise_shape seed dtype",
    (layers.BatchNormalization,): (
        "axis center scale renorm virtual_batch_size beta_initializer gamma_initializer moving_mean_initializer"
        " moving_variance_initializer"
    ),
    (hooks.EarlyStopping,): "verbose baseline start_from_epoch",
}


@pytest.mark.parametrize(
    ("call", "name"), [(call, name) for calls, names in THERE.items() for call in calls for name in names.split()]
)
def test_each_argument_that_is_not_taken_is_answered(call, name: str) -> None:
    """The message says what to write; a list of all arguments is no answer, nor is the name that is spelled most alike."""
    with pytest.raises(ArgumentError, match=f"no argument is called '{name}'; ") as error:
        call(**{name: None})
    subject, hint = str(error.value).split(": ", 1)[0], str(error.value).partition("; ")[2]
    assert not hint.startswith("it takes ")
    told = other_arguments.CALLS.get(subject, {}).get(name) or other_names.HINTS.get(name)
    uses = other_names.ARGUMENTS.get(name, ())
    assert hint == told or any(use in hint for use in uses) or hint in [f"did you mean {one}?" for one in MEANT[name].split()]


MEANT = {  # by their spelling
    "dnn_hidden_units": "hidden_units",
    "dnn_dropout": "dropout",
    "linear_sparse_combiner": "sparse_combiner",
    "linear_optimizer": "optimizer",
    "dnn_optimizer": "optimizer",
    "dnn_feature_columns": "feature_columns",
    "dnn_activation_fn": "activation_fn activation",
    "activation_fn": "activation",
}


def test_export_saved_model_is_export(tmp_path) -> None:
    rows = {"x": [0.0, 1.0, 2.0, 3.0], "y": [0, 0, 1, 1]}
    model = LinearClassifier([fc.Numeric("x")], config=RunConfig(progress=False)).train(rows, label="y", epochs=1)
    model.export_saved_model(tmp_path / "model")
    assert fc.models.load(tmp_path / "model").fingerprint == model.fingerprint


def test_predict_row_of_a_sequential_is_predict_of_that_row() -> None:
    model = fitted()
    for row in X:
        assert model.predict_row(row).tobytes() == model.predict(row[None])[0].tobytes()
    assert model.predict_row(X[0].tolist()) == model.predict_row(X[0])
    rows = [{"x": 1.0, "city": "Rome"}, {"x": None, "city": "Bonn"}]
    columns = [fc.Numeric("x", default=0.0), fc.Embedding(fc.Vocabulary("city", ["Rome"]), 2)]
    table = Sequential([layers.DenseFeatures(columns), layers.Dense(2, activation="softmax")], seed=1)
    table.compile("sgd", "sparse_categorical_crossentropy")
    assert table.predict_row(rows[0]).tobytes() == table.predict([rows[0]])[0].tobytes()  # makes its plan
    table.fit({"x": [1.0, 2.0], "city": ["Rome", "Bonn"]}, [0, 1], epochs=1, verbose=0)
    for row in rows:
        assert table.predict_row(row).tobytes() == table.predict([row])[0].tobytes()
    with pytest.raises(fc.DataError, match="city"):
        table.predict_row({"x": 1.0})
    with pytest.raises(fc.PlanError, match="predict_row: needs a dict of raw values"):
        table.predict_row([1.0, 2.0])


def test_the_page_has_every_name() -> None:
    table = PAGE.partition("## Names of Keras and tf.estimator")[2].partition("\n## ")[0]
    names = (
        "class_weight validation_split EarlyStopping monitor mode min_delta restore_best_weights mae huber quantile kl hinge"
    )
    names += " focal rmse f1 top_k_categorical_accuracy pinball elu selu swish leaky_relu softplus Nadam Adamax Adadelta Lion"
    names += (
        " clipnorm l1_regularization_strength tf_random_seed input_shape export_saved_model SessionRunHook tf.summary.scalar"
    )
    assert [name for name in names.split() if name not in table] == []


MODEL = LinearClassifier([fc.Numeric("x")], config=RunConfig(progress=False))
MODEL.train({"x": [0.0, 1.0, 2.0, 3.0], "y": [0, 0, 1, 1]}, label="y", epochs=1)
OF_CALLS = [
    (lambda: MODEL.export_saved_model("folder", lambda: None), "leave it out: a saved model reads rows by its columns"),
    (lambda: MODEL.export_saved_model("folder", serving_input_receiver_fn=None), "leave it out: a saved model reads rows"),
    (lambda: MODEL.export_saved_model("folder", as_text=True), "leave it out: a model is one folder of JSON and safetensors"),
    (lambda: MODEL.save("folder", include_optimizer=True), "leave it out: what the optimizer remembers is saved too"),
    (lambda: MODEL.export_savedmodel, "use export_saved_model(path)"),
    (lambda: MODEL.predict({}, yield_single_examples=True), "loop over what predict gives, one dict a row"),
    (lambda: MODEL.evaluate({}, return_dict=True), "leave it out: evaluate gives a dict"),
    (lambda: fc.models.load("folder", custom_objects={}), "a model_fn of your own is model_fn="),
    (lambda: fc.models.TrainSpec({}, saving_listeners=[]), "a hook sees each step"),
    (lambda: fc.models.BestExporter(compare_fn=min), "say which evaluation is better"),
    (lambda: fc.models.FinalExporter("final", lambda: None), "takes no function that receives requests"),
    (lambda: fc.models.LatestExporter("latest", exports_to_keep=0), "exports_to_keep must be an integer of at least 1, got 0"),
    (lambda: fc.models.EstimatorSpec("train", training_hooks=[]), "hooks=[...] of train, evaluate and predict"),
    (lambda: fc.models.WarmStartSettings("folder", var_name_to_vocab_info={}), "weights move by the terms that they belong to"),
    (lambda: Sequential([]).train_on_batch, "use fit(x, y, epochs=1, batch_size=len(x))"),
    (lambda: Sequential([]).get_weights, "use variables.values, by name"),
    (lambda: Sequential([]).from_config, "use fc.models.model_from_json(spec)"),
]


@pytest.mark.parametrize("number", range(len(OF_CALLS)))
def test_calls_as_there_are_told_what_to_write(number: int) -> None:
    """export_saved_model with the function that receives requests was a TypeError of Keeper.save()."""
    call, says = OF_CALLS[number]
    with pytest.raises((ArgumentError, AttributeError, ColumnError), match=re.escape(says)):
        call()
