-- What my_dataset must give: items that depend on (seed, item) alone, half of them of each class, each on its half circle.
local basin = require "basin"

-- The file under test is the one in BASIN_PLUGIN_PATH, not another of its name: a build may have failed.
local file = basin.plugins.reload("my_dataset").file
if not (os.getenv "BASIN_PLUGIN_PATH" or ""):find(file:match "(.*)/", 1, true) then
  error("this would test " .. file .. ": build my_dataset.basin.so, and name its folder in BASIN_PLUGIN_PATH")
end

local function difference(a, b) return (a - b):abs():max():item() end

local data = basin.dataset "my_dataset" { count = 200, size = 32, noise = 0 }
assert(data.count == 200 and data.classes == 2)
assert(data.shape[1] == 3 and data.shape[2] == 32 and data.shape[3] == 32)

-- Neither the batch nor the count matters.
local batch = data:read(11, 20)
local many = basin.dataset "my_dataset" { count = 2000, size = 32, noise = 0 }
for i = 1, 20 do assert(difference(batch[i], many:read(10 + i)[1]) == 0) end
assert(difference(batch, basin.dataset("my_dataset", { count = 200, size = 32, seed = 1 }):read(11, 20)) > 0.5)

-- The spot's centre of mass lies on the unit half circle around (0, 0), or on that around (1, 0.5).
local images = (data:read(1, 200) + 1) / 2  -- 0..1
local columns, rows = {}, {}
for i = 1, 32 do columns[i] = (i - 0.5) / 8 - 1.5 rows[i] = 1.75 - (i - 0.5) / 8 end
local mass = images:sum(2, 3, 4)
local xs = ((images * basin.tensor(columns)):sum(2, 3, 4) / mass):totable()
local ys = ((images * basin.tensor(rows):reshape(32, 1)):sum(2, 3, 4) / mass):totable()
local upper = 0
for i = 1, 200 do
  local first = math.abs(math.sqrt(xs[i] ^ 2 + ys[i] ^ 2) - 1)
  local second = math.abs(math.sqrt((xs[i] - 1) ^ 2 + (ys[i] - 0.5) ^ 2) - 1)
  assert(math.min(first, second) < 0.02, ("item %d is at %.3f, %.3f"):format(i, xs[i], ys[i]))
  if first < second then upper = upper + 1 end
end
assert(upper > 70 and upper < 130, upper)

local ok, message = pcall(function() return basin.dataset("my_dataset", { size = 2 }).count end)
assert(not ok and tostring(message):find "size", message)
print "ok"
