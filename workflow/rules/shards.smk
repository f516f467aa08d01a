# Work that jobs share out where there is more than one shard; a step of another file gathers what
# they leave. None of it is part of a build: it is gone once it is gathered.
#   reads   data/source/news.sqlite, data/splits/*.parquet, data/vocabulary/*.json
#   writes  data/shards/
#
# Receipts of shards name the receipt of what they read: to digest all of it would take each of them
# as long as all of them. Who gathers digests it.


wildcard_constraints:
    shard=r"\d+-of-\d+",


rule judge_shard:
    input:
        source="data/source/news.sqlite",
        known=[
            "data/receipts/fetch_source.json",
            "data/vocabulary/text.json",
            *python("split_posts"),
        ],
    output:
        part=temp("data/shards/split_posts/{shard}.arrow"),
        receipt=temp("data/receipts/shards/split_posts/{shard}.json"),
    log:
        "logs/shards/split_posts/{shard}.log",
    params:
        strip=config["text"]["strip"],
    shell:
        command("split_posts") + " --source {input.source:q} --text {input.known[1]:q}"
        " --strip {params.strip:q} --shard {wildcards.shard} --part {output.part:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input.known:q} --outputs {output:q}"


rule count_shard:
    input:
        train="data/splits/train.parquet",
        augmented="data/splits/augmented.parquet",
        known=[
            "data/receipts/split_posts.json",
            "data/vocabulary/text.json",
            *python("build_vocabulary"),
            *filter(None, [config["vocabulary"].get("exclude")]),
        ],
    output:
        posts=temp("data/shards/build_vocabulary/{shard}.posts.arrow"),
        names=temp("data/shards/build_vocabulary/{shard}.names.arrow"),
        receipt=temp("data/receipts/shards/build_vocabulary/{shard}.json"),
    log:
        "logs/shards/build_vocabulary/{shard}.log",
    params:
        max_words=config["model"]["max_words"],
        exclude=option("--exclude", config["vocabulary"].get("exclude")),
    shell:
        command("build_vocabulary") + " --train {input.train:q}"
        " --augmented {input.augmented:q} --text {input.known[1]:q}"
        " {params.exclude:q} --max-words {params.max_words}"
        " --shard {wildcards.shard} --part {output.posts:q} {output.names:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input.known:q} --outputs {output:q}"


rule encode_shard:
    input:
        split="data/splits/{split}.parquet",
        known=[
            "data/receipts/split_posts.json",
            "data/vocabulary/text.json",
            "data/vocabulary/candidates.json",
            "data/vocabulary/labels.json",
            *python("encode_posts"),
        ],
    output:
        part=temp("data/shards/encode_posts/{split}/{shard}.arrow"),
        receipt=temp("data/receipts/shards/encode_posts/{split}/{shard}.json"),
    log:
        "logs/shards/encode_posts/{split}/{shard}.log",
    params:
        max_words=config["model"]["max_words"],
    shell:
        command("encode_posts") + " --split {input.split:q} --text {input.known[1]:q}"
        " --vocabulary {input.known[2]:q} --labels {input.known[3]:q}"
        " --max-words {params.max_words}"
        " --shard {wildcards.shard} --part {output.part:q} --log {log:q}"
        " --receipt {output.receipt:q} --inputs {input.known:q} --outputs {output:q}"
