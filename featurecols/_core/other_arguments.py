"""Arguments of Keras and tf.estimator that a call does not have, and what to write instead: read when a name is wrong."""

from __future__ import annotations

from collections.abc import Mapping

BY_POSITION = "*"  # what to say of an argument too many

_OPTIMIZERS = ("SGD", "Adagrad", "Adam", "AdamW", "RMSProp", "Ftrl", "SolveFirst", "Nadam", "Adamax", "Adadelta", "Lion")
_LINEAR = ("LinearClassifier", "LinearRegressor")
_DEEP = ("DNNClassifier", "DNNRegressor")
_BOTH = ("WideDeepClassifier", "WideDeepRegressor", "DNNLinearCombinedClassifier", "DNNLinearCombinedRegressor")
_BASELINE = ("BaselineClassifier", "BaselineRegressor")
_ESTIMATORS = (*_LINEAR, *_DEEP, *_BOTH, *_BASELINE)

_SCHEDULE = "a learning rate that falls is a schedule: learning_rate=fc.models.schedules.Exponential(rate, decay, every)"
_NOT_AVERAGED = "leave it out: weights are not averaged over steps; members=n of a network averages several networks"
_NOT_COMPILED = "leave it out: nothing is traced or compiled, and nothing depends on it"
_NO_SESSION = "leave it out: there is no session and no graph"
_PROCESSES = "train(processes=n) trains by several processes, cluster= of RunConfig on several machines"
_IN_TRAINING = "say it in training: train(data, label, {}=...)"
_CLIP = "give the optimizer clip=fc.models.ClipNorm(norm): fc.models.optimizers.Adam(clip=fc.models.ClipNorm(norm))"
_NO_LAYERS = "a linear model has no layers: use fc.models.DNN{0} or fc.models.WideDeep{0}"
_NO_LINEAR_PART = "a network has no linear part: use fc.models.WideDeep{0}; of an embedding it is fc.Embedding(..., combiner=)"
_WORKERS = "threads= of the model says how many threads encode; processes=n of train trains by several processes"
_EVERY_ROW = "leave it out: all rows of the validation are evaluated after each pass"
_NOT_LEFT_OUT = "leave it out: each output has a shift and a scale, and all outputs of a batch are normalized together"
_WEIGHTS = "weights have no constraints; kernel_regularizer= and the weight_decay= of optimizers.AdamW keep them small"

