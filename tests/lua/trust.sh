#!/usr/bin/env bash
# What reaches out of a script is off unless --trust is given: programs, native libraries, compiled Lua.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
work_in "$2"
fail() { echo "$1"; cat output; exit 1; }

toys=$3
cat >compile.lua <<'LUA'
local f = assert(io.open("compiled.lua", "wb"))
f:write(string.dump(function() return "compiled code ran" end))
f:close()
LUA
"$program" run compile.lua >output 2>&1 || fail "nothing was compiled"

cat >out.lua <<'LUA'
local way = require("basin").arguments { way = { type = "string" } }.way
local ways = {
  execute = function() os.execute "touch made" end,
  popen = function() io.popen "touch made":close() end,
  loadlib = function() assert(package.loadlib("/usr/lib/x86_64-linux-gnu/liblua5.4.so.0", "*")) print "loaded" end,
  load = function() print(assert(load(io.open("compiled.lua", "rb"):read "a"))()) end,
  loadb = function() print(assert(load(io.open("compiled.lua", "rb"):read "a", "x", "b"))()) end,
  loadfile = function() print(assert(loadfile "compiled.lua")()) end,
  dofile = function() print(dofile "compiled.lua") end,
  require = function() print(require "compiled") end,
  registry = function() debug.getregistry() end,
  reload = function() require("basin").plugins.reload "outside/step.basin.so" end,
  metatable = function() debug.getmetatable(require("basin").ones { 1 }).__gc(nil) end,
}
ways[way]()
LUA
refused() {  # WAY SENTENCE
  "$program" run out.lua --set way="$1" >output 2>&1 && fail "$1 went through"
  grep -qF -- "$2; --trust allows it, for a script that you trust" output || fail "$1 is refused with another sentence"
  [[ $(wc -l <output) -eq 1 ]] || fail "$1 is refused in more than one line"
  if [[ -e made ]] || grep -q "compiled code ran" output; then fail "$1 was refused and done"; fi
}
compiled="compiled Lua is off, because nothing checks it: give its source"
refused execute "out.lua:3: os.execute is off: it runs other programs"
refused popen "out.lua:4: io.popen is off: it runs other programs"
refused loadlib "out.lua:5: package.loadlib is off: it runs native code"
refused load "$compiled"
refused loadb "$compiled"
refused loadfile "$compiled"
refused dofile "$compiled"
refused require "$compiled"
refused registry "out.lua:11: debug.getregistry is off: it reaches around Lua's rules"
refused metatable "out.lua:13: debug.getmetatable is off: it reaches around Lua's rules"

# A plugin outside the plugin folders is native code of the script's own.
mkdir -p outside plugins && cp "$toys/step_1.basin.so" outside/step.basin.so
"$program" run out.lua --set way=reload >output 2>&1 && fail "a plugin outside the folders was loaded"
grep -qxF 'out.lua:12: basin.plugins.reload of a path outside the plugin folders is off: it runs native code; name its folder in BASIN_PLUGIN_PATH or basin.toml, or say --trust' output ||
  fail "reload of a path is refused with another sentence"
"$program" run out.lua --trust --set way=reload >output 2>&1 || fail "--trust does not allow it"
BASIN_PLUGIN_PATH=outside "$program" run out.lua --set way=reload >output 2>&1 || fail "a plugin folder's file is refused"
cp outside/step.basin.so plugins/step.basin.so
"$program" -e 'print(basin.plugins.reload "plugins/step.basin.so".version)' >output 2>&1 || fail "the project's plugins are refused"
"$program" -e 'basin.plugins.reload "plugins/../outside/step.basin.so"' >output 2>&1 && fail "a path leads out of the folder"
rm -r plugins

for way in load loadb loadfile dofile require; do
  "$program" run out.lua --trust --set way=$way >output 2>&1 || fail "--trust does not allow $way"
  grep -q "compiled code ran" output || fail "$way did not run it"
done
"$program" run out.lua --trust --set way=execute >output 2>&1 && [[ -e made ]] || fail "--trust does not allow os.execute"
rm made
"$program" run out.lua --trust --set way=popen >output 2>&1 && [[ -e made ]] || fail "--trust does not allow io.popen"
rm made

# What scripts need goes on as ever: text from a string, a file and a module, environments, require's own errors.
echo 'return "a module"' >text.lua
cat >plain.lua <<'LUA'
assert(load "return 1 + 1"() == 2)
assert(load("return x", "chunk", "t", { x = 3 })() == 3)
assert(select(2, load "return +"):find "unexpected symbol")
local parts = { "return ", "5" }
assert(load(function() return table.remove(parts, 1) end)() == 5)
assert(loadfile "text.lua"() == "a module" and dofile "text.lua" == "a module" and require "text" == "a module")
assert(loadfile("text.lua", "t", {})() == "a module")
local ok, message = pcall(require, "nothing.there")
assert(not ok and message:find "there is no module 'nothing.there'" and message:find "nothing/there.lua")
table.insert(package.searchers, function(name) return name == "mine" and function() return "made" end or "\n\tnone" end)
assert(require "mine" == "made" and not pcall(require, "nothing.there"))
assert(debug.traceback "here":find "plain.lua" and debug.getinfo(1, "l").currentline == 12)
print "all well"
LUA
"$program" run plain.lua >output 2>&1 && grep -q "all well" output || fail "plain Lua is hindered"
"$program" -e 'os.execute "touch made"' >output 2>&1 && fail "-e runs programs"
[[ ! -e made ]] || fail "-e ran a program"
exit 0
