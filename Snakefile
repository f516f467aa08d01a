# The project of this folder, as every project has it: the workflow is one for all.
module provender:
    snakefile:
        "workflow/Snakefile"


use rule * from provender