_OF_OPTIMIZERS = {
    "amsgrad": "leave it out: no optimizer has this variant",
    "decay": _SCHEDULE,
    "use_ema": _NOT_AVERAGED,
    "ema_momentum": _NOT_AVERAGED,
    "ema_overwrite_frequency": _NOT_AVERAGED,
    "name": "leave it out: optimizers have no names",
    "use_locking": _NOT_COMPILED,
    "jit_compile": _NOT_COMPILED,
    "gradient_accumulation_steps": "give a larger batch_size in training",
    "loss_scale_factor": "leave it out: weights and slopes are float32",
    "learning_rate_power": f"leave it out: it is -0.5, as it is by default there; {_SCHEDULE}",
    "l2_shrinkage_regularization_strength": "leave it out: l2= is the penalty of weights",
    "accum_name": "leave it out: optimizers have no names",
    "linear_name": "leave it out: optimizers have no names",
    "exclude_from_weight_decay": "give parameters optimizers of their own: fc.models.optimizers.Groups([(prefix, optimizer)])",
    "var_list": "leave it out: all parameters are trained",
    "betas": "use beta_1= and beta_2=",
    "momentum": "use optimizers.SGD(momentum=0.9) or RMSProp(momentum=0.9)",
    "nesterov": "use optimizers.Nadam(), or SGD(momentum=0.9, nesterov=True)",
    "epsilon": "leave it out: nothing is divided by a root that may be 0",
    "weight_decay": "use optimizers.AdamW(weight_decay=0.01), or kernel_regularizer= of a network",
    "l1": "use kernel_regularizer=fc.models.layers.L1L2(l1=...) of a network, or optimizers.Ftrl(l1=...)",
    "l2": "use kernel_regularizer=fc.models.layers.L1L2(l2=...) of a network, or optimizers.Ftrl(l2=...)",
    "l1_regularization_strength": "use optimizers.Ftrl(l1=...)",
    "l2_regularization_strength": "use optimizers.Ftrl(l2=...), or kernel_regularizer= of a network",
    "initial_accumulator_value": "use optimizers.Adagrad(initial_accumulator=...) or Ftrl(initial_accumulator=...)",
}
_OF_ESTIMATORS = {
    "partitioner": "leave it out: weights are not divided among machines",
    "input_layer_partitioner": "leave it out: weights are not divided among machines",
    "gradient_clip_norm": _CLIP,
    "clipnorm": _CLIP,
    "fix_global_step_increment_bug": "leave it out: each step counts once",
    "joint_weight": "leave it out: each column of the linear part has weights of its own",
    "joint_weights": "leave it out: each column of the linear part has weights of its own",
    "head": "n_classes=, multi_label=, label_dimension= and loss= say it; your own goes into fc.models.Estimator(model_fn)",
    "enable_centered_bias": "leave it out: output biases begin at what the labels say",
    "class_weight": _IN_TRAINING.format("class_weight"),
    "validation_split": _IN_TRAINING.format("validation_share"),
    "validation_share": _IN_TRAINING.format("validation_share"),
    "callbacks": _IN_TRAINING.format("hooks"),
    "hooks": _IN_TRAINING.format("hooks"),
    "calibrate": _IN_TRAINING.format("calibrate"),
    "input_fn": _IN_TRAINING.format("input_fn"),
    "keep_checkpoint_max": "config=fc.models.RunConfig(keep_checkpoint_max=...)",
    "save_checkpoints_steps": "config=fc.models.RunConfig(save_checkpoints_steps=...)",
    "save_summary_steps": "config=fc.models.RunConfig(save_summary_steps=...)",
    "tf_random_seed": "give seed=, or config=fc.models.RunConfig(seed=...)",
    "feature_engineering_fn": "leave it out: columns say how fields become features",
}
_OF_CLASSIFIERS = {
    "loss_reduction": "leave it out: the loss of a batch is the mean over its rows (SUM_OVER_BATCH_SIZE)",
    "label_dimension": "a classifier has n_classes=, and multi_label=True where a row may have several labels",
    "logits_dimension": "it follows from n_classes=",
}
_OF_REGRESSORS = {
    "loss_reduction": "use loss=fc.models.losses.MeanSquaredError(reduction='sum'); without, it is the mean over the rows",
    "n_classes": "a regressor predicts numbers; classes are for a classifier",
    "label_vocabulary": "a regressor predicts numbers; classes are for a classifier",
    "multi_label": "a regressor predicts numbers, several of them with label_dimension=n",
}
_LAYERS: tuple[str, ...] = (
    "hidden_units",
    "dropout",
    "batch_norm",
    "activation_fn",
    "activation",
    "members",
    "cross_layers",
    "dnn_hidden_units",
)
_LAYERS += ("dnn_activation_fn", "dnn_dropout", "dnn_optimizer", "dnn_feature_columns", "linear_feature_columns")
_LINEAR_PART = ("sparse_combiner", "linear_sparse_combiner", "linear_optimizer", "linear_feature_columns")
_OF_BOTH = {
    "columns": "give linear= and dnn= (linear_feature_columns=, dnn_feature_columns=), the columns of each part",
    "feature_columns": "give linear= and dnn= (linear_feature_columns=, dnn_feature_columns=), the columns of each part",
    "optimizer": "the linear part and the network have optimizers each: linear_optimizer= and dnn_optimizer=",
    "l1": "use linear_optimizer=fc.models.optimizers.Ftrl(l1=...), or kernel_regularizer= of the network",
    "l2": "use linear_optimizer=fc.models.optimizers.Ftrl(l2=...), or kernel_regularizer= of the network",
}
_OF_RUNS = {
    **dict.fromkeys(("session_config", "session_creation_timeout_secs", "checkpoint_save_graph_def"), _NO_SESSION),
    **dict.fromkeys(("device_fn", "protocol", "master", "evaluation_master", "gpu_memory_fraction"), _NO_SESSION),
    **dict.fromkeys(("train_distribute", "eval_distribute", "experimental_distribute", "num_cores"), _PROCESSES),
    "experimental_max_worker_delay_secs": "leave it out: all processes begin at once",
    "keep_checkpoint_every_n_hours": "keep_checkpoint_max= says how many are kept, 0 that all are",
}
_OF_TRAINING = {
    "saving_listeners": "give hooks=[...]: a hook sees each step, and where training begins and ends",
    "initial_epoch": "leave it out: training goes on where the model is, and epochs= counts from now on",
    "validation_steps": _EVERY_ROW,
    "validation_freq": _EVERY_ROW,
    "validation_batch_size": _EVERY_ROW,
    "max_queue_size": "leave it out: batches are prepared ahead in any case",
    "workers": _WORKERS,
    "use_multiprocessing": _WORKERS,
}
_OF_TRAIN = {
    "steps_per_epoch": "steps= is the number of steps in all, epochs= that of passes",
    "shuffle": "rows of tables and files come in an order drawn by the seed; fc.models.from_data(data, label=...).batch(256) "
    "gives them as they lie",
    "x": "did you mean data?",
    "y": "did you mean label?",
    "monitors": "did you mean hooks?",
    "metrics": "evaluate returns all metrics by name",
}
_OF_COMPILE = {
    "loss_weights": "leave it out: a Sequential has one loss; columns of a label that count more are a loss of your own",
    "weighted_metrics": "give metrics=: they weigh rows as the loss does",
    **dict.fromkeys(("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss"), _NOT_COMPILED),
}
_OF_LAYERS = {
    "dtype": "leave it out: weights are float32",
    "trainable": "leave it out: the weights of all layers are trained",
    "batch_input_shape": "use input_dim=, or leave it out: the width is learned from the data",
    "batch_size": "say it in training: fit(x, y, batch_size=...)",
    "bias_initializer": "leave it out: biases begin at 0",
    "bias_regularizer": "leave it out: biases are not regularized",
    "activity_regularizer": "outputs are not regularized; kernel_regularizer= is for weights",
    "kernel_constraint": _WEIGHTS,
    "bias_constraint": _WEIGHTS,
    "noise_shape": "leave it out: each output is dropped or not by itself",
    "seed": "say it of the model: fc.models.Sequential(layers, seed=...)",
    "p": "did you mean rate?",
    **dict.fromkeys(("center", "scale", "axis", "renorm", "renorm_momentum", "virtual_batch_size", "fused"), _NOT_LEFT_OUT),
    **dict.fromkeys(("beta_initializer", "gamma_initializer"), "leave it out: shifts begin at 0, scales at 1"),
    **dict.fromkeys(("moving_mean_initializer", "moving_variance_initializer"), "leave it out: they begin at 0 and 1"),
}
_FOLDER = "leave it out: a model is one folder of JSON and safetensors, which fc.models.load(path) opens"
_NO_RECEIVER = "leave it out: a saved model reads rows by its columns, as featurecols serve and predict_row do"
_OF_EXPORTS = {
    BY_POSITION: _NO_RECEIVER,
    "serving_input_receiver_fn": _NO_RECEIVER,
    "serving_input_fn": _NO_RECEIVER,
    **dict.fromkeys(("assets_extra", "as_text", "experimental_mode", "strip_default_attrs"), _FOLDER),
    "checkpoint_path": "leave it out: the weights that the model has are written",
}
_OF_EXPORTERS = {
    **{name: hint for name, hint in _OF_EXPORTS.items() if name != BY_POSITION},
    "compare_fn": "monitor=, mode= and min_delta= of fc.models.BestExporter say which evaluation is better",
    "event_file_pattern": "leave it out: evaluations before a restart are known",
}
_OF_SAVING = {
    "include_optimizer": "leave it out: what the optimizer remembers is saved too",
    **dict.fromkeys(("save_format", "signatures", "options", "save_traces", "zipped"), _FOLDER),
}
_ALL_ROWS = "leave it out: all rows of the data are read"
_OF_ANSWERS = {
    "yield_single_examples": "leave it out: loop over what predict gives, one dict a row",
    "return_dict": "leave it out: evaluate gives a dict",
    "steps": _ALL_ROWS,
    "x": "did you mean data?",
    "callbacks": "leave it out: hooks are for train, evaluate and predict of estimators",
    "max_queue_size": _ALL_ROWS,
    "workers": _WORKERS,
    "use_multiprocessing": _WORKERS,
}
_HOOKS = "say it in the call: hooks=[...] of train, evaluate and predict"
_OF_SPECS = {
    "export_outputs": "leave it out: a saved model gives what predictions= hold",
    "scaffold": _NO_SESSION,
    **dict.fromkeys(("training_hooks", "training_chief_hooks", "evaluation_hooks", "prediction_hooks"), _HOOKS),
}
_OF_LOADING = {
    "custom_objects": "leave it out; a model_fn of your own is model_fn=",
    **dict.fromkeys(("compile", "safe_mode", "options"), "leave it out: a model is loaded as it was saved, and runs no code"),
}
_OF_WARM_STARTS = {
    "var_name_to_vocab_info": "leave it out: weights move by the terms that they belong to",
    "var_name_to_prev_var_name": "leave it out: vars_to_warm_start= chooses parameters by their names",
}
_OF_STOPPING = {
    "baseline": "leave it out: the first pass is the first one to beat",
    "start_from_epoch": "give a larger patience=",
    "min_improvement": "did you mean min_delta?",
}


