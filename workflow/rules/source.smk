# The labelled texts, whatever their source, as one table.
#   reads   the newsgroups archive, the user's table, or installed packages
#   writes  data/source/news.sqlite: table news(Data, Category, Year); of an object store
#           data/source/files.json: the files that were read, with their digests
#
# What a user may write freely is given by functions: in plain values Snakemake takes
# braces for wildcards.

from provender.config import STORED, source_files, source_words

if config["source"]["kind"] == "newsgroups":

    rule fetch_archive:
        output:
            config["source"]["archives"][0],
        log:
            "logs/fetch_archive.log",
        params:
            url=config["source"]["url"],
            sha256=config["source"]["sha256"],
            places=config["source"]["archives"][1:],
        shell:
            command("fetch_archive") + " --url {params.url:q} --places {params.places:q}"
            " --sha256 {params.sha256:q} --output {output:q} --log {log:q}"

    rule fetch_source:
        input:
            archive=config["source"]["archives"][0],
            code=python("fetch_source"),
        output:
            database="data/source/news.sqlite",
            receipt="data/receipts/fetch_source.json",
        log:
            "logs/fetch_source.log",
        params:
            sha256=config["source"]["sha256"],
            topics=lambda _: config["source"]["topics"],
        shell:
            command("fetch_source") + " --output {output.database:q}"
            " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
            " --log {log:q} newsgroups --archive {input.archive:q} --sha256 {params.sha256:q}"
            " --topics {params.topics:q}"

elif config["source"]["kind"] == "docstrings":

    rule fetch_source:
        input:
            code=python("fetch_source"),
        output:
            database="data/source/news.sqlite",
            receipt="data/receipts/fetch_source.json",
        log:
            "logs/fetch_source.log",
        params:
            packages=config["source"]["packages"],
        shell:
            command("fetch_source") + " --output {output.database:q}"
            " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
            " --log {log:q} docstrings --packages {params.packages:q}"

else:

    rule fetch_source:
        input:
            table=lambda _: source_files(config["source"]),
            code=python("fetch_source"),
        output:
            database="data/source/news.sqlite",
            files=STORED if IN_STORE else [],
            receipt="data/receipts/fetch_source.json",
        log:
            "logs/fetch_source.log",
        params:
            asked=lambda _: source_words(config["source"], config["split"]),
        shell:
            command("fetch_source") + " --output {output.database:q}"
            " --receipt {output.receipt:q} --inputs {input:q} --outputs {output:q}"
            " --log {log:q} {params.asked:q}"
