# What is published.
#   reads   data/tfjs/, data/vocabulary/, data/reports/
#   writes  dist/bundle/: the site, with manifest.json; dist/npm/<name>-classifier-<version>.tgz

import json
from os.path import dirname

from provender.running.code_files import locks, option, workflow as workflow_code
from provender.config import identity, recipe_file

BUNDLE = expand(
    "dist/bundle/{file}",
    file=[
        "about.json",
        "classifier.js",
        "constants.js",
        "constants.json",
        "demo.single.html",
        "element.js",
        "icon-192.png",
        "icon-512.png",
        "icon-maskable-512.png",
        "icon.svg",
        "index.html",
        "manifest.json",
        "model-card.html",
        "manifest.webmanifest",
        "more.js",
        "no-script.css",
        "page.js",
        "style.css",
        "sw.js",
        *(GRAPH and ["tfjs/graph/group1-shard1of1.bin", "tfjs/graph/model.json"]),
        "tfjs/layers/group1-shard1of1.bin",
        "tfjs/layers/model.json",
        "update.js",
        "vendor/tf.min.js",
        "verify.js",
        "worker.js",
    ],
)

# What web/build_package.js makes the npm package of.
PACKAGE = expand("src/package/{file}.js", file=["core", "index", "model", "script"]) + [
    "src/worker.js"
]


rule assemble_bundle:
    input:
        LAYERS,
        GRAPH,
        vocabulary="data/vocabulary/vocabulary.json",
        labels="data/vocabulary/labels.json",
        text="data/vocabulary/text.json",
        choice="data/model/choice.json",
        outside="data/reports/outside.json",
        metrics="data/reports/metrics.json",
        validation="data/reports/validation.json",
        parity="data/reports/parity.json",
        database="data/source/news.sqlite",
        recipe=recipe_file(config["text"]["recipe"]),
        card=tool.path("scripts/model_card.html"),
        code=workflow_code() + locks(),
    output:
        BUNDLE,
        receipt="data/receipts/assemble_bundle.json",
    log:
        "logs/assemble_bundle.log",
    params:
        name=config["name"],
        version=config["version"],
        title=lambda _: config["title"],
        kind=config["source"]["kind"],
        page=lambda _: json.dumps(config.get("page", {}), sort_keys=True),
        quotes=["--quotes"] if config["report"]["show_text"] else [],
        language=["--language", config["language"]] if "language" in config else [],
        max_words=config["model"]["max_words"],
        layers=subpath(input[0], parent=True),
        graph=lambda _, input: option("--graph", dirname(input[2]) if GRAPH else None),
        folder=subpath(output[0], parent=True),
        config=lambda _: identity(config),
    shell:
        command("assemble_bundle") + " --name {params.name:q} --version {params.version:q}"
        " --title {params.title:q} --kind {params.kind:q} --max-words {params.max_words}"
        " --page {params.page:q} {params.quotes:q} {params.language:q}"
        " --vocabulary {input.vocabulary:q} --labels {input.labels:q} --text {input.text:q}"
        " --choice {input.choice:q} --outside {input.outside:q}"
        " --layers {params.layers:q} {params.graph:q} --metrics {input.metrics:q}"
        " --validation {input.validation:q} --parity {input.parity:q}"
        " --database {input.database:q} --recipe {input.recipe:q} --config {params.config:q}"
        " --card {input.card:q}"
        " --output {params.folder:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule pack_npm:
    input:
        BUNDLE,
        license_file=config.get("license_file", []),
        code=python("pack_npm") + javascript("build.js", *PACKAGE),
        types=tool.path("web/src/package/globals.d.ts"),
    output:
        package=f"dist/npm/{config['name']}-classifier-{config['version']}.tgz",
        receipt="data/receipts/pack_npm.json",
    log:
        "logs/pack_npm.log",
    params:
        bundle=subpath(input[0], parent=True),
        license_file=lambda _, input: option("--license-file", input.license_file),
        license=option("--license", config.get("license")),
        repository=option("--repository", config.get("repository")),
        homepage=option("--homepage", config.get("homepage")),
        keywords=option("--keywords", config.get("keywords")),
    shell:
        command("pack_npm")
        + " --bundle {params.bundle:q} --output {output.package:q} {params.license:q}"
        " {params.license_file:q} {params.repository:q} {params.homepage:q} {params.keywords:q}"
        " --log {log:q} --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
