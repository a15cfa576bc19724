local basin, toy = require "basin", require "toy"
local levels, shares = toy.levels, toy.shares

local flat = { [0] = 1, 1, 1, 1 }
local batches = levels("uniform", basin.noise_schedule "uniform" {}, 8, flat)
assert(#batches == 8 and #batches[1] == 64)
local found = shares(batches, 1, 8)
for level = 0, 3 do assert(math.abs(found[level] - 0.25) < 0.1, found[level]) end  -- 512 draws: five standard errors

-- A step's levels are a function of seed and step; another step has others.
local again = levels("uniform-again", basin.noise_schedule "uniform" {}, 8, flat)
local different = false
for i = 1, 64 do
  assert(batches[3][i] == again[3][i])
  different = different or batches[3][i] ~= batches[4][i]
end
assert(different)

-- A part of the levels.
found = shares(levels("uniform-part", basin.noise_schedule "uniform" { from = 1, to = 3 }, 8, flat), 1, 8)
assert(found[0] == 0 and found[3] == 0 and math.abs(found[1] - 0.5) < 0.1, found[1])
found = shares(levels("uniform-end", basin.noise_schedule "uniform" { from = 3 }, 1, flat), 1, 1)
assert(found[3] == 1)
toy.refused("to = 5 lies beyond the process, which has 4 levels", function()
  levels("uniform-beyond", basin.noise_schedule "uniform" { to = 5 }, 1, flat)
end)
toy.refused("from = 2 leaves no level: they end before 2", function()
  levels("uniform-none", basin.noise_schedule "uniform" { from = 2, to = 2 }, 1, flat)
end)
print "ok"
