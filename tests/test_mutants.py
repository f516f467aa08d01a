"""The tests notice small mistakes: each mutant of a line must make a named test fail.

A mutant runs when its file, its test's file or itself has changed since it was last noticed.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from conftest import ROOT

from provender.reproduction.clone import copy_tree

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
        "Snakemake limits how many jobs start within a second",
        "src/provender/running/rerun.py",
        "job_scheduler.JobRateLimiter = lambda limit: None",
        "job_scheduler.JobRateLimiter = job_scheduler.JobRateLimiter",
        "tests/workflow/test_workflow.py::test_waits_for_a_free_core",
    ),
    Mutant(
        "Arrow imports pandas in every step",
        "src/provender/running/step.py",
        "around.enter_context(determinism.without_pandas())",
        "pass",
        "tests/running/test_step.py::test_arrow_does_not_import_pandas",
    ),
    Mutant(
        "Ctrl-C during imports shows a stack trace",
        "src/provender/__init__.py",
        "sys.excepthook = _tell",
        "sys.excepthook = sys.__excepthook__",
        "tests/scripts/test_command_lines.py::test_ctrl_c_during_imports[encode_posts]",
    ),
    Mutant(
        "files are written in place",
        "src/provender/files.py",
        'part = path.with_name(path.name + ".part")',
        "part = path",
        "tests/test_files.py::test_replacing_keeps_the_old_file_until_the_new_one_is_whole",
    ),
    Mutant(
        "a failed write leaves its part behind",
        "src/provender/files.py",
        "part.unlink(missing_ok=True)",
        "pass",
        "tests/test_files.py::test_replacing_leaves_nothing_on_an_error",
    ),
    Mutant(
        "any digest will do",
        "src/provender/files.py",
        "if digest not in expected:",
        "if not digest:",
        "tests/test_files.py::test_a_wrong_digest_names_both",
    ),
    Mutant(
        "JSON keys keep their order",
        "src/provender/files.py",
        "sort_keys=True",
        "sort_keys=False",
        "tests/test_files.py::test_json_is_canonical",
    ),
    Mutant(
        "NaN is written",
        "src/provender/files.py",
        "allow_nan=False",
        "allow_nan=True",
        "tests/test_files.py::test_json_refuses_what_is_no_number",
    ),
    Mutant(
        "one word too few is read",
        "src/provender/text/grams.py",
        "kept = room > 0",
        "kept = room > 1",
        "tests/text/test_grams.py::test_any_texts",
    ),
    Mutant(
        "a text's last word is a pair with the next text's first",
        "src/provender/text/grams.py",
        "both[ends[(ends > 0) & (ends < len(units.units))] - 1] = False",
        "pass",
        "tests/text/test_grams.py::test_any_texts",
    ),
    Mutant(
        "a run is cut at no word's end",
        "src/provender/text/grams.py",
        "room = max_words - (",
        "room = max_words + 1 - (",
        "tests/text/test_grams.py::test_any_texts",
    ),
    Mutant(
        "a word counts as often as it occurs",
        "src/provender/text/encode.py",
        "totals = log_counts[counts]",
        "totals = LOG_UNIT * counts.astype(float)",
        "tests/text/test_encode.py::test_weights_by_hand",
    ),
    Mutant(
        "words and pieces are weighed together",
        "src/provender/text/encode.py",
        "blocks = 2 * texts + is_piece",
        "blocks = 2 * texts",
        "tests/text/test_encode.py::test_weights",
    ),
    Mutant(
        "marks part words",
        "src/provender/text/recipe.py",
        '(b"L", b"M", b"N")',
        '(b"L", b"N")',
        "tests/text/test_recipe.py::test_words_of_a_text",
    ),
    Mutant(
        "the table of lower case is empty",
        "src/provender/text/recipe.py",
        "changed = (deltas != 0) &",
        "changed = (deltas < deltas) &",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "runs of lower case all have step 2",
        "src/provender/text/recipe.py",
        "runs[-1][1:3] = [code, code - last]",
        "runs[-1][1:3] = [code, 2]",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "replacements refer to groups",
        "src/provender/text/recipe.py",
        'replacement.replace("\\\\", "\\\\\\\\")',
        "replacement",
        "tests/text/test_recipe.py::test_replacements_are_literal",
    ),
    Mutant(
        "the browser's tables have no steps",
        "web/src/text.js",
        "point += step",
        "point += 1",
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
        "the browser pairs words over a run",
        "web/src/encode.js",
        "before = -1;\n        const points",
        "const points",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser takes the whole word for a piece",
        "web/src/encode.js",
        "if (stop > last || wordSizes[i] === last) break;",
        "if (stop > last) break;",
        "tests/web/test_web_units.py::test_web_units[encode]",
    ),
    Mutant(
        "the browser takes a whole word with accents for a piece",
        "web/src/encode.js",
        "wordSizes[wordSizes.length - 1] < most",
        "true",
        "tests/web/test_web_units.py::test_web_units[encode]",
    ),
    Mutant(
        "the browser parts marks from letters",
        "web/src/encode.js",
        "isMark(point)) bounds",
        "false) bounds",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser weighs by another logarithm",
        "web/src/encode.js",
        "Math.log(times)",
        "Math.log2(times)",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "a text of one word is as sure as one of a hundred",
        "src/provender/text/encode.py",
        "squares + UNKNOWN * LOG_UNIT**2",
        "squares",
        "tests/text/test_encode.py::test_weights_by_hand",
    ),
    Mutant(
        "on the page, a text of one word is as sure as one of a hundred",
        "web/src/encode.js",
        "let squares = UNKNOWN * LOG_SCALE * LOG_SCALE;",
        "let squares = 0;",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "a word ships of as few texts as a piece",
        "scripts/build_vocabulary.py",
        "options.piece_min_count, options.min_count)",
        "options.piece_min_count, options.piece_min_count)",
        "tests/scripts/test_build_vocabulary.py::test_pairs_and_pieces",
    ),
    Mutant(
        "of what as many texts have, the last letters of the alphabet are left out",
        "scripts/build_vocabulary.py",
        "zlib.crc32(pair[0].encode())",
        "pair[0]",
        "tests/scripts/test_build_vocabulary.py::test_limits",
    ),
    Mutant(
        "many labels have no more room than few",
        "src/provender/model/compression.py",
        "BUDGET if labels < MANY_LABELS else LARGE_BUDGET",
        "BUDGET",
        "tests/model/test_compression.py::test_budget",
    ),
    Mutant(
        "ever more words are weighed, none of them within the budget",
        "src/provender/model/compression.py",
        "if min(each.bytes for each in found) > budget:",
        "if False:",
        "tests/model/test_compression.py::test_weighs_each_size_width_and_coarseness",
    ),
    Mutant(
        "an answer just as sure as asked does not count",
        "src/provender/model/metrics.py",
        "sure = confidence >= hundredth / 100",
        "sure = confidence > hundredth / 100",
        "tests/model/test_metrics.py::test_coverage",
    ),
    Mutant(
        "training posts stay that the test part has",
        "src/provender/splits/rules.py",
        'training["read"].isin(test["read"])',
        'training["read"].isin(test["label"])',
        "tests/splits/test_rules.py::test_duplicates_by_hand",
    ),
    Mutant(
        "the oldest tenth validates",
        "src/provender/splits/rules.py",
        "ordered[:-count], ordered[-count:]",
        "ordered[count:], ordered[:count]",
        "tests/splits/test_rules.py::test_newest_tenth_of_thirty",
    ),
    Mutant(
        "the threshold itself is training",
        "src/provender/splits/rules.py",
        'posts["year"] >= (',
        'posts["year"] > (',
        "tests/splits/test_rules.py::test_the_threshold_belongs_to_the_test_part",
    ),
    Mutant(
        "ties go to the last label",
        "src/provender/model/metrics.py",
        'np.argsort(-scores, axis=1, kind="stable")',
        'np.argsort(scores, axis=1, kind="stable")[:, ::-1]',
        "tests/model/test_metrics.py::test_ties_go_to_the_first_label",
    ),
    Mutant(
        "precision is recall",
        "src/provender/model/metrics.py",
        "precision = right / np.maximum(predicted, 1)",
        "precision = right / np.maximum(posts, 1)",
        "tests/model/test_metrics.py::test_labels_never_predicted_or_without_posts",
    ),
    Mutant(
        "the error of calibration counts bins, not posts",
        "src/provender/model/metrics.py",
        'each["posts"] * abs(each["confidence"] - each["accuracy"])',
        'abs(each["confidence"] - each["accuracy"])',
        "tests/model/test_metrics.py::test_calibration_by_hand",
    ),
    Mutant(
        "the baseline reads stripped texts where it should not",
        "scripts/measure_baselines.py",
        "read_unstripped(options.source, posts) for posts",
        "posts for posts",
        "tests/scripts/test_measure_baselines.py::test_scores",
    ),
    Mutant(
        "texts are quoted unasked",
        "scripts/render_report.py",
        "if options.show_text else {}",
        "if options.show_text else dict.fromkeys(range(99), 'water')",
        "tests/scripts/test_render_report.py::test_shows_texts_only_where_asked",
    ),
    Mutant(
        "naive Bayes without complement",
        "src/provender/model/naive_bayes.py",
        "counts.sum(axis=1, keepdims=True) - counts + how.smoothing",
        "counts + how.smoothing",
        "tests/model/test_naive_bayes.py::test_by_hand",
    ),
    Mutant(
        "a fold's posts are answered by a model that has seen them",
        "src/provender/model/training.py",
        "rows_where(posts, folds != fold)",
        "posts",
        "tests/model/test_training.py::test_folds_are_answered_by_others",
    ),
    Mutant(
        "a text is on the wrong side of its own label",
        "src/provender/model/hinge.py",
        "            margins[label] = -margins[label]\n",
        "",
        "tests/model/test_hinge.py::test_any_small_corpus",
    ),
    Mutant(
        "the last pass alone counts",
        "src/provender/model/hinge.py",
        "return total / max(len(marks) * epochs, 1)",
        "return weights",
        "tests/model/test_hinge.py::test_any_small_corpus",
    ),
    Mutant(
        "an augmented text in another fold than its post",
        "src/provender/model/training.py",
        "return folds[places]",
        "return np.arange(len(places)) % FOLDS",
        "tests/model/test_training.py::test_all_rows_of_a_post_are_in_one_fold",
    ),
    Mutant(
        "augmentations that strip the same",
        "src/provender/splits/rules.py",
        "if set(parts) != set(strip):",
        "if parts != strip:",
        "tests/scripts/test_split_posts.py::test_what_is_stripped_anyway_is_not_learnt_again",
    ),
    Mutant(
        "texts without headers lose their first paragraph unasked",
        "src/provender/config.py",
        'config["source"]["kind"] != "newsgroups" and text["augment"]',
        'config["source"]["kind"] == "newsgroups" and text["augment"]',
        "tests/test_config.py::test_augmentation_that_was_not_asked_for",
    ),
    Mutant(
        "posts without text count for whatever label they have",
        "scripts/evaluate_model.py",
        'lost["labels"].get(commonest, 0)',
        'lost["posts"]',
        "tests/model/test_metrics.py::test_blank_posts_are_answered_by_the_commonest_label",
    ),
    Mutant(
        "what is missing is not asked for",
        "Snakefile",
        'list(every_output(workflow, {"split": SPLITS})),',
        '"dist/bundle/manifest.json",',
        "tests/workflow/test_workflow.py::test_what_is_missing_is_made_again",
    ),
    Mutant(
        "another database's texts stand in for a missing one's",
        "src/provender/running/rerun.py",
        '_check_source(found["command"], source)',
        "_check_source",
        "tests/workflow/test_workflow.py::test_a_database_that_is_missing",
    ),
    Mutant(
        "a stale lock stays",
        "src/provender/running/rerun.py",
        'shutil.rmtree(".snakemake/locks", ignore_errors=True)',
        "shutil",
        "tests/running/test_rerun.py::test_a_lock_is_stale_without_its_build",
    ),
    Mutant(
        "a lock is removed under another build",
        "src/provender/running/rerun.py",
        "        file.close()\n        return\n",
        "        file.close()\n",
        "tests/running/test_rerun.py::test_a_lock_is_stale_without_its_build",
    ),
    Mutant(
        "of a perfect model nothing can be chosen",
        "src/provender/model/compression.py",
        "most = max(near * least, least + NEXT_TO_NOTHING)",
        "most = near * least",
        "tests/model/test_compression.py::test_of_next_to_no_losses_the_smallest_ships",
    ),
    Mutant(
        "a rare word turns a table's axes as much as a frequent one",
        "src/provender/model/compression.py",
        "arithmetic.gram(_centred(table), posts)",
        "arithmetic.gram(_centred(table), np.ones(len(posts)))",
        "tests/model/test_compression.py::test_axes_lie_where_frequent_words_differ",
    ),
    Mutant(
        "a table of one column has one of its ends only",
        "src/provender/model/compression.py",
        "numbers[LOWEST_ID, 0], numbers[HIGHEST_ID, 0] = LOWEST, HIGHEST",
        "numbers[LOWEST_ID, 0], numbers[LOWEST_ID, -1] = LOWEST, HIGHEST",
        "tests/model/test_compression.py::test_bytes_hold_every_number",
    ),
    Mutant(
        "rounding that few posts like by chance is an improvement",
        "src/provender/model/compression.py",
        "loss + metrics.divergence(exact, scores)",
        "metrics.loss(scores, validation.labels)",
        "tests/model/test_compression.py::test_weighs_each_size_width_and_coarseness",
    ),
    Mutant(
        "a larger model ships for a difference that nothing shows",
        "src/provender/model/compression.py",
        "most = max(near * least, least + NEXT_TO_NOTHING)",
        "most = least",
        "tests/model/test_compression.py::test_of_losses_next_to_alike_the_smallest_ships",
    ),
    Mutant(
        "the last axes are kept instead of the first",
        "src/provender/model/arithmetic.py",
        'np.argsort(-np.diag(matrix), kind="stable")',
        'np.argsort(np.diag(matrix), kind="stable")',
        "tests/model/test_arithmetic.py::test_eigenvectors",
    ),
    Mutant(
        "float16 is cut off, not rounded",
        "src/provender/model/compression.py",
        "table.astype(np.float16).astype(np.float32)",
        "(table * 0.9995).astype(np.float16).astype(np.float32)",
        "tests/model/test_compression.py::test_float16_rounds_to_the_nearest",
    ),
    Mutant(
        "the converter stores other numbers than were counted",
        "src/provender/model/levels.py",
        'FLOAT16: "float16"}',
        'FLOAT16: "uint8"}',
        "tests/model/test_levels.py::test_each_has_a_type_and_a_name",
    ),
    Mutant(
        "ten times the tolerance",
        "scripts/verify_parity.py",
        "differences > TOLERANCE)",
        "differences > 10 * TOLERANCE)",
        "tests/scripts/test_verify_parity_compare.py::test_larger_differences_are_refused",
    ),
    Mutant(
        "NaN agrees with anything",
        "scripts/verify_parity.py",
        "nan=np.inf",
        "nan=0",
        "tests/scripts/test_verify_parity_compare.py::test_larger_differences_are_refused",
    ),
    Mutant(
        "the model keeps its random identifier",
        "src/provender/model/runtime.py",
        'fingerprint.ClearField("uuid")',
        "pass",
        "tests/model/test_runtime.py::test_fingerprint_loses_its_identifier_only",
    ),
    Mutant(
        "any key is the nearest",
        "src/provender/config.py",
        "difflib.get_close_matches(name, known, 1)",
        "known[:1]",
        "tests/test_config.py::test_faults",
    ),
    Mutant(
        "a build depends on where the database lies",
        "src/provender/config.py",
        'LOCATIONS = ("archives", "url", "path")',
        'LOCATIONS = ("archives", "url")',
        "tests/test_config.py::test_identity_leaves_out_locations",
    ),
    Mutant(
        "imports of imports are not followed",
        "src/provender/running/code_files.py",
        'waiting += [path.read_text(encoding="utf-8") for path in new]',
        "pass",
        "tests/running/test_code_files.py::test_python_imports_are_followed",
    ),
    Mutant(
        "what is out of reach is a plain error",
        "src/provender/running/step.py",
        "return 3",
        "return 1",
        "tests/running/test_step.py::test_errors_that_a_user_can_mend",
    ),
    Mutant(
        "separators are told by the lower case",
        "src/provender/text/recipe.py",
        "rare = _match(beyond, texts, _class(_rare(recipe)))",
        "rare = _match(beyond, texts, _class(_rare(recipe)))\n    texts = pc.utf8_lower(texts)",
        "tests/text/test_recipe.py::test_every_code_point",
    ),
    Mutant(
        "a row of separators is one space",
        "src/provender/text/recipe.py",
        'return f"[{ranges}]"',
        'return f"[{ranges}]+"',
        "tests/text/test_recipe.py::test_each_separator_is_a_space",
    ),
    Mutant(
        "the user's database is opened to be written",
        "src/provender/sources/sqlite.py",
        "?mode=ro{'&immutable=1' if at_rest else ''}",
        "?mode=rw",
        "tests/scripts/test_fetch_source_sqlite.py::test_write_ahead_log_after_a_crash",
    ),
    Mutant(
        "a database with a log of changes is read without it",
        "src/provender/sources/sqlite.py",
        "'&immutable=1' if at_rest else ''",
        "'&immutable=1'",
        "tests/scripts/test_fetch_source_sqlite.py::test_write_ahead_log_of_an_open_database",
    ),
    Mutant(
        "an underscore is a digit",
        "src/provender/sources/columns.py",
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
        "tests/scripts/test_train_model_save.py::test_without_hdf5_the_old_model_stays",
    ),
    Mutant(
        "the search takes the higher loss",
        "scripts/search_model.py",
        "if scores[tried].loss < scores[best].loss:",
        "if scores[tried].loss > scores[best].loss:",
        "tests/scripts/test_search_model_values.py::test_one_setting_after_the_other_until_nothing_helps",
    ),
    Mutant(
        "the search ends after its first round",
        "scripts/search_model.py",
        "if best == before:",
        "if best or before:",
        "tests/scripts/test_search_model_values.py::test_one_setting_after_the_other_until_nothing_helps",
    ),
    Mutant(
        "the search marks what it finds best as configured",
        "scripts/search_model.py",
        "int(values == start and with_augmented == augmented)",
        "int(values == min(found)[1] and with_augmented == augmented)",
        "tests/scripts/test_search_model_values.py::test_table",
    ),
    Mutant(
        "the search learns from rows made of validation posts",
        "scripts/search_model.py",
        "rows_with(read_features(options.augmented, is_piece), train.rowids)",
        "read_features(options.augmented, is_piece)",
        "tests/scripts/test_search_model.py::test_augmentation",
    ),
    Mutant(
        "the search scores logits as they are",
        "scripts/search_model.py",
        "arithmetic.softmax(logits / temperature)",
        "arithmetic.softmax(logits)",
        "tests/scripts/test_search_model_values.py::test_score_by_hand",
    ),
    Mutant(
        "the search reads the test split",
        "workflow/rules/search.smk",
        'data/features/validation.parquet",',
        'data/features/test.parquet",',
        "tests/workflow/test_search.py::test_reads_no_test_split",
    ),
    Mutant(
        "the report needs a search",
        "workflow/rules/reports.smk",
        "SEARCH if exists(SEARCH) else []",
        '"data/reports/search.csv"',
        "tests/workflow/test_search.py::test_no_part_of_a_build",
    ),
    Mutant(
        "the report marks what was not chosen",
        "scripts/render_report.html",
        'row.chosen == "1" }}',
        'row.chosen == "0" }}',
        "tests/scripts/test_render_report.py::test_shows_what_was_tried",
    ),
    Mutant(
        "a full disk in Node is any error",
        "src/provender/bundle/node.py",
        "        _raise_for_space(said)\n",
        "",
        "tests/bundle/test_node.py::test_full_disk",
    ),
    Mutant(
        "the browser leaves Z as it is",
        "web/src/text.js",
        "/[A-Z]+/g",
        "/[A-Y]+/g",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser's lower case ends one letter early",
        "web/src/text.js",
        "point <= last",
        "point < last",
        "tests/web/test_web_units.py::test_web_units[text]",
    ),
    Mutant(
        "the browser takes Latin-1 for ASCII",
        "web/src/text.js",
        "/^[\\0-\\x7f]*$/",
        "/^[\\0-\\xff]*$/",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser's separators begin one late",
        "web/src/text.js",
        "edges[middle] <= point",
        "edges[middle] < point",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser keeps half a character",
        "web/src/text.js",
        "(point >= 0xd800 && point <= 0xdfff) || isSeparator(point)",
        "isSeparator(point)",
        "tests/web/test_web_units.py::test_web_units[text]",
    ),
    Mutant(
        "the browser replaces the first match alone",
        "web/src/text.js",
        '"gu"',
        '"u"',
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser's patterns see half a character",
        "web/src/text.js",
        '"gu"',
        '"g"',
        "tests/parity/test_patterns.py::test_three_languages",
    ),
    Mutant(
        "a replacement's $ has a meaning in the browser",
        "web/src/text.js",
        '.join("$$")',
        '.join("$")',
        "tests/web/test_web_units.py::test_web_units[text]",
    ),
    Mutant(
        "the browser reads one character more",
        "web/src/text.js",
        "count < most",
        "count <= most",
        "tests/parity/test_encoding.py::test_texts_beyond_what_is_read",
    ),
    Mutant(
        "the browser counts empty words",
        "web/src/text.js",
        "if (!word) return words;",
        "",
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "the browser shares one unit more",
        "web/src/vocabulary.js",
        '"A".charCodeAt(0)',
        '"@".charCodeAt(0)',
        "tests/parity/test_encoding.py::test_nasty_texts",
    ),
    Mutant(
        "any number of words will do",
        "web/src/vocabulary.js",
        "words.length !== shared.length",
        "words.length > shared.length",
        "tests/web/test_web_units.py::test_web_units[vocabulary]",
    ),
    Mutant(
        "more is shared than there are letters for",
        "src/provender/bundle/constants.py",
        ">= len(LETTERS)",
        "> len(LETTERS)",
        "tests/bundle/test_constants.py::test_long_beginnings",
    ),
    Mutant(
        "characters are counted for units",
        "src/provender/bundle/constants.py",
        'len(text.encode("utf-16-le")) // 2',
        "len(text)",
        "tests/bundle/test_constants.py::test_any_words",
    ),
    Mutant(
        "the first character is not read",
        "src/provender/text/recipe.py",
        "utf8_slice_codeunits(texts, 0,",
        "utf8_slice_codeunits(texts, 1,",
        "tests/text/test_recipe.py::test_words_of_a_text",
    ),
    Mutant(
        "empty words are words",
        "src/provender/text/recipe.py",
        'pc.not_equal(words.values, "")',
        'pc.not_equal(words.values, " ")',
        "tests/text/test_recipe.py::test_words_of_a_text",
    ),
    Mutant(
        "runs of separators have letters between them",
        "src/provender/text/recipe.py",
        "np.diff(codes) > 1",
        "np.diff(codes) > 2",
        "tests/text/test_recipe.py::test_separators_are_what_is_no_letter_mark_number_or_symbol",
    ),
    Mutant(
        "rules apply in any order",
        "src/provender/text/recipe.py",
        'needed in recipe["replace"]:',
        'needed in reversed(recipe["replace"]):',
        "tests/text/test_recipe.py::test_rules_apply_in_order",
    ),
    Mutant(
        "the models change places",
        "src/provender/prediction/compare.py",
        "difference = (other - one) / texts",
        "difference = (one - other) / texts",
        "tests/prediction/test_compare.py::test_an_interval_of_paired_shares",
    ),
    Mutant(
        "one tail is taken for two",
        "src/provender/prediction/compare.py",
        "likely: float = 2 * tail / 2**apart",
        "likely: float = tail / 2**apart",
        "tests/prediction/test_compare.py::test_chance",
    ),
    Mutant(
        "pieces alone are sure",
        "src/provender/prediction/answers.py",
        "sure = known > 0 and ",
        "sure = bool(best) and ",
        "tests/parity/test_answers.py::test_the_answers_of_the_page",
    ),
    Mutant(
        "the command weighs the rows of other words than the page",
        "src/provender/prediction/answers.py",
        "found.ids + np.int32(FIRST_WORD)",
        "found.ids + np.int32(FIRST_WORD - 1)",
        "tests/parity/test_answers.py::test_the_answers_of_the_page",
    ),
    Mutant(
        "a file of answers is there before all of them are",
        "src/provender/prediction/predict.py",
        "with files.replacing(path) as part:",
        'with path.open("a") as _:\n        part = path',
        "tests/prediction/test_predict.py::test_what_can_not_be_read",
    ),
    Mutant(
        "of rare labels that become one, copies stay",
        "scripts/split_posts.py",
        "is_test = is_test[usable.index]\n        training, duplicates = drop_duplicates("
        "usable[~is_test], usable[is_test])",
        "is_test = is_test[usable.index]\n        training = usable[~is_test]",
        "tests/scripts/test_split_posts.py::test_rare_labels_become_one",
    ),
    Mutant(
        "a text is right when all of its labels are",
        "src/provender/model/metrics.py",
        "found = np.bincount(texts, hits, count) > 0",
        "found = np.bincount(texts, hits, count) == np.bincount(texts)",
        "tests/model/test_metrics.py::test_texts_under_several_labels",
    ),
    Mutant(
        "what is drawn changes as rows are added",
        "src/provender/splits/rules.py",
        'drawn = [_draw(read) < self.share for read in posts["read"]]',
        'drawn = [_draw(f"{read} {len(posts)}") < self.share for read in posts["read"]]',
        "tests/scripts/test_split_posts.py::test_drawn_by_a_hash",
    ),
    Mutant(
        "copies are drawn each by itself",
        "src/provender/splits/rules.py",
        'for read in posts["read"]]\n            return pd.Series(drawn',
        'for read in posts["text"]]\n            return pd.Series(drawn',
        "tests/scripts/test_split_posts.py::test_drawn_by_a_hash",
    ),
    Mutant(
        "of copies that which validates goes",
        "scripts/split_posts.py",
        'usable.sort_values("year", ascending=False, kind="stable")',
        'usable.sort_values("year", ascending=True, kind="stable")',
        "tests/scripts/test_split_posts.py::test_named_splits",
    ),
    Mutant(
        "a moment without a zone is in the machine's",
        "src/provender/sources/columns.py",
        "moment = moment.replace(tzinfo=datetime.UTC)",
        "moment = moment.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=1)))",
        "tests/scripts/test_fetch_source_csv.py::test_split_columns",
    ),
    Mutant(
        "a CSV file's stray bytes are read",
        "src/provender/sources/csv.py",
        "if all(map(_is_whole, asked)):",
        "if True:",
        "tests/scripts/test_fetch_source_csv.py::test_two_encodings_in_one_file",
    ),
    Mutant(
        "files of a folder come as they lie there",
        "src/provender/sources/parquet.py",
        'sorted(path.rglob("*.parquet"), key=lambda each: each.as_posix())',
        'sorted(path.rglob("*.parquet"), key=lambda each: each.stat().st_mtime_ns)',
        "tests/scripts/test_fetch_source_files.py::test_a_folder_of_hugging_face",
    ),
    Mutant(
        "a match needs what only some matches hold",
        "src/provender/text/pattern.py",
        "return not reached.isdisjoint(whole.last)",
        "return False",
        "tests/text/test_pattern.py::test_needed",
    ),
    Mutant(
        "a pattern may go on in two ways",
        "src/provender/text/pattern.py",
        "if taken & self.bits[state]:",
        "if taken == self.bits[state]:",
        "tests/text/test_pattern.py::test_refused",
    ),
    Mutant(
        "a repeat of a repeat has one way",
        "src/provender/text/pattern.py",
        "sorted(self.follow[state] & to)",
        "sorted(self.follow[state] & set())",
        "tests/text/test_pattern.py::test_refused",
    ),
    Mutant(
        "an endless repeat needs no end",
        "src/provender/text/pattern.py",
        "if state in entered:",
        "if state in ():",
        "tests/text/test_pattern.py::test_refused",
    ),
    Mutant(
        "a match may be twice as far away",
        "src/provender/text/pattern.py",
        "if measure(state) > MAX_UNCERTAIN:",
        "if measure(state) > 2 * MAX_UNCERTAIN:",
        "tests/text/test_pattern.py::test_refused",
    ),
    Mutant(
        "the logarithm is that of the CPU",
        "src/provender/model/arithmetic.py",
        "result: np.ndarray = (exponent - low) * LN_2 + 2 * ratio * series",
        "result = np.log(values)",
        "tests/model/test_arithmetic.py::test_the_same_on_every_cpu",
    ),
    Mutant(
        "the exponential is that of the CPU",
        "src/provender/model/arithmetic.py",
        "result: np.ndarray = np.ldexp(series, powers.astype(np.int32))",
        "result = np.exp(values)",
        "tests/model/test_arithmetic.py::test_the_same_on_every_cpu",
    ),
    Mutant(
        "a product by the CPU's own code",
        "src/provender/model/arithmetic.py",
        "    return total\n",
        "    return left @ right\n",
        "tests/model/test_arithmetic.py::test_the_same_on_every_cpu",
    ),
    Mutant(
        "an archive is compared by its members' contents only",
        "src/provender/reproduction/differences.py",
        'yield from _values(f"member {name}", left[name], right[name])',
        "pass",
        "tests/reproduction/test_differences.py::test_tar_names_the_member",
    ),
    Mutant(
        "files that only one build has are no difference",
        "src/provender/reproduction/differences.py",
        "for name in sorted(left.keys() | right.keys())\n        if left",
        "for name in sorted(left.keys() & right.keys())\n        if left",
        "tests/reproduction/test_differences.py::test_compare_walks_what_is_built",
    ),
    Mutant(
        "an input that changes while a step runs is not noticed",
        "src/provender/running/receipt.py",
        "if digest != before[name]]",
        "if not digest]",
        "tests/running/test_receipt.py::test_an_input_that_changes_meanwhile",
    ),
    Mutant(
        "an edited result of another step is read",
        "src/provender/running/receipt.py",
        "if inputs[path] not in known)",
        "if not known)",
        "tests/running/test_receipt.py::test_an_input_that_its_step_did_not_write",
    ),
    Mutant(
        "code that ran need not be named",
        "src/provender/running/receipt.py",
        "    _check_code(before.keys())\n",
        "",
        "tests/running/test_receipt.py::test_code_that_is_not_among_the_inputs",
    ),
    Mutant(
        "outputs are not compared",
        "src/provender/running/receipt.py",
        'for kind, was in (("inputs", "read"), ("outputs", "written"))',
        'for kind, was in (("inputs", "read"),)',
        "tests/running/test_receipt.py::test_differences",
    ),
    Mutant(
        "an old dvc.yaml runs",
        "src/provender/versioning/stage.py",
        "dvc_yaml.check(jobs, overlays)",
        "dvc_yaml.check",
        "tests/versioning/test_traps.py::test_a_stage_has_the_values_of_now",
    ),
    Mutant(
        "a stage runs for any wildcard",
        "src/provender/versioning/stage.py",
        "if (job.rule, job.wildcards) == (rule, wanted)]",
        "if job.rule == rule]",
        "tests/versioning/test_stage.py::test_a_job_that_is_not_there",
    ),
    Mutant(
        "jobs are kept whatever is edited",
        "src/provender/running/graph.py",
        'if kept["digest"] == digest:',
        'if kept["digest"]:',
        "tests/running/test_graph.py::test_an_edit_is_read",
    ),
    Mutant(
        "a new file makes no other jobs",
        "src/provender/running/graph.py",
        "hashlib.sha256(json.dumps([told, others])",
        "hashlib.sha256(json.dumps([told])",
        "tests/running/test_graph.py::test_a_new_file_is_read",
    ),
    Mutant(
        "jobs forget the order of a plot's axes",
        "src/provender/running/graph.py",
        "[asdict(job) for job in jobs]}))",
        "[asdict(job) for job in jobs]}, sort_keys=True))",
        "tests/running/test_graph.py::test_kept",
    ),
    Mutant(
        "another corpus is recorded for the newsgroups",
        "src/provender/command.py",
        "and not _have_archive(config, options.archive):",
        "and not config:",
        "tests/versioning/test_refresh.py::test_nothing_is_recorded_of_another_corpus",
    ),
    Mutant(
        "refresh takes what a step hands on for a cause",
        "src/provender/versioning/refresh.py",
        '(_files(old, new, "deps") - made)',
        '_files(old, new, "deps")',
        "tests/versioning/test_refresh.py::test_each_change",
    ),
    Mutant(
        "refresh is silent on settings",
        "src/provender/versioning/refresh.py",
        "causes |= _settings(old, new) | (",
        "causes |= (",
        "tests/versioning/test_refresh.py::test_each_change",
    ),
    Mutant(
        "the first configuration has the last word",
        "src/provender/versioning/dvc_yaml.py",
        'found[key] = (path, ".".join(key))',
        'found.setdefault(key, (path, ".".join(key)))',
        "tests/versioning/test_dvc_yaml.py::test_settings_stand_in_the_file_that_has_the_last_word",
    ),
    Mutant(
        "any pattern stands for all shards",
        "src/provender/versioning/dvc_yaml.py",
        "if all(_fill(pattern, j.wildcards) == b",
        "if any(_fill(pattern, j.wildcards) == b",
        "tests/versioning/test_dvc_yaml.py::test_shards_that_no_pattern_fits",
    ),
    Mutant(
        "another engine's run counts as Snakemake's",
        "src/provender/running/rerun.py",
        'if shlex.split(command) != found["command"]:',
        "if not command:",
        "tests/running/test_rerun.py::test_a_run_of_another_engine",
    ),
    Mutant(
        "a mark stays when the receipt fits again",
        "src/provender/running/rerun.py",
        "mark.unlink(missing_ok=True)",
        "pass",
        "tests/running/test_rerun.py::test_edit_and_undo",
    ),
    Mutant(
        "a receipt of other parameters is recorded",
        "src/provender/versioning/checks.py",
        'if found["command"] != shlex.split(job.command):',
        "if not found:",
        "tests/versioning/test_checks.py::test_other_parameters",
    ),
    Mutant(
        "a lock with other content is not stale",
        "src/provender/versioning/checks.py",
        "if now.get(path) != known.get(path))",
        "if path not in known)",
        "tests/versioning/test_checks.py::test_stale",
    ),
    Mutant(
        "objects are not read to their end",
        "src/provender/versioning/remote.py",
        "if md5.hexdigest() != item.md5:",
        "if size != item.size:",
        "tests/versioning/test_remote.py::test_faults",
    ),
    Mutant(
        "a release holds files that git knows nothing of",
        "src/provender/release/preconditions.py",
        "--untracked-files=all",
        "--untracked-files=no",
        "tests/release/test_preconditions.py::test_no_edit_is_hidden[untracked]",
    ),
    Mutant(
        "a release trusts git's memory of dates",
        "src/provender/release/preconditions.py",
        "changed |= set(_edited_unseen(commit))",
        "changed |= set()",
        "tests/release/test_preconditions.py::test_no_edit_is_hidden[unseen]",
    ),
    Mutant(
        "a release of code that no clone has",
        "src/provender/release/preconditions.py",
        "- set(evidence.sources(jobs)) - kept)",
        "- set(evidence.sources(jobs)) - read)",
        "tests/release/test_preconditions.py::test_inputs_that_no_clone_would_have",
    ),
    Mutant(
        "a release in another environment",
        "src/provender/release/preconditions.py",
        "if version != pinned[name]",
        "if not version",
        "tests/release/test_preconditions.py::test_another_environment",
    ),
    Mutant(
        "a release overwrites another one",
        "src/provender/release/write.py",
        "    if differ:",
        "    if not differ:",
        "tests/release/test_write.py::test_another",
    ),
    Mutant(
        "JSON may name a key twice",
        "src/provender/release/statement.py",
        "if len(value) != len(pairs):",
        "if len(value) > len(pairs):",
        "tests/release/test_statement.py::test_json_that_readers_could_take_differently",
    ),
    Mutant(
        "a subject may lie outside of the release",
        "src/provender/release/statement.py",
        'and ".." not in parts',
        'and "" not in parts',
        "tests/release/test_statement.py::test_names_stay_in_the_release",
    ),
    Mutant(
        "unknown parameters are passed over",
        "src/provender/release/statement.py",
        "for key in sorted(value.keys() - PARAMETERS.keys()):",
        "for key in sorted(value.keys() - value.keys()):",
        "tests/release/test_statement.py::test_what_is_wrong",
    ),
    Mutant(
        "one file may have two digests",
        "src/provender/release/statement.py",
        "            if name in names:",
        "            if name in ():",
        "tests/release/test_statement.py::test_what_is_wrong",
    ),
    Mutant(
        "any key will do",
        "src/provender/release/signing.py",
        "found.verify([key], 1)",
        "found.pae()",
        "tests/release/test_signing.py::test_another_key",
    ),
    Mutant(
        "any type may be signed",
        "src/provender/release/signing.py",
        "if found.payload_type != PAYLOAD_TYPE:",
        "if not found.payload_type:",
        "tests/release/test_signing.py::test_other_content",
    ),
    Mutant(
        "a key within a repository",
        "src/provender/release/signing.py",
        "if done.returncode == 0:",
        "if done.returncode < 0:",
        "tests/release/test_signing.py::test_no_key_in_a_repository",
    ),
    Mutant(
        "others may read a key",
        "src/provender/release/signing.py",
        "PRIVATE_MODE = 0o600",
        "PRIVATE_MODE = 0o644",
        "tests/release/test_signing.py::test_keygen",
    ),
    Mutant(
        "a key is overwritten",
        "src/provender/release/signing.py",
        "if file.is_symlink() or file.exists():",
        "if file.is_dir():",
        "tests/release/test_signing.py::test_keygen_overwrites_nothing",
    ),
    Mutant(
        "half of a pair of keys stays",
        "src/provender/release/signing.py",
        "        path.unlink()",
        "        pass",
        "tests/release/test_signing.py::test_a_full_disk_leaves_no_half_of_a_pair",
    ),
    Mutant(
        "a release is dated today",
        "src/provender/release/crate.py",
        'root["datePublished"] =',
        'root["dateCreated"] =',
        "tests/release/test_made_up_facts.py::test_same_facts_same_documents",
    ),
    Mutant(
        "a release has a random number",
        "src/provender/release/mlbom.py",
        'uuid.uuid5(NAMESPACE, facts.sha256["bundle/manifest.json"])',
        "uuid.uuid4()",
        "tests/release/test_made_up_facts.py::test_same_facts_same_documents",
    ),
    Mutant(
        "a label may break out of its cell",
        "src/provender/release/model_card.py",
        "<>#|&$]",
        "<>#&$]",
        "tests/release/test_made_up_facts.py::test_any_label_in_the_model_card",
    ),
    Mutant(
        "a failed release leaves a folder",
        "src/provender/release/write.py",
        "    finally:\n        shutil.rmtree(part, ignore_errors=True)",
        "    finally:",
        "tests/release/test_write.py::test_a_failure_leaves_nothing",
    ),
    Mutant(
        "a release names folders of its machine",
        "src/provender/release/evidence.py",
        "Path(path).is_absolute() or",
        "not path or",
        "tests/release/test_write.py::test_no_folder_outside_is_named",
    ),
    Mutant(
        "a canary may score NaN",
        "src/provender/release/canaries.py",
        'statement.read_json(text.encode(), "it")',
        "json.loads(text)",
        "tests/release/test_canaries.py::test_a_hostile_script[script11-NaN is no number]",
    ),
    Mutant(
        "the least difference of the canaries counts",
        "src/provender/release/canaries.py",
        "largest = max([largest, *differences])",
        "largest = min([largest, *differences])",
        "tests/release/test_canaries.py::test_the_largest_difference_counts",
    ),
    Mutant(
        "a bundle may read any file",
        "src/provender/release/canaries.py",
        'f"--allow-fs-read={folder}"',
        '"--allow-fs-read=*"',
        "tests/release/test_canaries.py::test_files_outside_of_the_bundle",
    ),
    Mutant(
        "a bundle's script sees the machine",
        "src/provender/release/canaries.mjs",
        "vm.createContext(Object.create(null), {",
        "vm.createContext({ process, require: 1 }, {",
        "tests/release/test_canaries.py::test_a_hostile_script"
        "[require('fs')-require is not defined]",
    ),
    Mutant(
        "a release is part of what was built",
        "src/provender/reproduction/differences.py",
        'NOT_BUILT = ("data/archive/", "dist/releases/")',
        'NOT_BUILT = ("data/archive/",)',
        "tests/reproduction/test_differences.py::test_digests_are_of_what_was_built",
    ),
    Mutant(
        "a build depends on where it is published",
        "src/provender/config.py",
        'PUBLICATION = ("repository", "license", "language", "publish")',
        'PUBLICATION = ("license", "language", "publish")',
        "tests/test_config.py::test_identity_leaves_out_what_only_releases_say",
    ),
    Mutant(
        "an archive leads out of its folder",
        "src/provender/release/archive.py",
        'if ".." in parts:',
        'if "..." in parts:',
        "tests/audit/test_archive.py::test_names",
    ),
    Mutant(
        "links are unpacked",
        "src/provender/release/archive.py",
        "elif kind in FILE_TYPES:",
        "elif kind:",
        "tests/audit/test_archive.py::test_members_of_tar",
    ),
    Mutant(
        "an archive unpacks to any size",
        "src/provender/release/archive.py",
        "if total > MAX_BYTES:",
        "if total < 0:",
        "tests/audit/test_archive.py::test_bombs",
    ),
    Mutant(
        "a file may be longer than the archive says",
        "src/provender/release/archive.py",
        "if total > size:",
        "if total < 0:",
        "tests/audit/test_archive.py::test_bombs[<lambda>-'release/zeros', which is longer than]",
    ),
    Mutant(
        "names may differ in case only",
        "src/provender/release/archive.py",
        "if self.spelt.setdefault(folded, part) != part:",
        "if self.spelt.setdefault(part, part) != part:",
        "tests/audit/test_archive.py::test_members_of_tar",
    ),
    Mutant(
        "an archive goes on behind its end",
        "src/provender/release/archive.py",
        "if any(rest):",
        "if not rest:",
        "tests/audit/test_archive.py::test_two_readings",
    ),
    Mutant(
        "an archive's list names another file",
        "src/provender/release/archive.py",
        "_exactly(file, local[9]) != name:",
        "_exactly(file, local[9]) == b'':",
        "tests/audit/test_archive.py::test_two_readings",
    ),
    Mutant(
        "extra files are not seen",
        "src/provender/audit/files.py",
        "extra = sorted(there - wanted.keys() - _unnamed(given))",
        "extra = sorted(there - there)",
        "tests/audit/test_audited_files.py::test_other_extra_and_missing_files",
    ),
    Mutant(
        "another statement than the signed one",
        "src/provender/audit/files.py",
        "if payload != data:",
        "if not payload:",
        "tests/audit/test_audited_files.py::test_signatures",
    ),
    Mutant(
        "a key asks for no signature",
        "src/provender/audit/files.py",
        "        if key:\n            findings.refute(",
        "        if not key:\n            findings.refute(",
        "tests/audit/test_audited_files.py::test_signatures",
    ),
    Mutant(
        "an older release under another name",
        "src/provender/audit/files.py",
        "and name != stated",
        "and not name",
        "tests/audit/test_audited_files.py::test_versions",
    ),
    Mutant(
        "a commit with any tree",
        "src/provender/audit/trace.py",
        'if tree != digest["gitTree"]:',
        "if not tree:",
        "tests/audit/test_trace.py::test_lies[other_tree]",
    ),
    Mutant(
        "settings are not compared with the commit's",
        "src/provender/audit/trace.py",
        'stages.changes(settings, parameters["settings"])',
        "stages.changes(settings, settings)",
        "tests/audit/test_trace.py::test_lies[other_settings]",
    ),
    Mutant(
        "shipped files are not compared with dvc.lock",
        "src/provender/audit/trace.py",
        "elif md5_of((given.folder / here / name).read_bytes()) != recorded[name]:",
        "elif not recorded[name]:",
        "tests/audit/test_trace.py::test_lies[other_page]",
    ),
    Mutant(
        "a record of other code than the commit's",
        "src/provender/audit/record.py",
        "elif digests[path] != md5:",
        "elif not md5:",
        "tests/audit/test_trace.py::test_lies[edited_code]",
    ),
    Mutant(
        "a record with other settings than the commit's",
        "src/provender/audit/record.py",
        "if changed := _other_settings(traced, entry):",
        "if changed := []:",
        "tests/audit/test_trace.py::test_lies[edited_settings]",
    ),
    Mutant(
        "md5 is enough",
        "src/provender/audit/record.py",
        "if digests.get(path) != sha256]",
        "if not sha256]",
        "tests/audit/test_trace.py::test_lies[same_md5]",
    ),
    Mutant(
        "receipts need not fit each other",
        "src/provender/audit/record.py",
        "if path in known and known[path] != sha256:",
        "if path in known and not sha256:",
        "tests/audit/test_trace.py::test_lies[other_inputs]",
    ),
    Mutant(
        "a receipt of another command is traced",
        "src/provender/audit/record.py",
        'if not (_is_stage(name, entry["cmd"]) and _fits(command, name, entry, paths)):',
        "if not command:",
        "tests/audit/test_trace.py::test_lies[other_command]",
    ),
    Mutant(
        "a receipt of another script is traced",
        "src/provender/audit/record.py",
        'if command[:2] != ["python", f"scripts/{name.partition(\'@\')[0]}.py"]:',
        'if command[:1] != ["python"]:',
        "tests/audit/test_trace.py::test_lies[other_script]",
    ),
    Mutant(
        "a receipt of other settings is traced",
        "src/provender/audit/record.py",
        "options[option] == _words(value) or paths.keys() >= set(options[option])",
        "options[option] or paths.keys() >= set(options[option])",
        "tests/audit/test_trace.py::test_lies[other_value]",
    ),
    Mutant(
        "a stage with another stage's command is traced",
        "src/provender/audit/record.py",
        "return words[:3] == [*dvc_yaml.RUN.split(), rule] and values == wildcards",
        "return words[:2] == dvc_yaml.RUN.split()",
        "tests/audit/test_trace.py::test_lies[other_stage]",
    ),
    Mutant(
        "weights that answer alike confirm a release",
        "src/provender/audit/compare.py",
        "Level.PREDICTIONS: Outcome.UNDECIDED",
        "Level.PREDICTIONS: Outcome.CONFIRMED",
        "tests/audit/test_audited_files.py::test_the_weakest_word_decides",
    ),
    Mutant(
        "a rebuild runs anybody's code",
        "src/provender/audit/run.py",
        "is repository.NamedBy.RELEASE and not signed:",
        "is repository.NamedBy.RELEASE and signed:",
        "tests/audit/test_rebuild.py::test_code_that_only_the_release_names",
    ),
    Mutant(
        "an auditor who says both is taken at the better word",
        "src/provender/audit/summary.py",
        "if before is None or before.passed:",
        "if before is None or not before.passed:",
        "tests/audit/test_summary.py::test_one_auditor_counts_once",
    ),
    Mutant(
        "summaries of several releases are counted together",
        "src/provender/audit/summary.py",
        "for summary in by_key.values()}) > 1:",
        "for summary in by_key.values()}) > 9:",
        "tests/audit/test_summary.py::test_one_auditor_counts_once",
    ),
    Mutant(
        "the page's check takes any content",
        "web/src/check.js",
        "digest !== (expected || {}).sha256",
        "!expected",
        "tests/web/test_web_units.py::test_web_units[check]",
    ),
    Mutant(
        "a missing file passes the page's check",
        "web/src/check.js",
        "else if (!bytes) site.problems.push(`${name}: missing`);",
        "else if (!bytes) return;",
        "tests/web/test_web_units.py::test_web_units[check]",
    ),
    Mutant(
        "a statement about other files passes",
        "web/src/check.js",
        "found.get(name).digest !== subject",
        "!subject",
        "tests/web/test_web_units.py::test_web_units[check_spoilt]",
    ),
    Mutant(
        "a statement of another build passes",
        "web/src/check.js",
        "here !== there",
        "!there",
        "tests/web/test_web_units.py::test_web_units[check]",
    ),
    Mutant(
        "what is signed may be another statement",
        "web/src/check.js",
        "(await sha256(opened.payload)) !== (await sha256(statement))",
        "!opened.payload",
        "tests/web/test_web_units.py::test_web_units[check_spoilt]",
    ),
    Mutant(
        "answers may differ by more",
        "web/src/check.js",
        "const TOLERANCE = 1e-5;",
        "const TOLERANCE = 1e-3;",
        "tests/web/test_web_units.py::test_web_units[check]",
    ),
    Mutant(
        "a signature taken away is no matter",
        "web/src/check.js",
        "publicKey.trim() ? FAILED : OPEN",
        "OPEN",
        "tests/web/test_web_units.py::test_web_units[check]",
    ),
    Mutant(
        "any signature is good",
        "web/src/signature.js",
        "if (!bytes || bytes.length !== SIGNATURE_BYTES) return false;",
        "if (bytes) return true;",
        "tests/web/test_web_units.py::test_web_units[signature]",
    ),
    Mutant(
        "a script takes any signature where there is no WebCrypto",
        "web/src/signature.js",
        ": verify(key, message, bytes)",
        ": bytes.length === 64",
        "tests/web/test_web_units.py::test_web_units[signature]",
    ),
    Mutant(
        "the page as one file may run any script",
        "src/provender/bundle/single_page.py",
        "script-src {' '.join(map(_source, scripts))}",
        "script-src 'unsafe-inline'",
        "tests/bundle/test_single_page.py::test_policy_allows_what_is_written_into_it",
    ),
    Mutant(
        "a tag may end the script that holds it",
        "src/provender/bundle/constants.py",
        '.replace("<", "\\\\u003c")',
        "",
        "tests/bundle/test_constants.py::test_script_by_hand",
    ),
    Mutant(
        "copies that differ in case alone are other texts",
        "src/provender/splits/rules.py",
        'training["read"].isin(test["read"])',
        'training["text"].isin(test["text"])',
        "tests/scripts/test_split_posts.py::test_copies_that_the_model_reads_alike",
    ),
    Mutant(
        "a label of few texts does not validate",
        "src/provender/splits/rules.py",
        "validates = (place < size.map(_share)) & (size > 1)",
        "validates = (place < size // 10) & (size > 1)",
        "tests/splits/test_rules.py::test_a_tenth_of_each_label",
    ),
    Mutant(
        "a label's only text validates",
        "src/provender/splits/rules.py",
        " & (size > 1)",
        "",
        "tests/splits/test_rules.py::test_a_tenth_of_each_label",
    ),
    Mutant(
        "validation is the end of each label",
        "src/provender/splits/rules.py",
        'sort_values(["drawn", "rowid"]',
        'sort_values(["rowid"]',
        "tests/splits/test_rules.py::test_a_table_sorted_by_label",
    ),
    Mutant(
        "labels without posts count in macro-F1",
        "src/provender/model/metrics.py",
        "macro_f1 = float(f1[posts > 0].mean())",
        "macro_f1 = float(f1.mean())",
        "tests/model/test_metrics.py::test_labels_never_predicted_or_without_posts",
    ),
    Mutant(
        "of two labels recall@3 is told",
        "src/provender/model/metrics.py",
        "if k < max(labels, 2)",
        "if k <= max(labels, 2)",
        "tests/model/test_metrics.py::test_ranks_that_say_something",
    ),
    Mutant(
        "an interval is as wide as the normal distribution's",
        "src/provender/model/metrics.py",
        "middle = (share + Z * Z / (2 * posts)) / scale",
        "middle = share",
        "tests/model/test_metrics.py::test_interval",
    ),
    Mutant(
        "texts without an error prove any sureness",
        "src/provender/model/metrics.py",
        "unproven = 1 / (len(truth) + 2)",
        "unproven = 0",
        "tests/model/test_metrics.py::test_temperature_of_posts_without_an_error",
    ),
    Mutant(
        "an answer less sure than any that was seen is sure",
        "src/provender/model/metrics.py",
        "range(math.floor(100 * confidence.min()), 100)",
        "range(100)",
        "tests/model/test_metrics.py::test_sure_from",
    ),
    Mutant(
        "so many right of as many are proof",
        "src/provender/model/metrics.py",
        "if right + 1 >= accuracy * (int(answered.sum()) + 2)",
        "if right >= accuracy * int(answered.sum())",
        "tests/model/test_metrics.py::test_as_sure_as_posts_without_an_error_prove",
    ),
    Mutant(
        "words are counted by occurrence",
        "src/provender/text/grams.py",
        "found += np.bincount(tallied % total, minlength=total)",
        "found += np.bincount(tallied % total, _, minlength=total).astype(int)",
        "tests/scripts/test_build_vocabulary.py::test_words_and_labels",
    ),
    Mutant(
        "numbers of six digits ship",
        "scripts/build_vocabulary.py",
        "[name not in excluded and not has_many_digits(name) for name in names]",
        "[name not in excluded for name in names]",
        "tests/scripts/test_build_vocabulary.py::test_pairs_and_pieces",
    ),
    Mutant(
        "only ASCII has digits",
        "scripts/build_vocabulary.py",
        "character.isdecimal()",
        'character in "0123456789"',
        "tests/scripts/test_build_vocabulary.py::test_private_words",
    ),
    Mutant(
        "words of the list ship",
        "scripts/build_vocabulary.py",
        "[name not in excluded and not has_many_digits(name) for name in names]",
        "[not has_many_digits(name) for name in names]",
        "tests/scripts/test_build_vocabulary.py::test_pairs_and_pieces",
    ),
    Mutant(
        "blanks around a label make another",
        "src/provender/sources/columns.py",
        "label = label.strip()",
        "pass",
        "tests/scripts/test_fetch_source_sqlite.py::test_labels_are_trimmed_and_renamed",
    ),
    Mutant(
        "what is for newsgroups counts for all",
        "src/provender/config.py",
        "return list(parts[first:])",
        "return list(parts)",
        "tests/test_config.py::test_what_is_for_newsgroups_is_for_no_other_source",
    ),
    Mutant(
        "a text without a known word gets an answer",
        "web/src/predict.js",
        "const best = encoded.ids.length ? ",
        "const best = true ? ",
        "tests/web/test_web_units.py::test_web_units[classifier]",
    ),
    Mutant(
        "counts that are no whole number are taken",
        "web/src/predict.js",
        "value % 1 === 0",
        "true",
        "tests/web/test_web_units.py::test_web_units[classifier]",
    ),
    Mutant(
        "a model that has learnt nothing goes without saying",
        "src/provender/model/remarks.py",
        "if low > share:",
        "if low <= share:",
        "tests/model/test_remarks.py::test_nothing_to_say",
    ),
    Mutant(
        "a bare comparison makes a model better than one label",
        "src/provender/model/remarks.py",
        "if low > share:",
        'if test["recall@1"] > share:',
        "tests/model/test_remarks.py::test_what_is_said",
    ),
    Mutant(
        "composed once alone",
        "src/provender/text/recipe.py",
        "texts = _where(rare, texts, lambda some: _compose(_changing(recipe), some))",
        "pass",
        "tests/text/test_recipe.py::test_words_of_a_text",
    ),
    Mutant(
        "marks part runs",
        "web/src/text.js",
        "!isMark(character) && startsRun",
        "startsRun",
        "tests/web/test_web_units.py::test_web_units[text]",
    ),
    Mutant(
        "marks of one class change their places",
        "web/src/text.js",
        "a.base - b.base || a.order - b.order || a.place - b.place",
        "a.base - b.base || a.order - b.order || b.place - a.place",
        "tests/web/test_web_units.py::test_web_units[text]",
    ),
    Mutant(
        "a mark composes across one of its own class",
        "web/src/text.js",
        "before && last < order &&",
        "before && last <= order &&",
        "tests/web/test_web_units.py::test_web_units[text]",
    ),
    Mutant(
        "the table of what ships lacks capitals",
        "src/provender/text/recipe.py",
        'known |= letters("".join(before))',
        "pass",
        "tests/text/test_recipe.py::test_capitals_that_lose_a_mark",
    ),
    Mutant(
        "a symbol that cannot be read is a word",
        "src/provender/text/recipe.py",
        " & (codes != REPLACEMENT)",
        "",
        "tests/text/test_recipe.py::test_separators_are_what_is_no_letter_mark_number_or_symbol",
    ),
    Mutant(
        "a script without spaces goes without saying",
        "scripts/encode_posts.py",
        "if count > len(known) / 2:",
        "if count > len(known):",
        "tests/scripts/test_encode_posts.py::test_a_script_without_spaces",
    ),
]


class Runner:
    """A copy of the project, and a process that runs tests of it, one after the other."""

    def __init__(self, folder: Path) -> None:
        """Start it; plugins of other packages would take longer to load than most tests run."""
        self.folder = copy_tree(ROOT, folder)
        # Tests that passed there.
        self.passed: set[str] = set()
        # A repository, since tests that copy the project in turn ask for its files.
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.status = self.git("status", "--porcelain")
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("fork_tests.py")],
            cwd=self.folder,
            # Of this run of the tests its own know nothing, so they share no builds.
            env={
                **{key: value for key, value in os.environ.items() if "PYTEST" not in key},
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONPATH": str(self.folder / "src"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def git(self, *arguments: str) -> str:
        """Run git in the copy and return what it prints."""
        command = ["git", "-C", self.folder, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def run(self, *nodes: str) -> tuple[int, str]:
        """Run tests of the copy with its own modules; return pytest's exit code and output."""
        output = self.folder.with_name(f"{self.folder.name}.txt")
        self.process.stdin.write(json.dumps({"nodes": nodes, "output": str(output)}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline()), output.read_text(encoding="utf-8")

    def survive(self, mutant: Mutant) -> str:
        """Return how a mutant got away, or nothing where its test failed."""
        path = self.folder / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            return f"{mutant.file} has its old text {text.count(mutant.old)} times"
        if mutant.node not in self.passed:
            code, output = self.run(mutant.node)
            if code:
                return f"its test fails without it: {output}"
            self.passed.add(mutant.node)
        replace_source(path, text.replace(mutant.old, mutant.new))
        code, output = self.run(mutant.node)
        replace_source(path, text)
        if (status := self.git("status", "--porcelain")) != self.status:
            return f"its test left changes in the project:\n{status}"
        return "" if code == TESTS_FAILED else f"exit code {code}: {output}"

    def stop(self) -> None:
        """End it."""
        self.process.communicate()


def replace_source(path: Path, text: str) -> None:
    """Write a file, and drop what Python has compiled of it, since its date may be the same."""
    path.write_text(text, encoding="utf-8", newline="")
    if path.suffix == ".py":
        Path(cache_from_source(str(path))).unlink(missing_ok=True)


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Give a runner, one for each process of this run of the tests."""
    runner = Runner(tmp_path_factory.mktemp("mutants") / "project")
    yield runner
    runner.stop()


def proof(mutant: Mutant) -> pytest.MarkDecorator:
    """Return the mark of a proof of the mutated file, of the test's file and of the mutant."""
    return pytest.mark.proof(mutant.file, mutant.node.partition("::")[0], text=repr(mutant))


@pytest.mark.parametrize(
    "mutant", [pytest.param(each, id=each.name, marks=proof(each)) for each in MUTANTS]
)
def test_is_noticed(runner: Runner, mutant: Mutant) -> None:
    """The named test passes in an unchanged copy, so the copy lacks nothing, and fails here."""
    assert runner.survive(mutant) == ""
