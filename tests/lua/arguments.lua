-- arguments: --set steps=7 --set rates=0.1,0.2 --set mode=fast --set flag=true
local basin = require "basin"

local args = basin.arguments {
  steps = { type = "integer", default = 3, minimum = 1, maximum = 10 },
  rates = { type = "numbers", default = { 1 } },
  sizes = { type = "integers", default = { 16, 8 } },
  mode = { type = "choice", choices = { "fast", "slow" }, default = "slow" },
  flag = { type = "boolean", default = false },
  name = { type = "string", default = "" },
  weights = { type = "file", default = "" },
}
assert(args == basin.args)
print(args.steps, args.rates[1], args.rates[2], #args.sizes, args.mode, args.flag, "<" .. args.name .. ">")  --> 7	0.1	0.2	2	fast	true	<>
print(math.type(args.steps))                     --> integer
print(select(2, pcall(function() return args.stpes end)))  --> arguments.lua:16: no argument 'stpes' was declared with basin.arguments; did you mean 'steps'?
print(select(2, pcall(function() basin.arguments {} end)))  --> arguments.lua:17: basin.arguments was called before; a script declares all its arguments in one call
