"""Linear models of open length: the solution over all rows, where there are few enough, and what training does after it."""

import functools
import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.preprocessing import StandardScaler

import featurecols as fc
from featurecols import models
from featurecols.models.errors import ModelError, TrainingWarning
from featurecols.models.estimators import solved
from featurecols.models.estimators.several_processes import workers_from
from featurecols.models.optimization.optimizers import Ftrl, SolveFirst
from featurecols.models.training.hooks import Hook
from tests.models.distributed.in_process import starter

QUIET = models.RunConfig(progress=False)
KINDS = {"numbers": models.LinearRegressor, "classes": models.LinearClassifier}


def factors(rows, width, few, noise):
    """Numbers that are sums of a few, and noise."""
    random = np.random.default_rng(7)
    hidden = random.normal(size=(3 * rows, few))
    return hidden @ random.normal(size=(few, width)) + noise * random.normal(size=(3 * rows, width)), hidden.sum(axis=1)


def powers(rows, most):
    x = np.random.default_rng(7).uniform(-1, 1, size=(3 * rows, 1))
    return x ** np.arange(1, most + 1), np.sin(4 * x[:, 0])


def copies(rows, apart):
    """Twenty near copies of five numbers."""
    random = np.random.default_rng(7)
    x = random.normal(size=(3 * rows, 5))
    return np.tile(x, 20) + apart * random.normal(size=(3 * rows, 100)), x @ [1.0, -2, 3, 0.5, 0]


def units(rows):
    """Thirty numbers of very different units, of which ten are near others."""
    random = np.random.default_rng(7)
    x = random.normal(size=(3 * rows, 30))
    x[:, 10:20] = x[:, :10] + 0.1 * x[:, 10:20]
    return x * 10.0 ** random.integers(-4, 5, size=30), x[:, :20].sum(axis=1)


TABLES = {
    "200 rows of 2,000 numbers, sums of 10": lambda: factors(200, 2000, 10, 1.0),
    "600 rows of 300 numbers, sums of 5": lambda: factors(600, 300, 5, 0.5),
    "60 rows of 500 numbers, sums of 3": lambda: factors(60, 500, 3, 1.0),
    "powers of a number": lambda: powers(200, 8),
    "copies": lambda: copies(200, 0.01),
    "units": lambda: units(300),
    "nothing": lambda: (np.random.default_rng(7).normal(size=(300, 2000)), np.zeros(300)),
}


@functools.cache
def table(name):
    """Rows to train on, a third, and to test on, with two labels: a number, and whether it is above its median."""
    x, y = TABLES[name]()
    y = y / (y.std() or 1) + 0.1 * np.random.default_rng(8).normal(size=len(y))
    data = {"x": x.astype(np.float32), "numbers": y, "classes": (y > np.median(y)).astype(int)}
    third = len(y) // 3
    return {k: v[:third] for k, v in data.items()}, {k: v[third:] for k, v in data.items()}


def columns(width):
    return [fc.Numeric("x", shape=width)]


def each_number(rows):
    """The numbers as fields of their own, each of which has a scale of its own."""
    return {**{f"x{i}": rows["x"][:, i] for i in range(rows["x"].shape[1])}, **{k: rows[k] for k in KINDS}}


def loss_by_the_mean(found, labels, train, kind):
    """The mean squared error or the log loss of predictions, by that of predicting the mean of the training rows."""
    if kind == "numbers":
        return np.mean(np.square(found - labels)) / np.mean(np.square(train.mean() - labels))
    p = np.clip(np.stack([found, np.full(len(labels), train.mean())]), 1e-12, 1 - 1e-12)
    ours, mean = np.where(labels > 0, -np.log(p), -np.log(1 - p)).mean(axis=1)
    return ours / mean


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TABLES)
def test_correlated_and_wide_tables_beside_scikit_learn(name, kind):
    train, test = table(name)
    scaler = StandardScaler().fit(train["x"])
    x, x_test, y = scaler.transform(train["x"]), scaler.transform(test["x"]), train[kind]
    width = x.shape[1]
    few = width <= 100
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the mean is predicted, of scikit-learn what will change
        made = KINDS[kind]([fc.Numeric(f"x{i}") for i in range(width)] if few else columns(width), config=QUIET)
        model = made.train(each_number(train) if few else train, label=kind)
        if kind == "numbers":
            rival = RidgeCV(np.logspace(-5, 5, 21)).fit(x, y).predict(x_test)
            ours = model.predict(each_number(test) if few else test)["predictions"]
        else:
            rival = LogisticRegressionCV(Cs=np.logspace(-4, 3, 8), cv=5, scoring="neg_log_loss").fit(x, y)
            rival = rival.predict_proba(x_test)[:, 1]
            ours = model.predict_proba(each_number(test) if few else test)[:, 1].astype(np.float64)
    assert isinstance(model.optimizer, SolveFirst)
    ours, rival = (loss_by_the_mean(found, test[kind], y, kind) for found in (ours, rival))
    assert ours <= 1.01
    assert ours <= 1.05 * rival + 0.02 * (kind == "classes")


