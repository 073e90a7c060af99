"""What the shell offers behind the cursor: commands and options by click, names and files by what stands here.

Somebody is in the middle of a line: nothing here may fail, say anything, write anything or take its time. So names
come from the configuration's text alone, unchecked; without a configuration there are none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calsync.cli import COMPLETE

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem, ShellComplete

__all__ = [
    "answer",
    "offer_calendars",
    "offer_files",
    "offer_people",
    "offer_words",
    "offer_zones",
    "script",
]

Offers = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]

_LARGEST = 256 * 1024
"""A configuration with more bytes is not looked into: it would take longer than somebody waits."""

# Click's own splits a name at its spaces, and wants a newer bash than a Mac has.
_BASH = r"""_calsync_completion() {
    local line kind
    COMPREPLY=()
    while IFS= read -r line; do
        kind=${line%%,*}
        line=${line#*,}
        case $kind in
            plain) COMPREPLY+=("$line") ;;
            file | dir)
                compopt -o filenames 2>/dev/null
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
                    compgen "-${kind:0:1}" -- "${COMP_WORDS[COMP_CWORD]}")
                ;;
        esac
    done < <(COMP_WORDS=$(printf '%s\n' "${COMP_WORDS[@]}") COMP_CWORD=$COMP_CWORD \
        VARIABLE=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F _calsync_completion calsync 2>/dev/null || complete -F _calsync_completion calsync
""".replace("VARIABLE", COMPLETE)


# Click's own cuts what it offers at the first comma.
_FISH = r"""function _calsync_completion
    for line in (env COMP_WORDS=(commandline -cp | string collect) COMP_CWORD=(commandline -t) \
            VARIABLE=fish_complete calsync 2>/dev/null)
        set -l offer (string split -m 1 , -- $line)
        switch $offer[1]
            case plain
                echo $offer[2]
            case file
                __fish_complete_path (commandline -t)
            case dir
                __fish_complete_directories (commandline -t)
        end
    end
end
complete --no-files --command calsync --arguments "(_calsync_completion)"
""".replace("VARIABLE", COMPLETE)


def answer(instruction: str) -> int:
    """Print what `instruction` (the variable's value) asks for; always 0: a shell can do nothing about an error."""
    try:
        shell, _, wanted = instruction.partition("_")
        asked = _shell(shell)
        if asked is not None:
            print(asked.source() if wanted == "source" else asked.complete())
    except Exception:  # noqa: BLE001 - see above
        return 0
    return 0


def script(shell: str) -> str:
    """The script that makes `shell` (bash, zsh or fish) complete `calsync`."""
    asked = _shell(shell)
    assert asked is not None, shell
    return asked.source()


def _shell(name: str) -> ShellComplete | None:
    from click.shell_completion import FishComplete, ShellComplete, ZshComplete, split_arg_string

    from calsync.cli import Settings, cli

    class Bash(ShellComplete):
        name = "bash"
        source_template = _BASH.replace("%", "%%")

        def get_completion_args(self) -> tuple[list[str], str]:
            # The shell drops the empty word at the end that nothing was typed of yet.
            typed, at = [*os.environ["COMP_WORDS"].split("\n"), ""], int(os.environ["COMP_CWORD"])
            self.quoted = typed[at][:1] in {'"', "'"}
            plain = [" ".join(split_arg_string(word)) for word in typed[: at + 1]]
            return plain[1:at], plain[at]

        def format_completion(self, item: CompletionItem) -> str:
            # A word that begins with a quote is closed with one by bash; any other has to be made safe here.
            bare = item.type != "plain" or self.quoted
            value = item.value if bare else re.sub(r"([^-\w@%+=:,./])", r"\\\1", item.value)
            return f"{item.type},{value}"

    class Fish(FishComplete):
        source_template = _FISH.replace("%", "%%")

    made: type[ShellComplete] | None = {"bash": Bash, "fish": Fish, "zsh": ZshComplete}.get(name)
    return None if made is None else made(cli, {"obj": Settings()}, "calsync", COMPLETE)


def offer_people(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of the rotation that have a word that begins so."""
    return _named(context, "people", begun)


def offer_calendars(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of the configured calendars."""
    return _named(context, "calendars", begun)


def offer_files(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Whatever files the shell finds."""
    return _items([begun], kind="file")


def offer_zones(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The names of time zones."""
    from zoneinfo import available_timezones

    return _items(sorted(name for name in available_timezones() if name.startswith(begun)))


def offer_words(*known: str) -> Offers:
    """A completion that offers a few known words."""

    def offer(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        return _items([word for word in known if word.startswith(begun)])

    return offer


def _named(context: click.Context, key: str, begun: str) -> list[CompletionItem]:
    try:
        found = [name for name in _names(_config_of(context), key) if _begins(name, begun)]
    except Exception:  # noqa: BLE001 - nothing is offered then
        return []
    return _items(found)


def _begins(name: str, begun: str) -> bool:
    """Whether the name, or a word of it, begins with what was typed, whatever the case."""
    text, begin = name.casefold(), begun.casefold()
    return text.startswith(begin) or any(word.startswith(begin) for word in text.split())


def _config_of(context: click.Context) -> Path:
    from calsync.cli import Settings
    from calsync.cli.options import paths_of

    settings = Settings()
    settings.config, settings.state = context.find_root().params.get("config"), ""
    return paths_of(settings)[0]


def _names(path: Path, key: str) -> Iterator[str]:
    from calsync.config.tree import read_tree

    if path.stat().st_size > _LARGEST:
        return
    value: Any = read_tree(path.read_text("utf-8-sig")).value
    for entry in value[key]:
        if isinstance(entry, dict) and isinstance(name := entry.get("name"), str) and "\n" not in name:
            yield name


def _items(values: list[str], kind: str = "plain") -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(value, type=kind) for value in values]
