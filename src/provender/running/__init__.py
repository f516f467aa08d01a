"""How a step is run: its command line, what it depends on, and the receipt that it leaves.

In: the Snakefile, ``scripts/`` and a step's files.
Out: ``data/receipts/``, ``logs/``, and the jobs of a build as Snakemake sees them.
Imports no other room.
"""

__all__ = ["code_files", "graph", "receipt", "rerun", "step"]
