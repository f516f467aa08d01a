"""Run the steps of the main job one after the other in this process.

Reads from standard input a JSON list of commands, each the list of its words, and does
what Python would: ``python scripts/step.py --flag value``. Each script is imported once;
parsing, logs and exit codes are those of the command line.
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

from provender.running import step


def load(path: str) -> ModuleType:
    """Import a script by its path without running its command line."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_all(commands: list[list[str]]) -> int:
    """Run the commands; return the first exit code that is not 0, or 0."""
    # All before the first runs, which would keep Arrow from pandas where none has imported it.
    modules = {script: load(script) for script in dict.fromkeys(words[1] for words in commands)}
    for _python, script, *arguments in commands:
        # The parser takes the program's name, by which log lines begin, from here.
        sys.argv = [script, *arguments]
        code = step.run(modules[script].parse_arguments(), modules[script].main)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(run_all(json.load(sys.stdin)))
