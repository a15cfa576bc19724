#!/usr/bin/env bash
# commands.sh BUILD FOLDER PAGE TORCH: does what a page of the documentation says, in an installation and a home of its
# own. A block ```sh is run, line by line in one shell, from the home folder on; a block after <!-- file: NAME --> becomes
# that file in the folder where the shell stands. A line "! command { option = ... }" must be refused: exit code 1, and a
# sentence that names the option.
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
build=$1 page=$3
. "$here/../work_in.sh"
work_in "$2"
mkdir home
cmake --install "$build" --prefix "$PWD/usr" >install.log 2>&1 || { cat install.log; exit 1; }

python3 - "$page" >script.sh <<'PY'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
blocks = re.findall(r"(?:<!-- file: (\S+) -->\n)?^```(\w+)\n(.*?)^```$", text, re.S | re.M)
commands = 0
for name, language, body in blocks:
    if name:
        print(f"cat >{name} <<'THE-END-OF-THE-FILE'\n{body}THE-END-OF-THE-FILE")
    elif language == "sh":
        for line in filter(None, body.splitlines()):
            commands += 1
            print(f"say {line!r}" if "'" not in line else "say " + '"' + line.replace('\\', '\\\\').replace('"', '\\"').replace('$', '\\$') + '"')
            if line.startswith("! "):
                option = re.search(r"\{ (\w+) =", line)
                if not option:
                    sys.exit(f"{line}: it names no option that could be refused")
                print(f"refused {option[1]} $({line[2:]} >~/refusal 2>&1; echo $?) || fail")
            else:
                print(f"{line} || fail" if line.startswith("cd ") else f"{{ {line}; }} || fail")
if commands < 3:
    sys.exit(f"{sys.argv[1]} holds {commands} commands: the page is not understood")
PY
[[ $? -eq 0 ]] || exit 1
cat >run.sh <<'SH'
say() { printf '$ %s\n' "$1"; said=$1; }
fail() { echo "this did not do what the page says: $said"; exit 1; }
refused() { cat ~/refusal; [[ $2 -eq 1 ]] && grep -qw "$1" ~/refusal; }
cd ~ || exit 1
. "$1"
exit 0  # a last command that was refused, as it should be, is no failure
SH
env -i HOME="$PWD/home" PATH="$PWD/usr/bin:$(dirname "$(command -v cmake)"):/usr/bin:/bin" BASIN_TORCH_DIR="$4" \
  bash run.sh "$PWD/script.sh" >output 2>&1
status=$?
cat output
exit $status
