"""Prometheus' text format."""

from pathlib import Path

from featurecols.integrations.serving.metrics import Metrics

LATE = (("model", "late"),)


def lines(metrics: Metrics, name: str) -> list[str]:
    return [line for line in metrics.text().splitlines() if line.startswith(name)]


def test_histograms_count_up_to_their_bounds() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.003, 20.0):
        metrics.observe("featurecols_request_seconds", LATE, seconds)
    found = lines(metrics, "featurecols_request_seconds")
    assert found[:4] == [
        'featurecols_request_seconds_bucket{model="late",le="0.0005"} 1',
        'featurecols_request_seconds_bucket{model="late",le="0.001"} 1',
        'featurecols_request_seconds_bucket{model="late",le="0.0025"} 1',
        'featurecols_request_seconds_bucket{model="late",le="0.005"} 2',
    ]
    assert found[-4:] == [
        'featurecols_request_seconds_bucket{model="late",le="10"} 2',
        'featurecols_request_seconds_bucket{model="late",le="+Inf"} 3',
        'featurecols_request_seconds_sum{model="late"} 20.0035',
        'featurecols_request_seconds_count{model="late"} 3',
    ]
    assert "# TYPE featurecols_request_seconds histogram" in metrics.text().splitlines()


def test_labels_are_escaped() -> None:
    metrics = Metrics()
    metrics.add("featurecols_rows_total", (("model", 'a"b\\c\nd'),), 2)
    assert lines(metrics, "featurecols_rows_total") == ['featurecols_rows_total{model="a\\"b\\\\c\\nd"} 2']


def test_workers_add_up_and_those_that_ended_keep_their_counters(tmp_path: Path) -> None:
    mine, other = Metrics(tmp_path), Metrics(tmp_path)
    other._file = tmp_path / "1.json"  # a process that lives
    gone = Metrics(tmp_path)
    gone._file = tmp_path / "999999999.json"
    for metrics, rows in ((mine, 1), (other, 10), (gone, 100)):
        metrics.add("featurecols_rows_total", LATE, rows)
        metrics.observe("featurecols_call_rows", LATE, rows)
        metrics.set("featurecols_requests_in_progress", (), rows)
        metrics.set("featurecols_model_version", LATE, 7)
        metrics.save()
    assert lines(mine, "featurecols_rows_total") == ['featurecols_rows_total{model="late"} 111']
    assert lines(mine, "featurecols_call_rows_sum") == ['featurecols_call_rows_sum{model="late"} 111']
    assert lines(mine, "featurecols_model_version") == ['featurecols_model_version{model="late"} 7']
    assert lines(mine, "featurecols_requests_in_progress") == ["featurecols_requests_in_progress 11"]
