# The compiled text recipe, the words to choose from and the labels; every post as fixed-length word ids.
#   reads   data/splits/*.parquet, config/text.yaml; a list of words to leave out and a file of word
#           vectors, if any
#   writes  data/vocabulary/{text,candidates,counts,labels}.json, data/features/*.parquet;
#           data/vectors/vectors.parquet, data/reports/vectors.json

from provender.config import recipe_file, vectors_file

VECTORS = "data/vectors/vectors.parquet" if "vectors" in config else []


rule compile_recipe:
    input:
        recipe=recipe_file(config["text"]["recipe"]),
        code=python("compile_recipe"),
    output:
        text="data/vocabulary/text.json",
        receipt="data/receipts/compile_recipe.json",
    log:
        "logs/compile_recipe.log",
    params:
        sizes=config["text"]["grams"]["sizes"],
        scripts=config["text"]["grams"]["scripts"],
        words=config["text"]["grams"]["words"],
        pairs=["--pairs"] if config["text"]["grams"]["pairs"] else [],
        language=config["text"]["language"],
        marks=config["text"]["marks"],
    shell:
        command("compile_recipe") + " --recipe {input.recipe:q} --output {output.text:q}"
        " --sizes {params.sizes} --scripts {params.scripts} --words {params.words} {params.pairs}"
        " --language {params.language} --marks {params.marks}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q} --log {log:q}"


if "vectors" in config:

    rule read_vectors:
        input:
            vectors=vectors_file(config["vectors"]),
            text="data/vocabulary/text.json",
            code=python("read_vectors"),
        output:
            vectors="data/vectors/vectors.parquet",
            report="data/reports/vectors.json",
            receipt="data/receipts/read_vectors.json",
        log:
            "logs/read_vectors.log",
        params:
            sha256=config["vectors"]["sha256"],
            format=config["vectors"]["format"],
        shell:
            command("read_vectors") + " --path {input.vectors:q} --format {params.format}"
            " --sha256 {params.sha256} --text {input.text:q}"
            " --output {output.vectors:q} --report {output.report:q} --log {log:q}"
            " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule build_vocabulary:
    input:
        train="data/splits/train.parquet",
        augmented="data/splits/augmented.parquet",
        text="data/vocabulary/text.json",
        exclude=config["vocabulary"].get("exclude", []),
        vectors=VECTORS,
        parts=left(
            SHARDS,
            "data/shards/build_vocabulary/{shard}.posts.arrow",
            "data/shards/build_vocabulary/{shard}.names.arrow",
        ),
        told=left(SHARDS, "data/receipts/shards/build_vocabulary/{shard}.json"),
        code=python("build_vocabulary"),
    output:
        candidates="data/vocabulary/candidates.json",
        counts="data/vocabulary/counts.json",
        labels="data/vocabulary/labels.json",
        receipt="data/receipts/build_vocabulary.json",
    log:
        "logs/build_vocabulary.log",
    params:
        size=config["vocabulary"]["size"],
        min_count=config["vocabulary"]["min_count"],
        piece_min_count=config["vocabulary"]["piece_min_count"],
        max_words=config["model"]["max_words"],
        exclude=lambda wildcards, input: ["--exclude", input.exclude] if input.exclude else [],
        vectors=["--vectors", VECTORS] if VECTORS else [],
    shell:
        command("build_vocabulary") + " --train {input.train:q}"
        " --augmented {input.augmented:q} --text {input.text:q}"
        " --size {params.size} --min-count {params.min_count}"
        " --piece-min-count {params.piece_min_count} {params.exclude:q}"
        " {params.vectors:q} --max-words {params.max_words}"
        " --candidates {output.candidates:q} --counts {output.counts:q} --labels {output.labels:q}"
        " --parts {input.parts:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"


rule encode_posts:
    input:
        split="data/splits/{split}.parquet",
        candidates="data/vocabulary/candidates.json",
        labels="data/vocabulary/labels.json",
        text="data/vocabulary/text.json",
        parts=left(SHARDS, "data/shards/encode_posts/{split}/{shard}.arrow"),
        told=left(SHARDS, "data/receipts/shards/encode_posts/{split}/{shard}.json"),
        code=python("encode_posts"),
    output:
        features="data/features/{split}.parquet",
        receipt="data/receipts/encode_posts/{split}.json",
    log:
        "logs/encode_posts/{split}.log",
    params:
        max_words=config["model"]["max_words"],
    shell:
        command("encode_posts") + " --split {input.split:q} --vocabulary {input.candidates:q}"
        " --labels {input.labels:q} --text {input.text:q} --max-words {params.max_words}"
        " --output {output.features:q} --parts {input.parts:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
