#!/usr/bin/env bash
# The program's own words: version, scripts that are not there, exit codes, basin.toml, --set, --dry-run, piped input.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"
failed=0

# expect CODE TEXT command...: the exit code, and the first line of the output, which may begin with TEXT
expect() {
  local code=$1 text=$2 status
  shift 2
  "$@" >output 2>&1 </dev/null
  status=$?
  if [[ $status -ne $code || $(head -1 output) != "$text"* ]]; then
    printf '%s\n  expected: %s, exit code %s\n  got:      %s, exit code %s\n' "$*" "$text" "$code" "$(head -3 output)" "$status"
    failed=1
  fi
}
# holds TEXT: somewhere in the last output
holds() {
  if ! grep -qF -- "$1" output; then
    printf 'the output lacks: %s\n' "$1"
    cat output
    failed=1
  fi
}

expect 0 "basin 0." "$program" --version
expect 0 "Basin: a research platform" "$program" --help
expect 0 "Basin: a research platform" "$program"
expect 0 "3" "$program" -e 'print(1 + 2)'
expect 0 "4	two" "$program" -e '2 + 2, "two"'
expect 0 "" "$program" -e '2 + 2;'
[[ -s output ]] && { echo "; does not silence -e: $(<output)"; failed=1; }
expect 1 "-e:1: there is no optimizer 'adm'; did you mean 'adam'?" "$program" -e 'basin.optimizer "adm"'
expect 0 "Basin 0." "$program" -e 'print(basin)'
expect 0 "Adam" "$program" -e 'x = "Adam" print(x)'
expect 1 "-e:1: there is no variable 'pritn'; did you mean 'print'?" "$program" -e 'pritn(3)'
expect 0 "basin.optimizer \"sam\" { ... }" "$program" -e '?sam'
expect 0 "run:train { model" "$program" -e ' ?run:train '
expect 0 "Basin in Lua." "$program" -e '?'
expect 0 "Basin in Lua." "$program" -e 'help'
expect 1 "there is no help for 'smapler'; did you mean 'sampler'?" "$program" -e '?smapler'
expect 1 "-e:1: no such luck" "$program" -e 'error "no such luck"'

# scripts
echo 'print "hello"' >hello.lua
expect 0 "hello" "$program" run hello.lua
expect 1 "there is no script 'helo.lua'; did you mean 'hello.lua'?" "$program" run helo.lua
expect 1 "'.' is a folder; name a script, a file of Lua" "$program" run .
printf 'local x = 1\nif x then\n' >open.lua
expect 1 "open.lua:3: 'end' expected" "$program" run open.lua
printf '\n\ncount = 3\n' >global.lua
expect 1 "global.lua:3: 'count' is not declared; write: local count = ..." "$program" run global.lua
printf 'local t = nil\nprint(t.x)\n' >nil.lua
expect 1 "nil.lua:2: attempt to index a nil value (local 't')" "$program" run nil.lua
expect 1 "nil.lua:2: attempt" env BASIN_DEBUG=1 "$program" run nil.lua
holds "stack traceback"
printf '#!/usr/bin/env basin\nprint "first line"\n' >shebang.lua
expect 0 "first line" "$program" run shebang.lua
printf '\xef\xbb\xbf#!/usr/bin/env basin\nprint "marked"\nmissing()' >mark.lua
expect 1 "marked" "$program" run mark.lua
holds "mark.lua:3: there is no variable 'missing'"
printf '\n\nrequire "helo.there"' >require.lua
expect 1 "require.lua:3: there is no module 'helo.there': require looks for helo/there.lua beside the script and along package.path" \
  "$program" run require.lua
[[ $(wc -l <output) -eq 1 ]] || { echo "a module that is not there takes more than a line"; cat output; failed=1; }
sed -i 's/o.there/o/' require.lua
expect 1 "require.lua:3: there is no module 'helo': " "$program" run require.lua
holds "; did you mean 'hello'?"
expect 1 "-e:1: there is no optimizer 'a\\27[31m'" "$program" -e 'basin.optimizer "a\27[31m"'
expect 1 "there is no script 'a\\27[31m'" "$program" run $'a\e[31m'
printf 'print(require "hello2")\n' >sub.lua && mkdir sub && mv sub.lua sub && echo 'return "beside"' >sub/hello2.lua
expect 0 "beside" "$program" run sub/sub.lua
expect 2 "basin run needs SCRIPT.lua, the script" "$program" run

