# What the model is worth, and that all its forms answer alike.
#   reads   data/model/, data/tfjs/, data/features/, data/splits/test.parquet
#   writes  data/reports/: metrics.json, summary.json, confusion.csv, recall.csv, labelled.csv,
#           predictions.parquet, answers.parquet, learning.csv, parity.json, report.html

from os.path import dirname

from provender.config import describe_test, split_values
from provender.running.code_files import option

# What snakemake search and provender update have kept, if anything.
SEARCH = f"config/search/{config['name']}.csv"
COMPARED = f"config/compared/{config['name']}.json"


rule evaluate_model:
    input:
        SAVED_MODEL or LAYERS,
        validation="data/model/validation.parquet",
        test="data/features/test.parquet",
        posts="data/splits/test.parquet",
        candidates="data/vocabulary/candidates.json",
        counts="data/vocabulary/counts.json",
        vocabulary="data/vocabulary/vocabulary.json",
        choice="data/model/choice.json",
        labels="data/vocabulary/labels.json",
        text="data/vocabulary/text.json",
        baselines="data/reports/baselines.json",
        answers="data/reports/answers.parquet",
        sizes="data/reports/sizes.csv",
        history="data/model/history.csv",
        checked="data/reports/validation.json",
        code=python("evaluate_model"),
    output:
        metrics="data/reports/metrics.json",
        summary=report(
            "data/reports/summary.json",
            caption="../report/summary.rst",
            category="metrics",
        ),
        confusion="data/reports/confusion.csv",
        predictions="data/reports/predictions.parquet",
        recall=report(
            "data/reports/recall.csv",
            caption="../report/recall.rst",
            category="tables",
            labels={"title": "Recall at k", "x": "k", "y": "validation test"},
        ),
        labelled=report(
            "data/reports/labelled.csv",
            caption="../report/labelled.rst",
            category="tables",
            labels={
                "title": "Confusion",
                "x": "actual",
                "y": "predicted",
                "template": "confusion",
            },
        ),
        receipt="data/receipts/evaluate_model.json",
    log:
        "logs/evaluate_model.log",
    params:
        form="--saved-model" if SAVED_MODEL else "--layers",
        model=subpath(input[0], parent=True),
        split_values=split_values(config["source"], config["split"]),
    shell:
        command("evaluate_model") + " {params.form} {params.model:q}"
        " --validation {input.validation:q} --test {input.test:q} --posts {input.posts:q}"
        " --candidates {input.candidates:q} --counts {input.counts:q}"
        " --vocabulary {input.vocabulary:q}"
        " --labels {input.labels:q} --text {input.text:q} --choice {input.choice:q}"
        " --split-values {params.split_values} --answers {input.answers:q}"
        " --baselines {input.baselines:q} --sizes {input.sizes:q} --history {input.history:q}"
        " --checked {input.checked:q} --metrics {output.metrics:q} --summary {output.summary:q}"
        " --confusion {output.confusion:q} --predictions {output.predictions:q}"
        " --recall {output.recall:q} --labelled {output.labelled:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule measure_baselines:
    input:
        source="data/source/news.sqlite",
        train="data/splits/train.parquet",
        validation="data/splits/validation.parquet",
        test="data/splits/test.parquet",
        labels="data/vocabulary/labels.json",
        text="data/vocabulary/text.json",
        vectors=VECTORS,
        code=python("measure_baselines"),
    output:
        baselines="data/reports/baselines.json",
        answers="data/reports/answers.parquet",
        learning=report(
            "data/reports/learning.csv",
            caption="../report/learning.rst",
            category="tables",
            labels={
                "title": "Recall by training texts",
                "x": "texts",
                "y": "naive_bayes support_vectors" + (" with_vectors" if VECTORS else ""),
            },
        ),
        receipt="data/receipts/measure_baselines.json",
    log:
        "logs/measure_baselines.log",
    params:
        max_words=config["model"]["max_words"],
        strip=config["text"]["strip"],
        vectors=["--vectors", VECTORS] if VECTORS else [],
    shell:
        command("measure_baselines") + " --source {input.source:q} --train {input.train:q}"
        " --validation {input.validation:q} --test {input.test:q} --labels {input.labels:q}"
        " --text {input.text:q} --max-words {params.max_words} --strip {params.strip:q}"
        " --output {output.baselines:q} --answers {output.answers:q}"
        " --learning {output.learning:q} {params.vectors:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule measure_outside:
    input:
        train="data/features/train.parquet",
        validation="data/features/validation.parquet",
        validation_texts="data/splits/validation.parquet",
        validation_scores="data/model/validation.parquet",
        test="data/features/test.parquet",
        test_texts="data/splits/test.parquet",
        test_scores="data/reports/predictions.parquet",
        candidates="data/vocabulary/candidates.json",
        vocabulary="data/vocabulary/vocabulary.json",
        labels="data/vocabulary/labels.json",
        text="data/vocabulary/text.json",
        code=python("measure_outside"),
    output:
        outside="data/reports/outside.json",
        receipt="data/receipts/measure_outside.json",
    log:
        "logs/measure_outside.log",
    params:
        max_words=config["model"]["max_words"],
        min_count=config["vocabulary"]["min_count"],
    shell:
        command("measure_outside") + " --train {input.train:q} --validation {input.validation:q}"
        " --validation-texts {input.validation_texts:q}"
        " --validation-scores {input.validation_scores:q} --test {input.test:q}"
        " --test-texts {input.test_texts:q} --test-scores {input.test_scores:q}"
        " --candidates {input.candidates:q} --vocabulary {input.vocabulary:q}"
        " --labels {input.labels:q} --text {input.text:q} --max-words {params.max_words}"
        " --min-count {params.min_count} --output {output.outside:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule verify_parity:
    input:
        LAYERS,
        GRAPH,
        outside="data/reports/outside.json",
        test="data/splits/test.parquet",
        features="data/features/test.parquet",
        predictions="data/reports/predictions.parquet",
        candidates="data/vocabulary/candidates.json",
        vocabulary="data/vocabulary/vocabulary.json",
        labels="data/vocabulary/labels.json",
        text="data/vocabulary/text.json",
        choice="data/model/choice.json",
        code=python("verify_parity") + javascript("verify.js"),
    output:
        parity="data/reports/parity.json",
        receipt="data/receipts/verify_parity.json",
    log:
        "logs/verify_parity.log",
    params:
        layers=subpath(input[0], parent=True),
        graph=lambda _, input: option("--graph", dirname(input[2]) if GRAPH else None),
        name=config["name"],
        max_words=config["model"]["max_words"],
    shell:
        command("verify_parity") + " --test {input.test:q} --features {input.features:q}"
        " --predictions {input.predictions:q} --layers {params.layers:q} {params.graph:q}"
        " --name {params.name:q} --candidates {input.candidates:q}"
        " --vocabulary {input.vocabulary:q} --labels {input.labels:q} --choice {input.choice:q}"
        " --text {input.text:q} --max-words {params.max_words} --outside {input.outside:q}"
        " --output {output.parity:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule render_report:
    input:
        BUNDLE,
        metrics="data/reports/metrics.json",
        learning="data/reports/learning.csv",
        outside="data/reports/outside.json",
        parity="data/reports/parity.json",
        search=SEARCH if exists(SEARCH) else [],
        compared=COMPARED if exists(COMPARED) else [],
        trainers=[] if config["trainer"] == "python" else "data/reports/trainers.json",
        node="data/node/metrics.json" if config["trainer"] == "both" else [],
        posts="data/splits/test.parquet" if config["report"]["show_text"] else [],
        template=tool.path("scripts/render_report.html"),
        style=tool.path("web/src/style.css"),
        code=python("render_report"),
    output:
        page=report(
            "data/reports/report.html",
            caption="../report/report.rst",
            category="report",
        ),
        receipt="data/receipts/render_report.json",
    log:
        "logs/render_report.log",
    params:
        title=lambda _: config["title"],
        test_rows=lambda _: describe_test(config["source"], config["split"]),
        bundle=subpath(input[0], parent=True),
        search=lambda wildcards, input: ["--search", input.search] if input.search else [],
        compared=lambda wildcards, input: (["--compared", input.compared] if input.compared else []),
        trainers=lambda wildcards, input: (["--trainers", input.trainers] if input.trainers else []),
        node=lambda wildcards, input: ["--node", input.node] if input.node else [],
        show_text=lambda wildcards, input: ["--show-text", input.posts] if input.posts else [],
    shell:
        command("render_report") + " --title {params.title:q} --metrics {input.metrics:q}"
        " --learning {input.learning:q} --test-rows {params.test_rows:q}"
        " --outside {input.outside:q} --parity {input.parity:q} --bundle {params.bundle:q}"
        " {params.search:q}"
        " {params.compared:q} {params.trainers:q} {params.node:q}"
        " {params.show_text:q} --template {input.template:q} --style {input.style:q} --output {output.page:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
