# From labelled texts in SQLite to a classifier in the browser. In running order; each
# rule file opens with what it reads and writes. What a rule runs is scripts/<rule>.py.

import importlib.util
import sys

if importlib.util.find_spec("provender") is None:
    sys.exit(
        "error: this snakemake is not of the project's environment: run make, or make setup and "
        "then . .venv/bin/activate"
    )

from provender.config import settle_in_snakefile, source_words
from provender.running.code_files import javascript, python
from provender.running.rerun import (
    compare_without_pandas,
    every_output,
    forget_stale_lock,
    rerun_by_content,
    start_without_limit,
    tell_of_another_build,
)


configfile: "config/config.yaml"


# What snakemake --report shows first.
report: "workflow/report/workflow.rst"


# Given by --configfile and --config: what is for newsgroups counts for newsgroups alone.
settle_in_snakefile(config, workflow.overwrite_configfiles, workflow.config_settings.config)


# Any Python 3.11 does: requirements.lock makes the environment, see the Makefile.
container: "docker://docker.io/library/python:3.11-bookworm"


include: "workflow/rules/source.smk"
include: "workflow/rules/splits.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/bundle.smk"
include: "workflow/rules/reports.smk"


rule all:
    default_target: True
    input:
        list(every_output(workflow, {"split": SPLITS})),


# A search is no part of a build.
include: "workflow/rules/search.smk"


if workflow.is_main_process:
    compare_without_pandas()
    start_without_limit()
    forget_stale_lock()
    tell_of_another_build()
    rerun_by_content(source_words(config))