# arguments
cat >arguments.lua <<'LUA'
local basin = require "basin"
basin.arguments { steps = { type = "integer", default = 3, minimum = 1 }, data = { type = "folder", help = "images" } }
print(basin.args.steps, basin.args.data)
LUA
expect 1 "arguments.lua:2: this script needs --set data=FOLDER (images)" "$program" run arguments.lua
expect 0 "3	sub" "$program" run arguments.lua --set data=sub
expect 0 "5	sub" "$program" run arguments.lua --set data=sub --set steps=5
expect 1 "arguments.lua:2: option 'data' of script 'arguments.lua' must be an existing folder, and 'none' does not exist" \
  "$program" run arguments.lua --set data=none
expect 1 "arguments.lua:2: option 'steps' of script 'arguments.lua' must be a whole number of at least 1, and \"x\" was given" \
  "$program" run arguments.lua --set data=sub --set steps=x
expect 1 "arguments.lua:2: unknown option 'stesp' of script 'arguments.lua' (given by --set); did you mean 'steps'?" \
  "$program" run arguments.lua --set data=sub --set stesp=5
expect 1 "--set takes name=value, got 'steps'" "$program" run arguments.lua --set steps
expect 2 "--threads takes N (INT in [1 - 1024]), threads of the CPU (all cores); got '0'" "$program" run hello.lua --threads 0
expect 2 "--threads takes N (INT in [1 - 1024]), threads of the CPU (all cores); got 'x'" "$program" run hello.lua --threads x
expect 2 "--threads takes N (INT in [1 - 1024]), threads of the CPU (all cores); it was given nothing" "$program" run hello.lua --threads
expect 2 "basin runs has no option '--threads', which is one of basin run, basin repl, basin itself" "$program" runs --threads 1
expect 2 "basin run has no option '--thread'; did you mean '--threads'?" "$program" run hello.lua --thread 1
expect 2 "basin run was given 'again' and has no place for it; basin run --help says what it takes" "$program" run hello.lua again
expect 2 "there is no command 'rnu'; did you mean 'run'?" "$program" rnu hello.lua
expect 2 "there is no command 'hello.lua'; a script is run by: basin run hello.lua" "$program" hello.lua
expect 2 "--device: a device is auto, cpu, cuda or cuda:N, not 'gpu'" "$program" run hello.lua --device gpu
expect 0 "hello" "$program" run hello.lua --device cuda:1
expect 0 "hello" "$program" run hello.lua
expect 1 "hello" "$program" run hello.lua --set steps=5
holds "this script declares no arguments"
echo 'require("basin").arguments { way = { type = "string", choices = { "a" }, default = "a" } }' >choices.lua
expect 1 "choices.lua:1: argument 'way' has choices, which only type = \"choice\" looks at, and its type is 'string'" \
  "$program" run choices.lua

# a file of arguments
cat >run.toml <<'TOML'
# for tonight
steps = 7
data = "sub"
TOML
expect 0 "7	sub" "$program" run arguments.lua --config run.toml
expect 0 "5	sub" "$program" run arguments.lua --config run.toml --set steps=5
mkdir -p far/images && printf 'data = "images"\n' >far/run.toml
expect 0 "3	far/images" "$program" run arguments.lua --config far/run.toml
printf 'data = "sub"\nstesp = 7\n' >run.toml
expect 1 "run.toml:2: the script 'arguments.lua' has no argument 'stesp'; did you mean 'steps'?" \
  "$program" run arguments.lua --config run.toml
printf 'data = "sub"\n\nsteps = "many"\n' >run.toml
expect 1 "run.toml:3: option 'steps' of script 'arguments.lua' must be a whole number of at least 1, and \"many\" was given" \
  "$program" run arguments.lua --config run.toml
