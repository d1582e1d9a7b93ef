#!/usr/bin/env python3
"""Completion files for bash, zsh and fish, made from what the programs say of themselves.

    make_completions.py AUDIOGENRL AUDIOGENRLD FOLDER

Every option and its kind of value stand in --help: ppo|sarsa are words to choose from,
OUT.mid, FILE.svg|.png and MODEL are files, DIR is a folder, and N or X are to be typed.
"""

import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field

OPTION = re.compile(
    r"^ {2,6}(?:-(?P<short>\w)(?:, |$))?(?:--(?P<long>[\w-]+))?(?:[= ](?P<value>\S+))?(?:  +(?P<text>.*))?$"
)
SEVERAL = "several times"
MUSIC = ["mid", "midi", "kar", "rmi", "mxl", "musicxml"]
SPECS = ["shift:p=0.5,max=2", "slip:p=0.1", "any:p=0.5,range=12", "none"]


@dataclass
class Option:
    short: str
    long: str
    value: str  # "": takes none
    text: str


@dataclass
class Command:
    name: str
    text: str = ""
    rest: list = field(default_factory=list)  # what follows the options
    options: list = field(default_factory=list)

    def add(self, option):
        if all(option.long != other.long for other in self.options):
            self.options.append(option)


def ask(program, *words):
    done = subprocess.run(
        [program, *words, "--help"], check=True, capture_output=True, encoding="utf-8",
        env={**os.environ, "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"},
    )  # fmt: skip
    return done.stdout.splitlines()


def read_options(command, lines):
    last = None
    for line in lines:
        found = OPTION.match(line)
        if found and found["long"]:
            last = Option(found["short"] or "", found["long"], found["value"] or "", found["text"] or "")
            command.add(last)
        elif last and line.startswith(" " * 10):
            last.text = f"{last.text} {line.strip()}".strip()
        else:
            last = None


def read_tool(program):
    commands = []
    for line in ask(program):
        found = re.match(r"^  ([a-z]+) +(\S.*)$", line)
        if not found:
            continue
        command = Command(found[1], found[2])
        helps = [ask(program, command.name)]
        if any(text.startswith("  --style ") for text in helps[0]):
            helps.append(ask(program, command.name, "--style"))
        for text in helps:
            read_options(command, text)
        usage = next(text for text in helps[0] if "[OPTION" in text)
        command.rest = [part.strip("[]") for part in usage.split("]", 1)[1].split()]
        commands.append(command)
    return commands


def read_daemon(program):
    command = Command("audiogenrld")
    read_options(command, ask(program))
    return command


def kind(value, text=""):
    """What a value is: ("words", [...]), ("files", [endings]), ("folders", []) or ("text", []).
    A model may be a .mid where the text says so."""
    parts = value.removesuffix("...").split("|")
    if parts and all(re.fullmatch(r"[a-z]+", part) for part in parts):
        return "words", parts
    if parts == ["SPEC"]:
        return "words", SPECS
    if parts == ["DIR"]:
        return "folders", []
    endings = []
    for part in parts:
        if part == "MODEL":
            endings += ["model", *MUSIC] if ".mid" in text else ["model"]
        elif part == "FILE" or part == "PATH":
            return "files", []
        elif "." in part:
            ending = part.rsplit(".", 1)[1]
            endings += MUSIC if ending == "mid" and not part.startswith("OUT") else [ending]
    if endings:
        return "files", list(dict.fromkeys(endings))
    return "text", []


def names(option):
    return ([f"-{option.short}"] if option.short else []) + [f"--{option.long}"]


# --- bash ---

BASH = """\
# Completion for {program}, made from its --help.

_{program}_files() {{ # endings; none: every file, a slash: folders
    local ending
    compopt -o filenames 2>/dev/null
    if [ $# -eq 0 ]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
    for ending in "$@"; do
        mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -X "!*.$ending" -- "$word")
    done
}}

_{program}_words() {{
    mapfile -t COMPREPLY < <(compgen -W "$*" -- "$word")
}}

_{program}_more_words() {{
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -W "$*" -- "$word")
}}

_{program}() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command
    COMPREPLY=()
    # --mode=sc is three words to bash.
    if [ "$word" = = ]; then
        word=
    elif [ "$before" = = ] && [ "$COMP_CWORD" -gt 1 ]; then
        before=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
{choose}    case "$command $before" in
{values}    esac
    case "$command $word" in
{options}    esac
{rests}}}
complete -F _{program} {program}
"""

BASH_CHOOSE = """\
    if [ "$COMP_CWORD" -eq 1 ]; then
        _{program}_words {commands} --help --version
        return
    fi
    command=${{COMP_WORDS[1]}}
"""


def bash_action(program, what, parts):
    if what == "words":
        return f"_{program}_words '{' '.join(parts)}'; return"
    if what == "files":
        return f"_{program}_files {' '.join(parts)}".rstrip() + "; return"
    return f"_{program}_files /; return" if what == "folders" else "return"


def bash_values(program, commands):
    patterns = {}
    for command in commands:
        name = "" if command.name == program else command.name
        for option in command.options:
            if option.value:
                action = bash_action(program, *kind(option.value, option.text))
                patterns.setdefault(action, []).extend(f"'{name} {word}'" for word in names(option))
    return "".join(
        f"    {' | '.join(words)})\n        {action} ;;\n" for action, words in patterns.items()
    ).replace(" | ", " |\\\n    ")


