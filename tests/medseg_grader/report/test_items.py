"""Item analysis: the numbers are those of scipy, and few or equal submissions are put in words."""

import numpy as np
import pytest
from helpers.report_class import UNIT, load_unit, result_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from medseg.units.labels import grade_id, points
from medseg_grader.records.results import CellScore, Result
from medseg_grader.report import figures
from medseg_grader.report.items import analyse, discrimination, points_table, seconds_by_exercise


def results_with(table):
    """Results of a unit whose cells give 1 point each, from an array (submissions, cells)."""
    return [
        Result(
            f"s{row}",
            UNIT,
            "",
            [
                CellScore(f"test_{k}", f"exercise_{k // 2}", float(p), 1.0, 0.5 * (k + 1))
                for k, p in enumerate(line)
            ],
        )
        for row, line in enumerate(table)
    ]


tables = st.integers(0, 2**32 - 1).map(lambda s: np.random.default_rng(s).integers(0, 2, (30, 6)))


@settings(max_examples=20, deadline=None)
@given(tables)
def test_discrimination_of_a_test_passed_or_not_is_the_point_biserial_correlation(table):
    for column, item in enumerate(analyse(results_with(table))):
        own = table[:, column]
        rest = np.delete(table, column, axis=1).sum(1)
        assert item.passed == pytest.approx(own.mean())
        if np.ptp(own) and np.ptp(rest):
            assert item.discrimination == pytest.approx(stats.pointbiserialr(own, rest).statistic)
        else:
            assert item.discrimination is None


@settings(max_examples=20, deadline=None)
@given(tables)
def test_with_partial_credit_it_is_the_correlation_with_all_other_points(table):
    own, rest = table[:, 0] * 0.37, table[:, 1:].sum(1) / 3
    value, _ = discrimination(own, rest)
    if np.ptp(own) and np.ptp(rest):
        assert value == pytest.approx(stats.pearsonr(own, rest).statistic)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([[1, 0]], "Too few submissions for a correlation: 1"),
        ([[1, 0], [0, 1]], "Too few submissions for a correlation: 2"),
        ([[1, 0], [1, 1], [1, 0]], "Everybody has the same points here"),
        ([[1, 1], [0, 1], [1, 1]], "Everybody has the same points in the other tests"),
        ([[1, 0], [0, 1], [1, 0], [0, 1]], "better otherwise pass it less often"),
        ([[1, 1], [1, 0], [0, 0], [0, 1]], "hardly tells strong submissions from weak"),
    ],
)
def test_what_no_number_says_is_said_in_words(table, words):
    item = analyse(results_with(table))[0]
    assert words in item.remark
    assert item.discrimination is None or item.discrimination < 0.2


def test_a_good_test_gets_no_remark_and_a_hard_one_does():
    easy = analyse(results_with([[1, 1], [1, 1], [0, 0]]))[0]
    assert easy.remark == ""
    hard = analyse(results_with([[1, 1]] + [[0, 0]] * 8))[0]
    assert "Few pass it" in hard.remark


def test_no_results_give_no_items():
    assert analyse([]) == []


def test_results_of_other_tests_are_not_mixed_in():
    mixed = results_with([[1, 0]]) + results_with([[1, 0, 1]])
    with pytest.raises(ValueError, match="was graded with other tests"):
        points_table(mixed)


def test_seconds_are_summed_over_the_tests_of_an_exercise():
    times = seconds_by_exercise(results_with([[1, 0, 1, 1]] * 3))
    assert list(times) == ["exercise_0", "exercise_1"]
    np.testing.assert_allclose(times["exercise_1"], [3.5, 3.5, 3.5])


@pytest.mark.parametrize("number", [1, 2, 40])
def test_every_figure_says_in_words_what_it_shows(number):
    results = [result_of(f"s{k}", (k % 7) / 7) for k in range(number)]
    most = sum(points(cell) for cell in load_unit(UNIT).graded_cells())
    totals = [result.points for result in results]
    _, alt = figures.totals(totals, most)
    assert f"median {np.median(totals):g}" in alt
    assert f"{number} submissions" in alt
    items = analyse(results)
    assert [item.name for item in items] == [grade_id(c) for c in load_unit(UNIT).graded_cells()]
    figure, alt = figures.items(items)
    assert f"lowest {min(item.passed for item in items):.0%}" in alt
    assert ("not defined" in alt) == (number < 3)
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == [item.name for item in items]
    _, alt = figures.seconds(seconds_by_exercise(results))
    assert "in panoptic_quality" in alt
