"""What goes to an object store where Snakemake is given one (--default-storage-provider).

Snakemake would put there whatever a rule names, code and configuration too, which are not in the
store but in each place where jobs run.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snakemake.workflow import Workflow

# What a build makes.
STORED = ("data/", "dist/")


def store_only_what_is_made() -> None:
    """Have Snakemake map to the store only paths of what a build makes."""
    from snakemake.path_modifier import PathModifier

    given = PathModifier.apply_default_storage
    if given.__name__ == "apply_default_storage":

        def apply_to_what_is_made(modifier: Any, path: Any) -> Any:
            made = not isinstance(path, str) or path.startswith(STORED)
            return given(modifier, path) if made else path

        PathModifier.apply_default_storage = apply_to_what_is_made


def name_in_workflow(workflow: "Workflow", path: Any) -> str:
    """Return the path that a rule has given to a file, whether or not that is in the store."""
    stored = path.flags.get("storage_object")
    prefix = workflow.storage_settings.default_storage_prefix
    return str(stored.query)[len(prefix.rstrip("/")) + 1 :] if stored else str(path)
