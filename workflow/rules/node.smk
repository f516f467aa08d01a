# The model once more, in Node.js and by code that shares none with Python's; and whether it is the
# same. Part of a build unless trainer is python: else snakemake node.
#   reads   data/source/news.sqlite, config/text.yaml, and what Python has made of them
#   writes  data/node/, data/reports/trainers.json

from provender.config import SCHEMA, node_settings, recipe_file

# What Python trains of itself is compared too, where it does.
TRAINED = [] if config["trainer"] == "node" else LAYERS + ["data/reports/predictions.parquet"]


rule train_in_node:
    input:
        database="data/source/news.sqlite",
        recipe=recipe_file(config["text"]["recipe"]),
        exclude=config["vocabulary"].get("exclude", []),
        tables=tool.path("web/train/unicode.json"),
        schema=tool.path(SCHEMA),
        code=python("train_in_node") + javascript("train/index.js"),
    output:
        IN_NODE,
        receipt="data/receipts/train_in_node.json",
    log:
        "logs/train_in_node.log",
    params:
        folder=subpath(output[0], parent=True),
        settings=lambda _: node_settings(
            config["name"],
            config["source"],
            config["split"],
            config["text"],
            config["vocabulary"],
            config["model"],
        ),
    shell:
        command("train_in_node") + " --database {input.database:q} --settings {params.settings:q}"
        " --output {params.folder:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule compare_trainers:
    input:
        IN_NODE,
        TRAINED,
        splits=expand("data/splits/{split}.parquet", split=SPLITS),
        features=expand("data/features/{split}.parquet", split=SPLITS),
        others=expand(
            "data/{file}",
            file=[
                "vocabulary/text.json",
                "vocabulary/candidates.json",
                "vocabulary/labels.json",
                "vocabulary/vocabulary.json",
                "model/choice.json",
                "model/history.csv",
                "reports/sizes.csv",
            ],
        ),
        code=python("compare_trainers") + javascript("train/compare.js"),
    output:
        compared="data/reports/trainers.json",
        receipt="data/receipts/compare_trainers.json",
    log:
        "logs/compare_trainers.log",
    params:
        node=subpath(input[0], parent=True),
        data=subpath(input[0], ancestor=2),
        untrained=[] if TRAINED else ["--untrained"],
    shell:
        command("compare_trainers") + " --node {params.node:q} --data {params.data:q}"
        " {params.untrained} --output {output.compared:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule node:
    input:
        "data/reports/trainers.json",
