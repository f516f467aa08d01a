# Other values of how the model is trained, tried on the validation split. Not part of the
# build: snakemake search.
#   reads   data/features/{train,validation,augmented}.parquet, data/vocabulary/*.json,
#           data/vectors/vectors.parquet, if there are word vectors
#   writes  data/reports/search.csv, and keeps it as config/search/<name>.csv, which the report shows


rule search_model:
    input:
        train="data/features/train.parquet",
        validation="data/features/validation.parquet",
        augmented="data/features/augmented.parquet",
        candidates="data/vocabulary/candidates.json",
        labels="data/vocabulary/labels.json",
        text="data/vocabulary/text.json",
        vectors=[VECTORS, "data/vocabulary/counts.json"] if VECTORS else [],
        code=python("search_model"),
    output:
        table="data/reports/search.csv",
        receipt="data/receipts/search_model.json",
    log:
        "logs/search_model.log",
    params:
        model=config["model"],
        vectors=lambda _, input: (
            ["--vectors", input.vectors[0], "--counts", input.vectors[1]] if VECTORS else []
        ),
    shell:
        command("search_model") + " --train {input.train:q} --validation {input.validation:q}"
        " --augmented {input.augmented:q} --candidates {input.candidates:q}"
        " --labels {input.labels:q} --text {input.text:q} {params.vectors:q}"
        " --smoothing {params.model[smoothing]} --power {params.model[power]}"
        " --idf-power {params.model[idf_power]} --share {params.model[share]}"
        " --cost {params.model[cost]} --epochs {params.model[epochs]}"
        " --seed {params.model[seed]}"
        " --output {output.table:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


# A copy, not an output: the build reads it without a search, as it reads the configuration.
rule search:
    input:
        "data/reports/search.csv",
    log:
        "logs/search.log",
    params:
        kept=SEARCH,
    shell:
        "(mkdir -p config/search && cp {input:q} {params.kept:q}) 2> {log:q}"
