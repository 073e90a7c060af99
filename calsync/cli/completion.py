"""`completion`: the script that makes the shell complete commands, options and names."""

from __future__ import annotations

import click

from calsync.cli.output import lines

__all__ = ["completion"]

_WHERE = {
    "bash": (
        "# Completion of calsync for bash. Once, and then in every new terminal:",
        "#   mkdir -p ~/.local/share/bash-completion/completions",
        "#   calsync completion bash > ~/.local/share/bash-completion/completions/calsync",
        '# or, where bash-completion is not installed, a line in ~/.bashrc: eval "$(calsync completion bash)"',
    ),
    "zsh": (
        "# Completion of calsync for zsh. Once, and then in every new terminal:",
        "#   mkdir -p ~/.zfunc; calsync completion zsh > ~/.zfunc/_calsync",
        "# and, before the line with compinit in ~/.zshrc: fpath+=~/.zfunc",
        "# (without such a line add: autoload -Uz compinit; compinit)",
    ),
    "fish": (
        "# Completion of calsync for fish. Once, and then in every new terminal:",
        "#   mkdir -p ~/.config/fish/completions",
        "#   calsync completion fish > ~/.config/fish/completions/calsync.fish",
    ),
}


@click.command()
@click.argument("shell", type=click.Choice(sorted(_WHERE)))
def completion(shell: str) -> int:
    """Let the Tab key complete commands, options and names.

    Prints the script for your shell, whose first lines say where to put it: once, and from then on in every new
    terminal. Names of people and of calendars are those of your configuration.
    """
    from calsync.cli.completing import script

    first, *rest = script(shell).splitlines()
    # zsh wants "#compdef" in the very first line of such a file.
    lines([first, *_WHERE[shell], *rest] if first.startswith("#compdef") else [*_WHERE[shell], first, *rest])
    return 0
