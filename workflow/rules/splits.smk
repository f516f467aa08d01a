# The usable posts, each in one split.
#   reads   data/source/news.sqlite, data/vocabulary/text.json
#   writes  data/splits/{train,validation,test,augmented}.parquet, data/reports/validation.json

from provender.config import rare_words, split_by

SPLITS = ["train", "validation", "test", "augmented"]


rule split_posts:
    input:
        source="data/source/news.sqlite",
        text="data/vocabulary/text.json",
        parts=left(SHARDS, "data/shards/split_posts/{shard}.arrow"),
        told=left(SHARDS, "data/receipts/shards/split_posts/{shard}.json"),
        code=python("split_posts"),
    output:
        train="data/splits/train.parquet",
        validation="data/splits/validation.parquet",
        test="data/splits/test.parquet",
        augmented="data/splits/augmented.parquet",
        report="data/reports/validation.json",
        receipt="data/receipts/split_posts.json",
    log:
        "logs/split_posts.log",
    params:
        by=split_by(config["source"], config["split"]),
        threshold=lambda _: config["split"].get("threshold", 0),
        test=config["split"]["test"],
        rare=lambda _: rare_words(config["source"]),
        validation_by=lambda _: config["split"]["validation_by"],
        strip=config["text"]["strip"],
        # An empty word would be lost on the way.
        augment=["+".join(parts) or "nothing" for parts in config["text"]["augment"]],
    shell:
        command("split_posts") + " --source {input.source:q} --text {input.text:q}"
        " --by {params.by} --threshold {params.threshold:q} --test-share {params.test}"
        " --validation-by {params.validation_by:q}"
        " {params.rare:q} --strip {params.strip:q} --augment {params.augment:q} --train {output.train:q}"
        " --validation {output.validation:q} --test {output.test:q}"
        " --augmented {output.augmented:q} --report {output.report:q}"
        " --parts {input.parts:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