def test_one_hots_and_their_copies_are_one():
    random = np.random.default_rng(0)
    ids, effects = random.integers(0, 20, 400), random.normal(size=20)
    rows = {"a": ids, "b": ids, "y": effects[ids] + random.normal(size=400)}
    one = models.LinearRegressor([fc.Identity("a", 20)], config=QUIET).train(rows, "y")
    two = models.LinearRegressor([fc.Identity("a", 20), fc.Identity("b", 20)], config=QUIET).train(rows, "y")
    np.testing.assert_allclose(one.predict(rows)["predictions"], two.predict(rows)["predictions"], atol=0.1)
    weights = two.get_variable_value("linear/weights")
    np.testing.assert_allclose(weights[:20], weights[20:], atol=1e-6)
    for_each = np.array([rows["y"][ids == i].mean() for i in range(20)])
    found = one.predict({"a": np.arange(20), "b": np.arange(20)})["predictions"]
    assert np.corrcoef(for_each, found)[0, 1] > 0.99


FEW, TEST = table("60 rows of 500 numbers, sums of 3")
WIDTH = columns(500)


def test_one_step_over_all_rows_and_what_is_said_of_it(capfd):
    model = models.LinearRegressor(WIDTH).train(FEW, "numbers")
    assert (model.variables.step, model.arguments()["train"]["batch_size"], model.arguments()["train"]["epochs"]) == (1, 60, 1)
    assert model.history.rows[-1]["loss"] == pytest.approx(model.evaluate(FEW)["average_loss"], rel=1e-4)
    about = model.data["automatic"]
    assert about["best_loss"] < 0.1 * about["first_loss"]
    assert about["first_loss"] == pytest.approx(FEW["numbers"].var(), rel=0.05)
    assert f"solved over all 60 rows by SolveFirst(penalty={model.optimizer.penalty}" in capfd.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_training_goes_on_from_the_solution(kind):
    """The learning rate of FTRL is far too high for the first step over 500 correlated numbers."""
    model = KINDS[kind](WIDTH, config=QUIET).train(FEW, kind)
    before = model.evaluate(TEST)["average_loss"]
    model.train(FEW, kind, epochs=3, batch_size=16)
    assert model.evaluate(TEST)["average_loss"] < 1.2 * before
    fresh = KINDS[kind](WIDTH, config=QUIET).train(FEW, kind, epochs=3, batch_size=16)
    assert fresh.evaluate(TEST)["average_loss"] > 1.5 * before
    assert fresh.optimizer == Ftrl()


@pytest.mark.parametrize("kind", KINDS)
def test_data_to_validate_on_and_a_share_measure_the_solution(kind):
    model = KINDS[kind](WIDTH, config=QUIET).train(FEW, kind, validation=TEST)
    assert (model.variables.step, model.data["rows"], model.arguments()["train"]["steps"]) == (1, 60, 1)
    loss = model.evaluate(TEST)["average_loss"]
    assert model.data["automatic"]["best_loss"] == pytest.approx(loss, rel=1e-6)
    assert loss < 0.25 * model.data["automatic"]["first_loss"]
    shared = KINDS[kind](WIDTH, config=QUIET).train(FEW, kind, validation_share=0.25)
    assert shared.variables.step == 1
    assert shared.data["rows"] < 55
    assert shared.evaluate(TEST)["average_loss"] < 0.3 * model.data["automatic"]["first_loss"]
    found = shared.arguments()
    train = found.pop("train")
    assert KINDS[kind](WIDTH, **found).train(FEW, kind, **train).fingerprint == shared.fingerprint


class Cut(Hook):
    def __init__(self, *, before):
        self.before = before

    def before_step(self, run):
        if self.before:
            raise KeyboardInterrupt

    def after_step(self, run):
        raise KeyboardInterrupt


def trained_in(folder, **more):
    config = models.RunConfig(None if folder is None else str(folder), save_checkpoints_steps=1, progress=False)
    return models.LinearClassifier(WIDTH, config=config).train(FEW, "classes", **more)


