"""Real tasks: clear refusals, right features, and no leak into examples."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from lttutor import realdata
from lttutor.realdata import (
    character_features,
    encode,
    read_text,
    table_tasks,
    tables,
    text_tasks,
)
from lttutor.realdata.texts import ALPHABET

CODES = encode(realdata.english_text())


@pytest.mark.parametrize("content, message", [
    (b"", "empty"),
    (b" \n\t \n", "empty"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 99, "binary"),
    ("some text ".encode("utf-16") * 9, "binary"),
    (b"caf\xe9 au lait " * 9999, "position 3.*UTF-8"),
    (b"A tiny text.", "at least 10000 letters"),
    (("\u0433\u0434\u0435" * 9999).encode(), "at least 10000 letters a to z"),
])
def test_a_file_that_is_no_text_gets_a_clear_error(tmp_path, content, message):
    file = tmp_path / "mine.txt"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=f"mine.txt.*{message}"):
        read_text(file)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(OSError, match=path.name):
            read_text(path)


def test_a_good_file_is_read_with_or_without_a_byte_order_mark(tmp_path):
    file = tmp_path / "mine.txt"
    for mark in (b"", b"\xef\xbb\xbf"):
        file.write_bytes(mark + "na\u00efve ".encode() * 3000)
        assert read_text(str(file)) == "na\u00efve " * 3000


def test_encoding_keeps_letters_and_never_two_spaces():
    assert (CODES >= 0).all() and (CODES < 27).all()
    assert not ((CODES[1:] == 0) & (CODES[:-1] == 0)).any()
    assert "".join(ALPHABET[c] for c in encode("\u00c9cole,\n\n42 x")) \
        == "ecole x"
    assert len(encode("")) == 0


def test_a_feature_is_the_projection_of_the_characters_before_it():
    rng = np.random.default_rng(0)
    projection = rng.standard_normal((3 * 27, 5))
    features, targets = character_features(CODES[:200], projection)
    for i in (0, 7, 196):
        hot = np.concatenate([np.eye(27)[c] for c in CODES[i:i + 3]])
        np.testing.assert_allclose(features[i], np.tanh(hot @ projection))
        assert targets[i] == CODES[i + 3]


def windows(codes, seed=1):
    rng = np.random.default_rng(seed)
    projection = rng.standard_normal((2 * 27, 6))
    return text_tasks(codes, projection, n=40, tests=25, windows=9, rng=rng)


def test_the_examples_of_a_text_task_do_not_depend_on_its_questions():
    """Rewrite, in every stretch, all that follows the last example's label."""
    stride = 40 + 25 + 2
    changed = CODES.copy()
    inside = np.arange(len(CODES)) % stride
    changed[inside >= 2 + 40] = 26 - changed[inside >= 2 + 40]
    one, other = windows(CODES), windows(changed)
    assert (one.X == other.X).all() and (one.y == other.y).all()
    assert (one.X_test[:, 2:] != other.X_test[:, 2:]).any()
    assert (one.y_test != other.y_test).any()


def test_the_questions_continue_the_text_and_no_stretch_comes_twice():
    """Each task is one run of the text; find it by its targets."""
    task = windows(CODES)
    everywhere = np.lib.stride_tricks.sliding_window_view(CODES, 65)
    found = [np.flatnonzero((everywhere == run).all(1))[0] for run in
             np.concatenate([task.y, task.y_test], axis=1).argmax(-1)]
    assert len(found) == 9
    assert np.diff(np.sort(found)).min() >= 67


def test_too_short_a_text_is_refused_with_what_fits():
    with pytest.raises(ValueError, match="at most 2, the stretches of 67"):
        windows(CODES[:140])
    with pytest.raises(ValueError, match="multiple of 27"):
        character_features(CODES, np.ones((28, 3)))
    with pytest.raises(ValueError, match="more than 1 char"):
        character_features(CODES[:1], np.ones((27, 3)))


def test_the_examples_of_a_table_task_do_not_depend_on_its_questions():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 3)) * 9 + 4, rng.standard_normal(50)
    split = lambda X, y: table_tasks(
        X, y, n=30, splits=1, rng=np.random.default_rng(5))
    one = split(X, y)
    asked = np.random.default_rng(5).permutation(50)[30:]
    X[asked] += 1e3
    y[asked] -= 1e3
    other = split(X, y)
    assert (one.X == other.X).all() and (one.y == other.y).all()
    assert (one.X_test != other.X_test).all()


def test_a_split_standardizes_by_its_examples_and_loses_no_row():
    task = table_tasks(*realdata.diabetes_table(), n=300, splits=3,
                       rng=np.random.default_rng(0))
    np.testing.assert_allclose(task.X.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(task.X.std(1), 1)
    np.testing.assert_allclose(task.y.mean(1), 0, atol=1e-10)
    assert abs(task.X_test.mean(1)).max() > 1e-3
    _, y = realdata.diabetes_table()
    for k in range(3):
        seen = np.concatenate([task.y[k], task.y_test[k]])
        np.testing.assert_allclose(
            np.sort(seen - seen.mean()), np.sort(y - y.mean()), atol=1e-9)


def test_the_table_is_the_one_that_scikit_learn_loads():
    theirs = load_diabetes(return_X_y=True, scaled=False)
    for own, other in zip(realdata.diabetes_table(), theirs):
        np.testing.assert_array_equal(own, other)


def test_without_scikit_learn_the_table_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="scikit-learn"):
        realdata.diabetes_table()


def test_a_table_that_cannot_be_split_is_refused():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((9, 2)), np.ones(9)
    with pytest.raises(ValueError, match="fewer than the 9 rows"):
        table_tasks(X, y, n=9, splits=1, rng=rng)
    X[:, 1] = 3
    with pytest.raises(ValueError, match="column 1 is constant"):
        table_tasks(X, y, n=5, splits=1, rng=rng)


def test_scaling_by_all_rows_leaks_too_little_to_be_noticed():
    """What chapter 48 warns of: the mean R² of least squares hardly moves."""
    features, targets = realdata.diabetes_table()
    task = realdata.table_tasks(features, targets, n=300, splits=24,
                                rng=np.random.default_rng(48))
    leaky = (features - features.mean(0)) / features.std(0)
    centered = targets - targets.mean()
    rng, gains = np.random.default_rng(48), []
    for b in range(24):
        order = rng.permutation(442)
        seen, asked = order[:300], order[300:]
        score = []
        for X, y, X_test, y_test in (
                (task.X[b], task.y[b], task.X_test[b], task.y_test[b]),
                (leaky[seen], centered[seen], leaky[asked],
                 centered[asked])):
            left = y_test - X_test @ np.linalg.lstsq(X, y, rcond=None)[0]
            score.append(1 - left @ left / (y_test @ y_test))
        gains.append(score[1] - score[0])
    assert abs(np.mean(gains)) < 1e-3
