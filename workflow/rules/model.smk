# One training run, and the model in every format that is shipped.
#   reads   data/features/{train,validation}.parquet, data/vocabulary/*.json
#   writes  data/model/saved_model/, model.h5, history.csv; data/tfjs/{layers,graph}/

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
LAYERS = expand("data/tfjs/layers/{file}", file=["model.json", "group1-shard1of1.bin"])
GRAPH = expand("data/tfjs/graph/{file}", file=["model.json", "group1-shard1of1.bin"])


rule train_model:
    input:
        train="data/features/train.parquet",
        validation="data/features/validation.parquet",
        vocabulary="data/vocabulary/vocabulary.json",
        labels="data/vocabulary/labels.json",
        code=python("train_model"),
    output:
        SAVED_MODEL,
        hdf5="data/model/model.h5",
        history=report(
            "data/model/history.csv",
            category="plots",
            labels={"title": "Learning curve", "x": "epoch", "y": "loss val_loss"},
        ),
        receipt="data/receipts/train_model.json",
    log:
        "logs/train_model.log",
    params:
        folder=subpath(output[0], parent=True),
        model=config["model"],
    shell:
        "python scripts/train_model.py --train {input.train:q} --validation {input.validation:q}"
        " --vocabulary {input.vocabulary:q} --labels {input.labels:q}"
        " --smoothing {params.model[smoothing]} --scale {params.model[scale]}"
        " --epochs {params.model[epochs]} --batch-size {params.model[batch_size]}"
        " --learning-rate {params.model[learning_rate]} --seed {params.model[seed]}"
        " --saved-model {params.folder:q} --hdf5 {output.hdf5:q} --history {output.history:q}"
        " --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule convert_layers:
    input:
        hdf5="data/model/model.h5",
        code=python("convert_layers"),
    output:
        LAYERS,
        receipt="data/receipts/convert_layers.json",
    log:
        "logs/convert_layers.log",
    params:
        folder=subpath(output[0], parent=True),
    shell:
        "python scripts/convert_layers.py --hdf5 {input.hdf5:q} --output {params.folder:q}"
        " --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule convert_graph:
    input:
        SAVED_MODEL,
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
        "python scripts/convert_graph.py --saved-model {params.saved_model:q}"
        " --output {params.folder:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
