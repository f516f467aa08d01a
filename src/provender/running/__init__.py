"""How a step is run: its command line, what it depends on, and the receipt that it leaves.

In: the Snakefile, ``scripts/`` and a step's files.
Out: ``data/receipts/``, ``logs/``, the jobs of a build as Snakemake sees them, and the time that
is left of them.
Imports no other room.
"""

__all__ = ["code_files", "costs", "graph", "receipt", "rerun", "shards", "step", "storage"]