def bash(program, commands):
    options = rests = ""
    choose = "    command=\n"
    if commands[0].name != program:
        listed = " ".join(command.name for command in commands)
        choose = BASH_CHOOSE.format(program=program, commands=listed)
    for command in commands:
        name = "" if command.name == program else command.name
        listed = " ".join(word for option in command.options for word in names(option))
        options += f"    '{name} '-*)\n        _{program}_words {listed}; return ;;\n"
        # SPEC IN.mid: whichever of both fits.
        kinds = sorted(kind(part) for part in command.rest)
        actions = [bash_action(program, *found).removesuffix("; return") for found in kinds]
        if len(kinds) == 2:
            actions[1] = actions[1].replace("_words", "_more_words")
        if actions:
            rests += f"    {name})\n        {'; '.join(actions)} ;;\n"
    return BASH.format(
        program=program, choose=choose, values=bash_values(program, commands), options=options,
        rests=f'    case "$command" in\n{rests}    esac\n' if rests else "",
    )  # fmt: skip


# --- zsh ---


def zsh_action(value, text=""):
    what, parts = kind(value, text)
    if what == "words":
        return "(" + " ".join(part.replace(":", "\\:") for part in parts) + ")"
    if what == "files":
        return f'_files -g "*.({"|".join(parts)})(-.)"' if parts else "_files"
    return "_files -/" if what == "folders" else ""


def zsh_text(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "’")


def zsh_arguments(command):
    lines = []
    for option in command.options:
        value = f":{option.value}:{zsh_action(option.value, option.text)}" if option.value else ""
        words = names(option)
        several = "*" if SEVERAL in option.text else "(" + " ".join(words) + ")"
        both = [word + ("=" if option.value and word.startswith("--") else "") for word in words]
        spelled = f"'{{{','.join(both)}}}'" if len(both) > 1 else both[0]
        lines.append(f"'{several}{spelled}[{zsh_text(option.text)}]{value}'")
    for part in command.rest:
        many = "*" if part.endswith("...") else ""
        lines.append(f"'{many}:{part.removesuffix('...')}:{zsh_action(part)}'")
    return "_arguments -s -S " + " ".join("\\\n    " + line for line in lines)


def zsh(tool, daemon):
    text = "#compdef audiogenrl audiogenrld\n# Completion for both programs, made from their --help.\n"
    for command in [*tool, daemon]:
        name = f"_audiogenrl_{command.name}" if command in tool else "_audiogenrld"
        text += f"\n{name}() {{\n  {zsh_arguments(command)}\n}}\n"
    listed = "".join(f"    '{command.name}:{zsh_text(command.text)}'\n" for command in tool)
    return text + f"""
_audiogenrl() {{
  local -a commands
  commands=(
{listed}  )
  if [[ $service == audiogenrld ]]; then
    _audiogenrld
  elif (( CURRENT == 2 )); then
    _describe command commands
    _arguments '--help[print help]' '--version[print the version]'
  elif (( $+functions[_audiogenrl_$words[2]] )); then
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    _audiogenrl_$command
  fi
}}

_audiogenrl "$@"
"""


# --- fish ---


def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_action(value, text=""):
    what, parts = kind(value, text)
    if what == "words":
        return f"-x -a '{' '.join(parts)}'"
    if what == "folders":
        return "-x -a '(__fish_complete_directories)'"
    if what == "files" and parts:
        return "-r -k -a '(__fish_complete_suffix " + " ".join(f".{part}" for part in parts) + ")'"
    return "-r -F" if what == "files" else "-x"


FISH = """\
# Completion for {program}, made from its --help.

function __{program}_command_is -a name
    set -l words (commandline -opc)
    if test (count $words) -lt 2
        test -z "$name"
    else
        test "$words[2]" = "$name"
    end
end

"""


def fish_command(program, command, where):
    text = ""
    for option in command.options:
        short = f"-s {option.short} " if option.short else ""
        action = fish_action(option.value, option.text) + " " if option.value else ""
        says = fish_text(option.text)
        text += f"complete -c {program} {where}{short}-l {option.long} {action}-d {says}\n"
    for part in command.rest:
        action = fish_action(part).removeprefix("-x ").removeprefix("-r ")
        if "-a" in action:
            text += f"complete -c {program} {where}{action}\n"
    return text


def fish(program, commands):
    if commands[0].name == program:
        text = f"# Completion for {program}, made from its --help.\n\ncomplete -c {program} -f\n"
        return text + fish_command(program, commands[0], "")
    first = f"complete -c {program} -n '__{program}_command_is \"\"'"
    text = FISH.format(program=program) + f"complete -c {program} -f\n"
    text += f"{first} -l help -d 'print help'\n{first} -l version -d 'print the version'\n"
    for command in commands:
        where = f"-n '__{program}_command_is {command.name}' "
        text += f"\n{first} -a {command.name} -d {fish_text(command.text)}\n"
        text += fish_command(program, command, where)
    return text


def main():
    tool, daemon = read_tool(sys.argv[1]), read_daemon(sys.argv[2])
    folder = pathlib.Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "audiogenrl": bash("audiogenrl", tool),
        "audiogenrld": bash("audiogenrld", [daemon]),
        "_audiogenrl": zsh(tool, daemon),
        "audiogenrl.fish": fish("audiogenrl", tool),
        "audiogenrld.fish": fish("audiogenrld", [daemon]),
    }.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main()