@pytest.mark.parametrize(
    "options", [{}, {"validation_share": 0.25}, {"validation": TEST}], ids=["all rows", "share", "validation"]
)
def test_a_run_that_was_cut_short_and_one_that_is_made_again(tmp_path, options):
    whole = trained_in(None, **options)
    for before in (True, False):
        folder = tmp_path / str(before)
        with pytest.raises(KeyboardInterrupt):
            trained_in(folder, hooks=[Cut(before=before)], **options)
        again = trained_in(folder, **options)
        assert (again.fingerprint, again.arguments()) == (whole.fingerprint, whole.arguments())
        assert again.data["automatic"] == whole.data["automatic"]
        with pytest.warns(TrainingWarning, match="came to its end before, at step 1, and nothing was done"):
            assert trained_in(folder, **options).fingerprint == whole.fingerprint
        goes_on = trained_in(folder, epochs=2, batch_size=20)
        assert goes_on.variables.step == 7
        assert goes_on.optimizer == whole.optimizer


class CutAtEnd(Hook):
    def after_epoch(self, run):
        raise KeyboardInterrupt


@pytest.mark.parametrize("rows", [12, 40])
def test_a_run_that_was_cut_short_after_its_step_measures_the_solution(tmp_path, rows):
    """Of twelve rows the start is better than the solution, of forty the solution."""
    random = np.random.default_rng(4)
    x = random.normal(size=(rows, 4))
    data = {"x": x, "y": x.sum(axis=1) + random.normal(size=rows)}

    def trained(folder, **more):
        config = models.RunConfig(folder, save_checkpoints_steps=1, progress=False)
        model = models.LinearRegressor([fc.Numeric("x", shape=(4,))], config=config)
        return model.train(data, "y", validation_share=0.3, **more)

    whole = trained(None)
    assert whole.data["automatic"]["best_pass"] == (0 if rows == 12 else 1)
    with pytest.raises(KeyboardInterrupt):
        trained(str(tmp_path), hooks=[CutAtEnd()])
    again = trained(str(tmp_path))
    assert again.fingerprint == whole.fingerprint
    assert again.data["automatic"] == whole.data["automatic"]
    assert len(again.history) == len(whole.history) == 1
    with pytest.warns(TrainingWarning, match="came to its end before, at step 1, and nothing was done"):
        assert trained(str(tmp_path)).fingerprint == whole.fingerprint


def test_the_same_arguments_and_files_and_a_saved_model_have_the_same_bits(tmp_path):
    model = models.LinearClassifier(WIDTH, config=QUIET).train(FEW, "classes")
    found = model.arguments()
    train = found.pop("train")
    again = models.LinearClassifier(WIDTH, **found).train(FEW, "classes", **train)
    assert again.fingerprint == model.fingerprint
    loaded = models.load(model.save(tmp_path / "saved"))
    for one in (model, loaded):
        one.train(FEW, "classes", steps=5, batch_size=16)
    assert loaded.fingerprint == model.fingerprint


def test_what_is_given_is_obeyed():
    def optimizer_of(model, **more):
        return model.train(FEW, "numbers", **more).optimizer

    assert type(optimizer_of(models.LinearRegressor(WIDTH, config=QUIET, loss="huber"))) is Ftrl
    assert type(optimizer_of(models.LinearRegressor(WIDTH, config=QUIET), batch_size=60)) is Ftrl
    assert optimizer_of(models.LinearRegressor(WIDTH, config=QUIET), epochs=1) == Ftrl()
    assert optimizer_of(models.LinearRegressor(WIDTH, config=QUIET, optimizer=Ftrl(0.002))) == Ftrl(0.002)
    given = models.LinearRegressor(WIDTH, config=QUIET, optimizer=SolveFirst(penalty=3.0)).train(FEW, "numbers")
    assert given.optimizer == SolveFirst(penalty=3.0)
    assert given.variables.step == 1
    stream = models.LinearRegressor(WIDTH, config=QUIET).train(lambda: iter([FEW]), "numbers")
    assert (stream.optimizer, stream.variables.step) == (Ftrl(), 1)


def test_tables_that_are_too_large_are_trained_as_before(monkeypatch):
    monkeypatch.setattr(solved, "CELLS", 60 * 500)
    assert type(models.LinearRegressor(WIDTH, config=QUIET).train(FEW, "numbers").optimizer) is Ftrl
    given = models.LinearRegressor(WIDTH, config=QUIET, optimizer=SolveFirst()).train(FEW, "numbers", epochs=2, batch_size=60)
    plain = models.LinearRegressor(WIDTH, config=QUIET, optimizer=Ftrl()).train(FEW, "numbers", epochs=2, batch_size=60)
    assert given.predict(TEST)["predictions"].tobytes() == plain.predict(TEST)["predictions"].tobytes()


