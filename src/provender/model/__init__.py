"""From ids to a model: training, what ships of it, its formats and its metrics.

In: ``data/features/*.parquet`` and the words to choose from.
Out: ``data/model/``, ``data/tfjs/{layers,graph}/`` and the numbers of ``data/reports/``.
Imports ``text``. NumPy functions that differ between CPUs are banned: see ``arithmetic``.
"""

__all__ = [
    "arithmetic",
    "blocks",
    "checkpoints",
    "compression",
    "conversion",
    "features",
    "hinge",
    "levels",
    "metrics",
    "model_card",
    "naive_bayes",
    "outside",
    "paired",
    "remarks",
    "runtime",
    "training",
    "vectors",
]