def _kind(of: str) -> str:
    return "Classifier" if of.endswith("Classifier") else "Regressor"


CALLS: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(_OPTIMIZERS, _OF_OPTIMIZERS),
    "RMSProp": {**_OF_OPTIMIZERS, "decay": f"the decay of the average is rho=; {_SCHEDULE}"},
    **{
        name: {
            **_OF_ESTIMATORS,
            **(_OF_CLASSIFIERS if name.endswith("Classifier") else _OF_REGRESSORS),
            **(dict.fromkeys(_LAYERS, _NO_LAYERS.format(_kind(name))) if name in _LINEAR else {}),
            **(dict.fromkeys(_LINEAR_PART, _NO_LINEAR_PART.format(_kind(name))) if name in _DEEP else {}),
            **(_OF_BOTH if name in _BOTH else {}),
        }
        for name in _ESTIMATORS
    },
    "RunConfig": _OF_RUNS,
    "train": {**_OF_TRAINING, **_OF_TRAIN},
    "fit": _OF_TRAINING,
    "compile": _OF_COMPILE,
    **dict.fromkeys(("Dense", "Dropout", "BatchNormalization", "Activation", "DenseFeatures"), _OF_LAYERS),
    "EarlyStopping": _OF_STOPPING,
    "TrainSpec": _OF_TRAINING,
    "EstimatorSpec": _OF_SPECS,
    "WarmStartSettings": _OF_WARM_STARTS,
    **dict.fromkeys(("BestExporter", "FinalExporter", "LatestExporter"), _OF_EXPORTERS),
    "export_saved_model": _OF_EXPORTS,
    "save": _OF_SAVING,
    "load": _OF_LOADING,
    **dict.fromkeys(("predict", "evaluate"), _OF_ANSWERS),
}
