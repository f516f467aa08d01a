"""Writes a recorded build as a release, with the evidence of what it was made from.

In: a clean commit, ``dvc.lock``, a remote that holds the build, and perhaps a key.
Out: ``dist/releases/NAME-VERSION/``: the bundle, the statement and its envelope, documents.
Imports ``versioning`` and the rooms below it. What an audit reads of a release as well stands
in ``archive``, ``canaries``, ``signing`` and ``statement``.
"""