def test_several_processes_take_steps():
    with workers_from(starter()):
        model = models.LinearClassifier(WIDTH, config=QUIET).train(FEW, "classes", processes=2)
        assert type(model.optimizer) is Ftrl
        with pytest.raises(ModelError, match="cannot be trained by several processes"):
            models.LinearClassifier(WIDTH, optimizer=SolveFirst()).train(FEW, "classes", processes=2)
        solution = models.LinearClassifier(WIDTH, config=QUIET).train(FEW, "classes")
        solution.train(FEW, "classes", epochs=1, processes=2)
        assert solution.variables.step == 2


def test_several_labels_counts_and_several_numbers():
    random = np.random.default_rng(0)
    x = random.normal(size=(300, 4))
    rows = {"x": x, "counts": random.poisson(np.exp(x[:, 0])), "a": x[:, 1] + 5, "b": 100 * x[:, 2]}
    rows |= {"red": (x[:, 0] > 0).astype(int), "blue": (x[:, 1] > 1).astype(int)}
    column = [fc.Numeric("x", shape=4)]
    counts = models.LinearRegressor(column, loss="poisson", config=QUIET).train(rows, "counts")
    np.testing.assert_allclose(counts.get_variable_value("linear/kernel")[:, 0], [1, 0, 0, 0], atol=0.15)
    both = models.LinearRegressor(column, label_dimension=2, config=QUIET).train(rows, ["a", "b"])
    assert both.evaluate(rows)["r2"] > 0.9999
    labels = models.LinearClassifier(column, multi_label=True, config=QUIET).train(rows, ["red", "blue"])
    assert isinstance(labels.optimizer, SolveFirst)
    assert (labels.predict(rows)["multi_hot"] == np.stack([rows["red"], rows["blue"]], axis=1)).mean() > 0.95


def test_weights_count_and_rows_without_a_weight_do_not():
    rows = {**FEW, "w": np.where(np.arange(60) < 40, 2.0, 0.0)}
    few = {key: values[:40] for key, values in FEW.items()}
    given = {"config": QUIET, "normalize": False, "optimizer": SolveFirst(penalty=0.1)}
    a = models.LinearRegressor(WIDTH, **given).train(rows, "numbers", "w")
    b = models.LinearRegressor(WIDTH, **given).train(few, "numbers")
    np.testing.assert_allclose(a.predict(TEST)["predictions"], b.predict(TEST)["predictions"], atol=1e-3)


def test_columns_that_say_nothing_leave_the_mean():
    rows = {"x": np.full(40, 3.0), "t": np.arange(40).astype(str), "y": np.arange(40.0), "c": np.arange(40) % 2}
    never = fc.Vocabulary("t", fc.TopTerms(5, min_count=2))
    for column in (fc.Numeric("x"), never):
        with pytest.warns(TrainingWarning, match="the model predicts the mean"):
            number = models.LinearRegressor([column], config=QUIET).train(rows, "y")
        np.testing.assert_allclose(number.predict(rows)["predictions"], 19.5, rtol=1e-6)
        with pytest.warns(TrainingWarning, match="the model predicts the mean"):
            two = models.LinearClassifier([column], config=QUIET).train(rows, "c")
        np.testing.assert_allclose(two.predict_proba(rows), 0.5, rtol=1e-5)


@pytest.mark.parametrize("optimizer", ["Ftrl", Ftrl()], ids=["solved", "steps"])
def test_class_weights_count_in_the_search_and_belong_to_the_call(tmp_path, optimizer):
    x = np.random.default_rng(0).normal(size=(200, 2))
    rows = {"x": x, "c": (x[:, 0] + x[:, 1] > 1).astype(int)}
    weighted = {**rows, "w": 1.0 + 9 * rows["c"]}
    config = models.RunConfig(str(tmp_path), progress=False)

    def make(config=config):
        return models.LinearClassifier([fc.Numeric("x", shape=2)], config=config, optimizer=optimizer)

    first = make().train(rows, "c", class_weight={1: 10.0})
    loss = first.data["automatic"]["best_loss"]
    if optimizer == "Ftrl":  # steps begin at the rate of the classes, which weights of rows change
        assert loss == make(QUIET).train(weighted, "c", "w").data["automatic"]["best_loss"]
    assert loss != make(QUIET).train(rows, "c").data["automatic"]["best_loss"]
    with pytest.warns(TrainingWarning, match="came to its end before"):
        again = make().train(rows, "c", class_weight={1: 10.0})
    assert again.fingerprint == first.fingerprint
