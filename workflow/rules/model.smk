# One training run, and the model in every format that is shipped. Where trainer is node, it is
# the one that Node.js has trained, and there is no SavedModel and no graph format.
#   reads   data/features/{train,validation,augmented}.parquet, data/vocabulary/*.json,
#           data/vectors/vectors.parquet, if there are word vectors
#   writes  data/model/: saved_model/, model.h5, choice.json, …; data/vocabulary/vocabulary.json;
#           data/tfjs/{layers,graph}/

SAVED_MODEL = expand(
    "data/model/saved_model/{file}",
    file=[
        "saved_model.pb",
        "keras_metadata.pb",
        "fingerprint.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
    ],
)
IN_NODE = expand(
    "data/node/{file}",
    file=[
        "candidates.json",
        "choice.json",
        "constants.json",
        "digests.json",
        "history.csv",
        "labels.json",
        "metrics.json",
        "scores.bin",
        "sizes.csv",
        "text.json",
        "tfjs/layers/group1-shard1of1.bin",
        "tfjs/layers/model.json",
        "validation.bin",
        "vocabulary.json",
    ],
)
LAYERS = expand("data/tfjs/layers/{file}", file=["model.json", "group1-shard1of1.bin"])
GRAPH = expand("data/tfjs/graph/{file}", file=["model.json", "group1-shard1of1.bin"])

SIZES = report(
    "data/reports/sizes.csv",
    caption="../report/sizes.rst",
    category="tables",
    labels={"title": "Loss by size", "x": "bytes", "y": "loss", "template": "scatter"},
)
HISTORY = report(
    "data/model/history.csv",
    caption="../report/history.rst",
    category="tables",
    labels={"title": "Learning curve", "x": "epoch", "y": "loss val_loss"},
)

if config["trainer"] == "node":
    SAVED_MODEL = GRAPH = []

    rule train_model:
        input:
            IN_NODE,
            validation="data/features/validation.parquet",
            candidates="data/vocabulary/candidates.json",
            text="data/vocabulary/text.json",
            code=python("take_node_model"),
        output:
            LAYERS,
            choice="data/model/choice.json",
            predictions="data/model/validation.parquet",
            vocabulary="data/vocabulary/vocabulary.json",
            sizes=SIZES,
            history=HISTORY,
            receipt="data/receipts/train_model.json",
        log:
            "logs/train_model.log",
        params:
            node=subpath(input[0], parent=True),
            layers=subpath(output[0], parent=True),
        shell:
            command("take_node_model")
            + " --node {params.node:q} --validation {input.validation:q}"
            " --candidates {input.candidates:q} --text {input.text:q} --layers {params.layers:q}"
            " --vocabulary {output.vocabulary:q} --choice {output.choice:q}"
            " --history {output.history:q} --sizes {output.sizes:q}"
            " --predictions {output.predictions:q} --log {log:q}"
            " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"

else:

    rule train_model:
        input:
            train="data/features/train.parquet",
            validation="data/features/validation.parquet",
            augmented="data/features/augmented.parquet",
            candidates="data/vocabulary/candidates.json",
            labels="data/vocabulary/labels.json",
            text="data/vocabulary/text.json",
            vectors=[VECTORS, "data/vocabulary/counts.json"] if VECTORS else [],
            code=python("train_model"),
        output:
            SAVED_MODEL,
            hdf5="data/model/model.h5",
            choice="data/model/choice.json",
            predictions="data/model/validation.parquet",
            vocabulary="data/vocabulary/vocabulary.json",
            sizes=SIZES,
            history=HISTORY,
            receipt="data/receipts/train_model.json",
        log:
            "logs/train_model.log",
        params:
            folder=subpath(output[0], parent=True),
            model=config["model"],
            vectors=lambda _, input: (
                ["--vectors", input.vectors[0], "--counts", input.vectors[1]] if VECTORS else []
            ),
        shell:
            command("train_model") + " --train {input.train:q} --validation {input.validation:q}"
            " --augmented {input.augmented:q} --candidates {input.candidates:q}"
            " --labels {input.labels:q} --text {input.text:q} {params.vectors:q}"
            " --smoothing {params.model[smoothing]} --power {params.model[power]}"
            " --idf-power {params.model[idf_power]} --share {params.model[share]}"
            " --cost {params.model[cost]} --epochs {params.model[epochs]}"
            " --seed {params.model[seed]}"
            " --sure-accuracy {params.model[sure_accuracy]}"
            " --budget-kb {params.model[budget_kb]} --max-words {params.model[max_words]} --vocabulary {output.vocabulary:q}"
            " --sizes {output.sizes:q} --choice {output.choice:q} --predictions {output.predictions:q}"
            " --saved-model {params.folder:q} --hdf5 {output.hdf5:q} --history {output.history:q}"
            " --log {log:q}"
            " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"

    rule convert_layers:
        input:
            hdf5="data/model/model.h5",
            choice="data/model/choice.json",
            code=python("convert_layers"),
        output:
            LAYERS,
            receipt="data/receipts/convert_layers.json",
        log:
            "logs/convert_layers.log",
        params:
            folder=subpath(output[0], parent=True),
        shell:
            command("convert_layers") + " --hdf5 {input.hdf5:q} --choice {input.choice:q}"
            " --output {params.folder:q}"
            " --log {log:q}"
            " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"

    rule convert_graph:
        input:
            SAVED_MODEL,
            choice="data/model/choice.json",
            code=python("convert_graph"),
        output:
            GRAPH,
            receipt="data/receipts/convert_graph.json",
        log:
            "logs/convert_graph.log",
        params:
            saved_model=subpath(input[0], parent=True),
            folder=subpath(output[0], parent=True),
        shell:
            command("convert_graph") + " --saved-model {params.saved_model:q}"
            " --choice {input.choice:q} --output {params.folder:q} --log {log:q}"
            " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
