"""The tests notice small mistakes: each mutant of a line must make a named test fail."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT

from provender.clone import copy_tree

# Each run is one process; more at a time than a small machine's cores gain nothing.
RUNS_AT_ONCE = 2

# pytest's exit code for tests that ran and failed; others stand for tests that did not run.
TESTS_FAILED = 1


@dataclass(frozen=True)
class Mutant:
    """A mistake: ``old``, found once in ``file``, becomes ``new``, and test ``node`` notices."""

    name: str
    file: str
    old: str
    new: str
    node: str


MUTANTS = [
    Mutant(
        "files are written in place",
        "src/provender/files.py",
        'part = path.with_name(path.name + ".part")',
        "part = path",
        "tests/unit/test_files.py::test_replacing_keeps_the_old_file_until_the_new_one_is_whole",
    ),
    Mutant(
        "a failed write leaves its part behind",
        "src/provender/files.py",
        "part.unlink(missing_ok=True)",
        "pass",
        "tests/unit/test_files.py::test_replacing_leaves_nothing_on_an_error",
    ),
    Mutant(
        "any digest will do",
        "src/provender/files.py",
        "if digest not in expected:",
        "if not digest:",
        "tests/unit/test_files.py::test_a_wrong_digest_names_both",
    ),
    Mutant(
        "JSON keys keep their order",
        "src/provender/files.py",
        "sort_keys=True",
        "sort_keys=False",
        "tests/unit/test_files.py::test_json_is_canonical",
    ),
    Mutant(
        "NaN is written",
        "src/provender/files.py",
        "allow_nan=False",
        "allow_nan=True",
        "tests/unit/test_files.py::test_json_refuses_what_is_no_number",
    ),
    Mutant(
        "one word too few is read",
        "src/provender/encode.py",
        "kept = places < max_words",
        "kept = places < max_words - 1",
        "tests/unit/test_encode.py::test_ids_by_hand",
    ),
    Mutant(
        "words are put in the wrong places",
        "src/provender/encode.py",
        "ids[rows[kept], places[kept]] =",
        "ids[rows[kept], places[kept][::-1]] =",
        "tests/unit/test_encode.py::test_ids_by_hand",
    ),
    Mutant(
        "unknown words are padding",
        "src/provender/encode.py",
        "pc.fill_null(found, UNKNOWN - FIRST_WORD)",
        "pc.fill_null(found, PADDING - FIRST_WORD)",
        "tests/unit/test_encode.py::test_ids_by_hand",
    ),
    Mutant(
        "a word counts as often as it occurs",
        "src/provender/encode.py",
        "totals[slots] / counts[slots] / np.sqrt",
        "totals[slots] / np.sqrt",
        "tests/unit/test_encode.py::test_weights_by_hand",
    ),
    Mutant(
        "unknown words weigh too",
        "src/provender/encode.py",
        "np.nonzero(ids >= FIRST_WORD)",
        "np.nonzero(ids >= UNKNOWN)",
        "tests/unit/test_encode.py::test_weights_by_hand",
    ),
    Mutant(
        "marks part words",
        "src/provender/text.py",
        'frozenset("LMN")',
        'frozenset("LN")',
        "tests/unit/test_text.py::test_words_of_a_text",
    ),
    Mutant(
        "the table of lower case is empty",
        "src/provender/text.py",
        "lower.append((code, mapped - code))",
        "continue",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "runs of lower case all have step 2",
        "src/provender/text.py",
        "runs[-1][1:3] = [code, code - last]",
        "runs[-1][1:3] = [code, 2]",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "replacements refer to groups",
        "src/provender/text.py",
        'replacement.replace("\\\\", "\\\\\\\\")',
        "replacement",
        "tests/unit/test_text.py::test_replacements_are_literal",
    ),
    Mutant(
        "the browser's tables have no steps",
        "web/src/text.js",
        "(point - first) % step === 0",
        "step > 0",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser counts halves of characters",
        "web/src/text.js",
        "> 0xffff ? 2 : 1",
        "> 0xffff ? 1 : 1",
        "tests/parity/test_encoding.py::test_texts_beyond_what_is_read",
    ),
    Mutant(
        "the browser takes unknown words for padding",
        "web/src/encode.js",
        "idOf.get(word) || UNKNOWN",
        "idOf.get(word) || 0",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser weighs by another logarithm",
        "web/src/encode.js",
        "Math.log(count)",
        "Math.log2(count)",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "training posts stay that the test part has",
        "scripts/split_posts.py",
        'training["text"].isin(test["text"])',
        'training["text"].isin(test["label"])',
        "tests/unit/test_split.py::test_duplicates_by_hand",
    ),
    Mutant(
        "the oldest tenth validates",
        "scripts/split_posts.py",
        "ordered[:-count], ordered[-count:]",
        "ordered[count:], ordered[:count]",
        "tests/unit/test_split.py::test_newest_tenth_of_thirty",
    ),
    Mutant(
        "the threshold itself is training",
        "scripts/split_posts.py",
        'usable["year"] >= options.threshold',
        'usable["year"] > options.threshold',
        "tests/unit/test_split.py::test_the_threshold_belongs_to_the_test_part",
    ),
    Mutant(
        "ties go to the last label",
        "scripts/evaluate_model.py",
        'np.argsort(-scores, axis=1, kind="stable")',
        'np.argsort(scores, axis=1, kind="stable")[:, ::-1]',
        "tests/unit/test_metrics.py::test_ties_go_to_the_first_label",
    ),
    Mutant(
        "precision is recall",
        "scripts/evaluate_model.py",
        "precision = right / np.maximum(counts.sum(axis=0), 1)",
        "precision = right / np.maximum(counts.sum(axis=1), 1)",
        "tests/unit/test_metrics.py::test_labels_never_predicted_or_without_posts",
    ),
    Mutant(
        "naive Bayes without complement",
        "scripts/train_model.py",
        "counts.sum(axis=1, keepdims=True) - counts + smoothing",
        "counts + smoothing",
        "tests/unit/test_naive_bayes.py::test_by_hand",
    ),
    Mutant(
        "ten times the tolerance",
        "scripts/verify_parity.py",
        "differences > TOLERANCE)",
        "differences > 10 * TOLERANCE)",
        "tests/unit/test_compare.py::test_larger_differences_are_refused",
    ),
    Mutant(
        "NaN agrees with anything",
        "scripts/verify_parity.py",
        "nan=np.inf",
        "nan=0",
        "tests/unit/test_compare.py::test_larger_differences_are_refused",
    ),
    Mutant(
        "the model keeps its random identifier",
        "src/provender/determinism.py",
        'fingerprint.ClearField("uuid")',
        "pass",
        "tests/unit/test_determinism.py::test_fingerprint_loses_its_identifier_only",
    ),
    Mutant(
        "any key is the nearest",
        "src/provender/config.py",
        "difflib.get_close_matches(name, known, 1)",
        "known[:1]",
        "tests/unit/test_config.py::test_faults",
    ),
    Mutant(
        "a build depends on where the database lies",
        "src/provender/config.py",
        'LOCATIONS = ("archives", "url", "path")',
        'LOCATIONS = ("archives", "url")',
        "tests/unit/test_config.py::test_identity_leaves_out_locations",
    ),
    Mutant(
        "imports of imports are not followed",
        "src/provender/code.py",
        "waiting += _imported_modules(path)",
        "found.update(_imported_modules(path))",
        "tests/unit/test_code.py::test_python_imports_are_followed",
    ),
    Mutant(
        "what is out of reach is a plain error",
        "src/provender/step.py",
        "return 3",
        "return 1",
        "tests/unit/test_step.py::test_errors_that_a_user_can_mend",
    ),
    Mutant(
        "separators are told by the lower case",
        "src/provender/text.py",
        'pc.utf8_lower(pc.replace_substring_regex(texts, _separator_class(recipe), " "))',
        'pc.replace_substring_regex(pc.utf8_lower(texts), _separator_class(recipe), " ")',
        "tests/unit/test_text.py::test_every_code_point",
    ),
    Mutant(
        "a row of separators is one space",
        "src/provender/text.py",
        'return f"[{ranges}]"',
        'return f"[{ranges}]+"',
        "tests/unit/test_text.py::test_each_separator_is_a_space",
    ),
    Mutant(
        "the user's database is opened to be written",
        "scripts/fetch_source.py",
        "?mode=ro{'&immutable=1' if at_rest else ''}",
        "?mode=rw",
        "tests/scripts/test_fetch_source_sqlite.py::test_write_ahead_log_after_a_crash",
    ),
    Mutant(
        "a database with a log of changes is read without it",
        "scripts/fetch_source.py",
        "'&immutable=1' if at_rest else ''",
        "'&immutable=1'",
        "tests/scripts/test_fetch_source_sqlite.py::test_write_ahead_log_of_an_open_database",
    ),
    Mutant(
        "an underscore is a digit",
        "scripts/fetch_source.py",
        'math.nan if "_" in value else float(value)',
        "float(value)",
        "tests/scripts/test_fetch_source_sqlite.py::test_split_value_that_is_no_number",
    ),
    Mutant(
        "a whole file follows what was there",
        "scripts/fetch_archive.py",
        '"ab" if resumed else "wb"',
        '"ab"',
        "tests/scripts/test_fetch_archive.py::test_starts_anew_where_the_server_has_no_ranges",
    ),
    Mutant(
        "a download never goes on",
        "scripts/fetch_archive.py",
        "have = part.stat().st_size if part.exists() else 0",
        "have = 0",
        "tests/scripts/test_fetch_archive.py::test_goes_on_where_a_download_broke_off",
    ),
    Mutant(
        "a failed save leaves its part behind",
        "scripts/train_model.py",
        "    finally:\n        shutil.rmtree(part, ignore_errors=True)",
        "    finally:\n        pass",
        "tests/unit/test_save_model.py::test_without_hdf5_the_old_model_stays",
    ),
    Mutant(
        "a full disk in Node is any error",
        "src/provender/node.py",
        "        _raise_for_space(said)\n",
        "",
        "tests/unit/test_node.py::test_full_disk",
    ),
    Mutant(
        "the logarithm is that of the CPU",
        "src/provender/arithmetic.py",
        "    return (exponent - low) * LN_2 + 2 * ratio * series",
        "    return np.log(values)",
        "tests/unit/test_arithmetic.py::test_the_same_on_every_cpu",
    ),
    Mutant(
        "the exponential is that of the CPU",
        "src/provender/arithmetic.py",
        "    return np.ldexp(series, powers.astype(np.int32))",
        "    return np.exp(values)",
        "tests/unit/test_arithmetic.py::test_the_same_on_every_cpu",
    ),
    Mutant(
        "a product by the CPU's own code",
        "src/provender/arithmetic.py",
        "    return total\n",
        "    return left @ right\n",
        "tests/unit/test_arithmetic.py::test_the_same_on_every_cpu",
    ),
    Mutant(
        "an archive is compared by its members' contents only",
        "src/provender/differences.py",
        'yield from _values(f"member {name}", left[name], right[name])',
        "pass",
        "tests/unit/test_differences.py::test_tar_names_the_member",
    ),
    Mutant(
        "files that only one build has are no difference",
        "src/provender/differences.py",
        "for name in sorted(left.keys() | right.keys())\n        if left",
        "for name in sorted(left.keys() & right.keys())\n        if left",
        "tests/unit/test_differences.py::test_compare_walks_what_is_built",
    ),
]


def run_tests(folder: Path, *nodes: str) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy of the project, with the copy's own modules."""
    # Plugins of other packages take longer to load than most of these tests to run.
    environment = {"PYTHONPATH": str(folder / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *nodes],
        cwd=folder,
        env={**os.environ, **environment},
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


def survive(mutant: Mutant, folder: Path) -> str:
    """Return how a mutant got away, or nothing where its test failed."""
    path = copy_tree(ROOT, folder) / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        return f"{mutant.file} has its old text {text.count(mutant.old)} times"
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8", newline="")
    done = run_tests(folder, mutant.node)
    return "" if done.returncode == TESTS_FAILED else f"exit code {done.returncode}: {done.stdout}"


def test_tests_pass_without_a_mutant(tmp_path: Path) -> None:
    """In an unchanged copy all those tests pass, so that it is the mutants that they notice."""
    nodes = sorted({mutant.node for mutant in MUTANTS})
    done = run_tests(copy_tree(ROOT, tmp_path / "project"), *nodes)
    assert done.returncode == 0, done.stdout


def test_every_mutant_is_noticed(tmp_path: Path) -> None:
    """No mutant survives its test; those that do are listed by name."""
    folders = [tmp_path / str(number) for number in range(len(MUTANTS))]
    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        outcomes = pool.map(survive, MUTANTS, folders)
    names = [mutant.name for mutant in MUTANTS]
    assert len(set(names)) == len(names)
    assert {name: how for name, how in zip(names, outcomes, strict=True) if how} == {}