printf 'steps = [1, "x"]\n' >run.toml
expect 1 "run.toml:1: 'steps' must be a list of numbers, got a string in it" "$program" run arguments.lua --config run.toml
printf '[steps]\nvalue = 3\n' >run.toml
expect 1 "run.toml:1: 'steps' must be a number, a string, true, false or a list of numbers" \
  "$program" run arguments.lua --config run.toml
printf 'steps = \n' >run.toml
expect 1 "run.toml:1: " "$program" run arguments.lua --config run.toml
expect 1 "--config names no file: 'no.toml' does not exist" "$program" run arguments.lua --config no.toml
printf 'steps = 7\n' >run.toml
expect 1 "hello" "$program" run hello.lua --config run.toml
holds "run.toml:1 sets 'steps', and this script declares no arguments"
printf 'steps = 7\ndata = "sub"\n' >run.toml
expect 0 "7	far" "$program" run arguments.lua --config run.toml --set data=far --dry-run --threads 1
for line in 'basin.args.data   "far"   --set' 'basin.args.steps  7       run.toml:1' 'runs              "runs"  default' \
  'threads           1       --threads'; do holds "$line"; done

# a dry run
cat >train.lua <<'LUA'
local basin = require "basin"
basin.arguments { steps = { type = "integer", default = 3 } }
local run = basin.run { name = "dry", device = "cpu" }
run:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = basin.dataset "shapes" { count = 32, size = 8 }, process = basin.process "vp", steps = basin.args.steps,
  optimizer = basin.optimizer "sam" { base = basin.optimizer "adam" { lr = 0.002 } },
}
print "trained"
LUA
expect 0 "what" "$program" run train.lua --dry-run --set steps=4
holds "optimizer.base.lr"
holds "--set"
holds "train.lua:7"
holds "basin.run: device"
holds "train.lua:3"
holds "default"
if [[ -e runs ]] || grep -q trained output; then echo "--dry-run did something"; failed=1; fi
echo >file
expect 1 "train.lua:4: " "$program" run train.lua --runs file
holds "file"
cp train.lua bad.lua && sed -i 's/name = "dry"/name = "a\/b"/' bad.lua
expect 1 "bad.lua:3: a run cannot be called 'a/b'" "$program" run bad.lua

# basin.toml, of the user and of the project
printf 'devise = "cpu"\n' >basin.toml
expect 1 "basin.toml:1: unknown key 'devise'; did you mean 'device'?" "$program" run hello.lua
printf 'runs = "elsewhere"\n[data]\nimage_folder = "nowhere"\n' >basin.toml
expect 1 "-e:1: option 'root' of dataset 'image_folder' must be an existing folder, and" "$program" -e 'basin.dataset "image_folder" {}'
holds "nowhere"
expect 0 "" "$program" run train.lua
if [[ ! -e elsewhere/00001-dry/run.json ]]; then echo "basin.toml's runs was not used"; failed=1; fi
rm basin.toml
mkdir -p config/basin && printf 'threads = "many"\n' >config/basin/basin.toml
expect 1 "$PWD/config/basin/basin.toml:1: 'threads' must be an integer from 1 to 1024" "$program" run hello.lua
rm config/basin/basin.toml

# plugins
expect 0 "basin 0." "$program" plugins
holds "process vp"
holds "adam 0."
holds "optimizer sam"
mkdir plugins && echo "no library" >plugins/adam.basin.so
expect 1 "-e:1: " "$program" -e 'basin.optimizer "adam" {}'
holds "plugins/adam.basin.so"
expect 0 "" "$program" plugins --why
holds "refused"
holds "hidden"
rm -r plugins

# piped input
printf '1 + 1\nlocal x = 4\nx * x\n' | "$program" repl >output 2>&1 || failed=1
[[ $(<output) == $'2\n16' ]] || { echo "piped input gave: $(<output)"; failed=1; }
printf 'undeclared\n2\n' | "$program" repl >output 2>&1
[[ $? -eq 1 && $(<output) == *"there is no variable 'undeclared'"* && $(<output) == *2* ]] || { echo "piped errors gave: $(<output)"; failed=1; }

exit $failed
